// oidc-provider as its own documentation sets it up for machines: one client with a key, JSON Web Tokens of ES256 for one API, everything in memory.
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { issuer, clientId, clientKey, signingKey, resource, scope } = JSON.parse((await input.next()).value);

const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId, grant_types: ['client_credentials'], response_types: [], redirect_uris: [], token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', id_token_signed_response_alg: 'ES256',
    jwks: { keys: [clientKey] },
  }],
  clientAuthMethods: ['private_key_jwt'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({ scope, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } } }),
    },
  },
  jwks: { keys: [signingKey] },
  ttl: { ClientCredentials: 600 },
});
provider.listen(new URL(issuer).port, '127.0.0.1', () => console.log('ready'));
