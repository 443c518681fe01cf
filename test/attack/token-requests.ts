import assert from 'node:assert/strict';
import { type Agent, authorizeAs, type CodeRequest, exchange, type JsonReply, type Page, postForm } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import type { Arena } from './oracles.ts';
import { API_BASIC, MACHINE_BASIC, SPA } from './sign-ins.ts';

/** An answer of the authorization endpoint, with the verifier that fits its code. */
export interface Answer {
  readonly page: Page;
  readonly verifier: string;
}

export const codeOf = (answer: Answer): string => answer.page.answer.get('code') ?? '';

/** A token request, whatever it says. */
export function token(here: Arena, fields: Record<string, string> | URLSearchParams, basic?: string): Promise<JsonReply> {
  return postForm(`${here.issuer}/oauth/token`, fields, basic);
}

/** POST of a client that proves itself, with the body and its type as given; undefined: no type. */
export async function postAs(
  here: Arena,
  body: string,
  type: string | undefined,
  headers: Readonly<Record<string, string>> = {},
  path = '/oauth/token',
): Promise<JsonReply> {
  const reply = await fetch(here.issuer + path, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(MACHINE_BASIC)}`, ...(type === undefined ? {} : { 'content-type': type }), ...headers },
    // Bytes bring no content type of their own.
    body: new TextEncoder().encode(body),
  });
  return { status: reply.status, headers: reply.headers, body: Object(await reply.json()) };
}

/** The token response of a new grant, of a browser that is signed in. Fails the case when there is none. */
export async function exchanged(agent: Agent, request: CodeRequest = SPA, basic?: string): Promise<JsonReply> {
  const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER), basic);
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  return tokens;
}

/** A refresh with whatever is in hand, by whoever says so. */
export function refreshed(
  here: Arena,
  refreshToken: unknown,
  more: Record<string, string> = { client_id: 'spa' },
  basic?: string,
): Promise<JsonReply> {
  return token(here, { grant_type: 'refresh_token', refresh_token: String(refreshToken), ...more }, basic);
}

/** What the resource server learns of a token. */
export function introspected(here: Arena, text: unknown, basic: string = API_BASIC): Promise<JsonReply> {
  return postForm(`${here.issuer}/oauth/introspect`, { token: String(text) }, basic);
}

/** The server's time in seconds. */
export function now(here: Arena): number {
  return Math.floor(here.hufu.context.clock.nowMs() / 1000);
}
