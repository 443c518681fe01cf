import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimiter } from '@hufu/flow/create-limiter';
import { ioredisConnection } from '@hufu/flow/redis/ioredis';
import { nodeRedisConnection } from '@hufu/flow/redis/node-redis';
import { redisStore } from '@hufu/flow/redis/redis-store';
import type { AlgorithmRule, Rule } from '@hufu/flow/rule';
import { until } from '@hufu/store/contract/until';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { askOf, limitClient, SECRET, storeOn, takeOne } from './stores.ts';

let redis: TestRedis;
let client: Redis;
before(async () => {
  redis = await startRedis();
  client = await limitClient(redis.port);
});
after(async () => {
  client.disconnect();
  await redis.stop();
});

/** Long enough for what nobody waits for. */
const SETTLED_MS = 50;

const slow = (name: string, burst: number, more: Partial<Rule> = {}): Rule => ({
  name,
  key: ['user'],
  algorithm: { kind: 'gcra', limit: 1, periodMs: 60_000, burst },
  ...more,
});

/** Of a Redis of its own. */
async function clientOf(t: TestContext, more: readonly string[]): Promise<Redis> {
  const own = await startRedis({ more });
  t.after(() => own.stop());
  const other = await limitClient(own.port);
  t.after(() => other.disconnect());
  return other;
}

async function callsOf(run: () => Promise<unknown>): Promise<number> {
  await client.call('CONFIG', 'RESETSTAT');
  await run();
  const stats = String(await client.call('INFO', 'commandstats'));
  // Each script asks once for the time.
  return Number(/cmdstat_time:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('limits in Redis', () => {
  test('of several rules are decided in one call, and take all or nothing', async () => {
    const rules = [slow('wide', 3), slow('narrow', 1), slow('shadow', 1, { shadow: true })];
    const [wide, narrow, shadow] = rules;
    assert.ok(wide !== undefined && narrow !== undefined && shadow !== undefined);
    const store = storeOn(client, rules);
    const asks = rules.map((rule) => askOf(rule));
    assert.equal(await callsOf(() => store.take(asks)), 1);
    const second = await store.take(asks);
    assert.deepEqual(
      second.map(({ decision, taken }) => [decision.allowed, taken]),
      [
        [true, 0],
        [false, 0],
        [false, 0],
      ],
    );
    assert.equal(second[0]?.decision.remaining, 2, 'what another rule refused took nothing');
    assert.equal((await takeOne(store, wide)).decision.remaining, 1);
    const both = await store.take([askOf(wide), askOf(shadow)]);
    assert.deepEqual(
      both.map(({ decision, taken }) => [decision.allowed, taken]),
      [
        [true, 1],
        [false, 0],
      ],
      'a shadow refuses nobody',
    );
  });

  test('spare a rule that is used up where the one it names is untouched, and then take nothing of it', async () => {
    const rules = [slow('source', 1, { spareFresh: 'account' }), slow('account', 2)];
    const [source, account] = rules;
    assert.ok(source !== undefined && account !== undefined);
    const store = storeOn(client, rules);
    const take = async (key: string): Promise<readonly string[]> =>
      (await store.take([askOf(source, { fresh: 1 }), askOf(account, { key })])).map(({ kind, taken }) => `${kind} ${taken}`);
    assert.deepEqual(await take('first'), ['counted 1', 'counted 1']);
    assert.deepEqual(await take('another'), ['spared 0', 'counted 1'], 'its account is fresh');
    assert.deepEqual(await take('another'), ['counted 0', 'counted 0'], 'and now is not');
  });

  test('charge what can be owed, and what is there of a rule that cannot owe', async () => {
    const spent = slow('spent', 5);
    const paced = slow('paced', 1, { algorithm: { kind: 'leaky_bucket', limit: 1, periodMs: 1_000, maxQueueMs: 5_000 } });
    const log = slow('log', 1, { algorithm: { kind: 'sliding_log', limit: 5, periodMs: 60_000 } });
    const rules = [spent, paced, log];
    const store = storeOn(client, rules);
    const answers = await store.take(rules.map((rule) => askOf(rule)));
    store.charge(
      rules.map((rule, place) => ({ ask: askOf(rule), answer: answers[place] ?? assert.fail() })),
      2,
    );
    await sleep(SETTLED_MS);
    const looked = await store.look([askOf(spent), askOf(log)]);
    assert.deepEqual([looked.map(({ decision }) => decision.remaining), store.counts().wrong], [[2, 2], 0]);
  });

  test('look without taking, give back once, and charge afterwards', async () => {
    const rule = slow('three', 3);
    const store = storeOn(client, [rule]);
    const [look] = await store.look([askOf(rule)]);
    assert.equal(look?.decision.remaining, 3);
    const answer = await takeOne(store, rule, { cost: 3 });
    assert.equal((await takeOne(store, rule)).decision.allowed, false);
    store.refund([{ ask: askOf(rule, { cost: 3 }), answer }]);
    await sleep(SETTLED_MS);
    const again = await takeOne(store, rule);
    assert.equal(again.decision.remaining, 2);
    store.charge([{ ask: askOf(rule), answer: again }], 2);
    await sleep(SETTLED_MS);
    assert.equal((await takeOne(store, rule)).decision.allowed, false);
  });

  test('all expire, a second after they are as good as new', async () => {
    await client.flushall();
    const algorithms: readonly AlgorithmRule[] = [
      { kind: 'gcra', limit: 10, periodMs: 60_000, burst: 5 },
      { kind: 'fixed_window', limit: 10, periodMs: 300_000 },
      { kind: 'sliding_counter', limit: 10, periodMs: 300_000 },
      { kind: 'sliding_log', limit: 10, periodMs: 300_000 },
      { kind: 'token_bucket', capacity: 5, unit: 1, intervalMs: 6_000 },
      { kind: 'leaky_bucket', limit: 10, periodMs: 60_000, maxQueueMs: 30_000 },
      { kind: 'warm_up', limit: 10, periodMs: 60_000, burst: 5, warmUpMs: 300_000, coldFactor: 3 },
      { kind: 'warm_up_pacing', limit: 10, periodMs: 60_000, maxQueueMs: 30_000, warmUpMs: 300_000, coldFactor: 3 },
      { kind: 'quota', limit: 10, period: 'hour', zone: 'Asia/Kolkata' },
    ];
    const rules = algorithms.map((algorithm): Rule => ({ name: algorithm.kind.replaceAll('_', '-'), key: [], algorithm }));
    const store = storeOn(client, rules);
    const answers = await store.take(rules.map((rule) => askOf(rule)));
    assert.ok(answers.every(({ decision, taken }) => decision.allowed && taken === 1));
    store.charge([{ ask: askOf(rules[0] ?? slow('', 1)), answer: answers[0] ?? assert.fail() }], 1);
    await sleep(SETTLED_MS);
    const keys = await client.keys('*');
    assert.equal(keys.length, rules.length);
    const longest = Math.max(...answers.map(({ decision }) => decision.resetAfterMs));
    for (const key of keys) {
      const ttl = await client.pttl(key);
      assert.ok(ttl > 0 && ttl <= longest + 1_000, `${key} ${ttl}`);
      assert.match(key, /^hufu:limit:\{[\w-]{32}\}$/, 'and tell nobody who was counted');
    }
  });

  test('of other parameters, another override or another secret begin anew, whatever the key', async () => {
    const rule = slow('parameters', 1);
    const store = storeOn(client, [rule]);
    await takeOne(store, rule);
    assert.equal((await takeOne(store, rule)).decision.allowed, false);
    assert.equal((await takeOne(store, slow('parameters', 2))).decision.allowed, true);
    assert.equal((await takeOne(store, rule, { override: 'somebody' })).decision.allowed, true);
    assert.equal((await takeOne(storeOn(client, [rule], { secret: new Uint8Array(32) }), rule)).decision.allowed, true);
    assert.throws(() => storeOn(client, [rule], { secret: new Uint8Array(8) }), TypeError);
  });

  test('go on when scripts are flushed in the middle', async () => {
    const rule = slow('flushed', 50);
    const store = storeOn(client, [rule]);
    let allowed = 0;
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all([
        ...Array.from({ length: 10 }, () => takeOne(store, rule)),
        client.call('SCRIPT', 'FLUSH').then(() => undefined),
        ...Array.from({ length: 10 }, () => takeOne(store, rule)),
      ]);
      allowed += answers.filter((answer) => answer?.decision.allowed === true).length;
    }
    assert.equal(allowed, 50);
    assert.equal(store.counts().wrong + store.counts().away, 0);
  });

  test('are a limiter: shared rules, and others of this process, take all or nothing', async () => {
    const store = storeOn(client, []);
    const limiter = createLimiter({ rules: [slow('shared', 5), slow('here', 2, { scope: 'process' })], store });
    const subject = { user: 'alice' };
    const outcomes = [await limiter.take(subject), await limiter.take(subject), await limiter.take(subject)];
    assert.deepEqual(
      outcomes.map(({ allowed, rule }) => [allowed, rule]),
      [
        [true, undefined],
        [true, undefined],
        [false, 'here'],
      ],
    );
    await sleep(SETTLED_MS);
    const looked = await limiter.look(subject);
    assert.equal(looked.rules.find(({ rule }) => rule.name === 'shared')?.decision.remaining, 3, 'what it took went back');
  });
});

describe('a refusal', () => {
  test('is remembered, for as long as it holds and no longer, and costs no call', async () => {
    const rule: Rule = { name: 'block', key: ['user'], algorithm: { kind: 'gcra', limit: 1, periodMs: 2_000, burst: 1 }, refunds: false };
    const store = storeOn(client, [rule]);
    await takeOne(store, rule);
    const refusal = await takeOne(store, rule);
    assert.equal(refusal.decision.allowed, false);
    const calls = await callsOf(async () => {
      for (let i = 0; i < 100; i++) {
        const { allowed, retryAfterMs } = (await takeOne(store, rule)).decision;
        if (allowed) break;
        assert.ok(retryAfterMs <= refusal.decision.retryAfterMs && retryAfterMs >= 1);
      }
    });
    assert.ok(calls <= 2, String(calls));
    assert.ok(store.counts().blocked > 0);
    await sleep(refusal.decision.retryAfterMs + 1);
    assert.equal((await takeOne(store, rule)).decision.allowed, true);
  });

  test('speaks for its cost and above, and for no other key', async () => {
    const rule = slow('costs', 3);
    const store = storeOn(client, [rule]);
    await takeOne(store, rule);
    assert.equal((await takeOne(store, rule, { cost: 3 })).decision.allowed, false);
    assert.equal(await callsOf(() => takeOne(store, rule, { cost: 3 })), 0);
    assert.equal((await takeOne(store, rule, { cost: 2 })).decision.allowed, true);
    assert.equal((await takeOne(store, rule, { key: 'another', cost: 3 })).decision.allowed, true);
  });

  test('is asked about again where this process gave something back, where rules change, and for a shadow', async () => {
    const [rule, shadow] = [slow('asked', 1), slow('asked-shadow', 1, { shadow: true })];
    const store = storeOn(client, [rule, shadow]);
    const answer = await takeOne(store, rule);
    await takeOne(store, rule);
    assert.equal(await callsOf(() => takeOne(store, rule)), 0);
    assert.equal(await callsOf(() => store.take([askOf(rule), askOf(shadow)])), 1, 'the shadow is to be counted');
    store.prepare([rule, shadow]);
    assert.equal(await callsOf(() => takeOne(store, rule)), 1);
    store.refund([{ ask: askOf(rule), answer }]);
    await sleep(SETTLED_MS);
    assert.equal((await takeOne(store, rule)).decision.allowed, true);
  });
});

describe('a lease', () => {
  const leased: Rule = {
    name: 'leased',
    key: ['user'],
    algorithm: { kind: 'gcra', limit: 1_000, periodMs: 36_000_000, burst: 1_000 },
    lease: { units: 100, forMs: 300 },
  };

  test('saves calls for who comes often, takes nothing beforehand for who comes once, and goes back at its end', async () => {
    const store = storeOn(client, [leased]);
    const calls = await callsOf(async () => {
      for (let i = 0; i < 400; i++) assert.equal((await takeOne(store, leased)).decision.allowed, true);
    });
    assert.ok(calls <= 40, String(calls));
    await takeOne(store, leased, { key: 'once' });
    const single = storeOn(client, [{ ...leased }]);
    const leftOf = async (key: string): Promise<number> => (await single.look([askOf({ ...leased }, { key })]))[0]?.decision.remaining ?? 0;
    assert.equal(await leftOf('once'), 999);
    await sleep(750);
    const left = await leftOf('somebody');
    assert.ok(left >= 599 && left <= 600, String(left));
  });

  test('admits no more than the rule, however many wait for one call', async () => {
    const rule: Rule = { ...leased, name: 'leased-all', algorithm: { kind: 'fixed_window', limit: 500, periodMs: 10_000_000_000 } };
    const store = storeOn(client, [rule]);
    const calls = await callsOf(async () => {
      const answers = await Promise.all(Array.from({ length: 2_000 }, () => takeOne(store, rule)));
      assert.equal(answers.filter(({ decision }) => decision.allowed).length, 500);
    });
    assert.ok(calls < 20, String(calls));
  });

  test('gives units back that another rule refused, and what is refunded', async () => {
    const other = slow('other', 3);
    const store = storeOn(client, [{ ...leased, name: 'leased-two' }, other]);
    const rule = { ...leased, name: 'leased-two' };
    for (let i = 0; i < 40; i++) await takeOne(store, rule);
    const takeBoth = (): ReturnType<typeof store.take> => store.take([askOf(rule), askOf(other)]);
    for (let i = 0; i < 20; i++) await takeBoth();
    store.stop();
    await sleep(SETTLED_MS);
    const left = (await storeOn(client, [rule]).look([askOf(rule)]))[0]?.decision.remaining ?? 0;
    assert.ok(left >= 956 && left <= 960, `43 were admitted: ${left}`);
  });
});

describe('what is told later', () => {
  test('is decided here, is told in each interval, and hears of the others by then', async () => {
    const rule: Rule = {
      name: 'synced',
      key: ['user'],
      algorithm: { kind: 'fixed_window', limit: 100, periodMs: 10_000_000_000 },
      sync: { everyMs: 50 },
    };
    const [one, two] = [storeOn(client, [rule]), storeOn(client, [rule])];
    for (const store of [one, two]) await takeOne(store, rule);
    await sleep(SETTLED_MS);
    const calls = await callsOf(async () => {
      for (let i = 0; i < 30; i++) assert.equal((await takeOne(one, rule)).decision.allowed, true);
    });
    assert.ok(calls <= 2, String(calls));
    await takeOne(two, rule);
    const leftAt = async (store: typeof two): Promise<number | undefined> => (await store.look([askOf(rule)]))[0]?.decision.remaining;
    await until(async () => (await leftAt(two)) === 67, 'one hears of the other');
    assert.equal((await takeOne(two, rule)).decision.remaining, 66);
    await until(async () => (await leftAt(storeOn(client, [rule]))) === 66, 'it is told');
    for (const store of [one, two]) store.stop();
  });
});

describe('a store', () => {
  test('does not start on a Redis that forgets, or on a cluster that it was not told of', async (t) => {
    const other = await clientOf(t, ['--maxmemory', '10mb', '--maxmemory-policy', 'allkeys-lru']);
    await assert.rejects(storeOn(other, []).start(), /noeviction/);
    await storeOn(client, []).start();
  });

  test('keeps limits on a cluster: each key for itself, and all or nothing all the same', async (t) => {
    const plain = await clientOf(t, ['--cluster-enabled', 'yes']);
    await plain.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    while (!String(await plain.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(10);
    await assert.rejects(storeOn(plain, []).start(), /cluster/);
    await storeOn(plain, [], { prefix: '{limits}:' }).start();
    const rules = [slow('wide', 3), slow('narrow', 1)];
    const store = storeOn(plain, rules, { cluster: true });
    await store.start();
    const asks = rules.map((rule) => askOf(rule));
    const allowed = async (): Promise<boolean> => (await store.take(asks)).every(({ decision }) => decision.allowed);
    assert.deepEqual([await allowed(), await allowed()], [true, false]);
    assert.equal((await store.look(asks))[0]?.decision.remaining, 2);
    const raced = slow('raced', 1);
    const [first, second] = [slow('first', 100), slow('second', 10)];
    const racing = storeOn(plain, [first, second, raced], { cluster: true });
    const many = await Promise.all(Array.from({ length: 30 }, () => racing.take([askOf(first), askOf(second)])));
    assert.equal(many.filter((answers) => answers.every(({ taken }) => taken === 1)).length, 10);
    await sleep(SETTLED_MS);
    // But for what time may have given meanwhile.
    const { remaining = 0 } = (await racing.look([askOf(first)]))[0]?.decision ?? {};
    assert.ok(remaining === 90 || remaining === 89, `who lost a race gave back what he had: ${remaining}`);
  });

  test('refuses rules that it cannot keep, and changes nothing then', () => {
    const store = storeOn(client, []);
    const bad: readonly (readonly [Rule, RegExp])[] = [
      [slow('lease', 1, { lease: { units: 1, forMs: 100 } }), /more than half/],
      [slow('both', 100, { lease: { units: 1, forMs: 100 }, sync: { everyMs: 100 } }), /exclude/],
      [slow('share', 1, { share: 0 }), /share/],
      [slow('spare', 1, { spareFresh: 'x', sync: { everyMs: 100 } }), /spareFresh/],
      [{ name: 'kind', key: [], algorithm: { kind: 'sliding_log', limit: 10, periodMs: 1_000 }, sync: { everyMs: 100 } }, /told later/],
      [{ name: 'kind', key: [], algorithm: { kind: 'sliding_log', limit: 10, periodMs: 1_000 }, lease: { units: 1, forMs: 10 } }, /leased/],
    ];
    for (const [rule, why] of bad) assert.throws(() => store.prepare([rule]), why);
    assert.throws(() => redisStore({ connection: ioredisConnection(client), secret: SECRET.subarray(0, 4) }), TypeError);
  });

  test('takes no client that sends anything twice, or waits for a connection', async () => {
    for (const options of [
      {},
      { autoResendUnfulfilledCommands: false },
      { autoResendUnfulfilledCommands: false, enableOfflineQueue: false },
    ]) {
      const other = new Redis(redis.port, '127.0.0.1', { ...options, lazyConnect: true });
      assert.throws(() => ioredisConnection(other), TypeError);
    }
    assert.throws(() => nodeRedisConnection({ sendCommand: async () => '' }), TypeError);
    const sent: (readonly string[])[] = [];
    const connection = nodeRedisConnection({
      options: { disableOfflineQueue: true },
      sendCommand: async (args) => void sent.push(args),
    });
    await connection.call('SET', 'a', 1);
    assert.deepEqual(sent, [['SET', 'a', '1']]);
  });
});
