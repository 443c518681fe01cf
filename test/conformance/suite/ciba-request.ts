import assert from 'node:assert/strict';
import type { CibaVariant } from '../ciba-plan.ts';
import { checkErrorText } from './authorization.ts';
import { fapiTokenRequest, type Proof, proofFields } from './fapi1-authentication.ts';
import type { FapiClient } from './fapi1-clients.ts';
import { connectionOf, type FapiRun, mutualEndpoint } from './fapi1-run.ts';
import { type HttpReply, mediaType, objectOf } from './https-client.ts';
import { asNumber, asText, type Json } from './json.ts';
import { signJwt } from './jwt.ts';
import { USER } from './provider-config.ts';

/** A run of a module of the plan for FAPI-CIBA. */
export interface CibaRun extends FapiRun {
  readonly variant: CibaVariant;
}

/** What differs from the usual authentication request. */
export interface CibaShape {
  /** Of what is asked for and of the claims of the request object; undefined takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs the request object; with PS256 and the client's key by default. */
  readonly sign?: (claims: Json) => string;
  /** `fields`: nothing is signed. */
  readonly as?: 'object' | 'fields';
  readonly proof?: Proof;
  /** Who sends it, where that is not who made it. */
  readonly sentAs?: FapiClient;
}

/** An authentication request that was taken. */
export interface Asked {
  readonly client: FapiClient;
  readonly id: string;
  readonly expiresIn: number;
  readonly intervalSeconds: number;
  /** What the client knows a notification by. */
  readonly notificationToken: string;
}

/** Sends an authentication request (OpenID Connect CIBA §7.1, §7.1.1). */
export function sendAsk(
  bench: CibaRun,
  client: FapiClient,
  shape: CibaShape = {},
  notificationToken: string = bench.run.random(32),
): Promise<HttpReply> {
  const { run, variant } = bench;
  const now = run.provider.nowSeconds();
  const asked = {
    scope: 'openid email',
    login_hint: USER.username,
    binding_message: '1234',
    ...(variant.mode === 'ping' ? { client_notification_token: notificationToken } : {}),
  };
  const about = { iat: now, exp: now + 300, nbf: now, jti: run.random(20), aud: run.issuer, iss: client.clientId };
  const members = Object.entries({ ...asked, ...about, ...shape.claims }).filter(([, value]) => value !== undefined);
  const claims: Json = Object.fromEntries(members);
  const typ = client === bench.clients.second ? 'oauth-authz-req+jwt' : undefined;
  const sign = shape.sign ?? ((all: Json) => signJwt({ alg: 'PS256', kid: client.key.kid, typ }, all, client.key.privateKey));
  const sender = shape.sentAs ?? client;
  const url = mutualEndpoint(bench, 'backchannel_authentication_endpoint');
  const { from = sender.auth === 'mtls' ? connectionOf(bench, sender) : run.http } = shape.proof ?? {};
  const fields =
    shape.as === 'fields' ? Object.fromEntries(members.map(([name, value]) => [name, String(value)])) : { request: sign(claims) };
  return from.postForm(url, { ...fields, ...proofFields(bench, sender, run.issuer, shape.proof) }, { accept: 'application/json' });
}

/** OpenID Connect CIBA §7.3 */
export async function ask(
  bench: CibaRun,
  client: FapiClient,
  shape: CibaShape = {},
  notificationToken: string = bench.run.random(32),
): Promise<Asked> {
  const reply = await sendAsk(bench, client, shape, notificationToken);
  const body = objectOf(reply, 'authentication request');
  assert.equal(reply.status, 200, `authentication request: ${JSON.stringify(body)}`);
  assert.equal(mediaType(reply), 'application/json', 'authentication request: content-type');
  const id = asText(body['auth_req_id'], 'auth_req_id');
  assert.match(id, /^[A-Za-z0-9._-]+$/, 'auth_req_id');
  assert.ok(id.length >= 27 && new Set(id).size > 10, 'auth_req_id can be guessed');
  const expiresIn = asNumber(body['expires_in'], 'expires_in');
  assert.ok(Number.isInteger(expiresIn) && expiresIn > 0, `expires_in ${expiresIn}`);
  const intervalSeconds = body['interval'] === undefined ? 5 : asNumber(body['interval'], 'interval');
  assert.ok(Number.isInteger(intervalSeconds) && intervalSeconds > 0, `interval ${intervalSeconds}`);
  return { client, id, expiresIn, intervalSeconds, notificationToken };
}

/** A refusal of the request (OpenID Connect CIBA §13). */
export function assertAskRefused(reply: HttpReply, codes: readonly string[]): void {
  const body = objectOf(reply, 'authentication request');
  const error = asText(body['error'], 'error of the authentication request');
  checkErrorText(body['error_description']);
  assert.ok(codes.includes(error), `${error} (${String(body['error_description'])}) is none of ${codes.join(', ')}`);
  const statuses = error === 'invalid_client' ? [400, 401] : error === 'access_denied' ? [403] : [400];
  assert.ok(statuses.includes(reply.status), `${error} with status ${reply.status}`);
}

/** Asks for the tokens (OpenID Connect CIBA §10.1). */
export function poll(bench: CibaRun, { client, id }: Pick<Asked, 'client' | 'id'>, proof: Proof = {}): Promise<HttpReply> {
  return fapiTokenRequest(bench, client, { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: id }, proof);
}

/** OpenID Connect CIBA §11. @returns the error */
export function readPending(reply: HttpReply, codes: readonly string[]): string {
  const body = objectOf(reply, 'token endpoint');
  const error = asText(body['error'], 'error of the token endpoint');
  checkErrorText(body['error_description']);
  assert.ok(codes.includes(error), `${error} is none of ${codes.join(', ')}`);
  assert.equal(reply.status, 400, `${error}: status`);
  assert.equal(mediaType(reply), 'application/json', `${error}: content-type`);
  return error;
}

/** As if the user had decided on their own device. */
export async function decide({ run }: CibaRun, { id }: Asked, action: 'allow' | 'deny'): Promise<void> {
  const url = `${run.issuer}/test/ciba?auth_req_id=${encodeURIComponent(id)}&action=${action}`;
  const reply = await run.http.send(url, { method: 'POST', headers: { accept: 'application/json' } });
  assert.equal(reply.status, 200, `the decision: ${reply.body.toString()}`);
}
