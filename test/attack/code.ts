import assert from 'node:assert/strict';
import { Agent, authorizeAs, type CodeRequest, exchange, type JsonReply, type Page, postForm } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import type { Arena } from './oracles.ts';

/** The registrations of `BASIC_YAML` that most cases attack, and their secrets. */
export const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid read' } as const;
export const SPA2 = { clientId: 'spa2', redirectUri: 'https://app2.example/cb', scope: 'openid read' } as const;
export const WEB = { clientId: 'web', redirectUri: 'https://web.example/cb', scope: 'openid read' } as const;
export const WEB_BASIC = 'web:web-secret-0123456789abcdef0123456789';
export const THIRD_BASIC = 'third:third-secret-0123456789abcdef01234567';
export const API_BASIC = 'api:api-secret-0123456789abcdef0123456789';
export const MACHINE_BASIC = 'machine:machine-secret-0123456789abcdef012345';

/** An answer of the authorization endpoint, with the verifier that fits its code. */
export interface Answer {
  readonly page: Page;
  readonly verifier: string;
}

export const codeOf = (answer: Answer): string => answer.page.answer.get('code') ?? '';

/** Somebody who has signed in at the arena, so that first-party clients get their codes at once. */
export async function signedIn(here: Arena, user: { readonly username: string; readonly password: string } = USER): Promise<Agent> {
  const agent = new Agent(here.issuer);
  await authorizeAs(agent, SPA, user);
  return agent;
}

/** A token request. */
export function token(here: Arena, fields: Record<string, string>, basic?: string): Promise<JsonReply> {
  return postForm(`${here.issuer}/oauth/token`, fields, basic);
}

/** Tokens for a client. Fails the case when there are none. */
export async function tokensOf(agent: Agent, request: CodeRequest = SPA, basic?: string): Promise<JsonReply> {
  const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER), basic);
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  return tokens;
}

export function refresh(here: Arena, refreshToken: unknown, more: Record<string, string> = { client_id: 'spa' }, basic?: string): Promise<JsonReply> {
  return token(here, { grant_type: 'refresh_token', refresh_token: String(refreshToken), ...more }, basic);
}

/** What the resource server learns of a token. */
export function introspect(here: Arena, text: unknown, basic: string = API_BASIC): Promise<JsonReply> {
  return postForm(`${here.issuer}/oauth/introspect`, { token: String(text) }, basic);
}

/** The grant that the newest redirect or exchange made, by its row. */
export function now(here: Arena): number {
  return Math.floor(here.hufu.context.clock.nowMs() / 1000);
}
