import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Answer, RemoteStore } from '@hufu/flow/remote-store';
import type { Rule } from '@hufu/flow/rule';
import type { TestIssuer } from '@hufu/resource/testing/issuer';
import { until } from '@hufu/store/contract/until';
import { type Clock, systemClock } from '../clock.ts';
import type { RouteSettings } from '../routes/route.ts';
import { type GatewayChanges, type GatewayWorld, route, startGateway, startTokenIssuer, tokenOf } from '../testing/gateway-world.ts';
import { type Behind, closeAll, say, startBehind, statusOf } from '../testing/proxy-world.ts';
import { type EdgeLimit, type EdgeLimitsParts, edgeLimits } from './edge-limits.ts';

let issuer: TestIssuer;
let other: TestIssuer;
before(async () => {
  issuer = await startTokenIssuer();
  other = await startTokenIssuer();
});
after(async () => {
  await issuer.close();
  await other.close();
});

const worlds: GatewayWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  await closeAll();
});

const HOUR = 3_600_000;
const TRUSTED = { address: '127.0.0.0', prefixLength: 8, family: 'ipv4' } as const;

function rule(name: string, units: number, key: Rule['key'], more: Partial<Rule> = {}): Rule {
  return { name, algorithm: { kind: 'gcra', limit: units, periodMs: HOUR, burst: units }, key, ...more };
}

interface Ground extends GatewayWorld {
  readonly behind: Behind;
  ask(line: string, headers?: Readonly<Record<string, string>>): Promise<string>;
}

async function ground(
  limits: readonly EdgeLimit[],
  routes: readonly RouteSettings[],
  parts: Partial<EdgeLimitsParts> = {},
  changes: GatewayChanges = {},
): Promise<Ground> {
  const behind = await startBehind();
  // Time stands still, so that what is told to the second does not depend on how long a test takes.
  const clocks = { monotonicMs: () => 0, wallMs: () => 0 };
  const made = edgeLimits(limits, { routes, issuer: issuer.issuer, clocks, ...parts });
  const world = await startGateway(behind.port, routes, {
    issuers: [
      { issuer: issuer.issuer, users: 'subject' },
      { issuer: other.issuer, users: 'subject' },
    ],
    settings: { trustedProxies: [TRUSTED] },
    ...changes,
    parts: { limits: made, ...changes.parts },
  });
  worlds.push(world);
  return {
    ...world,
    behind,
    ask: (line, headers = {}) => {
      const lines = Object.entries({ Host: 'api.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      return say(world.port, `${line} HTTP/1.1\r\n${lines.join('')}\r\n`);
    },
  };
}

function bearer(changes: object = {}, by: TestIssuer = issuer): Readonly<Record<string, string>> {
  return { Authorization: `Bearer ${tokenOf(by.issuer, changes)}` };
}

test('who asks too much from one address is refused before anybody is identified: 429 with when to come again (RFC 6585 §4)', async () => {
  const limits = [{ rule: rule('per-address', 2, ['address']) }];
  const { ask, behind, refusals } = await ground(limits, [route('free', '/', { token: 'none' }), route('notes', '/notes')]);
  assert.equal(statusOf(await ask('GET /')), 200);
  assert.equal(statusOf(await ask('GET /', { 'X-Forwarded-For': '203.0.113.9' })), 200, 'another address');
  assert.equal(statusOf(await ask('GET /notes', bearer())), 200);
  const refused = await ask('GET /notes', { Authorization: 'Bearer x' });
  assert.equal(statusOf(refused), 429, 'the token is not looked at');
  assert.match(refused, /\r\nretry-after: 1800\r\n/i);
  assert.match(refused, /"code":"too_many_requests"/);
  assert.doesNotMatch(refused, /per-address/, 'which rule it was is for the record');
  assert.deepEqual(refusals, [
    {
      check: 'edge_limits',
      status: 429,
      code: 'too_many_requests',
      detail: 'there are too many requests; try again later',
      cause: 'limit per-address',
      route: 'notes',
      clientId: undefined,
    },
  ]);
  assert.equal(behind.got.length, 3);
});

test('an IPv6 network of one subscriber counts as one address (RFC 4291 §2.2)', async () => {
  const limits = [{ rule: rule('per-address', 1, ['address']) }];
  const { ask } = await ground(limits, [route('free', '/', { token: 'none' })]);
  const statuses: number[] = [];
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'])
    statuses.push(statusOf(await ask('GET /', { 'X-Forwarded-For': address })));
  assert.deepEqual(statuses, [200, 429, 200]);
});

test('users, clients, tokens and claims are counted once they are known; a client of its own is no user', async () => {
  const routes = [route('user', '/user'), route('client', '/client'), route('token', '/token'), route('claim', '/claim')];
  const limits = routes.map(({ name }) => ({
    rule: rule(`per-${name}`, 1, [name === 'claim' ? { claim: 'org' } : (name as 'user')], { routes: [name], whenAbsent: 'skip' }),
  }));
  const { ask, refusals } = await ground(limits, routes);
  const ask2 = async (path: string, one: object, two: object): Promise<readonly number[]> => [
    statusOf(await ask(`GET ${path}`, bearer(one))),
    statusOf(await ask(`GET ${path}`, bearer(two))),
  ];
  assert.deepEqual(await ask2('/user', {}, { jti: 'two', client_id: 'other' }), [200, 429], 'one user');
  assert.deepEqual(await ask2('/user', { sub: 'app' }, { sub: 'app' }), [200, 200], 'no user');
  assert.deepEqual(await ask2('/client', {}, { jti: 'two', sub: 'lion' }), [200, 429], 'one client');
  assert.deepEqual(await ask2('/token', {}, { jti: 'two' }), [200, 200], 'two tokens');
  assert.deepEqual(await ask2('/token', {}, {}), [429, 429]);
  assert.deepEqual(await ask2('/claim', { org: 7 }, { org: 7, sub: 'lion' }), [200, 429]);
  assert.deepEqual(await ask2('/claim', { org: ['a', 'b'] }, {}), [200, 200], 'nothing to count by');
  assert.deepEqual(
    [...new Set(refusals.map(({ check, clientId }) => `${check} ${clientId}`))],
    ['edge_known_limits other', 'edge_known_limits app'],
  );
});

test('a client of another issuer is another client, and has nothing of what was given to the first issuer’s', async () => {
  const generous = { kind: 'gcra', limit: 9, periodMs: HOUR, burst: 9 } as const;
  const limits = [{ rule: rule('per-client', 1, ['client'], { overrides: { part: 'client', values: { app: generous } } }) }];
  const { ask } = await ground(limits, [route('notes', '/')]);
  const statuses: number[] = [];
  for (const by of [issuer, issuer, other, other]) statuses.push(statusOf(await ask('GET /', bearer({}, by))));
  assert.deepEqual(statuses, [200, 200, 200, 429]);
});

test('a token that does not hold costs its address more, and one that holds does not', async () => {
  const limits = [{ rule: rule('per-address', 20, ['address']), failedCost: 9 }];
  const { ask, refusals } = await ground(limits, [route('notes', '/', { scopes: ['notes:read'] })]);
  for (let i = 0; i < 5; i++) assert.equal(statusOf(await ask('GET /', bearer())), 200);
  assert.equal(statusOf(await ask('GET /', { Authorization: 'Bearer x' })), 401);
  assert.equal(statusOf(await ask('GET /', bearer({ scope: 'other' }))), 403);
  // 5 + 10 + 10 of 20.
  assert.equal(statusOf(await ask('GET /', bearer())), 429);
  assert.equal(statusOf(await ask('GET /', { ...bearer(), 'X-Forwarded-For': '203.0.113.9' })), 200);
  assert.deepEqual(
    refusals.map(({ status }) => status),
    [401, 403, 429],
  );
});

test('a rule is about its routes and methods alone; HEAD is GET (RFC 9110 §9.3.2)', async () => {
  const limits = [{ rule: rule('reads', 1, ['address', 'route'], { routes: ['a', 'b'] }), methods: ['GET'] }];
  const routes = [route('a', '/a', { token: 'none' }), route('b', '/b', { token: 'none' }), route('c', '/c', { token: 'none' })];
  const { ask } = await ground(limits, routes);
  const statuses: number[] = [];
  for (const line of ['GET /a', 'HEAD /a', 'DELETE /a', 'GET /b', 'GET /b/1', 'GET /c', 'GET /c'])
    statuses.push(statusOf(await ask(line, { Connection: 'close' })));
  assert.deepEqual(statuses, [200, 429, 200, 200, 429, 200, 200]);
});

test('a rule that counts by a header counts what it says, and all without it together', async () => {
  const limits = [{ rule: rule('per-device', 1, [{ header: 'x-device' }]) }];
  const { ask } = await ground(limits, [route('n', '/', { token: 'none' })]);
  const statuses: number[] = [];
  for (const headers of [{ 'X-Device': 'a' }, { 'X-Device': 'b' }, { 'X-Device': 'a' }, {}, {}])
    statuses.push(statusOf(await ask('GET /', headers)));
  assert.deepEqual(statuses, [200, 200, 429, 200, 429]);
});

test('answers tell of both points what their rules tell, also where something else refuses (RFC 9651 §3.3.3)', async () => {
  const limits = [{ rule: rule('per-address', 9, ['address'], { tell: 'all' }) }, { rule: rule('per-user', 5, ['user'], { tell: 'all' }) }];
  const cors = { cors: { origins: ['https://app.example'] } };
  const { ask } = await ground(limits, [route('n', '/', { ...cors, scopes: ['notes:read'] })]);
  const answer = await ask('GET /', { ...bearer(), Origin: 'https://app.example' });
  assert.match(answer, /\r\nratelimit-policy: "per-address";q=9;w=3600\r\n/i);
  assert.match(answer, /\r\nratelimit-policy: "per-user";q=5;w=3600\r\n/i);
  assert.match(answer, /\r\nratelimit: "per-user";r=4;t=720\r\n/i);
  assert.match(answer, /\r\naccess-control-expose-headers: [^\r]*RateLimit, RateLimit-Policy\r\n/i);
  const refused = await ask('GET /', { Authorization: 'Bearer x' });
  assert.equal(statusOf(refused), 401);
  assert.match(refused, /\r\nratelimit: "per-address";r=7;t=800\r\n/i);
});

test('a shadow refuses nobody', async () => {
  const limits = [{ rule: rule('would', 1, ['address'], { shadow: true }) }];
  const { ask } = await ground(limits, [route('n', '/', { token: 'none' })]);
  for (let i = 0; i < 3; i++) assert.equal(statusOf(await ask('GET /')), 200);
});

test('where nobody can count, each rule goes by what it says: 503 is no 429', async () => {
  const decision = { allowed: false, remaining: 0, retryAfterMs: 1_000, resetAfterMs: 0, delayMs: 0 };
  const take: RemoteStore['take'] = async (asks) =>
    asks.map(
      ({ rule: { onStoreError } }): Answer => ({
        kind: 'store_error',
        decision: { ...decision, allowed: onStoreError === 'open' },
        taken: 0,
        takenAtMs: 0,
      }),
    );
  const remote: RemoteStore = { prepare: () => undefined, take, look: take, refund: () => undefined, charge: () => undefined };
  const limits = [
    { rule: rule('open', 1, ['address'], { routes: ['a'], onStoreError: 'open' }), failedCost: 1 },
    { rule: rule('closed', 1, ['address'], { routes: ['b'], onStoreError: 'closed' }) },
  ];
  const { ask, refusals } = await ground(limits, [route('a', '/a'), route('b', '/b')], { remote });
  assert.equal(statusOf(await ask('GET /a', bearer())), 200);
  assert.equal(statusOf(await ask('GET /a')), 401);
  const away = await ask('GET /b', bearer());
  assert.equal(statusOf(away), 503);
  assert.match(away, /\r\nretry-after: 1\r\n/i);
  assert.deepEqual(
    refusals.map(({ code, cause }) => [code, cause]),
    [
      ['no_token', 'no_token'],
      ['limits_unavailable', 'limit closed: nobody can count'],
    ],
  );
});

test('a request that is paced waits, goes on when it is due, and is refused where it would wait too long', async () => {
  const paced: Rule = { name: 'paced', algorithm: { kind: 'leaky_bucket', limit: 1, periodMs: 20, maxQueueMs: 30 }, key: ['address'] };
  const clocks = { monotonicMs: () => 0, wallMs: () => 0 };
  const held: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    later(ms, act) {
      if (ms !== 20) return systemClock.later(ms, act);
      held.push(act);
      return () => undefined;
    },
  };
  const limits = [{ rule: paced }];
  const { ask, behind } = await ground(limits, [route('n', '/', { token: 'none' })], { clocks }, { parts: { clock } });
  assert.equal(statusOf(await ask('GET /')), 200);
  const second = ask('GET /');
  await until(() => held.length > 0);
  assert.equal(statusOf(await ask('GET /')), 429, 'after 40 ms');
  assert.equal(behind.got.length, 1, 'it waits');
  held[0]?.();
  assert.equal(statusOf(await second), 200);
});

test('limits that could never be asked, or that cannot stand beside each other, are refused at the start', () => {
  const routes = [route('free', '/', { token: 'none' }), route('notes', '/notes')];
  const leaky = { kind: 'leaky_bucket', limit: 1, periodMs: 1_000, maxQueueMs: 100 } as const;
  const wrong: readonly (readonly [readonly EdgeLimit[], RegExp])[] = [
    [[{ rule: rule('a', 1, [], { routes: ['other'] }) }], /no route other/],
    [[{ rule: rule('a', 1, ['user'], { routes: ['free'] }) }], /nobody’s token/],
    [[{ rule: rule('a', 1, [], { routes: ['free'], exempt: { clients: ['c'] } }) }], /nobody’s token/],
    [[{ rule: rule('a', 1, ['user']), failedCost: 1 }], /cost more/],
    [[{ rule: rule('a', 1, []) }, { rule: rule('a', 2, []) }], /one name/],
    [['a', 'b'].map((name) => ({ rule: { name, algorithm: leaky, key: [] } })), /both delay/],
  ];
  for (const [limits, message] of wrong) assert.throws(() => edgeLimits(limits, { routes, issuer: 'https://id.example' }), message);
});

test('limits that change while the gateway runs begin anew, others go on counting, and what cannot be changes nothing', async () => {
  const [one, two] = [rule('one', 2, [], { routes: ['a'] }), rule('two', 1, [], { routes: ['b'] })];
  const routes = [route('a', '/a', { token: 'none' }), route('b', '/b', { token: 'none' })];
  const clocks = { monotonicMs: () => 0, wallMs: () => 0 };
  const limits = edgeLimits([], { routes, issuer: issuer.issuer, clocks });
  assert.equal(limits.isEmpty, true);
  const { ask } = await ground([], routes, {}, { parts: { limits } });
  const statuses = async (path: string, count: number): Promise<readonly number[]> => {
    const all: number[] = [];
    for (let i = 0; i < count; i += 1) all.push(statusOf(await ask(`GET ${path}`)));
    return all;
  };
  assert.deepEqual(await statuses('/a', 4), [200, 200, 200, 200]);
  limits.replace([{ rule: one }]);
  assert.deepEqual(await statuses('/a', 1), [200]);
  limits.replace([{ rule: { ...one } }, { rule: two }]);
  assert.deepEqual(await statuses('/a', 2), [200, 429], 'one goes on counting');
  assert.deepEqual(await statuses('/b', 2), [200, 429]);
  assert.throws(() => limits.replace([{ rule: rule('three', 1, [], { routes: ['nowhere'] }) }]), /no route nowhere/);
  assert.deepEqual([...(await statuses('/a', 1)), ...(await statuses('/b', 1))], [429, 429]);
  limits.replace([{ rule: rule('one', 3, [], { routes: ['a'] }) }]);
  assert.deepEqual(await statuses('/a', 4), [200, 200, 200, 429]);
  assert.deepEqual(await statuses('/b', 2), [200, 200]);
  limits.replace([]);
  assert.equal(limits.isEmpty, true);
  assert.deepEqual(await statuses('/a', 2), [200, 200]);
});
