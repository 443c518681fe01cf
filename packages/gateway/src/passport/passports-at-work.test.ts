import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { revocationFollower } from '@hufu/resource/follower';
import type { Passport, PassportIntrospector } from '@hufu/resource/passport';
import { passportStatements } from '@hufu/resource/passport-statements';
import { startFeed } from '@hufu/resource/testing/feed';
import { signToken, type TestIssuer } from '@hufu/resource/testing/issuer';
import { until } from '@hufu/store/contract/until';
import { systemNowMs } from '../clock.ts';
import type { SessionSource } from '../identify/session-source.ts';
import type { RouteSettings } from '../routes/route.ts';
import { AUDIENCE, type GatewayWorld, route, startGateway, startTokenIssuer, tokenOf } from '../testing/gateway-world.ts';
import { introspectorOf, notesService, publicKeyOf, SERVICE_KEY, settingsOf } from '../testing/passport-world.ts';
import { type Behind, closeAll, say, startBehind, startRawBehind, statusOf, Wire } from '../testing/proxy-world.ts';
import { createPassports } from './passports.ts';
import type { PassportSettings } from './settings.ts';
import type { PassportEffects, StatementOutcome } from './statements.ts';

const LASTING = { expiresAt: Number.POSITIVE_INFINITY, livesUntil: Number.POSITIVE_INFINITY } as const;

const COOKIE = '__Host-Http-hufu-abcdefgh';
const SIGNED_IN = { Cookie: `${COOKIE}=x`, 'X-CSRF': '1' };

let issuer: TestIssuer;
before(async () => {
  issuer = await startTokenIssuer();
});
after(() => issuer.close());

const worlds: GatewayWorld[] = [];
/** Of the gateway that runs. */
let reader: PassportIntrospector | undefined;
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  await closeAll();
});

/** Ends what it is asked to, when a test says so. */
class Effects implements PassportEffects {
  readonly did: string[] = [];
  /** Sessions whose end was asked for, though it may be held. */
  asked = 0;
  readonly clearing: readonly string[] = [`${COOKIE}=; Max-Age=0`];
  hold: Promise<void> | undefined;
  isAway = false;

  async endSession(id: string): Promise<void> {
    this.asked += 1;
    await this.hold;
    if (this.isAway) throw new Error('away');
    this.did.push(`end ${id}`);
  }

  async endSubject(_: string, subject: string): Promise<void> {
    await this.hold;
    this.did.push(`end all of ${subject}`);
  }

  renew(id: string): void {
    this.did.push(`renew ${id}`);
  }
}

interface Ground extends GatewayWorld {
  readonly effects: Effects;
  readonly told: StatementOutcome[];
  readonly reader: PassportIntrospector;
  ask(line: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  token(): Readonly<Record<string, string>>;
}

async function ground(port: number, routes: readonly RouteSettings[], changes: Partial<PassportSettings> = {}): Promise<Ground> {
  const effects = new Effects();
  const told: StatementOutcome[] = [];
  const keys = new Map([[SERVICE_KEY.kid, publicKeyOf(SERVICE_KEY)]]);
  const services = [notesService({ keys, actions: ['USER_LOGOUT', 'USER_STEP_UP', 'USER_RENEW'] })];
  const passport = createPassports(settingsOf({ services, ...changes }), {
    nowMs: systemNowMs,
    upstreams: ['notes'],
    effects,
    onStatement: (outcome) => told.push(outcome),
  });
  const sessions: SessionSource = {
    cookieName: COOKIE,
    origins: new Set(['https://api.example']),
    find: async () => ({ kind: 'found', id: 'cookie-1', token: tokenOf(issuer.issuer), ...LASTING }),
    livesUntil: () => Promise.resolve(undefined),
    onEnd: () => () => undefined,
  };
  const world = await startGateway(port, routes, { issuers: [{ issuer: issuer.issuer, users: 'subject' }], parts: { passport, sessions } });
  worlds.push(world);
  const ask: Ground['ask'] = (line, headers = {}) => {
    const lines = Object.entries({ Host: 'api.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return say(world.port, `${line} HTTP/1.1\r\n${lines.join('')}\r\n`);
  };
  const jwks = await ask('GET /edge/passport/jwks');
  reader = introspectorOf(() => JSON.parse(jwks.slice(jwks.indexOf('\r\n\r\n') + 4)), systemNowMs);
  return {
    ...world,
    effects,
    told,
    ask,
    reader,
    token: () => ({ Authorization: `Bearer ${tokenOf(issuer.issuer)}` }),
  };
}

const statements = passportStatements({ service: 'notes', key: SERVICE_KEY.privateKey, kid: SERVICE_KEY.kid });

/** A service that reads the Passport of a request before it answers. */
function service(
  act: (passport: Passport, request: IncomingMessage) => readonly [number, Record<string, string | string[]>, string],
): RequestListener {
  return async (request, response) => {
    const reading = await (reader ?? assert.fail('no gateway yet')).read(request);
    if (reading.kind === 'refused') return response.writeHead(reading.status).end(reading.reason);
    const [status, headers, body] = act(reading.passport, request);
    return response.writeHead(status, headers).end(body);
  };
}

test('a service gets a Passport that it can verify, and nothing that a client says of itself (attacks GTW-01)', async () => {
  const behind = await startBehind();
  const { port, ask, token, reader } = await ground(behind.port, [route('notes', '/notes'), route('free', '/free', { token: 'none' })]);
  const spoofed = [
    'Passport',
    'PASSPORT',
    'passport',
    'X-Passport',
    'x_passport',
    'Passport_Action',
    'Passport-Action',
    'passport.x',
    'X-Passport-User',
  ];
  const lines = spoofed.map((name) => `${name}: forged\r\n`).join('');
  const { Authorization } = token();
  await say(port, `GET /notes HTTP/1.1\r\nHost: api.example\r\nAuthorization: ${Authorization}\r\n${lines}\r\n`);
  await say(port, `GET /free HTTP/1.1\r\nHost: api.example\r\n${lines}\r\n`);
  const chunked = `POST /notes HTTP/1.1\r\nHost: api.example\r\nAuthorization: ${Authorization}\r\nTransfer-Encoding: chunked\r\nTrailer: Passport\r\n\r\n2\r\nhi\r\n0\r\nPassport: forged\r\n\r\n`;
  assert.equal(statusOf(await say(port, chunked)), 200);
  const [first, free, last] = behind.got;
  const namesOf = (got: Behind['got'][number] | undefined): readonly string[] =>
    (got?.lines ?? []).filter((name, at) => at % 2 === 0 && name.includes('passport'));
  assert.deepEqual(namesOf(first), ['passport']);
  assert.deepEqual(namesOf(free), []);
  assert.deepEqual(namesOf(last), ['passport']);
  const reading = await reader.read({ rawHeaders: first?.lines ?? [] });
  assert.ok(reading.kind === 'passport');
  assert.equal(reading.passport.user?.subject, 'tiger');
  assert.deepEqual(
    behind.got.map(({ headers }) => headers.authorization),
    [undefined, undefined, undefined],
  );
  assert.equal(statusOf(await ask('GET /notes', { ...token(), Connection: 'Passport, close' })), 200);
  assert.deepEqual(namesOf(behind.got[3]), ['passport'], 'nobody names it away');
});

test('the keys are published, with nothing private, and only to be read (RFC 7517 §5)', async () => {
  const behind = await startBehind();
  const { ask } = await ground(behind.port, [route('all', '/')]);
  const answer = await ask('GET /edge/passport/jwks');
  assert.equal(statusOf(answer), 200);
  assert.match(answer, /cache-control: public, max-age=300/i);
  assert.doesNotMatch(answer, /"d"|"k"/);
  assert.equal(statusOf(await ask('POST /edge/passport/jwks', { 'Content-Length': '0' })), 405);
  assert.equal(statusOf(await ask('GET /edge/passport/JWKS')), 401, 'another path is of no one’s: the route has it');
  assert.equal(behind.got.length, 0);
});

test('no Passport and no statement goes out, whatever a service answers, and on which route', async () => {
  const headers = {
    Passport: 'one',
    'X-Passport': 'two',
    'Passport-Action': 'three',
    Passport_Action: 'four',
    'X-Passport-Action': 'five',
    'X-Kept': 'six',
  };
  const behind = await startBehind((_, response) => response.writeHead(200, headers).end('ok'));
  const routes = [route('a', '/a', { passport: { actions: true } }), route('b', '/b'), route('c', '/c', { token: 'none' })];
  const { ask, token, told } = await ground(behind.port, routes);
  for (const path of ['/a', '/b', '/c']) {
    const answer = await ask(`GET ${path}`, path === '/c' ? {} : token());
    assert.equal(statusOf(answer), 200);
    assert.doesNotMatch(answer, /passport/i);
    assert.match(answer, /x-kept: six/i);
  }
  assert.equal(told.length, 1, 'it is read where the route says so, and nowhere else');
});

test('a service signs somebody out: the answer goes out when that is so, and not before', async () => {
  const behind = await startBehind(
    service((passport) => [200, { 'Passport-Action': statements.state(passport, 'USER_LOGOUT') }, 'goodbye']),
  );
  const world = await ground(behind.port, [route('notes', '/', { session: true, cacheable: true, passport: { actions: true } })]);
  const { effects, told } = world;
  let release = (): void => undefined;
  effects.hold = new Promise((resolve) => {
    release = resolve;
  });
  const wire = new Wire(world.port).send(`GET / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
  await until(() => effects.asked > 0);
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(wire.heard, '');
  release();
  await wire.hears('goodbye');
  assert.match(wire.heard, /^HTTP\/1\.1 200/);
  assert.ok(wire.heard.includes(`set-cookie: ${COOKIE}=; Max-Age=0\r\n`), wire.heard);
  assert.match(wire.heard, /cache-control: private/i);
  assert.deepEqual(effects.did, ['end cookie-1']);
  assert.deepEqual(told, [{ service: 'notes', action: 'USER_LOGOUT', outcome: 'applied', reason: undefined }]);
  wire.close();
});

test('what a service asks for and cannot be done is 503, and the connection inside is given up', async () => {
  const behind = await startBehind(
    service((passport) => [
      200,
      { 'Passport-Action': statements.state(passport, 'USER_LOGOUT'), 'Content-Length': '700000' },
      'goodbye'.repeat(100_000),
    ]),
  );
  const world = await ground(behind.port, [route('notes', '/', { session: true, passport: { actions: true } })]);
  world.effects.isAway = true;
  const answer = await world.ask('GET /', SIGNED_IN);
  assert.equal(statusOf(answer), 503);
  assert.doesNotMatch(answer, /goodbye/);
  assert.equal(world.refusals[0]?.code, 'action_failed');
  world.effects.isAway = false;
  const again = await world.ask('GET /', SIGNED_IN);
  assert.equal(statusOf(again), 200);
  assert.ok(again.endsWith('goodbye'.repeat(100_000)), 'and a long answer that waited is whole');
});

test('while an answer waits nothing more of it is read than what has come', async () => {
  const size = 64 * 1_048_576;
  const behind = await startBehind(
    service((passport) => [
      200,
      { 'Passport-Action': statements.state(passport, 'USER_LOGOUT'), 'Content-Length': String(size) },
      'x'.repeat(size),
    ]),
  );
  const world = await ground(behind.port, [route('notes', '/', { session: true, passport: { actions: true } })]);
  world.effects.hold = new Promise(() => undefined);
  const wire = new Wire(world.port).send(`GET / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
  await until(() => (behind.connections[0]?.bytesWritten ?? 0) >= size);
  for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok((behind.connections[0]?.writableLength ?? 0) > size / 2);
  wire.close();
});

test('answers of every kind pass after they waited: to HEAD, without a body, in pieces, and 401 with what is missing (RFC 9470 §3)', async () => {
  const levels = { acr: new Map([['gold', 3] as const]) };
  const behind = await startBehind(
    service((passport, { url }) => {
      const renew = { 'Passport-Action': statements.state(passport, 'USER_RENEW') };
      if (url === '/none') return [204, renew, ''];
      if (url === '/weak')
        return [401, { 'Passport-Action': [renew['Passport-Action'], statements.state(passport, 'USER_STEP_UP', 3)] }, 'more'];
      return [200, { ...renew, 'Content-Length': '5' }, 'whole'];
    }),
  );
  const world = await ground(behind.port, [route('notes', '/', { session: true, passport: { actions: true } })], { levels });
  const { ask, effects } = world;
  assert.match(await ask('GET /', SIGNED_IN), /200 OK[^]*\r\n\r\nwhole$/);
  assert.equal(statusOf(await ask('GET /none', SIGNED_IN)), 204);
  const head = new Wire(world.port).send(
    `HEAD / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\nConnection: close\r\n\r\n`,
  );
  assert.match(await head.closed(), /content-length: 5\r\n[^]*\r\n\r\n$/i);
  const weak = await ask('GET /weak', SIGNED_IN);
  assert.equal(statusOf(weak), 401);
  assert.match(weak, /www-authenticate: Bearer error="insufficient_user_authentication"[^\r]*acr_values="gold"/i);
  assert.equal(effects.did.length, 4);
});

test('a client that goes while its answer waits takes nothing with it: what was asked for is done', async () => {
  const behind = await startBehind(
    service((passport) => [200, { 'Passport-Action': statements.state(passport, 'USER_LOGOUT') }, 'goodbye']),
  );
  const world = await ground(behind.port, [route('notes', '/', { session: true, passport: { actions: true } })]);
  const { effects, port, ask } = world;
  let release = (): void => undefined;
  effects.hold = new Promise((resolve) => {
    release = resolve;
  });
  const wire = new Wire(port).send(`GET / HTTP/1.1\r\nHost: api.example\r\nCookie: ${COOKIE}=x\r\nX-CSRF: 1\r\n\r\n`);
  await until(() => effects.asked > 0);
  wire.close();
  await wire.closed();
  release();
  effects.hold = undefined;
  assert.equal(statusOf(await ask('GET /', SIGNED_IN)), 200);
  assert.deepEqual(effects.did, ['end cookie-1', 'end cookie-1']);
});

test('a statement is good in the answer to its own request alone', async () => {
  let first: string | undefined;
  const behind = await startBehind(
    service((passport) => {
      first ??= statements.state(passport, 'USER_LOGOUT');
      return [200, { 'Passport-Action': first }, 'ok'];
    }),
  );
  const world = await ground(behind.port, [route('notes', '/', { session: true, passport: { actions: true } })]);
  await world.ask('GET /', SIGNED_IN);
  await world.ask('GET /', SIGNED_IN);
  assert.deepEqual(world.effects.did, ['end cookie-1']);
  assert.equal(world.told[1]?.reason, 'is of another Passport');
});

test('an upstream that breaks while its answer waits has given no whole answer; a route that needs a level refuses before anything goes inside', async () => {
  const behind = await startRawBehind((socket, heard) => {
    const text = /\r\npassport: (\S+)/.exec(heard)?.[1] ?? '';
    const passport = { ...JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) };
    const about: Pick<Passport, 'id' | 'issuer' | 'user' | 'device'> = {
      id: passport.jti,
      issuer: passport.iss,
      user: { ...passport.user, subject: passport.user.sub },
      device: undefined,
    };
    socket.end(`HTTP/1.1 200 OK\r\nPassport-Action: ${statements.state(about, 'USER_LOGOUT')}\r\nContent-Length: 10\r\n\r\nhalf`);
  });
  const routes = [
    route('notes', '/', { session: true, passport: { actions: true } }),
    route('high', '/high', { passport: { minLevel: 3 } }),
  ];
  const world = await ground(behind.port, routes);
  let release = (): void => undefined;
  world.effects.hold = new Promise((resolve) => {
    release = resolve;
  });
  const asked = world.ask('GET /', SIGNED_IN);
  await until(() => behind.sockets[0]?.writableFinished === true);
  release();
  const answer = await asked;
  // Whether the break is seen before the answer goes out or after: nobody takes half of it for the whole.
  assert.ok(statusOf(answer) === 502 || /content-length: 10\r\n[^]*half$/i.test(answer), answer);
  const high = await world.ask('GET /high', world.token());
  assert.equal(statusOf(high), 403);
  assert.equal(world.refusals.at(-1)?.code, 'level_too_low');
  assert.equal(world.refusals.at(-1)?.check, 'edge_passport');
  assert.equal(behind.sockets.length, 1);
});

test('a token that was revoked gets no Passport any more, also where one is kept', async () => {
  const as = await startFeed();
  const follower = revocationFollower({ issuer: as.issuer, credentials: { clientId: 'edge', clientSecret: 'x' }, node: 'edge' });
  try {
    await follower.ready();
    const behind = await startBehind();
    const passport = createPassports(settingsOf(), { nowMs: systemNowMs, upstreams: ['notes'] });
    const issuers = [{ issuer: as.issuer, follower, users: 'subject' as const }];
    const world = await startGateway(behind.port, [route('notes', '/')], { issuers, parts: { passport } });
    worlds.push(world);
    const status = { status_list: { uri: `${as.issuer}/oauth/status/7`, idx: 5 } };
    const now = Math.floor(systemNowMs() / 1_000);
    const claims = { iss: as.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', jti: 'j', iat: now, exp: now + 600, status };
    const request = `GET / HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer ${signToken(as.key, claims)}\r\n\r\n`;
    for (let i = 0; i < 2; i++) assert.equal(statusOf(await say(world.port, request)), 200);
    const [first, second] = behind.got.map(({ headers }) => headers['passport']);
    assert.ok(first !== undefined && first === second);
    as.feed.revoke({ kind: 'grant', id: '7/5' });
    await until(() => follower.state().ageMs < 1_000 && passportsRefused());
    function passportsRefused(): boolean {
      return (
        follower.look({
          kid: undefined,
          tokenId: 'j',
          clientId: 'app',
          issuedAt: now,
          status: { uri: status.status_list.uri, index: 5 },
          lineage: [],
          subjectHash: () => '',
        }).kind === 'revoked'
      );
    }
    assert.equal(statusOf(await say(world.port, request)), 401);
    assert.equal(behind.got.length, 2);
  } finally {
    await follower.close();
    await as.close();
  }
});
