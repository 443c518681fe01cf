import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Fields, fapiTokenRequest, type Proof } from './fapi1-authentication.ts';
import type { FapiClient } from './fapi1-clients.ts';
import { connectionOf, type FapiRun } from './fapi1-run.ts';
import { type HttpReply, type HttpsClient, mediaType, objectOf } from './https-client.ts';
import { checkIdToken } from './id-token.ts';
import { asText } from './json.ts';
import type { Jwt } from './jwt.ts';
import { readTokenError, readTokens, type Tokens } from './token-endpoint.ts';

/** Reads tokens and the ID token with them (FAPI 1.0 Baseline §5.2.2 nos. 14 to 16). */
export function readFapiTokens(
  bench: FapiRun,
  client: FapiClient,
  reply: HttpReply,
  expected: { readonly nonce: string | undefined; readonly code?: string },
): Tokens & { readonly id: Jwt } {
  const tokens = readTokens(reply);
  bench.run.should(tokens.body['expires_in'] !== undefined, 'the token endpoint does not say expires_in');
  for (const token of [tokens.accessToken, tokens.refreshToken])
    if (token !== undefined) assert.ok(token.length >= 22 && new Set(token).size > 10, 'a token can be guessed');
  assert.ok(tokens.idToken !== undefined, 'no id_token');
  const id = checkIdToken(bench.run, client, tokens.idToken, { ...expected, accessToken: tokens.accessToken, channel: 'back' });
  return { ...tokens, id };
}

/** A refusal of the token endpoint that has to have one of these codes. */
export function assertTokenRefused(reply: HttpReply, codes: readonly string[]): void {
  assert.notEqual(reply.status, 200, 'tokens where a refusal was due');
  const error = readTokenError(reply);
  assert.ok(codes.includes(error), `${error} is none of ${codes.join(', ')}`);
}

/** The resource, on a connection with the client's certificate or another (FAPI 1.0 Baseline §6.2.1, §6.2.2). */
export function callResource(
  bench: FapiRun,
  client: FapiClient,
  accessToken: string,
  { from = connectionOf(bench, client), headers = {}, query = '', scheme = 'Bearer' }: ResourceCall = {},
): Promise<HttpReply> {
  const authorization: Fields = query === '' ? { authorization: `${scheme} ${accessToken}` } : {};
  return from.send(`${bench.run.issuer}/test/resource${query}`, { headers: { ...authorization, ...headers } });
}

export interface ResourceCall {
  readonly from?: HttpsClient;
  readonly headers?: Fields;
  /** With it the token is not in the header. */
  readonly query?: string;
  readonly scheme?: string;
}

/** It has to answer with JSON, a date, and the id of the interaction (FAPI 1.0 Baseline §6.2.1 nos. 9 to 11). */
export async function requireResource(bench: FapiRun, client: FapiClient, accessToken: string, call: ResourceCall = {}): Promise<void> {
  const id = randomUUID();
  const headers = {
    'x-fapi-interaction-id': id,
    'x-fapi-auth-date': new Date(bench.run.provider.nowSeconds() * 1000).toUTCString(),
    'x-fapi-customer-ip-address': '198.51.100.119',
    ...call.headers,
  };
  const reply = await callResource(bench, client, accessToken, { ...call, headers });
  assert.ok(
    reply.status === 200 || reply.status === 201,
    `the resource answers ${reply.status} ${reply.headers['www-authenticate'] ?? ''}`,
  );
  assert.ok(!Number.isNaN(Date.parse(asText(reply.headers['date'], 'date'))), 'the resource: date');
  assert.equal(reply.headers['x-fapi-interaction-id'], headers['x-fapi-interaction-id'], 'the resource: x-fapi-interaction-id');
  assert.equal(mediaType(reply), 'application/json', 'the resource: content-type');
  objectOf(reply, 'the resource');
}

/** Somebody else's certificate, or none, gets nothing for a token (RFC 8705 §3). */
export async function assertResourceRefuses(bench: FapiRun, client: FapiClient, accessToken: string, call: ResourceCall): Promise<void> {
  const { status } = await callResource(bench, client, accessToken, call);
  assert.ok(status >= 400 && status < 500, `the resource answers ${status}`);
}

/** What the refresh token of a client is worth, and to whom (RFC 6749 §6, RFC 8705 §7.1). */
export async function checkRefresh(
  bench: FapiRun,
  client: FapiClient,
  tokens: Tokens & { readonly id: Jwt },
  scope: string | undefined,
): Promise<Tokens> {
  const { run } = bench;
  assert.ok(tokens.refreshToken !== undefined, 'no refresh token');
  run.should(run.offers('grant_types_supported', 'refresh_token'), 'discovery does not offer the refresh token that there is');
  assert.match(tokens.refreshToken, /^[\x20-\x7e]+$/, 'refresh_token');
  await run.provider.wait(1);
  const reply = await refresh(bench, client, tokens.refreshToken, scope);
  const again = readTokens(reply);
  if (again.idToken !== undefined) {
    const { id } = readFapiTokens(bench, client, reply, { nonce: undefined });
    for (const name of ['iss', 'sub', 'aud', 'auth_time']) assert.deepEqual(id.claims[name], tokens.id.claims[name], `ID token: ${name}`);
  }
  return again;
}

export function refresh(bench: FapiRun, client: FapiClient, refreshToken: string, scope?: string, proof: Proof = {}): Promise<HttpReply> {
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, ...(scope === undefined ? {} : { scope }) };
  return fapiTokenRequest(bench, client, fields, proof);
}
