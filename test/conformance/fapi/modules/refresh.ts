import assert from 'node:assert/strict';
import { checkIdToken } from '../../suite/id-token.ts';
import { readJwt } from '../../suite/jwt.ts';
import type { Tokens } from '../../suite/token-endpoint.ts';
import type { FapiClient } from '../clients.ts';
import type { FapiRun } from '../fapi-run.ts';
import { type FapiFlow, type FapiFlowOptions, fapiSignIn } from '../flow.ts';
import { makeProofKey } from '../proof.ts';
import { scopeOf } from '../request.ts';
import { callResource, requireResource } from '../resource.ts';
import { readFapiTokens, type TokenOptions, tokenRequest } from '../tokens.ts';
import { assertTokenError } from './codes.ts';
import type { FapiModule } from './fapi-module.ts';
import { assertForeign } from './successes.ts';

/** Seconds after which a client that lost the answer asks again. */
const LOST_SECONDS = 30;
/** OpenID Connect Core §11. */
const OFFLINE: FapiFlowOptions = { changes: { prompt: 'consent' } };
const REFUSALS = ['invalid_client', 'invalid_grant', 'invalid_request'];

/** refresh-token (RFC 6749 §6, FAPI 2.0 Security Profile §5.3.2.1) */
export const refreshToken: FapiModule = async (fapi) => {
  const { run, first, second, variant } = fapi;
  const one = await fapiSignIn(fapi, first, OFFLINE);
  await refresh(fapi, first, one, { scope: scopeOf(fapi) });
  await refusedWithoutProofs(fapi, one);
  const other = await fapiSignIn(fapi, second, OFFLINE);
  const newest = await refresh(fapi, second, other, {});
  await assertForeign(other, (token) => callResource(fapi, first, token));
  const stolen = { grant_type: 'refresh_token', refresh_token: newest.refreshToken ?? refreshTokenOf(other), scope: scopeOf(fapi) };
  const reply = await tokenRequest(fapi, first, stolen);
  assert.equal(reply.status, 400, 'the refresh token of another client');
  assertTokenError(reply, ['invalid_grant']);
  assert.equal(run.offers('grant_types_supported', 'refresh_token'), true, `refresh tokens of ${variant.openid}`);
};

/** New tokens with a key of now: a client that proves who it is may change it. What was lost on the way is had again. */
async function refresh(fapi: FapiRun, client: FapiClient, flow: FapiFlow, more: Readonly<Record<string, string>>): Promise<Tokens> {
  const { run } = fapi;
  const old = refreshTokenOf(flow);
  const fields = { grant_type: 'refresh_token', refresh_token: old, ...more };
  const rekeyed = { ...client, proofKey: makeProofKey('ES256') };
  await run.provider.wait(1);
  const tokens = readFapiTokens(fapi, await tokenRequest(fapi, rekeyed, fields));
  if (tokens.idToken !== undefined) checkSame(fapi, client, flow, tokens, tokens.idToken);
  await requireResource(fapi, rekeyed, tokens.accessToken);
  await run.provider.wait(LOST_SECONDS);
  readFapiTokens(fapi, await tokenRequest(fapi, rekeyed, fields));
  return tokens;
}

/** OpenID Connect Core §12.2. */
function checkSame({ run }: FapiRun, client: FapiClient, flow: FapiFlow, { accessToken }: Tokens, text: string): void {
  assert.ok(flow.idToken !== undefined, 'an ID token of a refresh that nobody asked for');
  const nonce = readJwt(text, 'ID token').claims['nonce'] === undefined ? undefined : flow.request.parameters['nonce'];
  const { claims } = checkIdToken(run, client, text, { nonce, accessToken, channel: 'back' });
  for (const name of ['iss', 'sub', 'aud', 'azp', 'auth_time'])
    assert.deepEqual(claims[name], flow.idToken.claims[name], `${name} of the refreshed ID token`);
  assert.notEqual(claims['iat'], flow.idToken.claims['iat'], 'iat of the refreshed ID token');
}

/** Neither without proving who it is, nor without what the tokens are bound to. */
async function refusedWithoutProofs(fapi: FapiRun, flow: FapiFlow): Promise<void> {
  const { first, variant } = fapi;
  const fields = { grant_type: 'refresh_token', refresh_token: refreshTokenOf(flow), scope: scopeOf(fapi) };
  const attempts: readonly TokenOptions[] = [
    variant.clientAuth === 'mtls' ? { certificate: 'none' } : { authentication: 'none' },
    variant.senderConstrain === 'mtls' ? { certificate: 'none' } : { proof: 'none' },
  ];
  for (const options of attempts) assertTokenError(await tokenRequest(fapi, first, fields, options), [...REFUSALS, 'invalid_dpop_proof']);
}

function refreshTokenOf({ tokens }: FapiFlow): string {
  assert.ok(tokens.refreshToken !== undefined, 'the module would be skipped: no refresh token');
  return tokens.refreshToken;
}
