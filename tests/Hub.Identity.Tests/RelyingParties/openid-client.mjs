// openid-client (a relying party that checks as much as it can) through everything the provider offers.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { browse, enterCode, importKey, run, settings } from './test-run.mjs';

/** A configured client by its name in the settings, from discovery; signatures of ID tokens are verified too. */
async function configure(name) {
  const { id, secret, key, idTokenAlgorithm } = settings.clients[name];
  const authentication = key ? client.PrivateKeyJwt(await importKey(key)) : secret ? client.ClientSecretBasic(secret) : client.None();
  const metadata = { ...(idTokenAlgorithm && { id_token_signed_response_alg: idTokenAlgorithm }) };
  return client.discovery(new URL(settings.issuer), id, metadata, authentication, { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] });
}

/** An authorization request, and what its answer is checked against. */
async function begin(more = {}) {
  const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
  const parameters = {
    redirect_uri: settings.redirectUri, scope: 'openid email offline_access', state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: 'S256', ...more,
  };
  return { parameters, checks };
}

/** Code with PKCE, all the way to tokens. */
async function signIn(name, { options, more } = {}) {
  const config = await configure(name);
  const { parameters, checks } = await begin(more);
  const answer = await browse(client.buildAuthorizationUrl(config, parameters));
  return { config, tokens: await client.authorizationCodeGrant(config, answer, checks, undefined, options) };
}

async function provesItself(name) {
  const { tokens } = await signIn(name);
  assert.equal(tokens.claims().aud, settings.clients[name].id);
}

/** Without asking the person, nobody is signed in; more may say that they are not signed in recently enough. */
async function isSignedOut(config, more) {
  const { parameters, checks } = await begin({ prompt: 'none', ...more });
  const refused = await browse(client.buildAuthorizationUrl(config, parameters));
  await assert.rejects(client.authorizationCodeGrant(config, refused, checks), { code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'login_required' });
}

await run({
  'discovery': async () => {
    const metadata = (await configure('public')).serverMetadata();
    assert.equal(metadata.issuer, settings.issuer);
    assert.ok(metadata.supportsPKCE());
  },

  'code with PKCE': async () => {
    const { tokens } = await signIn('public');
    assert.equal(tokens.token_type, 'bearer');
    assert.ok(tokens.expiresIn() > 0);
    assert.ok(tokens.claims().auth_time > 0);
  },

  'ID token ES256': () => provesItself('es256-id-token'),

  'userinfo': async () => {
    const { config, tokens } = await signIn('public');
    const claims = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(claims.email, settings.email);
    assert.equal(claims.email_verified, true);
  },

  'refresh': async () => {
    const { config, tokens } = await signIn('public');
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    assert.equal(renewed.claims().sub, tokens.claims().sub);
    await client.refreshTokenGrant(config, renewed.refresh_token);
  },

  'pushed authorization request': async () => {
    const config = await configure('pushing');
    const { parameters, checks } = await begin();
    const address = await client.buildAuthorizationUrlWithPAR(config, parameters);
    assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    await client.authorizationCodeGrant(config, await browse(address), checks);
  },

  'DPoP': async () => {
    const config = await configure('bound');
    const keys = await client.randomDPoPKeyPair('ES256');
    const options = { DPoP: client.getDPoPHandle(config, keys) };
    const { tokens } = await signIn('bound', { options });
    assert.equal(tokens.token_type, 'dpop');
    await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, options);
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
    assert.equal(renewed.token_type, 'dpop');
    const another = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) };
    await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token, undefined, another), { code: 'OAUTH_RESPONSE_BODY_ERROR' });
  },

  'private_key_jwt ES256': () => provesItself('es256'),
  'private_key_jwt PS256': () => provesItself('ps256'),
  'client_secret_basic': () => provesItself('secret'),

  'introspection': async () => {
    const { config, tokens } = await signIn('es256');
    const access = await client.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual([access.active, access.sub], [true, tokens.claims().sub]);
    assert.equal((await client.tokenIntrospection(config, tokens.refresh_token)).active, true);
    assert.equal((await client.tokenIntrospection(config, 'no-token-of-ours')).active, false);
  },

  'revocation': async () => {
    const { config, tokens } = await signIn('es256');
    await client.tokenRevocation(config, tokens.refresh_token);
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { code: 'OAUTH_RESPONSE_BODY_ERROR', error: 'invalid_grant' });
  },

  'client_credentials': async () => {
    const config = await configure('machine');
    const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read', resource: settings.resource });
    assert.equal(tokens.scope, 'orders:read');
    const options = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) };
    assert.equal((await client.clientCredentialsGrant(config, {}, options)).token_type, 'dpop');
  },

  'refusals': async () => {
    const config = await configure('public');
    await isSignedOut(config, { max_age: '0' });
    await assert.rejects(client.fetchUserInfo(config, 'no-token-of-ours', client.skipSubjectCheck), { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 });
  },

  'device authorization': async () => {
    const config = await configure('device');
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid offline_access' });
    await enterCode(device);
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.01 });
    assert.equal(tokens.claims().aud, settings.clients.device.id);
    await client.refreshTokenGrant(config, tokens.refresh_token);
  },

  'logout': async () => {
    const { config, tokens } = await signIn('public');
    const state = client.randomState();
    const address = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.postLogoutRedirectUri, state });
    assert.equal((await browse(address)).href, `${settings.postLogoutRedirectUri}?state=${state}`);
    await isSignedOut(config);
  },
});
