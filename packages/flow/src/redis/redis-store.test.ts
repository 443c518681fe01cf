import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLimiter } from '../create-limiter.ts';
import type { AlgorithmRule, Rule } from '../rule.ts';
import { checkShared } from './check-shared.ts';
import type { RedisClock } from './clock.ts';
import { DelayedSync } from './delayed-sync.ts';
import { ioredisConnection } from './ioredis.ts';
import { Leases } from './leases.ts';
import { type Plan, Planner } from './plan.ts';
import { redisConcurrency } from './redis-concurrency.ts';
import { RedisLine } from './redis-line.ts';
import { redisStore } from './redis-store.ts';
import { StandIn } from './stand-in.ts';

const SECRET = new Uint8Array(32).fill(7);
const GCRA: AlgorithmRule = { kind: 'gcra', limit: 1, periodMs: 60_000, burst: 4 };

/** Time as the test says; what is to come later comes as it goes on. */
class GivenClock implements RedisClock {
  wallMs = 1_800_000_000_000;
  #progressMs = 0;
  #waiting: { readonly atMs: number; readonly call: () => void }[] = [];

  nowMs(): number {
    return this.wallMs;
  }
  progressMs(): number {
    return this.#progressMs;
  }
  after(ms: number, call: () => void): () => void {
    const one = { atMs: this.#progressMs + ms, call };
    this.#waiting.push(one);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== one);
    };
  }
  pass(ms: number): void {
    this.#progressMs += ms;
    const due = this.#waiting.filter(({ atMs }) => atMs <= this.#progressMs);
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs > this.#progressMs);
    for (const { call } of due) call();
  }
}

/** Whatever was begun has gone as far as it can. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await undefined;
}

function ruleOf(name: string, more: Partial<Rule> = {}): Rule {
  return { name, key: ['user'], algorithm: GCRA, ...more };
}

function planOf(rule: Rule, key: string): Plan {
  return new Planner('t:', SECRET).plan({ rule, algorithm: rule.algorithm, override: undefined, key, cost: 1, fresh: undefined });
}

/** Redis as the test answers it: one of several keys each time, by their places. */
interface Asked {
  readonly args: readonly (string | number)[];
  readonly answer: (value: unknown) => void;
}

function answered(): { readonly asked: Asked[]; readonly connection: { call(...args: (string | number)[]): Promise<unknown> } } {
  const asked: Asked[] = [];
  return { asked, connection: { call: (...args) => new Promise((answer) => asked.push({ args, answer })) } };
}

const AWAY = { call: (): Promise<never> => Promise.reject(new Error("Stream isn't writeable and enableOfflineQueue options is false")) };
const taken = (nowMs: number, units: number): readonly number[] => [nowMs, 1, 99, 0, 10, 0, units];

describe('a lease', () => {
  const leased = ruleOf('leased', { lease: { units: 5, forMs: 1_000 } });
  const leasesOn = (): {
    readonly leases: Leases;
    readonly asked: Asked[];
    readonly returned: (readonly [units: number, takenAtMs: number])[];
    readonly clock: GivenClock;
  } => {
    const clock = new GivenClock();
    const { asked, connection } = answered();
    const returned: (readonly [number, number])[] = [];
    const leases = new Leases({
      line: new RedisLine({ connection, clock, timeoutMs: 50 }),
      clock,
      timeoutMs: 50,
      maxKeys: 10,
      maxWaiting: 10,
      away: () => assert.fail('nobody is away'),
      giveBack: (_, units, takenAtMs) => void returned.push([units, takenAtMs]),
      refusedBy: () => undefined,
    });
    return { leases, asked, returned, clock };
  };

  test('answers whoever asks while the last one is being answered, however late in that', async () => {
    const plan = planOf(leased, 'ann');
    for (let steps = 0; steps <= 20; steps++) {
      const { leases, asked } = leasesOn();
      const first = leases.ask(plan, 1);
      asked[0]?.answer(taken(1, 1));
      for (let step = 0; step < steps; step++) await undefined;
      let isAnswered = false;
      const second = leases.ask(plan, 1).then(() => {
        isAnswered = true;
      });
      await first;
      await settled();
      asked[1]?.answer(taken(2, 1));
      await settled();
      assert.ok(isAnswered, `${steps} steps later`);
      await second;
    }
  });

  test('takes nothing back that was taken before it: time has given that back already', async () => {
    const { leases, asked, returned } = leasesOn();
    const plan = planOf(leased, 'ann');
    const first = leases.ask(plan, 1);
    await settled();
    asked[0]?.answer(taken(1_000, 1));
    const { takenAtMs } = await first;
    await settled();
    assert.equal(leases.giveBack(plan, 1, takenAtMs), true, 'of this lease');
    assert.ok(leases.take(plan, 1) !== undefined);
    const second = leases.ask(plan, 1);
    await settled();
    asked[1]?.answer(taken(61_000, 3));
    await second;
    await settled();
    assert.equal(leases.giveBack(plan, 1, takenAtMs), false, 'of an earlier one');
    assert.equal(leases.giveBack(plan, 1, 61_000), true);
    // Not enough: what is left goes back as of when it was taken.
    const third = leases.ask(plan, 5);
    await settled();
    assert.deepEqual(returned, [[3, 61_000]]);
    await settled();
    asked[2]?.answer(taken(62_000, 5));
    assert.equal((await third).takenAtMs, 62_000);
  });

  test('keeps units of two times apart, also where some come back while it asks', async () => {
    const { leases, asked, returned } = leasesOn();
    const plan = planOf(leased, 'ann');
    const first = leases.ask(plan, 1);
    await settled();
    asked[0]?.answer(taken(1_000, 1));
    await first;
    const second = leases.ask(plan, 1);
    await settled();
    assert.equal(leases.giveBack(plan, 1, 1_000), true);
    await settled();
    asked[1]?.answer(taken(2_000, 1));
    await second;
    assert.deepEqual(returned, [[1, 1_000]]);
  });

  test('is no more than half of a token bucket’s capacity with those of the other processes', () => {
    const algorithm: AlgorithmRule = { kind: 'token_bucket', capacity: 10, unit: 1, intervalMs: 1_000 };
    const flawOf = (units: number): string | undefined => checkShared([ruleOf('t', { algorithm, lease: { units, forMs: 1_000 } })], 4);
    assert.match(flawOf(2) ?? '', /capacity/);
    assert.equal(flawOf(1), undefined);
  });
});

describe('what is told later', () => {
  test('takes nothing back that Redis has heard of', async () => {
    const clock = new GivenClock();
    const { asked, connection } = answered();
    const line = new RedisLine({ connection, clock, timeoutMs: 50 });
    const sync = new DelayedSync({ line, clock, timeoutMs: 50, maxKeys: 10, isCluster: false });
    const plan = planOf(ruleOf('synced', { sync: { everyMs: 100 } }), 'ann');
    const takeAt = (): number => {
      const answer = sync.take(plan, 1);
      assert.ok(typeof answer === 'object' && answer.receipt === 'sync');
      return answer.takenAtMs;
    };
    sync.follow(plan);
    asked[0]?.answer([1_000_000, '']);
    await settled();
    assert.equal(sync.giveBack(plan, 1, 900_000), false, 'from before it was followed');
    clock.pass(10);
    const early = takeAt();
    clock.pass(90);
    asked[1]?.answer([1_000_100, '60000 1000100']);
    await settled();
    clock.pass(1);
    const late = takeAt();
    assert.equal(sync.giveBack(plan, 1, early), false);
    assert.equal(sync.giveBack(plan, 1, late), true);
  });
});

describe('a Redis that is away', () => {
  const store = (rules: readonly Rule[], connection = AWAY): ReturnType<typeof createLimiter> =>
    createLimiter({ rules, store: redisStore({ connection, secret: SECRET }) });

  test('is stood in for where somebody looks, and is charged afterwards', async () => {
    const limiter = store([ruleOf('looked')]);
    let allowed = 0;
    for (let i = 0; i < 20; i++) {
      const outcome = await limiter.look({ user: 'ann' });
      if (!outcome.allowed) continue;
      allowed += 1;
      limiter.charge(outcome, 1);
    }
    // A half of the burst of 4.
    assert.equal(allowed, 2);
  });

  test('is stood in for where it goes away between the look and the charge, for every kind', async () => {
    for (const algorithm of [GCRA, { kind: 'sliding_log', limit: 1, periodMs: 60_000 } satisfies AlgorithmRule]) {
      let isAway = false;
      const call = async (): Promise<unknown> => (isAway ? AWAY.call() : [1_000_000, 1, 3, 0, 10, 0, 0]);
      const limiter = createLimiter({
        rules: [ruleOf('gone', { algorithm })],
        store: redisStore({ connection: { call }, secret: SECRET }),
      });
      const looked = await limiter.look({ user: 'ann' });
      isAway = true;
      limiter.charge(looked, algorithm === GCRA ? 2 : 1);
      await settled();
      assert.equal((await limiter.take({ user: 'ann' })).allowed, false, algorithm.kind);
      assert.equal((await limiter.take({ user: 'bob' })).allowed, true);
    }
  });

  test('that is always too late is asked no more after five times', async () => {
    const clock = new GivenClock();
    const { asked, connection } = answered();
    const line = new RedisLine({ connection, clock, timeoutMs: 50 });
    for (let i = 0; i < 10; i++) {
      const ran = line.run('return 0', [], []);
      clock.pass(50);
      assert.equal((await ran).kind, 'away');
      asked[i]?.answer(0);
      await settled();
    }
    assert.equal(asked.length, 5);
  });

  test('is stood in for by the calendar where the rule goes by it', () => {
    const clock = new GivenClock();
    clock.wallMs = Date.UTC(2026, 0, 31, 23);
    const standIn = new StandIn(clock, 10);
    const plan = planOf(ruleOf('month', { algorithm: { kind: 'quota', limit: 1, period: 'month', zone: 'UTC' } }), 'ann');
    const take = (): number => {
      const { decision, keep } = standIn.decide(plan, 1);
      if (decision.allowed) keep();
      return decision.retryAfterMs;
    };
    assert.equal(take(), 0);
    assert.equal(take(), 3_600_000, 'to the end of the month');
    clock.wallMs += 3_600_000;
    assert.equal(take(), 0);
  });

  test('crowds nobody out by the keys of another rule, and few by those of its own', () => {
    const clock = new GivenClock();
    const standIn = new StandIn(clock, 100);
    const allowedOf = (rule: Rule, keys: number): number => {
      let allowed = 0;
      for (let i = 0; i < keys; i++) {
        const { decision, keep } = standIn.decide(planOf(rule, `${rule.name} ${i}`), 1);
        keep();
        if (decision.allowed) allowed += 1;
      }
      return allowed;
    };
    allowedOf(ruleOf('flooded'), 3_000);
    assert.equal(allowedOf(ruleOf('other'), 100), 100);
    assert.ok(allowedOf(ruleOf('flooded-too'), 3_000) > 2_700);
    // A part of them, but never more than there are.
    const most = standIn.size;
    allowedOf(ruleOf('flooded'), 3_000);
    assert.ok(standIn.size <= most + 4_096 && standIn.size <= 100 + 3 * 4_096, String(standIn.size));
  });
});

describe('a store', () => {
  test('takes no cost that is none, on any path', async () => {
    const limiter = createLimiter({
      rules: [ruleOf('far'), ruleOf('near', { scope: 'process' })],
      store: redisStore({ connection: AWAY, secret: SECRET }),
    });
    const outcome = await limiter.take({ user: 'ann' });
    for (const cost of [0.5, -3, Number.NaN, 2 ** 31 + 1]) {
      await assert.rejects(limiter.take({ user: 'ann' }, { cost }), TypeError);
      await assert.rejects(limiter.look({ user: 'ann' }, { cost, rules: ['far'] }), TypeError);
      assert.throws(() => limiter.takeNow({ user: 'ann' }, { cost, rules: ['near'] }), TypeError);
      assert.throws(() => limiter.charge(outcome, cost), TypeError);
    }
  });

  test('has another name for a key of other parts', () => {
    const nameOf = (key: Rule['key']): string => planOf(ruleOf('k', { key }), 'x').name;
    assert.notEqual(nameOf(['user']), nameOf(['client']));
    assert.equal(nameOf(['user']), nameOf(['user']));
  });

  test('holds no token and no header in what it keeps (attacks REL-13)', () => {
    const plan = planOf(ruleOf('t', { key: ['token'] }), 'a secret token');
    assert.ok(!JSON.stringify({ ...plan, prepared: { ...plan.prepared, names: [...plan.prepared.names] } }).includes('a secret token'));
  });

  test('takes no cluster that sends again after a failure, and no short secret', () => {
    const redisOptions = { autoResendUnfulfilledCommands: false, enableOfflineQueue: false, maxRetriesPerRequest: 0 };
    const clusterOf = (more: object): Parameters<typeof ioredisConnection>[0] => ({
      options: { redisOptions, enableOfflineQueue: false, ...more },
      call: async () => 0,
      disconnect: () => undefined,
    });
    assert.throws(() => ioredisConnection(clusterOf({})), /retryDelayOnFailover/);
    assert.throws(() => ioredisConnection(clusterOf({ retryDelayOnFailover: 100 })), /retryDelayOnFailover/);
    ioredisConnection(clusterOf({ retryDelayOnFailover: 0 }));
    const short = { connection: AWAY, secret: SECRET.subarray(0, 15), name: 'c' };
    assert.throws(() => redisConcurrency({ kind: 'concurrency', limit: 1, leaseMs: 1_000 }, short), /secret/);
    assert.throws(() => redisStore(short), /secret/);
  });
});
