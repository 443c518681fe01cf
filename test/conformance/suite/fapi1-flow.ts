import assert from 'node:assert/strict';
import type { Answer } from './authorization.ts';
import { assertErrorPage } from './error-page.ts';
import { type Arrival, readArrival, requireError, requireSuccess } from './fapi1-answer.ts';
import { type Fields, fapiTokenRequest, type Proof } from './fapi1-authentication.ts';
import type { FapiClient } from './fapi1-clients.ts';
import { type Fapi1Run, type Prepared, type Sent, type Shape, send } from './fapi1-request.ts';
import { readFapiTokens, requireResource } from './fapi1-tokens.ts';
import { type HttpReply, mediaType, objectOf } from './https-client.ts';
import { checkIdToken } from './id-token.ts';
import { asText } from './json.ts';
import { halfHash, type Jwt } from './jwt.ts';
import { goThrough } from './person.ts';
import type { Tokens } from './token-endpoint.ts';

/** The answer of somebody who has signed in and agreed. */
export interface Approved {
  readonly prepared: Prepared;
  readonly answer: Answer;
  readonly code: string;
  /** From the authorization endpoint, where there is one. */
  readonly front: Jwt | undefined;
}

export interface Fapi1Flow extends Approved {
  readonly tokens: Tokens & { readonly id: Jwt };
}

/** Sends the browser; somebody signs in and agrees. */
export async function authorize(bench: Fapi1Run, client: FapiClient, shape: Shape = {}): Promise<Approved> {
  return approve(bench, requireAddress(await send(bench, client, shape)));
}

export async function approve(bench: Fapi1Run, { url, prepared }: Extract<Sent, { kind: 'address' }>): Promise<Approved> {
  const { run } = bench;
  const journey = await goThrough(run.browser, await run.browser.visit(url));
  const answer = requireSuccess(bench, prepared, readArrival(bench, prepared.client, journey));
  const code = answer.get('code') ?? '';
  const text = answer.get('id_token');
  if (text === undefined) return { prepared, answer, code, front: undefined };
  const front = checkIdToken(run, prepared.client, text, { nonce: prepared.parameters['nonce'], code, channel: 'front' });
  checkStateHash(front, prepared.parameters['state']);
  return { prepared, answer, code, front };
}

/** FAPI 1.0 Advanced §5.2.2.1 no. 5 */
function checkStateHash({ header, claims }: Jwt, state: string | undefined): void {
  assert.equal(claims['s_hash'], state === undefined ? undefined : halfHash(header['alg'], state), 'ID token: s_hash');
}

export function requireAddress(sent: Sent): Extract<Sent, { kind: 'address' }> {
  assert.ok(sent.kind === 'address', sent.kind === 'refused' ? `the pushed request was refused: ${sent.reply.body.toString()}` : '');
  return sent;
}

export function codeFields({ variant }: Fapi1Run, { prepared, code }: Approved): Fields {
  const verifier: Fields = variant.request === 'pushed' ? { code_verifier: prepared.verifier } : {};
  return { grant_type: 'authorization_code', code, redirect_uri: prepared.parameters['redirect_uri'] ?? '', ...verifier };
}

/** The tokens for the code, checked (FAPI 1.0 Advanced §5.2.2). */
export async function exchange(bench: Fapi1Run, approved: Approved, proof: Proof = {}, more: Fields = {}): Promise<Fapi1Flow> {
  const { client, parameters } = approved.prepared;
  const reply = await fapiTokenRequest(bench, client, { ...codeFields(bench, approved), ...more }, proof);
  const tokens = readFapiTokens(bench, client, reply, { nonce: parameters['nonce'], code: approved.code });
  if (approved.front !== undefined)
    for (const name of ['iss', 'sub']) assert.equal(tokens.id.claims[name], approved.front.claims[name], `${name} of the two ID tokens`);
  return { ...approved, tokens };
}

/** The whole way, up to the resource. */
export async function signInFapi1(bench: Fapi1Run, client: FapiClient, shape: Shape = {}): Promise<Fapi1Flow> {
  const flow = await exchange(bench, await authorize(bench, client, shape));
  await requireResource(bench, client, flow.tokens.accessToken);
  return flow;
}

/** How a request may be refused: by the endpoint for pushed requests, at the client, or on a page. */
export interface Refusal {
  /** Error codes of the endpoint for pushed requests; none: it has to take the request. */
  readonly pushed?: readonly string[];
  /** Error codes at the client; none: nobody is to be sent there. */
  readonly answered?: readonly string[];
  /** What the page says; absent: no page is to be shown. */
  readonly page?: RegExp;
  /** An error in the query, and not in a JWT. */
  readonly plainToo?: 'plain-too';
  /** The state that comes back with an error. */
  readonly state?: 'usual' | 'none';
}

/** A request that nobody may get through with. */
export async function assertRefused(bench: Fapi1Run, client: FapiClient, shape: Shape, refusal: Refusal): Promise<void> {
  const sent = await send(bench, client, shape);
  if (sent.kind === 'refused') return assertPushRefused(sent.reply, refusal.pushed ?? []);
  await assertUrlRefused(
    bench,
    sent.url,
    shape.sentAs ?? client,
    refusal.state === 'none' ? undefined : sent.prepared.parameters['state'],
    refusal,
  );
}

/** RFC 9126 §2.3 */
export function assertPushRefused(reply: HttpReply, codes: readonly string[]): void {
  const body = objectOf(reply, 'pushed request');
  const error = asText(body['error'], 'error of the pushed request');
  assert.equal(mediaType(reply), 'application/json', 'refusal of a pushed request: content-type');
  assert.ok(codes.includes(error), `${error} (${String(body['error_description'])}) is none of ${codes.join(', ')}`);
  assert.ok(reply.status === 400 || (reply.status === 401 && error === 'invalid_client'), `${error} with status ${reply.status}`);
}

export async function assertUrlRefused(
  bench: Fapi1Run,
  url: string,
  client: FapiClient,
  state: string | undefined,
  refusal: Refusal,
): Promise<void> {
  const { run } = bench;
  const arrival: Arrival = readArrival(bench, client, await goThrough(run.browser, await run.browser.visit(url)));
  if (arrival.kind === 'page') {
    assert.ok(refusal.page !== undefined, `an error at the client was due: ${arrival.journey.place.html.slice(0, 500)}`);
    return assertErrorPage(run, arrival.journey, refusal.page);
  }
  assert.ok(arrival.form === 'usual' || refusal.plainToo === 'plain-too', 'the error is in the query, and not in a JWT');
  const error = requireError(bench, state, arrival.answer);
  assert.ok(refusal.answered?.includes(error) === true, `${error} is none of ${refusal.answered?.join(', ') ?? 'nothing'}`);
}
