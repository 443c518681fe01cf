import assert from 'node:assert/strict';
import { Agent, authorizeAs, type CodeRequest, exchange, type JsonReply, postForm } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';

/** The clients of `BASIC_YAML` as most cases use them: what they ask for, and `id:secret`. */
export const SPA: CodeRequest = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid profile email read' };
export const SPA2: CodeRequest = { clientId: 'spa2', redirectUri: 'https://app2.example/cb', scope: 'openid read' };
export const WEB: CodeRequest = { clientId: 'web', redirectUri: 'https://web.example/cb', scope: 'openid profile read' };
export const THIRD: CodeRequest = { clientId: 'third', redirectUri: 'https://third.example/cb', scope: 'openid profile read' };
export const WEB_BASIC = 'web:web-secret-0123456789abcdef0123456789';
export const THIRD_BASIC = 'third:third-secret-0123456789abcdef01234567';
export const API_BASIC = 'api:api-secret-0123456789abcdef0123456789';
export const MACHINE_BASIC = 'machine:machine-secret-0123456789abcdef012345';
/** Who signs in. */
export type Person = Readonly<Record<'username' | 'password', string>>;
export const BOB: Person = { username: 'bob', password: 'bobs long password here' };

/** Somebody's browser, signed in on our own page. */
export async function signedIn(origin: string, user: Person = USER): Promise<Agent> {
  const agent = new Agent(origin);
  const done = await agent.submit(await agent.get('/signin'), user);
  assert.equal(done.status, 303, done.text.slice(0, 300));
  return agent;
}

/** The tokens of a new grant, by way of the browser; of a browser of its own where none is given. */
export async function tokensOf(
  origin: string,
  request: CodeRequest,
  basic?: string,
  agent: Agent = new Agent(origin),
  user: Person = USER,
): Promise<Tokens> {
  const reply = await exchange(agent, request, await authorizeAs(agent, request, user), basic);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const text = (name: string): string => String(reply.body[name]);
  return { access: text('access_token'), refresh: text('refresh_token'), id: text('id_token'), reply };
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly id: string;
  readonly reply: JsonReply;
}

/** An access token of a client for itself. */
export async function machineToken(origin: string, scope: string, basic = MACHINE_BASIC): Promise<string> {
  const reply = await postForm(`${origin}/oauth/token`, { grant_type: 'client_credentials', scope }, basic);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return String(reply.body['access_token']);
}

export function refresh(origin: string, token: string, request: CodeRequest, basic?: string): Promise<JsonReply> {
  return postForm(
    `${origin}/oauth/token`,
    { grant_type: 'refresh_token', refresh_token: token, ...(basic === undefined ? { client_id: request.clientId } : {}) },
    basic,
  );
}

export function introspect(origin: string, token: string, basic: string, more: Readonly<Record<string, string>> = {}): Promise<JsonReply> {
  return postForm(`${origin}/oauth/introspect`, { token, ...more }, basic);
}

/** `basic` or a public client's id. */
export function revoke(origin: string, token: string, by: string, more: Readonly<Record<string, string>> = {}): Promise<JsonReply> {
  if (by.includes(':')) return postForm(`${origin}/oauth/revoke`, { token, ...more }, by);
  return postForm(`${origin}/oauth/revoke`, { token, client_id: by, ...more });
}

export function userinfo(origin: string, token: string): Promise<Response> {
  return fetch(`${origin}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
}
