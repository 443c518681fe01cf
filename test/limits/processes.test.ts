import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { State } from '@hufu/flow/algorithm';
import { algorithmOf } from '@hufu/flow/algorithms';
import { ioredisConnection } from '@hufu/flow/redis/ioredis';
import { Planner } from '@hufu/flow/redis/plan';
import { redisConcurrency } from '@hufu/flow/redis/redis-concurrency';
import type { Rule } from '@hufu/flow/rule';
import { until } from '@hufu/store/contract/until';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { rounds } from '../support/seeds.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { askOf, limitClient, SECRET, storeOn, takeOne } from './stores.ts';
import type { Task, Told } from './taking-process.ts';

let redis: TestRedis;
let proxy: TcpProxy;
let client: Redis;
before(async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  client = await limitClient(redis.port);
});
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
after(async () => {
  client.disconnect();
  await proxy.stop();
  await redis.stop();
});

interface TakingProcess {
  readonly child: ChildProcess;
  /** What it said last. */
  last(): Told | undefined;
  readonly over: Promise<Told>;
}

async function startTaking(port: number, aheadMs: number, task: Task): Promise<TakingProcess> {
  const child = fork(new URL('taking-process.ts', import.meta.url), [String(port), String(aheadMs)], { execArgv: ['--conditions=source'] });
  children.add(child);
  await once(child, 'message');
  let last: Told | undefined;
  const over = new Promise<Told>((resolve, reject) => {
    child.on('message', (told: Told) => {
      last = told;
      if (told.isOver) resolve(told);
    });
    child.once('exit', () => reject(new Error('it is gone')));
  });
  over.catch(() => undefined);
  child.send(task);
  return { child, last: () => last, over };
}

const LIMIT = 1_000;
/** So much that a second without anybody loses nothing. */
const BURST = 1_000;
const fast = (name: string, more: Partial<Rule> = {}): Rule => ({
  name,
  key: [],
  algorithm: { kind: 'gcra', limit: LIMIT, periodMs: 1_000, burst: BURST },
  refunds: false,
  ...more,
});

/** What the rule lets through from the first to the last moment, both in it. */
const boundFrom = (fromMs: number, toMs: number): number => BURST + Math.ceil(((toMs - fromMs + 1) * LIMIT) / 1_000) - 1;

interface Together {
  readonly admitted: number;
  /** What the rule lets through from the first to the last moment. */
  readonly most: number;
  /** When each was admitted, by the server's clock. */
  readonly times: readonly number[];
  readonly told: readonly Told[];
}

/** Both at once; and then from here, until there is nothing left. */
async function takeTogether(rule: Rule, ports: readonly number[], task: Partial<Task> = {}): Promise<Together> {
  const whole: Task = { rule, forMs: 1_500, callers: 16, pauseMs: 0, nodes: 2, ...task };
  const taking = await Promise.all(ports.map((port, place) => startTaking(port, place === 0 ? -2_500 : 2_500, whole)));
  const told = await Promise.all(taking.map(({ over }) => over));
  const times = told.flatMap((each) => each.times);
  const { lease: _, sync: __, ...single } = rule;
  const store = storeOn(client, [single], { timeoutMs: 2_000 });
  for (;;) {
    const { decision, takenAtMs } = await takeOne(store, single);
    if (!decision.allowed)
      return { admitted: times.length, most: boundFrom(Math.min(...times), takenAtMs), times: times.toSorted((x, y) => x - y), told };
    times.push(takenAtMs);
  }
}

/**
 * One bucket and no other would have let all of these through at these times, and is in the state that Redis is in: nothing was lost
 * between two, and nothing was counted twice.
 */
async function assertOneBucket(times: readonly number[], rule: Rule): Promise<void> {
  let state: State | undefined;
  for (const atMs of times) {
    const verdict = algorithmOf(rule.algorithm).decide(state, atMs, 1, rule.algorithm);
    assert.ok(verdict.decision.allowed, `at ${atMs}`);
    state = verdict.state;
  }
  const { name } = new Planner('hufu:limit:', SECRET).plan(askOf(rule));
  assert.deepEqual((await client.get(name))?.split(' ').map(Number), state);
}

describe('two processes, whose clocks are five seconds apart (attacks REL-13)', () => {
  test('admit together what one bucket would, to the unit', async () => {
    const rule = fast('exact');
    const { admitted, most, times, told } = await takeTogether(rule, [redis.port, redis.port]);
    await assertOneBucket(times, rule);
    assert.ok(admitted > 2_000 && admitted <= most, `${admitted}, ${most}`);
    assert.ok(
      told.every((each) => each.admitted > 100 && each.away === 0),
      JSON.stringify(told),
    );
  });

  test('also where Redis is 20 ms away from one of them', async () => {
    proxy.delayMs = 20;
    const rule = fast('far');
    const { admitted, most, times } = await takeTogether(rule, [redis.port, proxy.port]);
    await assertOneBucket(times, rule);
    assert.ok(admitted > 2_000 && admitted <= most, `${admitted}, ${most}`);
  });

  test('also where scripts are flushed meanwhile', async () => {
    let isOver = false;
    const flushing = (async (): Promise<void> => {
      while (!isOver) {
        await client.call('SCRIPT', 'FLUSH');
        await sleep(50);
      }
    })();
    const rule = fast('flushed');
    const { admitted, most, times, told } = await takeTogether(rule, [redis.port, redis.port]);
    isOver = true;
    await flushing;
    await assertOneBucket(times, rule);
    assert.ok(admitted > 2_000 && admitted <= most, `${admitted}, ${most}`);
    assert.ok(told.every(({ away }) => away === 0));
  });

  test('with leases of 50 admit at most two of them more', async () => {
    const { admitted, most } = await takeTogether(fast('leased', { lease: { units: 50, forMs: 100 } }), [redis.port, redis.port]);
    assert.ok(admitted <= most + 2 * 50 && admitted > 2_000, `${admitted}, ${most}`);
  });

  test('that tell later admit at most what the other admits in an interval and a round trip more', async () => {
    const everyMs = 50;
    const { admitted, most, told } = await takeTogether(fast('synced', { sync: { everyMs } }), [redis.port, redis.port], {
      callers: 4,
      pauseMs: 1,
    });
    // Of the other, at most what the rule lets through in an interval and a round trip.
    const more = BURST + (LIMIT * (everyMs + 50)) / 1_000;
    assert.ok(admitted <= most + more, `${admitted}, ${most}`);
    assert.ok(
      told.every((each) => each.admitted > 300),
      JSON.stringify(told),
    );
  });

  test('of which one is killed with a lease in hand: its units come back with time, and the bound holds', async () => {
    const rule = fast('killed', { lease: { units: 100, forMs: 60_000 } });
    const task: Task = { rule, forMs: 60_000, callers: 4, pauseMs: 1, nodes: 2 };
    const victim = await startTaking(redis.port, 0, task);
    while ((victim.last()?.admitted ?? 0) < 200) await sleep(10);
    victim.child.kill('SIGKILL');
    await once(victim.child, 'exit');
    const { firstMs = 0, admitted = 0 } = victim.last() ?? {};
    await sleep(BURST + 100);
    const { lease: _, ...single } = rule;
    const store = storeOn(client, [single], { timeoutMs: 2_000 });
    let mine = 0;
    let lastMs = 0;
    for (;;) {
      const { decision, takenAtMs } = await takeOne(store, single);
      lastMs = takenAtMs;
      if (!decision.allowed) break;
      mine += 1;
    }
    assert.ok(mine >= BURST, 'all of it is there again');
    assert.ok(admitted + mine <= boundFrom(firstMs, lastMs) + 2 * 100);
  });
});

const PAIRS = rounds(20_000, 1_000_000);

/** Longer than any other lease here. */
const LONG_LEASE_MS = 600_000;

/** How many hold a place by such a lease. */
async function countHeld(): Promise<number> {
  let held = 0;
  for (const key of await client.keys('*'))
    if ((await client.type(key)) === 'zset' && (await client.pttl(key)) > LONG_LEASE_MS / 2) held += await client.zcard(key);
  return held;
}

describe('places that processes share', () => {
  const options = (): Parameters<typeof redisConcurrency>[1] => ({ connection: ioredisConnection(client), secret: SECRET, name: 'work' });

  test('are so many, come back when they are let go, and when the lease of a dead holder is over', async () => {
    const leaseMs = 2_000;
    const [one, two] = [0, 1].map(() => redisConcurrency({ kind: 'concurrency', limit: 3, leaseMs }, options()));
    assert.ok(one !== undefined && two !== undefined);
    const held = await Promise.all([one.acquire('a'), two.acquire('a'), one.acquire('a')]);
    const refused = await two.acquire('a');
    assert.ok(refused.kind === 'refused' && refused.retryAfterMs > 0 && refused.retryAfterMs <= leaseMs);
    assert.equal((await two.acquire('b')).kind, 'permit');
    const [first, second] = held;
    assert.ok(first?.kind === 'permit' && second?.kind === 'permit');
    await first.release();
    await first.release();
    assert.deepEqual([(await two.acquire('a')).kind, (await two.acquire('a')).kind], ['permit', 'refused']);
    assert.equal(await second.renew(), true);
    assert.equal(await first.renew(), false);
    // Two of three have nobody who renews them.
    let given = 0;
    await until(async () => {
      assert.equal(await second.renew(), true);
      given += (await one.acquire('a')).kind === 'permit' ? 1 : 0;
      return given === 2;
    }, 'two places are free again');
    assert.deepEqual([await second.renew(), (await one.acquire('a')).kind], [true, 'refused']);
    await sleep(leaseMs + 100);
    assert.equal(await second.renew(), false, 'what is over stays over');
    for (const key of await client.keys('*')) assert.ok((await client.pttl(key)) > 0);
  });

  test('of whom a thousand fight for seven never have more at once', async () => {
    const places = redisConcurrency({ kind: 'concurrency', limit: 7, leaseMs: 5_000 }, { ...options(), timeoutMs: 5_000 });
    let [now, most, served] = [0, 0, 0];
    await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const permit = await places.acquire('fight');
        if (permit.kind !== 'permit') return;
        now += 1;
        served += 1;
        most = Math.max(most, now);
        await sleep(1);
        now -= 1;
        await permit.release();
      }),
    );
    assert.ok(most <= 7 && served >= 7, `${most} ${served}`);
    assert.equal((await places.acquire('fight')).kind, 'permit');
  });

  test(`are all there again after ${PAIRS.toLocaleString('en')} were taken and let go, at two limiters`, async () => {
    const rule = { kind: 'concurrency', limit: 16, leaseMs: LONG_LEASE_MS } as const;
    const other = await limitClient(redis.port);
    const limiters = [client, other].map((one) =>
      redisConcurrency(rule, { ...options(), connection: ioredisConnection(one), timeoutMs: 30_000, onStoreError: 'closed' }),
    );
    let [left, pairs] = [PAIRS, 0];
    const worker = async (index: number): Promise<void> => {
      const limiter = limiters[index % 2] ?? assert.fail();
      while (left > 0) {
        left -= 1;
        const permit = await limiter.acquire(`million-${index % 8}`);
        if (permit.kind !== 'permit') continue;
        pairs += 1;
        await permit.release();
      }
    };
    const one = await (limiters[0] ?? assert.fail()).acquire('held');
    assert.equal(await countHeld(), 1);
    // As many at once as there are places, so that each attempt is a pair.
    await Promise.all(Array.from({ length: 128 }, (_, index) => worker(index)));
    assert.equal(pairs, PAIRS);
    assert.ok(one.kind === 'permit');
    await one.release();
    assert.equal(await countHeld(), 0, 'nobody is in flight');
    other.disconnect();
  });

  test('that come too late are let go at once', async () => {
    const far = await limitClient(proxy.port);
    proxy.delayMs = 40;
    const rule = { kind: 'concurrency', limit: 1, leaseMs: LONG_LEASE_MS } as const;
    const late = redisConcurrency(rule, { ...options(), connection: ioredisConnection(far), timeoutMs: 50, onStoreError: 'closed' });
    const answer = await late.acquire('late');
    assert.ok(answer.kind === 'refused' && answer.isStoreError);
    proxy.delayMs = 0;
    const here = redisConcurrency(rule, options());
    await until(async () => (await here.acquire('late')).kind === 'permit', 'the place is free again, long before its lease is over');
    far.disconnect();
  });
});
