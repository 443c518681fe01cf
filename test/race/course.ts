import assert from 'node:assert/strict';
import type { Context } from '@hufu/server/context';
import type { startServer } from '@hufu/server/start';
import { openMemory } from '@hufu/store/memory';
import type { Store, UserRecord } from '@hufu/store/port';
import { openPostgres } from '@hufu/store/postgres/open';
import { Agent, authorizeAs, type CodeRequest, type JsonReply, postForm } from '../support/agent.ts';
import { freshDatabase } from '../support/databases.ts';
import { type Node, startNode } from '../support/nodes.ts';
import { seededRandom } from '../support/seeds.ts';
import { slowStore } from '../support/slow-store.ts';

/** Where races are run: one server over a slow store, or two on one database, with somebody signed in. */
export interface Course {
  /** Requests go to them in turn. */
  readonly origins: readonly string[];
  /** Of the first: for what has no endpoint yet. */
  readonly context: Context;
  /** From now on the store waits as this seed has it. */
  slowDown(seed: number): void;
  /** The stores answer at once. */
  speedUp(): void;
  stop(): Promise<void>;
}

export interface CourseOptions {
  /** A mutant's. */
  readonly startServer?: typeof startServer;
  readonly store?: Store;
}

const MAX_WAIT_MS = 3;

export async function memoryCourse(options: CourseOptions = {}): Promise<Course> {
  return course([options.store ?? (await openMemory())], options, async () => {});
}

/** Two servers of one issuer in this process, each with its own connections to one PostgreSQL. */
export async function postgresCourse(): Promise<Course> {
  const database = await freshDatabase('postgres');
  const stores = [await openPostgres(database.url), await openPostgres(database.url)];
  return course(stores, {}, () => database.drop());
}

async function course(inner: readonly Store[], { startServer }: CourseOptions, drop: () => Promise<void>): Promise<Course> {
  const slow = inner.map(slowStore);
  const nodes: Node[] = [];
  for (const { store } of slow) {
    nodes.push(
      await startNode({ store, yaml: COURSE_YAML, issuer: 'http://127.0.0.1:1', ...(startServer === undefined ? {} : { startServer }) }),
    );
  }
  const [first] = nodes;
  if (first === undefined) throw new TypeError('a course has at least one node');
  return {
    origins: nodes.map((node) => node.origin),
    context: first.context,
    slowDown: (seed) => slow.forEach(({ slowDown }, index) => slowDown(seed * 2 + index, MAX_WAIT_MS)),
    speedUp: () => slow.forEach(({ slowDown }) => slowDown(0, 0)),
    async stop() {
      for (const { slowDown } of slow) slowDown(0, 0);
      await Promise.all(nodes.map((node) => node.stop()));
      await drop();
    },
  };
}

export const RUNNER = { username: 'runner', password: 'a long way and a short breath' } as const;
export const API = 'api:api-secret-0123456789abcdef0123456789';

/** A client as the races use it. `basic` where it authenticates. */
export interface RaceClient extends CodeRequest {
  readonly basic: string | undefined;
}

export const SPA: RaceClient = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid read', basic: undefined };
export const WEB: RaceClient = {
  clientId: 'web',
  redirectUri: 'https://web.example/cb',
  scope: 'openid opaque',
  basic: 'web:web-secret-0123456789abcdef0123456789',
};
/** Its users are asked for consent. */
export const THIRD: RaceClient = {
  clientId: 'third',
  redirectUri: 'https://third.example/cb',
  scope: 'openid read',
  basic: 'third:third-secret-0123456789abcdef01234567',
};

/** Everybody who takes part. Also read by processes of their own. */
export const COURSE_YAML = `
policies: { codes: { ttl: 60s }, sign_up: open, brute_force: off, sign_in: { methods: [password, passkey, email] } }
signing: { algorithms: [ES256] }
clients:
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: [${SPA.redirectUri}]
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
    hufu: { first_party: true }
  - client_id: web
    client_secret: web-secret-0123456789abcdef0123456789
    redirect_uris: [${WEB.redirectUri}]
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
    hufu: { first_party: true }
  - client_id: third
    client_secret: third-secret-0123456789abcdef01234567
    redirect_uris: [${THIRD.redirectUri}]
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
  - client_id: tv
    token_endpoint_auth_method: none
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', refresh_token]
    scope: openid read
  - client_id: api
    client_secret: api-secret-0123456789abcdef0123456789
    grant_types: [client_credentials]
    hufu: { resource_server_of: ['https://api.example/', 'https://opaque.example/'] }
resources:
  - { identifier: 'https://api.example/', scopes: [read], token_format: jwt }
  - { identifier: 'https://opaque.example/', scopes: [opaque], token_format: opaque }
users:
  - { username: ${RUNNER.username}, password: ${RUNNER.password}, claims: { name: Runner } }
`;

/** An authorization code and everything that belongs to it. */
export interface FreshCode {
  readonly client: RaceClient;
  readonly code: string;
  readonly verifier: string;
}

export async function freshCode(agent: Agent, client: RaceClient): Promise<FreshCode> {
  const { page, verifier } = await authorizeAs(agent, client, RUNNER);
  const code = page.location.startsWith(client.redirectUri) ? page.answer.get('code') : null;
  assert.ok(code !== null, `no code: ${page.status} ${page.name} ${page.location}`);
  return { client, code, verifier };
}

/** `origin` is the node that is asked. */
export function redeem(origin: string, { client, code, verifier }: FreshCode): Promise<JsonReply> {
  return tokenRequest(origin, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  });
}

export function refresh(origin: string, client: RaceClient, token: string, more: Record<string, string> = {}): Promise<JsonReply> {
  return tokenRequest(origin, client, { grant_type: 'refresh_token', refresh_token: token, ...more });
}

export function revoke(origin: string, client: RaceClient, token: string): Promise<JsonReply> {
  return formOf(`${origin}/oauth/revoke`, client, { token });
}

function tokenRequest(origin: string, client: RaceClient, fields: Record<string, string>): Promise<JsonReply> {
  return formOf(`${origin}/oauth/token`, client, fields);
}

function formOf(url: string, client: RaceClient, fields: Record<string, string>): Promise<JsonReply> {
  return client.basic === undefined ? postForm(url, { ...fields, client_id: client.clientId }) : postForm(url, fields, client.basic);
}

/** What a successful token reply brought. */
export interface Tokens {
  readonly client: RaceClient;
  readonly access: string;
  readonly refresh: string;
  readonly idToken: string | undefined;
}

export function readTokens(client: RaceClient, reply: JsonReply): Tokens {
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const { access_token: access, refresh_token: refreshed, id_token: idToken } = reply.body;
  assert.ok(typeof access === 'string' && typeof refreshed === 'string', JSON.stringify(reply.body));
  return { client, access, refresh: refreshed, idToken: typeof idToken === 'string' ? idToken : undefined };
}

/** A grant with its first tokens. */
export async function freshTokens(course: Course, agent: Agent, client: RaceClient): Promise<Tokens & { readonly fresh: FreshCode }> {
  const fresh = await freshCode(agent, client);
  return { ...readTokens(client, await redeem(course.origins[0] ?? '', fresh)), fresh };
}

export async function isActive(origin: string, token: string, basic: string = API): Promise<boolean> {
  const seen = await postForm(`${origin}/oauth/introspect`, { token }, basic);
  assert.equal(seen.status, 200, JSON.stringify(seen.body));
  return seen.body['active'] === true;
}

/** What makes an access token itself: a JWT's `jti`, `iat` and `exp` (its signature differs each time), or an opaque one's text. */
export function identify(access: string): string {
  const [, payload, signature] = access.split('.');
  if (payload === undefined || signature === undefined) return access;
  const { jti, iat, exp } = Object(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  return `${jti} ${iat} ${exp}`;
}

/** Nothing of them works any more, wherever it is tried. */
export async function assertDead(course: Course, all: readonly Tokens[]): Promise<void> {
  const seen = new Set<string>();
  for (const { client, access, refresh: refreshToken } of all) {
    for (const origin of course.origins) {
      const name = `${origin} ${identify(access)} ${refreshToken}`;
      if (seen.has(name)) continue;
      seen.add(name);
      assert.equal(await isActive(origin, access), false, 'an access token lives on');
      if (client.basic !== undefined) assert.equal(await isActive(origin, refreshToken, client.basic), false, 'a refresh token lives on');
      const info = await fetch(`${origin}/oauth/userinfo`, { headers: { authorization: `Bearer ${access}` } });
      await info.body?.cancel();
      assert.equal(info.status, 401, 'userinfo still answers');
      assertRefused(await refresh(origin, client, refreshToken));
    }
  }
}

/** `invalid_grant`, and nothing else (RFC 6749 §5.2). */
export function assertRefused(reply: JsonReply): void {
  assert.equal(reply.status, 400, JSON.stringify(reply.body));
  assert.equal(reply.body['error'], 'invalid_grant');
}

/** The node for the n-th of many requests. */
export function originAt(course: Pick<Course, 'origins'>, index: number): string {
  return course.origins[index % course.origins.length] ?? assert.fail('no node');
}

export async function runner(course: Course): Promise<UserRecord> {
  const user = await course.context.store.findUserByName(course.context.tenant, RUNNER.username);
  return user ?? assert.fail('nobody is there to run');
}

/** All at once, each after a moment of its own of up to `spreadMs`. */
export function startTogether<T>(count: number, seed: number, spreadMs: number, act: (index: number) => Promise<T>): Promise<T[]> {
  const random = seededRandom(seed);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const wait = random() * spreadMs;
      if (wait >= 1) await new Promise((resolve) => setTimeout(resolve, wait));
      return act(index);
    }),
  );
}
