import assert from 'node:assert/strict';
import type { Client } from './client.ts';
import type { ModuleRun } from './module-run.ts';
import { goThrough, type Journey } from './person.ts';
import { brings } from './variant.ts';

/** Parameters of an authentication request in the order in which they are sent. */
export type Parameters = Readonly<Record<string, string>>;

/** What came back to the client's redirect URI. */
export type Answer = ReadonlyMap<string, string>;

/** Changes to the usual request; undefined takes a parameter out. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** The usual authentication request of the variant (OpenID Connect Core §3.1.2.1). */
export function authenticationRequest(run: ModuleRun, client: Client, changes: Changes = {}): Parameters {
  const { responseType, responseMode } = run.variant;
  const request: Changes = {
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: 'openid',
    state: run.random(10),
    nonce: run.random(10),
    response_type: responseType,
    response_mode: responseMode === 'form_post' ? 'form_post' : undefined,
    ...changes,
  };
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(request)) if (value !== undefined) kept[name] = value;
  return kept;
}

export function authorizationUrl(run: ModuleRun, parameters: Parameters): string {
  const url = new URL(run.endpoint('authorization_endpoint'));
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
  return url.href;
}

/** Sends the browser with the request as a query; the person does what the pages ask. */
export async function sendRequest(run: ModuleRun, parameters: Parameters): Promise<Journey> {
  return goThrough(run.browser, await run.browser.visit(authorizationUrl(run, parameters)));
}

export type Delivery = 'query' | 'fragment' | 'form_post';

/** How the answer of a variant travels (OAuth 2.0 Multiple Response Types §3, §5; Form Post Response Mode §2). */
export function deliveryOf(run: ModuleRun): Delivery {
  const { responseType, responseMode } = run.variant;
  if (responseMode === 'form_post') return 'form_post';
  return responseType === 'code' ? 'query' : 'fragment';
}

/** The answer at the client's redirect URI, however it is to travel; nothing may stand where it does not belong. */
export function readAnswer(
  run: ModuleRun,
  client: Pick<Client, 'redirectUri'>,
  { place }: Journey,
  delivery: Delivery = deliveryOf(run),
): Answer {
  const url = new URL(place.url);
  const registered = new URL(client.redirectUri);
  assert.equal(
    url.origin + url.pathname,
    registered.origin + registered.pathname,
    `the browser is not back at the client, but at ${place.url} ${place.page} ${place.status}`,
  );
  for (const [name, value] of registered.searchParams) assert.equal(url.searchParams.get(name), value, `the redirect URI lost ${name}`);
  if (delivery !== 'query') {
    for (const name of ['code', 'access_token', 'id_token', 'error', 'state'])
      assert.ok(!url.searchParams.has(name), `${name} stands in the query, where it does not belong`);
  }
  switch (delivery) {
    case 'query':
      return collect([...url.searchParams].filter(([name]) => !registered.searchParams.has(name)));
    case 'fragment':
      return collect([...new URLSearchParams(url.hash.slice(1))]);
    case 'form_post':
      return readPosted(run, client);
  }
}

/** An answer that is no error: the same `state`, the right `iss`, and exactly what the response type brings. */
export function readSuccess(run: ModuleRun, client: Client, journey: Journey, parameters: Parameters): Answer {
  const answer = readAnswer(run, client, journey);
  assert.equal(answer.get('error'), undefined, `refused: ${answer.get('error')} ${answer.get('error_description')}`);
  assert.equal(answer.get('state'), parameters['state'], 'state');
  checkIssuer(run, answer);
  const { responseType } = run.variant;
  assert.equal(answer.has('code'), brings(responseType, 'code'), 'code in the answer');
  assert.equal(answer.has('id_token'), brings(responseType, 'id_token'), 'id_token in the answer');
  assert.equal(answer.has('access_token'), brings(responseType, 'token'), 'access_token in the answer');
  if (brings(responseType, 'token')) {
    assert.equal(answer.get('token_type')?.toLowerCase(), 'bearer', 'token_type in the answer');
    assert.match(answer.get('expires_in') ?? '', /^[1-9][0-9]{0,8}$/, 'expires_in in the answer');
  }
  return answer;
}

const ERROR_MEMBERS: readonly string[] = ['error', 'error_description', 'error_uri', 'state', 'session_state', 'iss'];

/** An error at the client (OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1). @returns its code */
export function readError(run: ModuleRun, client: Client, journey: Journey, parameters: Parameters, delivery?: Delivery): string {
  const answer = readAnswer(run, client, journey, delivery);
  assert.equal(answer.get('state'), parameters['state'], 'state of an error');
  checkIssuer(run, answer);
  assert.ok(!answer.has('code') && !answer.has('access_token') && !answer.has('id_token'), 'an error with something to use');
  const strange = [...answer.keys()].filter((name) => !ERROR_MEMBERS.includes(name));
  run.should(strange.length === 0, `an error with strange parameters: ${strange.join(' ')}`);
  checkErrorText(answer.get('error_description'));
  const uri = answer.get('error_uri');
  if (uri !== undefined) assert.match(uri, /^[\x21\x23-\x5b\x5d-\x7e]*$/, 'error_uri');
  const error = answer.get('error');
  assert.ok(error !== undefined && error !== '', `an error was due: ${journey.place.url}`);
  return error;
}

/** RFC 6749 §4.1.2.1 and §5.2: %x20-21 / %x23-5B / %x5D-7E. */
export function checkErrorText(description: unknown): void {
  if (description !== undefined) assert.match(String(description), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, 'error_description');
}

/** RFC 9207 §2; discovery promises it. */
function checkIssuer(run: ModuleRun, answer: Answer): void {
  if (run.metadata['authorization_response_iss_parameter_supported'] === true || answer.has('iss'))
    assert.equal(answer.get('iss'), run.issuer, 'iss of the answer');
}

/** The newest form that reached the redirect URI (OAuth 2.0 Form Post Response Mode §2). */
function readPosted(run: ModuleRun, client: Pick<Client, 'redirectUri'>): Answer {
  const request = run.site.requestsFor(client.redirectUri).at(-1);
  assert.ok(request !== undefined, 'nothing came to the redirect URI');
  assert.equal(request.method, 'POST', 'the form was to be posted');
  assert.equal(request.headers['content-type']?.split(';')[0], 'application/x-www-form-urlencoded', 'content-type of the form');
  return collect([...new URLSearchParams(request.body)]);
}

function collect(entries: readonly (readonly [string, string])[]): Answer {
  const answer = new Map(entries);
  assert.equal(answer.size, entries.length, `a parameter of the answer is repeated: ${entries.map(([name]) => name).join(' ')}`);
  return answer;
}
