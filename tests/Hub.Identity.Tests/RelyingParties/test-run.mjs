// Runs flows one after the other, and says what came of each: a line of JSON on standard output. What a person does at a browser it asks of the test in the same
// way, and is told on standard input where the browser was sent in the end.
import { createInterface } from 'node:readline';

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const hear = async () => JSON.parse((await input.next()).value);

/** Issuer, clients, resource: what the test wrote first. */
export const settings = await hear();

/** Has the person open an address, sign in and consent where asked; the address at the client that they came back to. */
export async function browse(url) {
  say({ browse: url.href });
  return new URL(await hear());
}

/** Has the person enter a device's code at the page that the device names, and allow it. */
export async function enterCode(device) {
  say({ enterCode: device.user_code, at: device.verification_uri });
  await hear();
}

export async function run(flows) {
  for (const [flow, go] of Object.entries(flows)) {
    try {
      await go();
      say({ flow, fault: null });
    } catch (error) {
      say({ flow, fault: describe(error) });
    }
  }
  process.exit(0);
}

function describe(error) {
  const cause = error.cause instanceof Error || typeof error.cause !== 'object' ? error.cause : JSON.stringify(error.cause);
  return [error.stack, cause?.stack ?? cause].filter(Boolean).join('\ncaused by ');
}

/** The key of a client that signs its assertions, from a JWK. */
export const importKey = (jwk) =>
  crypto.subtle.importKey('jwk', jwk, jwk.kty === 'EC' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSA-PSS', hash: 'SHA-256' }, false, ['sign']);
