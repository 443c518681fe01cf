import type { TenantId } from '@hufu/protocol/ids';
import { openMemory } from '@hufu/store/memory';
import type { DecisionRecord, Store } from '@hufu/store/port';
import { wrapped } from '@hufu/store/wrapped';
import { type TestClock, testClock } from '../clock.ts';
import { readConfig } from '../config/read-config.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { applyConfig } from '../jobs/apply-config.ts';
import { jsonLog } from '../log.ts';
import { openContext } from '../open-context.ts';
import { shareRsaKeys } from './shared-key.ts';

/** 2026-01-01T00:00:00Z in milliseconds: where the clock of every world stands. */
export const START_MS = 1_767_225_600_000;
/** The same in seconds. */
export const START = START_MS / 1000;

export const ISSUER = 'https://id.example';
export const API = 'https://api.example/';
export const VAULT = 'urn:example:vault';
/** Of alice and of bob; its hash has parameters that cost a test nothing. */
export const PASSWORD = 'open sesame';
/** 32 bytes of zero as base64url. */
export const MASTER_KEY = 'A'.repeat(43);

/** `password_hash` of `PASSWORD`. */
export const CHEAP_HASH = '$argon2id$v=19$m=64,t=1,p=1$SPqh+mVUV+PQlE3PDCt43w$S4NLHClwL/B7wojoI58lw5MVzDamURxxBPQXtORjXF4';

export const SECRETS = {
  web: 'web-secret-0123456789abcdef0123456789',
  third: 'third-secret-0123456789abcdef01234567',
  machine: 'machine-secret-0123456789abcdef012345',
  api: 'api-secret-0123456789abcdef0123456789',
} as const;

/** What most tests ask for: each kind of client, a resource of each format, two people. */
export const BASIC_YAML: string = `
signing: { algorithms: [ES256] }
clients:
  - client_id: spa
    client_name: Reader
    token_endpoint_auth_method: none
    redirect_uris: [https://app.example/cb]
    post_logout_redirect_uris: [https://app.example/out, 'https://app.example/out?x=1']
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
  - client_id: web
    client_secret: ${SECRETS.web}
    redirect_uris: [https://web.example/cb]
    post_logout_redirect_uris: [https://web.example/out]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
  - client_id: third
    client_secret: ${SECRETS.third}
    token_endpoint_auth_method: client_secret_post
    redirect_uris: [https://third.example/cb]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile read
  - client_id: native
    application_type: native
    token_endpoint_auth_method: none
    redirect_uris: ['http://127.0.0.1/cb', 'com.example.app:/cb']
    grant_types: [authorization_code]
  - client_id: machine
    client_secret: ${SECRETS.machine}
    grant_types: [client_credentials]
    scope: read write unlock
  - client_id: api
    client_secret: ${SECRETS.api}
    grant_types: [client_credentials]
    scope: read
    hufu: { resource_server_of: ['${API}'] }
resources:
  - { identifier: '${API}', scopes: [read, write], token_format: jwt, token_ttl: 10m }
  - { identifier: '${VAULT}', scopes: [unlock, read], token_format: opaque, token_ttl: 5m }
users:
  - { username: alice, password_hash: '${CHEAP_HASH}', claims: { sub: alice-sub, name: Alice Example, email: alice@example.com, email_verified: true } }
  - { username: bob, password_hash: '${CHEAP_HASH}', claims: { sub: bob-sub } }
`;

export interface WorldOptions {
  /** YAML after `issuer` and `mode`. */
  readonly yaml?: string;
  readonly issuer?: string;
  readonly mode?: 'test' | 'production';
  /** Shared with another world: two nodes. */
  readonly store?: Store;
  /** Wraps the store that the context sees. */
  readonly wrap?: (store: Store) => Store;
  readonly masterKey?: string | undefined;
  readonly dataDirectory?: string;
  /** Without `applyConfig`: no clients, no users. */
  readonly empty?: boolean;
}

/** A context of the server's own making over a store in memory, with a clock that stands still until it is moved. */
export interface World {
  readonly ctx: Context;
  readonly store: Store;
  readonly tenant: TenantId;
  readonly clock: TestClock;
  /** Every log line so far. */
  readonly lines: readonly string[];
  /** Seconds. */
  now(): number;
  /** A request; what is not said is a GET of `/` at the clock's time. */
  http(part?: Partial<HttpRequest>): HttpRequest;
  /** Events of that name in the log so far. */
  events(name: string): readonly Readonly<Record<string, unknown>>[];
  /** The decision that a reply points to. */
  why(reply: Pick<HttpReply, 'headers'>): Promise<Why>;
  close(): Promise<void>;
}

/** A decision as `hufu why` reads it. */
export interface Why {
  readonly row: DecisionRecord;
  readonly description: string;
  readonly passed: readonly string[];
  readonly failed: string | undefined;
  readonly detail: string | undefined;
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { yaml = BASIC_YAML, issuer = ISSUER, mode = 'test' } = options;
  const folder = options.dataDirectory === undefined ? '' : `data_dir: ${options.dataDirectory}\n`;
  const config = readConfig({ text: `issuer: ${issuer}\nmode: ${mode}\n${folder}${yaml}`, file: 'world.yaml', env: {} });
  const store = options.store ?? (await openMemory());
  const clock = testClock();
  clock.freeze(START_MS);
  const lines: string[] = [];
  const log = jsonLog((line) => lines.push(line), clock.nowMs);
  const masterKey = 'masterKey' in options ? options.masterKey : MASTER_KEY;
  if (masterKey === MASTER_KEY) await shareRsaKeys(store, Buffer.from(MASTER_KEY, 'base64url'), config.signing.algorithms, START);
  const ctx = await openContext({
    config,
    store: options.wrap === undefined ? store : wrapped(store, options.wrap),
    clock,
    log,
    masterKey,
  });
  const now = (): number => Math.floor(clock.nowMs() / 1000);
  if (options.empty !== true) await applyConfig(ctx, now());
  return {
    ctx,
    store,
    tenant: ctx.tenant,
    clock,
    lines,
    now,
    http: (part = {}) => ({
      method: 'GET',
      path: '/',
      query: '',
      headers: {},
      body: '',
      address: '192.0.2.1',
      nowMs: clock.nowMs(),
      ...part,
    }),
    events: (name) => lines.map((line) => Object(JSON.parse(line))).filter((line) => line.event === name),
    async why({ headers }) {
      await ctx.decisions.settled();
      const row = await store.findDecision(ctx.tenant, String(headers['hufu-decision']));
      if (row === undefined) throw new Error(`no decision ${String(headers['hufu-decision'])}`);
      const { description, checks }: { description: string; checks: { check: string; outcome: string; detail?: string }[] } = JSON.parse(
        row.record,
      );
      const failed = checks.find(({ outcome }) => outcome === 'failed');
      const passed = checks.filter(({ outcome }) => outcome === 'passed').map(({ check }) => check);
      return { row, description, passed, failed: failed?.check, detail: failed?.detail };
    },
    async close() {
      await ctx.decisions.settled();
      await ctx.passwords.close();
      if (options.store === undefined) await store.close();
    },
  };
}
