import assert from 'node:assert/strict';
import type { Client } from '../suite/client.ts';
import { type Flow, idTokenOf, signIn } from '../suite/flow.ts';
import { checkIdToken } from '../suite/id-token.ts';
import type { Json } from '../suite/json.ts';
import { readJwt } from '../suite/jwt.ts';
import { clientKey } from '../suite/keys.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { obtainClient, registerClient, registrationRequest } from '../suite/registration.ts';
import { readTokenError, readTokens, type Tokens, tokenRequest } from '../suite/token-endpoint.ts';
import { requireUserinfo } from '../suite/userinfo.ts';
import type { Module } from './module.ts';

const SCOPE = 'openid offline_access';

/** oidcc-refresh-token: two clients; each refreshes, neither with the other's token. */
export const refreshToken: Module = async (run) => {
  const members = grantTypes(run);
  const first = await obtainClient(run, { members });
  const second = await obtainClient(run, { members, second: 'second' });
  const one = await signInOffline(run, first, run.random(10));
  // The suite names the scope for the first client and leaves it out for the second (RFC 6749 §6).
  await refresh(run, first, one, { scope: SCOPE });
  const other = await signInOffline(run, second, run.random(43));
  const newest = await refresh(run, second, other, {});
  const stolen = newest.refreshToken ?? refreshTokenOf(other);
  const reply = await tokenRequest(run, first, { grant_type: 'refresh_token', refresh_token: stolen, scope: SCOPE });
  assert.equal(reply.status, 400, 'the refresh token of another client');
  assert.equal(readTokenError(reply), 'invalid_grant');
};

/** oidcc-refresh-token-rp-key-rotation: a client assertion by a key that is new at jwks_uri. */
export const rpKeyRotation: Module = async (run) => {
  const uri = `${run.base}/client1_jwks`;
  let key = clientKey(0, 'thumbprint');
  run.site.publish(uri, () => ({ type: 'application/json', body: JSON.stringify({ keys: [key.jwk] }) }));
  const client = await registerClient(run, { members: { ...grantTypes(run), jwks: undefined, jwks_uri: uri } });
  const flow = await signInOffline(run, { ...client, key }, run.random(10));
  key = clientKey(2, 'thumbprint');
  await run.provider.wait(60);
  await refresh(run, { ...client, key }, flow, { scope: SCOPE });
};

/** oidcc-registration-jwks-uri */
export const registrationJwksUri: Module = async (run) => {
  const uri = `${run.base}/client1_jwks`;
  const key = clientKey(0, 'thumbprint');
  run.site.publish(uri, () => ({ type: 'application/json', body: JSON.stringify({ keys: [key.jwk] }) }));
  const client = await registerClient(run, { members: { jwks: undefined, jwks_uri: uri } });
  await signIn(run, { ...client, key });
  assert.ok(run.site.requestsFor(uri).length > 0, 'jwks_uri was not fetched');
};

/** oidcc-ensure-client-assertion-with-iss-aud-succeeds */
export const clientAssertionWithIssuer: Module = async (run) => {
  await signIn(run, await registerClient(run), { audience: run.issuer });
};

function grantTypes(run: ModuleRun): Json {
  const { grant_types: usual } = registrationRequest(run);
  return { grant_types: [...(Array.isArray(usual) ? usual : []), 'refresh_token'] };
}

async function signInOffline(run: ModuleRun, client: Client, nonce: string): Promise<Flow> {
  assert.ok(run.offers('scopes_supported', 'offline_access'), 'offline_access is not offered');
  return signIn(run, client, { changes: { scope: SCOPE, prompt: 'consent', nonce } });
}

/** OpenID Connect Core §12, RFC 6749 §6. */
async function refresh(run: ModuleRun, client: Client, flow: Flow, more: Readonly<Record<string, string>>): Promise<Tokens> {
  run.should(run.offers('grant_types_supported', 'refresh_token'), 'refresh_token is not in grant_types_supported');
  const old = refreshTokenOf(flow);
  await run.provider.wait(1);
  const tokens = readTokens(await tokenRequest(run, client, { grant_type: 'refresh_token', refresh_token: old, ...more }));
  run.should(tokens.body['expires_in'] !== undefined, 'a refresh does not say expires_in');
  assert.ok(tokens.accessToken.length >= 22, 'the access token is too short');
  assert.notEqual(tokens.accessToken, flow.accessToken, 'the access token is the old one');
  if (tokens.refreshToken !== undefined) assert.ok(tokens.refreshToken.length * 8 >= 128, 'the refresh token is too short');
  if (tokens.idToken !== undefined) {
    const { claims } = idTokenOf(flow);
    const again = checkIdToken(run, client, tokens.idToken, {
      // OpenID Connect Core §12.2: it should have none, and otherwise the same.
      nonce: nonceOf(tokens.idToken) === undefined ? undefined : flow.parameters['nonce'],
      accessToken: tokens.accessToken,
      channel: 'back',
    }).claims;
    for (const name of ['iss', 'sub', 'aud', 'azp']) assert.deepEqual(again[name], claims[name], `${name} of the refreshed ID token`);
    assert.notEqual(again['iat'], claims['iat'], 'iat of the refreshed ID token');
    if (again['auth_time'] !== undefined) assert.equal(again['auth_time'], claims['auth_time'], 'auth_time of the refreshed ID token');
  }
  await requireUserinfo(run, tokens.accessToken);
  return tokens;
}

function nonceOf(idToken: string): unknown {
  return readJwt(idToken, 'ID token').claims['nonce'];
}

function refreshTokenOf({ tokens }: Flow): string {
  assert.ok(tokens?.refreshToken !== undefined, 'the module would be skipped: no refresh token');
  return tokens.refreshToken;
}
