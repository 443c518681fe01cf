import { authorize } from '../endpoints/authorize.ts';
import { token } from '../endpoints/token.ts';
import { userinfo } from '../endpoints/userinfo.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { Endpoint } from '../route.ts';
import { type BrowserSession, openBrowserSession } from '../sessions/browser-session.ts';
import type { ProvedMethod } from '../sessions/methods.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { World } from './world.ts';

/** The verifier of every authorization request here (RFC 7636 §4.1). */
export const VERIFIER: string = 'v'.repeat(43);
export const CHALLENGE: string = sha256(VERIFIER);

export interface Visitor extends BrowserSession {
  /** `Cookie` header. */
  readonly cookie: string;
}

/** Somebody who signed in a moment ago, without the page: with a password, or with what is said. */
export async function signedIn(world: World, username = 'alice', ...methods: readonly ProvedMethod['method'][]): Promise<Visitor> {
  const user = await world.store.findUserByName(world.tenant, username);
  if (user === undefined) throw new Error(`no user ${username}`);
  const [first = 'password', ...others] = methods;
  const proved = (method: ProvedMethod['method']): ProvedMethod => ({ method, at: world.now() });
  const opened = await openBrowserSession(world.ctx, world.http(), user, [proved(first), ...others.map(proved)]);
  if (opened.kind !== 'opened') throw new Error(opened.kind);
  return { ...opened.session, cookie: opened.cookie.slice(0, opened.cookie.indexOf(';')) };
}

/** The parameters of a good authorization request, with what is handed in on top; undefined takes one away. */
export function authorizationQuery(part: Readonly<Record<string, string | undefined>> = {}): string {
  const all: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    scope: 'openid read',
    state: 's-1',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...part,
  };
  return new URLSearchParams(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))).toString();
}

/** Sends an authorization request as that visitor. */
export function ask(
  world: World,
  visitor: Visitor | undefined,
  part: Readonly<Record<string, string | undefined>> = {},
): Promise<HttpReply> {
  const headers = visitor === undefined ? {} : { cookie: visitor.cookie };
  return authorize(world.ctx, world.http({ path: '/oauth/authorize', query: authorizationQuery(part), headers }));
}

/** Parameters of the address that a reply redirects to. */
export function answerOf(reply: HttpReply): URLSearchParams {
  return new URL(String(reply.headers['location']), 'https://id.example').searchParams;
}

/** A form, posted to an endpoint. `basic` is `id:secret`. */
export async function post(
  world: World,
  endpoint: (ctx: World['ctx'], http: HttpRequest) => ReturnType<Endpoint>,
  fields: Readonly<Record<string, string>> | string,
  { basic, ...headers }: Readonly<Record<string, string>> = {},
): Promise<HttpReply & { readonly json: Readonly<Record<string, unknown>> }> {
  const reply = await endpoint(
    world.ctx,
    world.http({
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
        ...headers,
      },
      body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
    }),
  );
  const text = reply.body.toString();
  const json: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  return { ...reply, json: Object(json) };
}

/** A token request. */
export function postToken(
  world: World,
  fields: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof post> {
  return post(world, token, fields, headers);
}

/** The token response of a client's authorization code flow, from the request to the exchange; with `client_secret`, of a confidential one. */
export async function tokensOf(
  world: World,
  part: Readonly<Record<string, string | undefined>> = {},
  visitor?: Visitor,
): Promise<Readonly<Record<string, unknown>>> {
  const { client_secret: secret, ...asked } = part;
  const answer = answerOf(await ask(world, visitor ?? (await signedIn(world)), asked));
  const { client_id: clientId = 'spa', redirect_uri: redirectUri = 'https://app.example/cb' } = part;
  const fields = {
    grant_type: 'authorization_code',
    ...(secret === undefined ? { client_id: clientId } : {}),
    redirect_uri: redirectUri,
    code: answer.get('code') ?? '',
    code_verifier: VERIFIER,
  };
  const reply = await postToken(world, fields, secret === undefined ? {} : { basic: `${clientId}:${secret}` });
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body.toString()} ${answer.toString()}`);
  return reply.json;
}

/** What userinfo answers to a bearer of that token. */
export function askUserinfo(world: World, accessToken: unknown): Promise<HttpReply> {
  return userinfo(world.ctx, world.http({ path: '/oauth/userinfo', headers: { authorization: `Bearer ${String(accessToken)}` } }));
}

/** Claims of a JWT, unverified. */
export function claimsOf(jwt: unknown): Readonly<Record<string, unknown>> {
  return Object(JSON.parse(Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString()));
}
