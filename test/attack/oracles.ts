import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach } from 'node:test';
import { storeOn } from '@hufu/store/memory';
import { BASIC_YAML, startHufu, type TestHufu, type TestHufuOptions, USER } from '../support/hufu.ts';
import { Canaries } from './canaries.ts';
import { type Exchange, recordTraffic, type Traffic } from './traffic.ts';

/** A server under attack. After every case of the `describe` that it was made in, the always-on oracles are asserted. */
export interface Arena {
  readonly hufu: TestHufu;
  readonly issuer: string;
  /** The store's own tables: for dumps. */
  readonly database: DatabaseSync;
  /** Somewhere the server must never connect to (O4). */
  readonly outside: string;
  /** Declares a text that must never be logged, recorded or stored. Secrets that cross the wire are noticed without. */
  secret(kind: string, text: string): void;
  /** Declares that a text is public although a case sends it where a secret is due. */
  notSecret(text: string): void;
}

export type ArenaOptions = Omit<TestHufuOptions, 'store'>;

/** Of every decision that a case may make, so that none escapes the scan. */
const MAX_DECISIONS = 20_000;
/** O2. Said, not failed: on a shared machine it says as much about the neighbours. */
const MAX_LAG_MS = 200;

/**
 * Starts a server for the `describe` that calls this, and asserts after each of its cases:
 * O1 no 5xx but 503 with `Retry-After`; O2 it is alive (its lag is said when it is long); O3 `Object.prototype` is unchanged; O4 nobody
 * connected to `outside`; O5 no secret in log lines, decision records (and, at the end, the database); O6 cookie flags; O7 no stack trace,
 * SQL or path in a body; and that refusals can be explained, redirects to clients carry `iss`, and nothing sensitive is cached.
 */
export function arena(options: ArenaOptions = {}): Arena {
  let running: { readonly hufu: TestHufu; readonly traffic: Traffic; readonly database: DatabaseSync; readonly canary: Canary } | undefined;
  const current = (): NonNullable<typeof running> => running ?? assert.fail('the arena opens with the first case');
  const canaries = new Canaries();
  let prototype = '';
  let logged = 0;
  const scanned = new Set<string>();
  let lag: ReturnType<typeof monitorEventLoopDelay> | undefined;

  before(async () => {
    prototype = prototypes();
    const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
    const hufu = await startHufu({ ...options, store: await storeOn(database) });
    running = { hufu, database, traffic: recordTraffic(Number(new URL(hufu.origin).port)), canary: await openCanary() };
    for (const [, secret = ''] of (options.yaml ?? BASIC_YAML).matchAll(/client_secret: *'?([^'\n]+)/g))
      canaries.add('a client secret', secret);
    canaries.add('a password', USER.password);
  });
  beforeEach(() => {
    lag = monitorEventLoopDelay({ resolution: 20 });
    lag.enable();
  });
  afterEach(async (context) => {
    const { hufu, traffic, canary } = current();
    lag?.disable();
    const p99 = (lag?.percentile(99) ?? 0) / 1e6;
    if (p99 > MAX_LAG_MS && 'diagnostic' in context) context.diagnostic(`O2: p99 of the event loop's lag was ${p99.toFixed(0)} ms`);

    const seen = traffic.take();
    for (const exchange of seen) canaries.harvest(exchange);
    assert.deepEqual(
      seen.flatMap((exchange) => faultsOf(exchange, hufu.issuer)),
      [],
    );
    assert.equal((await fetch(`${hufu.origin}/healthz`)).status, 200, 'O2: the server is not alive');
    assert.equal(prototypes(), prototype, 'O3: a prototype was changed');
    assert.equal(canary.connections(), 0, 'O4: somebody connected to the canary');

    await hufu.context.decisions.settled();
    const kept = await hufu.store.listDecisions(hufu.context.tenant, MAX_DECISIONS);
    const decisions = kept.filter((decision) => !scanned.has(decision.id));
    for (const decision of decisions) scanned.add(decision.id);
    const lines = hufu.logLines.slice(logged);
    logged = hufu.logLines.length;
    assert.deepEqual(leaks(canaries, 'a log line', lines.join('\n')), []);
    assert.deepEqual(leaks(canaries, 'a decision record', JSON.stringify(decisions)), []);
    assert.deepEqual(
      seen.map(decisionOf).filter((id) => id !== undefined && !scanned.has(id)),
      [],
      'a Hufu-Decision that nobody can look up',
    );
  });
  after(async () => {
    if (running === undefined) return;
    const { hufu, traffic, database, canary } = running;
    traffic.stop();
    canary.close();
    const stored = leaks(canaries, 'the database', dump(database));
    await hufu.stop();
    assert.deepEqual(stored, []);
  });
  return {
    get hufu() {
      return current().hufu;
    },
    get issuer() {
      return current().hufu.issuer;
    },
    get database() {
      return current().database;
    },
    get outside() {
      return current().canary.url;
    },
    secret: (kind, text) => canaries.add(kind, text),
    notSecret: (text) => canaries.forgive(text),
  };
}

const STACK =
  /\bat (?!\d{4}-\d\d-\d\dT)[^\n]{1,200}:\d+:\d+|node:internal|node_modules|\.(?:ts|js|mjs):\d+|(?:Type|Range|Syntax|Reference)Error\b/;
/** A list to choose from is a `<select>`. */
const SQL = /\b(?:(?<!<\/?)SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|SQLITE_\w+|sqlite|constraint failed)\b/i;
const DECISION = /^[0-9A-HJKMNP-TV-Z]{18}$/;
/** Endpoints that exist in test mode alone and are nobody's API. */
const TEST_ONLY = new Set(['/test/clock']);

/** What is wrong with a reply whatever was asked: empty when nothing is. */
export function faultsOf(exchange: Exchange, issuer: string): readonly string[] {
  const { status, body, path, method } = exchange;
  const header = (name: string): string | undefined => exchange.headers.get(name)?.[0];
  const faults: string[] = [];
  const fault = (text: string): unknown => faults.push(`${text} (${status} to ${method} ${path.slice(0, 100)})`);

  if (status >= 500 && !(status === 503 && header('retry-after') !== undefined)) fault('O1: a failure on our side');
  for (const cookie of exchange.headers.get('set-cookie') ?? []) {
    if (!isSafeCookie(cookie, issuer)) fault(`O6: a cookie without its flags: ${cookie.split('=')[0] ?? ''}`);
  }
  if (STACK.test(body)) fault('O7: a stack trace');
  // A style sheet has selectors, and user-select.
  if (SQL.test(body) && header('content-type')?.startsWith('text/css') !== true) fault('O7: SQL');
  if (body.includes(process.cwd()) || body.includes(tmpdir())) fault('O7: a path of this machine');

  if (status >= 400 && !TEST_ONLY.has(path)) {
    if (!DECISION.test(header('hufu-decision') ?? '')) fault('a refusal without Hufu-Decision');
    if (header('cache-control')?.includes('no-store') !== true) fault('a refusal that may be cached');
  }
  if (header('x-content-type-options') !== 'nosniff') fault('a reply without nosniff');
  if (header('access-control-allow-credentials') !== undefined) fault('CORS with credentials');
  if (header('x-powered-by') !== undefined || header('server') !== undefined) fault('a reply that says what made it');
  faults.push(...redirectFaults(exchange, issuer).map((text) => `${text} (${status} to ${method} ${path})`));
  return faults;
}

/** RFC 9700 §4.12 (303), RFC 9207 §2 (`iss` with everything that goes back to a client). */
function redirectFaults({ status, headers, body }: Exchange, issuer: string): readonly string[] {
  const location = headers.get('location')?.[0];
  const faults: string[] = [];
  if (location !== undefined && status !== 303) faults.push('a redirect that is not 303');
  if (location !== undefined && /[\r\n\0]/.test(location)) faults.push('a Location with a line break');
  if (location !== undefined && !location.startsWith('/') && /[?&#](?:code|error)=/.test(location)) {
    const { hash, searchParams } = new URL(location);
    const answer = hash === '' ? searchParams : new URLSearchParams(hash.slice(1));
    if (answer.getAll('iss').join() !== issuer) faults.push('an answer to a client without our iss');
    if (headers.get('cache-control')?.[0] !== 'no-store') faults.push('an answer to a client that may be cached');
  }
  // In a JWT it stands inside (JARM §2.1).
  const named = body.includes(`name="iss" value="${issuer}"`) || /name="response" value="eyJ/.test(body);
  const posted = /data-page="form-post"/.test(body) && !named;
  if (posted) faults.push('a form_post answer without our iss');
  return faults;
}

/**
 * O6: RFC 6265bis §4.1; `__Host-` and `Secure` wherever the issuer is https. Scripts and frames see the browser state alone, which opens
 * nothing (OpenID Connect Session Management §3.2).
 */
function isSafeCookie(cookie: string, issuer: string): boolean {
  const forScripts = /^(?:__Host-)?hufu_browser_state=/.test(cookie);
  const flags = cookie
    .split(';')
    .slice(1)
    .map((part) => part.trim().toLowerCase());
  const site = flags.includes('samesite=lax') || flags.includes('samesite=strict');
  const bound = flags.includes('path=/') && !flags.some((flag) => flag.startsWith('domain='));
  const secure = issuer.startsWith('http:') || (flags.includes('secure') && cookie.startsWith('__Host-'));
  if (forScripts)
    return !flags.includes('httponly') && (site || (flags.includes('samesite=none') && flags.includes('secure'))) && bound && secure;
  return flags.includes('httponly') && site && bound && secure;
}

function decisionOf(exchange: Exchange): string | undefined {
  return exchange.headers.get('hufu-decision')?.[0];
}

function leaks(canaries: Canaries, place: string, text: string): readonly string[] {
  return canaries.find(text).map(({ kind, text: canary }) => {
    const at = text.indexOf(canary);
    return `O5: ${place} has ${kind}: …${text.slice(Math.max(0, at - 80), at)}[here]`;
  });
}

/** What code that pollutes prototypes would change. */
function prototypes(): string {
  return [Object.prototype, Array.prototype, Function.prototype, String.prototype]
    .map((one) => Reflect.ownKeys(one).map(String).join())
    .join('\n');
}

/** Every text in every table. */
function dump(database: DatabaseSync): string {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.map((table) => JSON.stringify(database.prepare(`SELECT * FROM "${String(table['name'])}"`).all())).join('\n');
}

interface Canary {
  readonly url: string;
  connections(): number;
  close(): void;
}

function openCanary(): Promise<Canary> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ url: `http://127.0.0.1:${port}`, connections: () => connections, close: () => server.close() });
    });
  });
}
