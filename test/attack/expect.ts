import assert from 'node:assert/strict';
import { type Agent, type JsonReply, Page } from '../support/agent.ts';

/** The expected results that the catalogue has short names for. */

/** The parts of a good authorization request of the client `spa`; an override of undefined leaves one out. */
export function authorizePath(overrides: Readonly<Record<string, string | undefined>> = {}, more = ''): string {
  const parts: Record<string, string | undefined> = { ...GOOD, ...overrides };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) query.append(name, value);
  return `/oauth/authorize?${query.toString()}${more === '' ? '' : `&${more}`}`;
}

/** 43 characters of base64url; nobody has a verifier for it. */
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const GOOD: Readonly<Record<string, string>> = {
  response_type: 'code',
  client_id: 'spa',
  redirect_uri: 'https://app.example/cb',
  scope: 'openid',
  state: 'st-1',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};

/** AZ-PAGE: the server answers itself; nobody is redirected (RFC 6749 §4.1.2.1). */
export function assertPage(page: Page, about = ''): void {
  assert.equal(page.status, 400, `${about} ${page.location}`);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/, about);
  assert.equal(page.headers.get('location'), null, about);
  assert.equal(page.headers.get('cache-control'), 'no-store', about);
  assert.equal(page.name, 'error', about);
  // Nothing that was sent stands in the page as markup, and nothing in the page leads or loads anywhere by itself.
  assert.doesNotMatch(page.text, /<(?:script|img|iframe|object|embed|base|form)\b|<[^>]*\son[a-z]+=|http-equiv="?refresh/i, about);
  for (const [, href = ''] of page.text.matchAll(/\b(?:href|src|action)="([^"]*)"/g)) assert.match(href, /^\/(?!\/)/, about);
}

/** AZ-REDIR(x): 303 to the registered URI with the error, the state byte for byte and `iss` (RFC 6749 §4.1.2.1, RFC 9207 §2). */
export function assertRedirect(
  page: Page,
  error: string,
  {
    issuer,
    state = 'st-1',
    to = 'https://app.example/cb',
  }: { readonly issuer: string; readonly state?: string | null; readonly to?: string },
  about = '',
): void {
  assert.equal(page.status, 303, `${about} ${page.text.slice(0, 300)}`);
  assert.ok(page.location.startsWith(`${to}?`) || page.location.startsWith(`${to}#`), `${about}: ${page.location}`);
  assert.equal(page.answer.get('error'), error, `${about}: ${page.location}`);
  assert.equal(page.answer.get('state'), state, about);
  assert.equal(page.answer.get('iss'), issuer, about);
  assert.equal(page.answer.get('code'), null, about);
  assert.match(page.answer.get('error_description') ?? '', DESCRIPTION, about);
}

/** TE(x): 400 JSON that nobody stores (RFC 6749 §5.2). */
export function assertTokenError(reply: JsonReply, error: string, about = ''): void {
  assert.equal(reply.body['error'], error, `${about} ${JSON.stringify(reply.body)}`);
  assert.equal(reply.status, 400, about);
  assertRefusal(reply, about);
}

/** TE-401: with a challenge, as the header demands it of every 401 (RFC 6749 §5.2, RFC 9110 §15.5.2). */
export function assertClientRefused(reply: JsonReply, about = ''): void {
  assert.equal(reply.body['error'], 'invalid_client', `${about} ${JSON.stringify(reply.body)}`);
  assert.equal(reply.status, 401, about);
  assert.match(reply.headers.get('www-authenticate') ?? '', /^Basic\b/, about);
  assertRefusal(reply, about);
}

/** INACTIVE: nothing but that (RFC 7662 §2.2). */
export function assertInactive(reply: JsonReply, about = ''): void {
  assert.equal(reply.status, 200, about);
  assert.deepEqual(reply.body, { active: false }, about);
}

/** RFC 6749 §5.2: the characters of `error_description`. */
export const DESCRIPTION: RegExp = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

function assertRefusal(reply: JsonReply, about: string): void {
  assert.equal(reply.headers.get('cache-control'), 'no-store', about);
  assert.equal(reply.headers.get('content-type'), 'application/json', about);
  assert.match(String(reply.body['error_description']), DESCRIPTION, about);
  assert.deepEqual(Object.keys(reply.body).toSorted(), ['error', 'error_description'], about);
  for (const name of ['access_token', 'refresh_token', 'id_token']) assert.equal(reply.body[name], undefined, about);
}

/** Sends a request that must not get past the checks, with whatever the browser has. */
export function attempt(agent: Agent, overrides: Readonly<Record<string, string | undefined>>, more = ''): Promise<Page> {
  return agent.get(authorizePath(overrides, more));
}

/** The same request as a POST, its query as the body, byte for byte. */
export async function postQuery(agent: Agent, query: string, path = '/oauth/authorize'): Promise<Page> {
  const cookie = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const reply = await fetch(agent.issuer + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', ...(cookie === '' ? {} : { cookie }) },
    body: query,
  });
  return new Page(reply, await reply.text());
}

/** The payload of a JWT that we have just got. */
export function claimsOf(jwt: unknown): Record<string, unknown> {
  return Object(JSON.parse(Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString()));
}
