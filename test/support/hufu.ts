import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@hufu/server/config/read-config';
import type { Context } from '@hufu/server/context';
import { jsonLog } from '@hufu/server/log';
import { type RunningServer, startServer } from '@hufu/server/start';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { wrapped } from '@hufu/store/wrapped';

/** A real server on loopback for a test: real sockets, real configuration reader; the store is the caller's choice. */
export interface TestHufu {
  readonly issuer: string;
  /** Where it listens: the issuer, unless another one was asked for. */
  readonly origin: string;
  readonly context: Context;
  readonly store: Store;
  /** Every log line so far: for canary scans. */
  readonly logLines: readonly string[];
  /** Moves the server's clock. */
  advance(duration: string): Promise<void>;
  freeze(iso: string): Promise<void>;
  stop(): Promise<void>;
}

export interface TestHufuOptions {
  /** YAML after `issuer`, `listen`, `mode` and `data_dir`, which the harness writes. */
  readonly yaml?: string;
  readonly store?: Store;
  /** Wraps the store that the server sees: latency, failures. */
  readonly wrap?: (store: Store) => Store;
  /** What it is called, where that is not where it listens: the second node of a platform, a server behind a proxy. */
  readonly issuer?: string;
  /** The name of the loopback interface in its address, where an IP address will not do (passkeys): `localhost`. */
  readonly host?: string;
  /** `HUFU_MASTER_KEY`. */
  readonly masterKey?: string;
  /** Where it listens, for whoever has to be told before it starts. */
  readonly port?: number;
}

export const USER = { username: 'alice', password: 'correct horse battery staple' } as const;
export const RESOURCE = 'https://api.example/';
export const OPAQUE_RESOURCE = 'https://opaque.example/';

/** Clients, a user and two resources that most tests need. */
export const BASIC_YAML = `
policies: { brute_force: off }
clients:
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: [https://app.example/cb]
    post_logout_redirect_uris: [https://app.example/out]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
  - client_id: spa2
    token_endpoint_auth_method: none
    redirect_uris: [https://app2.example/cb]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
  - client_id: web
    client_secret: web-secret-0123456789abcdef0123456789
    redirect_uris: [https://web.example/cb]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
  - client_id: steady
    client_secret: steady-secret-0123456789abcdef0123456
    redirect_uris: [https://steady.example/cb]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true, refresh_token: { rotation: 'off' } }
  - client_id: third
    client_secret: third-secret-0123456789abcdef01234567
    client_name: Third Party
    redirect_uris: [https://third.example/cb]
    grant_types: [authorization_code, refresh_token]
  - client_id: machine
    client_secret: machine-secret-0123456789abcdef012345
    grant_types: [client_credentials]
    scope: read write opaque
  - client_id: api
    client_secret: api-secret-0123456789abcdef0123456789
    grant_types: [client_credentials]
    scope: read
    hufu: { resource_server_of: ['${RESOURCE}', '${OPAQUE_RESOURCE}'] }
  - client_id: native
    application_type: native
    token_endpoint_auth_method: none
    redirect_uris: ['http://127.0.0.1/cb', 'com.example.app:/cb']
    grant_types: [authorization_code, refresh_token]
resources:
  - { identifier: '${RESOURCE}', scopes: [read, write], token_format: jwt }
  - { identifier: '${OPAQUE_RESOURCE}', scopes: [opaque], token_format: opaque }
users:
  - username: ${USER.username}
    password: ${USER.password}
    claims: { name: Alice Example, email: alice@example.com, email_verified: true }
  - username: bob
    password: bobs long password here
    claims: { name: Bob }
`;

export async function startHufu(options: TestHufuOptions = {}): Promise<TestHufu> {
  const { port = await freePort() } = options;
  const directory = mkdtempSync(join(tmpdir(), 'hufu-test-'));
  const origin = `http://${options.host ?? '127.0.0.1'}:${port}`;
  const issuer = options.issuer ?? origin;
  const text = `issuer: ${issuer}\nlisten: 127.0.0.1:${port}\nmode: test\ndata_dir: ${directory}\n${options.yaml ?? BASIC_YAML}`;
  const config = readConfig({ text, file: 'test.yaml', env: {} });
  const store = options.store ?? (await openMemory());
  const logLines: string[] = [];
  const log = jsonLog(
    (line) => logLines.push(line),
    () => Date.now(),
  );
  const server: RunningServer = await startServer({
    config,
    store: options.wrap === undefined ? store : wrapped(store, options.wrap),
    log,
    masterKey: options.masterKey,
  });
  const moveClock = async (body: object): Promise<void> => {
    const reply = await fetch(`${origin}/test/clock`, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    if (reply.status !== 200) throw new Error(`the clock did not move: ${await reply.text()}`);
  };
  return {
    issuer,
    origin,
    context: server.context,
    store,
    logLines,
    advance: (duration) => moveClock({ advance: duration }),
    freeze: (iso) => moveClock({ now: iso }),
    async stop() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

// Below what systems take for connections that go out: one of those must not have it when it is listened to.
const FIRST_PORT = 15_000;
const PORTS = 17_000;
let nextPort = randomInt(PORTS);

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
