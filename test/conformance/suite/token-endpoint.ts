import assert from 'node:assert/strict';
import { checkErrorText } from './authorization.ts';
import type { Client } from './client.ts';
import { type HttpReply, mediaType, objectOf } from './https-client.ts';
import { asNumber, asText, type Json } from './json.ts';
import { signRs256 } from './jwt.ts';
import type { ModuleRun } from './module-run.ts';

/** A successful answer of the token endpoint. */
export interface Tokens {
  readonly body: Json;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
}

const MAX_LIFETIME = 31_536_000;

/** Sends a token request as the client (OpenID Connect Core §9). */
export function tokenRequest(
  run: ModuleRun,
  client: Client,
  fields: Readonly<Record<string, string>>,
  audience: string = run.endpoint('token_endpoint'),
): Promise<HttpReply> {
  const { form, headers } = authentication(run, client, audience);
  return run.http.postForm(run.endpoint('token_endpoint'), { ...fields, ...form }, { accept: 'application/json', ...headers });
}

export function codeRequest(client: Client, code: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, ...more };
}

/** Reads tokens (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). */
export function readTokens(reply: HttpReply, tokenType: 'bearer' | 'dpop' = 'bearer'): Tokens {
  const body = objectOf(reply, 'token endpoint');
  assert.equal(reply.status, 200, `token endpoint: ${JSON.stringify(body)}`);
  assert.equal(mediaType(reply), 'application/json', 'token endpoint: content-type');
  assert.match(reply.headers['cache-control'] ?? '', /\bno-store\b/, 'token endpoint: cache-control');
  assert.equal(asText(body['token_type'], 'token_type').toLowerCase(), tokenType, 'token_type');
  const accessToken = asText(body['access_token'], 'access_token');
  assert.match(accessToken, /^[\x20-\x7e]+$/, 'access_token');
  if (body['expires_in'] !== undefined) {
    const seconds = asNumber(body['expires_in'], 'expires_in');
    assert.ok(seconds > 0 && seconds <= MAX_LIFETIME, `expires_in ${seconds}`);
  }
  const refreshToken = body['refresh_token'] === undefined ? undefined : asText(body['refresh_token'], 'refresh_token');
  if (refreshToken !== undefined) assert.match(refreshToken, /^[\x20-\x7e]+$/, 'refresh_token');
  const idToken = body['id_token'] === undefined ? undefined : asText(body['id_token'], 'id_token');
  return { body, accessToken, refreshToken, idToken };
}

const ERRORS: readonly string[] =
  'invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope invalid_dpop_proof'.split(' ');

/** Reads a refusal (RFC 6749 §5.2). @returns its code */
export function readTokenError(reply: HttpReply): string {
  assert.equal(mediaType(reply), 'application/json', 'refusal of the token endpoint: content-type');
  const body = objectOf(reply, 'token endpoint');
  const error = asText(body['error'], 'error of the token endpoint');
  assert.ok(ERRORS.includes(error), `error ${error}`);
  assert.ok(reply.status === 400 || (reply.status === 401 && error === 'invalid_client'), `${error} with status ${reply.status}`);
  checkErrorText(body['error_description']);
  return error;
}

function authentication(
  run: ModuleRun,
  client: Client,
  audience: string,
): { readonly form: Readonly<Record<string, string>>; readonly headers: Readonly<Record<string, string>> } {
  const { clientId, secret = '' } = client;
  switch (client.auth) {
    case 'client_secret_basic': {
      const pair = `${formEncode(clientId)}:${formEncode(secret)}`;
      return { form: {}, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
    }
    case 'client_secret_post':
      return { form: { client_id: clientId, client_secret: secret }, headers: {} };
    case 'private_key_jwt': {
      const form = {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: clientAssertion(run, client, audience),
      };
      return { form, headers: {} };
    }
  }
}

/** RFC 7523 §3 */
function clientAssertion(run: ModuleRun, client: Client, audience: string): string {
  const now = run.provider.nowSeconds();
  const claims = { iss: client.clientId, sub: client.clientId, aud: audience, jti: run.random(20), nbf: now, iat: now, exp: now + 60 };
  return signRs256(claims, client.key);
}

/** RFC 6749 §2.3.1 */
function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
