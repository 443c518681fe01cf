import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type RevocationFollower, revocationFollower } from '@hufu/resource/follower';
import { startFeed, type TestFeed } from '@hufu/resource/testing/feed';
import { signToken } from '@hufu/resource/testing/issuer';
import { until } from '@hufu/store/contract/until';
import { type Clock, systemClock } from './clock.ts';
import type { SessionAnswer, SessionSource } from './identify/session-source.ts';
import { edgeLimits } from './limits/edge-limits.ts';
import type { RouteSettings } from './routes/route.ts';
import { AUDIENCE, type GatewayChanges, type GatewayWorld, route, startGateway } from './testing/gateway-world.ts';
import { closeAll, say, startBehind, startRawBehind, statusOf, Wire } from './testing/proxy-world.ts';

const LASTING = { expiresAt: Number.POSITIVE_INFINITY, livesUntil: Number.POSITIVE_INFINITY } as const;
const COOKIE = '__Host-Http-hufu-abcdefgh';

let as: TestFeed;
let follower: RevocationFollower;
before(async () => {
  as = await startFeed();
  follower = revocationFollower({ issuer: as.issuer, credentials: { clientId: 'edge', clientSecret: 'x' }, node: 'edge' });
  await follower.ready();
});
after(async () => {
  await follower.close();
  await as.close();
});

const worlds: GatewayWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  await closeAll();
});

let places = 0;
function token(changes: object = {}): { readonly text: string; readonly grant: string } {
  const now = Math.floor(Date.now() / 1_000);
  const index = ++places;
  const claims = { iss: as.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', jti: `j${index}`, iat: now, exp: now + 600 };
  const status = { status_list: { uri: `${as.issuer}/oauth/status/7`, idx: index } };
  return { text: signToken(as.key, { ...claims, status, ...changes }), grant: `7/${index}` };
}

async function streaming(changes: GatewayChanges = {}): Promise<GatewayWorld> {
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  });
  return start(behind.port, [route('events', '/')], changes);
}

async function start(behind: number, routes: readonly RouteSettings[], changes: GatewayChanges): Promise<GatewayWorld> {
  const world = await startGateway(behind, routes, { issuers: [{ issuer: as.issuer, follower, users: 'subject' }], ...changes });
  worlds.push(world);
  return world;
}

function open(world: GatewayWorld, text: string): Wire {
  return new Wire(world.port).send(`GET /events HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer ${text}\r\n\r\n`);
}

test('an open stream ends when its token is revoked, and another one goes on; nobody takes what there is for a whole', async () => {
  const world = await streaming();
  const [one, other] = [token(), token()];
  const [wire, spared] = [open(world, one.text), open(world, other.text)];
  await wire.hears('data: 1');
  await spared.hears('data: 1');
  assert.equal(world.gateway.state().streams, 2);
  as.feed.revoke({ kind: 'grant', id: one.grant });
  const heard = await wire.closed();
  assert.doesNotMatch(heard, /\r\n0\r\n\r\n$/);
  assert.equal(spared.isClosed, false);
  assert.equal(world.gateway.state().streams, 1);
  spared.close();
  await until(() => world.gateway.state().streams === 0);
});

test('a request that was made to wait does not go inside when its token is revoked meanwhile', async () => {
  const behind = await startBehind();
  const routes = [route('n', '/')];
  const paced = { name: 'paced', algorithm: { kind: 'leaky_bucket', limit: 1, periodMs: 20, maxQueueMs: 30 }, key: ['client'] } as const;
  const limits = edgeLimits([{ rule: paced }], { routes, issuer: as.issuer, clocks: { monotonicMs: () => 0, wallMs: () => 0 } });
  const held: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    later(ms, act) {
      if (ms !== 20) return systemClock.later(ms, act);
      held.push(act);
      return () => undefined;
    },
  };
  for (const isRevoked of [false, true]) {
    const client = `paced-${isRevoked}`;
    const world = await start(behind.port, routes, { parts: { limits, clock } });
    const ask = (text: string): Promise<string> =>
      say(world.port, `GET / HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer ${text}\r\n\r\n`);
    const { text, grant } = token({ client_id: client });
    assert.equal(statusOf(await ask(text)), 200);
    const before = behind.got.length;
    const waiting = ask(text);
    await until(() => held.length > 0);
    if (isRevoked) {
      as.feed.revoke({ kind: 'grant', id: grant });
      await until(async () => statusOf(await ask(text)) === 401);
    }
    held.pop()?.();
    assert.equal(statusOf(await waiting), isRevoked ? 503 : 200);
    assert.equal(behind.got.length, isRevoked ? before : before + 1);
    if (isRevoked) assert.deepEqual(world.refusals.at(-1)?.code, 'ended_meanwhile');
  }
});

test('an open stream ends with its token’s time', async () => {
  let ahead = 0;
  const world = await streaming({ parts: { nowMs: () => Date.now() + ahead } });
  const wire = open(world, token().text);
  await wire.hears('data: 1');
  ahead = 605_000;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(wire.isClosed, false, 'the clocks may differ by ten seconds');
  ahead = 611_000;
  await wire.closed();
});

test('what is open in a session goes on with it, though its token has ended, and ends with it or with its grant', async () => {
  let ahead = 0;
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  });
  const source = sessions({ kind: 'none' });
  const parts = { sessions: source, nowMs: () => Date.now() + ahead };
  const world = await start(behind.port, [route('events', '/', { session: true })], { parts });
  const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;
  const openAs = async (
    id: string,
    text: string,
    more: { readonly cookies?: () => readonly string[]; readonly lenientUntil?: number } = {},
  ): Promise<Wire> => {
    source.answer = { kind: 'found', id, token: text, expiresAt, livesUntil: expiresAt, ...more };
    const wire = new Wire(world.port).send(`GET / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
    await wire.hears('data: 1');
    return wire;
  };
  const [one, other, stale] = [token(), token(), token()];
  // A grace is for tokens that were taken here while they lived.
  (await openAs('lenient', stale.text)).close();
  const [lasting, revoked, kept, lenient] = [
    await openAs('lasting', one.text),
    await openAs('revoked', other.text),
    // Of a session that its browser keeps nobody here knows the next token.
    await openAs('kept', token().text, { cookies: () => [] }),
    await openAs('lenient', stale.text, { lenientUntil: expiresAt - 3_000 }),
  ];
  ahead = 700_000;
  await Promise.all([kept.closed(), lenient.closed()]);
  assert.deepEqual([lasting.isClosed, revoked.isClosed], [false, false]);
  as.feed.revoke({ kind: 'grant', id: other.grant });
  await revoked.closed();
  assert.equal(lasting.isClosed, false);
  ahead = 3_700_000;
  await lasting.closed();
});

test('a stream is no use of its session: it ends when nobody has used that for too long, unless another gateway has seen it used', async () => {
  let ahead = 0;
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  });
  const source = sessions({ kind: 'none' });
  const parts = { sessions: source, nowMs: () => Date.now() + ahead };
  const world = await start(behind.port, [route('events', '/', { session: true })], { parts });
  const now = Math.floor(Date.now() / 1_000);
  const { text } = token({ exp: now + 86_400 });
  const openAs = async (
    id: string,
    more: { readonly cookies?: () => readonly string[]; readonly livesUntil?: number } = {},
  ): Promise<Wire> => {
    source.answer = { kind: 'found', id, token: text, expiresAt: now + 80_000, livesUntil: now + 1_800, ...more };
    const wire = new Wire(world.port).send(`GET / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
    await wire.hears('data: 1');
    return wire;
  };
  const [short, used, idle, tab, kept, unknown] = [
    await openAs('short', { livesUntil: now + 1_000 }),
    await openAs('used'),
    await openAs('idle'),
    await openAs('idle'),
    await openAs('kept', { cookies: () => [] }),
    await openAs('unknown'),
  ];
  source.lives = new Map([
    ['used', now + 3_000],
    ['idle', undefined],
    ['kept', undefined],
    ['short', undefined],
  ]);
  ahead = 1_100_000;
  await short.closed();
  assert.deepEqual(source.asked, ['short'], 'while it lives as far as is known here, nobody is asked');
  ahead = 1_801_000;
  await Promise.all([idle.closed(), tab.closed(), kept.closed()]);
  assert.deepEqual([used.isClosed, unknown.isClosed], [false, false], 'a store that is away ends nothing at once');
  assert.equal(source.asked.filter((id) => id === 'idle').length, 1, 'once for all that is open in it');
  ahead = 1_813_000;
  await unknown.closed();
  assert.equal(source.asked.filter((id) => id === 'used').length, 1, 'and not again before it seems to be over again');
  source.lives.set('used', undefined);
  ahead = 3_001_000;
  await used.closed();
  await until(() => world.gateway.state().streams === 0);
});

test('of one user and client only so many streams are open', async () => {
  const world = await streaming({ settings: { maxStreams: 2 } });
  const { text } = token();
  const wires = [open(world, text), open(world, text)];
  for (const wire of wires) await wire.hears('data: 1');
  await open(world, text).closed();
  assert.equal(world.gateway.state().streams, 2, 'what was refused is not counted on');
  assert.deepEqual(
    wires.map(({ isClosed }) => isClosed),
    [false, false],
  );
});

test('streams of nobody are bounded by address and by route, and end with the gateway', async () => {
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  });
  const free = [route('one', '/one', { token: 'none' }), route('two', '/two', { token: 'none' })];
  const ask = (world: GatewayWorld, path: string, via: string): Wire =>
    new Wire(world.port).send(`GET ${path} HTTP/1.1\r\nHost: api.example\r\nX-Forwarded-For: ${via}\r\n\r\n`);
  const trustedProxies = [{ address: '127.0.0.0', prefixLength: 8, family: 'ipv4' }] as const;
  const byAddress = await start(behind.port, free, { settings: { trustedProxies, maxStreamsPerAddress: 2 } });
  const wires = [
    ask(byAddress, '/one', '2001:db8::1'),
    ask(byAddress, '/two', '2001:db8::ffff:1'),
    ask(byAddress, '/two', '2001:db8:0:1::1'),
  ];
  for (const wire of wires) await wire.hears('data: 1');
  await ask(byAddress, '/one', '2001:db8::2').closed();
  await until(() => byAddress.gateway.state().streams === 3);
  wires[0]?.close();
  await until(() => byAddress.gateway.state().streams === 2);
  const next = ask(byAddress, '/one', '2001:db8::2');
  await next.hears('data: 1');
  assert.equal(next.isClosed, false);
  const byRoute = await start(behind.port, free, { settings: { maxStreamsPerRoute: 1 } });
  const [first, other] = [ask(byRoute, '/one', ''), ask(byRoute, '/two', '')];
  await first.hears('data: 1');
  await other.hears('data: 1');
  await ask(byRoute, '/one', '').closed();
  assert.deepEqual([first.isClosed, other.isClosed], [false, false]);
  await byRoute.gateway.close();
  await first.closed();
});

interface Sessions extends SessionSource {
  /** What is known of how long sessions live, where somebody asks for it; an outage by default. */
  lives: Map<string, number | undefined>;
  /** Whose life was asked for. */
  readonly asked: string[];
  answer: SessionAnswer | Error;
  end(id: string): void;
}

function sessions(answer: SessionAnswer | Error): Sessions {
  const listeners = new Set<(id: string) => void>();
  return {
    cookieName: COOKIE,
    origins: new Set(['https://api.example', 'https://app.example']),
    answer,
    lives: new Map(),
    asked: [],
    livesUntil(id) {
      this.asked.push(id);
      return this.lives.has(id) ? Promise.resolve(this.lives.get(id)) : Promise.reject(new Error('the store is away'));
    },
    find() {
      return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
    },
    onEnd(ended) {
      listeners.add(ended);
      return () => listeners.delete(ended);
    },
    end(id) {
      for (const listener of listeners) listener(id);
    },
  };
}

function found(id = 's'): SessionAnswer {
  return { kind: 'found', id, token: token().text, ...LASTING };
}

async function browser(source: Sessions): Promise<(lines: string, path?: string) => Promise<string>> {
  const behind = await startBehind();
  const routes = [route('both', '/', { session: true }), route('only', '/only', { session: true, bearer: false }), route('api', '/api')];
  const world = await start(behind.port, routes, { parts: { sessions: source } });
  return (lines, path = '/') => say(world.port, `GET ${path} HTTP/1.1\r\nHost: api.example\r\n${lines}\r\n`);
}

test('a session needs the header that no other site can send, and an Origin that is listed (draft-ietf-oauth-browser-based-apps §6.1.3.3, attacks SES-07)', async () => {
  const ask = await browser(sessions(found()));
  const cookie = `Cookie: ${COOKIE}=x\r\n`;
  const stream = `${cookie}Accept: text/event-stream\r\n`;
  const cases: readonly (readonly [string, number])[] = [
    [`${cookie}X-CSRF: 1\r\n`, 200],
    [`${cookie}X-CSRF: 1\r\nOrigin: https://app.example\r\n`, 200],
    [`${cookie}X-CSRF: 1\r\nOrigin: https://evil.example\r\n`, 403],
    [`${cookie}X-CSRF: 1\r\nOrigin: null\r\n`, 403],
    [cookie, 403],
    [`${cookie}X-CSRF: 0\r\n`, 403],
    [`${cookie}Origin: https://app.example\r\n`, 403],
    [`${stream}Origin: https://app.example\r\n`, 200],
    [`${stream}Sec-Fetch-Site: same-origin\r\n`, 200],
    [`${stream}Sec-Fetch-Site: same-site\r\n`, 403],
    [stream, 403],
  ];
  for (const [lines, status] of cases) assert.equal(statusOf(await ask(lines)), status, lines);
});

test('a token and a session, or two sessions, are two who ask; a kind that a route does not take is not looked at', async () => {
  const ask = await browser(sessions(found()));
  const session = `Cookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n`;
  const bearer = `Authorization: Bearer ${token().text}\r\n`;
  assert.equal(statusOf(await ask(session + bearer)), 400);
  assert.equal(statusOf(await ask(`Cookie: ${COOKIE}=x; ${COOKIE}=y\r\nX-CSRF: 1\r\n`)), 400);
  // Any site beside this one can set such a cookie: nobody is locked out by it (RFC 6265 §5.2).
  assert.equal(statusOf(await ask(`Cookie: \xa0${COOKIE}=y; ${COOKIE}=x; =${COOKIE}=z\r\nX-CSRF: 1\r\n`)), 200);
  assert.equal(statusOf(await ask(session + bearer, '/only')), 200);
  assert.equal(statusOf(await ask(session + bearer, '/api')), 200);
  assert.equal(statusOf(await ask(session, '/api')), 401);
  assert.equal(statusOf(await ask(bearer, '/only')), 401);
  assert.equal(statusOf(await ask(bearer)), 200);
});

test('a browser with too many cookies is rid of those of its sign-ins, so that it can come again (RFC 6585 §5)', async () => {
  const cleared = `${COOKIE}-tx-12345678=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`;
  const ask = await browser({ ...sessions(found()), clearing: (cookies) => (cookies.includes('-tx-') ? [cleared] : []) });
  const large = `Cookie: other=${'x'.repeat(16_000)}; ${COOKIE}-tx-12345678=${'y'.repeat(1_000)}\r\n`;
  const heard = await ask(large);
  assert.equal(statusOf(heard), 431);
  assert.match(heard, /"code":"headers_too_large"/);
  assert.ok(heard.includes(`set-cookie: ${cleared}\r\n`));
  const foreign = await ask(`Cookie: other=${'x'.repeat(17_000)}\r\n`);
  assert.equal(statusOf(foreign), 431);
  assert.doesNotMatch(foreign, /set-cookie/i);
});

test('a cookie that was renewed goes out with whatever is answered, and no shared cache keeps that (RFC 9111 §3.5)', async () => {
  let renewed = ['a=1', 'b=2'];
  const answer = found();
  const source = sessions({ ...Object(answer), cookies: () => renewed });
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'cache-control': 'public, max-age=60' });
    response.end('x');
  });
  const routes = [
    route('kept', '/', { session: true, cacheable: true }),
    route('scoped', '/scoped', { session: true, scopes: ['more'] }),
    route('gone', '/gone', { session: true, upstream: 'gone' }),
  ];
  const upstreams = [
    { name: 'notes', targets: [{ url: `http://127.0.0.1:${behind.port}` }] },
    { name: 'gone', targets: [{ url: 'http://127.0.0.1:1' }] },
  ];
  const world = await start(behind.port, routes, { parts: { sessions: source }, settings: { upstreams } });
  const ask = (path: string): Promise<string> =>
    say(world.port, `GET ${path} HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
  const cases = [
    ['/', 200],
    ['/scoped', 403],
    ['/gone', 502],
  ] as const;
  for (const [path, status] of cases) {
    const heard = await ask(path);
    assert.equal(statusOf(heard), status);
    assert.match(heard, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/i);
    assert.doesNotMatch(heard, /public/);
  }
  renewed = [];
  const heard = await ask('/');
  assert.doesNotMatch(heard, /set-cookie/i);
  assert.match(heard, /public/);
});

test('what became of a session is told: gone, replaced elsewhere, another one, or not known now', async () => {
  const source = sessions({ kind: 'none' });
  const ask = await browser(source);
  const session = `Cookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n`;
  const cases: readonly (readonly [SessionAnswer | Error, number, string])[] = [
    [{ kind: 'none' }, 401, 'no_session'],
    [{ kind: 'over', reason: 'expired' }, 401, 'no_session'],
    [{ kind: 'over', reason: 'session_replaced' }, 401, 'session_replaced'],
    [{ kind: 'changed' }, 409, 'session_changed'],
    [new Error('the store is away'), 503, 'sessions_unavailable'],
  ];
  for (const [answer, status, code] of cases) {
    source.answer = answer;
    const heard = await ask(session);
    assert.equal(statusOf(heard), status, code);
    assert.match(heard, new RegExp(`"code":"${code}"`));
    assert.doesNotMatch(heard, /store is away/);
  }
});

test('a session whose token was replaced on another device says so', async () => {
  const { text, grant } = token();
  const ask = await browser(sessions({ kind: 'found', id: 's', token: text, ...LASTING }));
  const revoked = new Promise<void>((resolve) => {
    const stop = follower.subscribe(({ kind }) => {
      if (kind !== 'revoked') return;
      stop();
      resolve();
    });
  });
  as.feed.revoke({ kind: 'grant', id: grant, reason: 'session_replaced' });
  await revoked;
  const heard = await ask(`Cookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n`);
  assert.equal(statusOf(heard), 401);
  assert.match(heard, /"code":"session_replaced"/);
});

test('a session whose issuer is away goes on with a token that was taken here while it lived, with its scopes and not if it is revoked', async () => {
  let ahead = 0;
  const [known, other] = [token({ scope: 'read' }), token({ scope: 'read' })];
  const source = sessions({ kind: 'found', id: 's', token: known.text, ...LASTING });
  const behind = await startBehind();
  const routes = [route('read', '/', { session: true, scopes: ['read'] }), route('write', '/write', { session: true, scopes: ['write'] })];
  const world = await start(behind.port, routes, { parts: { sessions: source, nowMs: () => Date.now() + ahead } });
  const ask = async (path = '/'): Promise<number> =>
    statusOf(await say(world.port, `GET ${path} HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`));
  const lenient = (text: string): SessionAnswer => {
    const lenientUntil = (Date.now() + ahead) / 1_000 + 30;
    return { kind: 'found', id: 's', token: text, ...LASTING, lenientUntil };
  };
  assert.equal(await ask(), 200);
  ahead = 630_000;
  assert.equal(await ask(), 401, 'its time is over');
  source.answer = lenient(known.text);
  assert.equal(await ask(), 200);
  assert.equal(await ask('/write'), 403);
  source.answer = lenient(other.text);
  assert.equal(await ask(), 503, 'nobody has seen it live');
  source.answer = lenient(known.text);
  as.feed.revoke({ kind: 'grant', id: known.grant });
  await until(async () => (await ask()) === 401);
});

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE = `Host: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`;
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

test('a WebSocket is taken where the route takes them, by who may, and closed when the token is revoked (RFC 6455 §4.1, §7.4.1)', async () => {
  const heads: string[] = [];
  const behind = await startRawBehind((socket, heard) => {
    heads.push(heard);
    socket.write(/upgrade: websocket/i.test(heard) ? SWITCHING : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const source = sessions(found('browser'));
  const routes = [route('socket', '/socket', { websocket: true, session: true }), route('plain', '/plain')];
  const world = await start(behind.port, routes, { parts: { sessions: source } });
  const { text, grant } = token();
  const ask = (path: string, lines: string): Wire => new Wire(world.port).send(`GET ${path} HTTP/1.1\r\n${HANDSHAKE}${lines}\r\n`);
  const bearer = `Authorization: Bearer ${text}\r\n`;

  assert.equal(statusOf(await ask('/socket', '').hears('\r\n\r\n')), 401);
  assert.equal(statusOf(await ask('/plain', bearer).hears('\r\n\r\n')), 200, 'an ordinary request');
  assert.doesNotMatch(heads.join(), /upgrade/i);

  const wire = ask('/socket', bearer);
  assert.equal(statusOf(await wire.hears('\r\n\r\n')), 101);
  assert.equal(world.gateway.state().streams, 1);
  as.feed.revoke({ kind: 'grant', id: grant });
  assert.ok((await wire.closed()).endsWith('\x88\x02\x03\xf0'));

  const cookie = `Cookie: ${COOKIE}=x\r\n`;
  assert.equal(statusOf(await ask('/socket', cookie).hears('\r\n\r\n')), 403);
  assert.equal(statusOf(await ask('/socket', `${cookie}Origin: https://evil.example\r\n`).hears('\r\n\r\n')), 403);
  const page = ask('/socket', `${cookie}Origin: https://app.example\r\n`);
  assert.equal(statusOf(await page.hears('\r\n\r\n')), 101);
  source.end('somebody else');
  assert.equal(page.isClosed, false);
  source.end('browser');
  await page.closed();
});

test('a session that ends while a request of it is on its way leaves no stream open', async () => {
  let answer = (): void => undefined;
  const behind = await startBehind((_, response) => {
    answer = () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    };
  });
  const source = sessions(found('browser'));
  const world = await start(behind.port, [route('events', '/', { session: true })], { parts: { sessions: source } });
  const wire = new Wire(world.port).send(`GET / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
  await until(() => behind.got.length === 1);
  source.end('browser');
  answer();
  await wire.closed();
  assert.equal(world.gateway.state().streams, 0);
});
