// oauth4webapi (each message made and checked by itself) through everything the provider offers.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { browse, enterCode, importKey, run, settings } from './test-run.mjs';

const plain = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(settings.issuer);
const as = await discover('oidc');

async function discover(algorithm) {
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...plain }));
}

/** A client by its name in the settings, and how it proves itself. */
async function find(name) {
  const { id, secret, key, idTokenAlgorithm } = settings.clients[name];
  return {
    client: { client_id: id, ...(idTokenAlgorithm && { id_token_signed_response_alg: idTokenAlgorithm }) },
    authentication: key ? oauth.PrivateKeyJwt(await importKey(key)) : secret ? oauth.ClientSecretBasic(secret) : oauth.None(),
  };
}

async function begin(client, more = {}) {
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    client_id: client.client_id, redirect_uri: settings.redirectUri, response_type: 'code', scope: 'openid email offline_access', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
  });
  return { parameters, verifier, state, nonce };
}

function addressOf(parameters) {
  const address = new URL(as.authorization_endpoint);
  address.search = parameters;
  return address;
}

/** The browser's answer, checked and redeemed. */
async function redeem({ client, authentication }, { verifier, state, nonce }, answer, DPoP) {
  const parameters = oauth.validateAuthResponse(as, client, answer, state);
  const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, settings.redirectUri, verifier, { DPoP, ...plain });
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
  await oauth.validateApplicationLevelSignature(as, response, plain);
  return { ...tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
}

async function signIn(name, makeProof) {
  const party = await find(name);
  const asked = await begin(party.client);
  return { ...party, tokens: await redeem(party, asked, await browse(addressOf(asked.parameters)), makeProof) };
}

async function refresh({ client, authentication }, token, DPoP) {
  const response = await oauth.refreshTokenGrantRequest(as, client, authentication, token, { DPoP, ...plain });
  return oauth.processRefreshTokenResponse(as, client, response);
}

async function userInfo({ client }, tokens, DPoP) {
  return oauth.processUserInfoResponse(as, client, tokens.claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...plain }));
}

async function introspect({ client, authentication }, token) {
  return oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, token, plain));
}

async function provesItself(name) {
  const { client, tokens } = await signIn(name);
  assert.equal(tokens.claims.aud, client.client_id);
}

/** Without asking the person, nobody is signed in; more may say that they are not signed in recently enough. */
async function isSignedOut(client, more) {
  const asked = await begin(client, { prompt: 'none', ...more });
  const refused = await browse(addressOf(asked.parameters));
  assert.throws(() => oauth.validateAuthResponse(as, client, refused, asked.state), { error: 'login_required' });
}

/** What an API does with an access token: RFC 9068, with its proof. */
async function serve(authorization, audience, headers = {}) {
  const request = new Request(settings.resource, { headers: { authorization, ...headers } });
  return oauth.validateJwtAccessToken(as, request, audience, { requireDPoP: authorization.startsWith('DPoP '), ...plain });
}

await run({
  'discovery': async () => {
    assert.deepEqual(await discover('oauth2'), as);
    assert.ok(as.code_challenge_methods_supported.includes('S256'));
    assert.ok(as.authorization_response_iss_parameter_supported);
  },

  'code with PKCE': async () => {
    const { tokens } = await signIn('public');
    assert.equal(tokens.token_type, 'bearer');
    assert.ok(tokens.expires_in > 0);
    assert.equal((await serve(`Bearer ${tokens.access_token}`, settings.issuer)).sub, tokens.claims.sub);
  },

  'ID token ES256': () => provesItself('es256-id-token'),

  'userinfo': async () => {
    const { tokens, ...party } = await signIn('public');
    const claims = await userInfo(party, tokens);
    assert.deepEqual([claims.email, claims.email_verified], [settings.email, true]);
  },

  'refresh': async () => {
    const { tokens, ...party } = await signIn('public');
    const renewed = await refresh(party, tokens.refresh_token);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    assert.equal(oauth.getValidatedIdTokenClaims(renewed).sub, tokens.claims.sub);
    await refresh(party, renewed.refresh_token);
  },

  'pushed authorization request': async () => {
    const party = await find('pushing');
    const asked = await begin(party.client);
    const response = await oauth.pushedAuthorizationRequest(as, party.client, party.authentication, asked.parameters, plain);
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, party.client, response);
    await redeem(party, asked, await browse(addressOf(new URLSearchParams({ client_id: party.client.client_id, request_uri }))));
  },

  'DPoP': async () => {
    const party = await find('bound');
    const keys = await oauth.generateKeyPair('ES256', { extractable: true });
    const proof = oauth.DPoP(party.client, keys);
    const { tokens } = await signIn('bound', proof);
    assert.equal(tokens.token_type, 'dpop');
    await userInfo(party, tokens, proof);
    assert.equal((await refresh(party, tokens.refresh_token, proof)).token_type, 'dpop');
    await assert.rejects(userInfo(party, tokens), (error) => error instanceof oauth.WWWAuthenticateChallengeError);
  },

  'private_key_jwt ES256': () => provesItself('es256'),
  'private_key_jwt PS256': () => provesItself('ps256'),
  'client_secret_basic': () => provesItself('secret'),

  'introspection': async () => {
    const { tokens, ...party } = await signIn('secret');
    const access = await introspect(party, tokens.access_token);
    assert.deepEqual([access.active, access.sub, access.iss], [true, tokens.claims.sub, settings.issuer]);
    assert.equal((await introspect(party, tokens.refresh_token)).active, true);
    assert.deepEqual(await introspect(party, 'no-token-of-ours'), { active: false });
  },

  'revocation': async () => {
    const { tokens, ...party } = await signIn('secret');
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, party.client, party.authentication, tokens.refresh_token, plain));
    assert.deepEqual(await introspect(party, tokens.access_token), { active: false });
    await assert.rejects(refresh(party, tokens.refresh_token), { error: 'invalid_grant', status: 400 });
  },

  'client_credentials': async () => {
    const { client, authentication } = await find('machine');
    const ask = async (parameters, DPoP) =>
      oauth.processClientCredentialsResponse(as, client, await oauth.clientCredentialsGrantRequest(as, client, authentication, parameters, { DPoP, ...plain }));
    const tokens = await ask({ scope: 'orders:read', resource: settings.resource });
    const claims = await serve(`Bearer ${tokens.access_token}`, settings.resource);
    assert.deepEqual([claims.sub, claims.scope], [client.client_id, 'orders:read']);
    const keys = await oauth.generateKeyPair('ES256', { extractable: true });
    assert.equal((await ask({}, oauth.DPoP(client, keys))).token_type, 'dpop');
  },

  'refusals': async () => {
    const { client, authentication } = await find('public');
    await isSignedOut(client, { max_age: '0' });
    await assert.rejects(refresh({ client, authentication }, 'no-token-of-ours'), { error: 'invalid_grant', status: 400 });
    await assert.rejects(refresh(await find('wrong-secret'), 'no-token-of-ours'), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 });
  },

  'device authorization': async () => {
    const { client, authentication } = await find('device');
    const response = await oauth.deviceAuthorizationRequest(as, client, authentication, { scope: 'openid offline_access' }, plain);
    const device = await oauth.processDeviceAuthorizationResponse(as, client, response);
    await enterCode(device);
    const answer = await oauth.deviceCodeGrantRequest(as, client, authentication, device.device_code, plain);
    const tokens = await oauth.processDeviceCodeResponse(as, client, answer);
    assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, client.client_id);
    await refresh({ client, authentication }, tokens.refresh_token);
  },

  'logout': async () => {
    const { tokens, client } = await signIn('public');
    const address = new URL(as.end_session_endpoint);
    address.search = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.postLogoutRedirectUri, state: 'out' });
    assert.equal((await browse(address)).href, `${settings.postLogoutRedirectUri}?state=out`);
    await isSignedOut(client);
  },
});
