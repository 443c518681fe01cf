import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rule } from '@hufu/flow/rule';
import { boundOf } from '@hufu/flow/testing/bounds';
import { until } from '@hufu/store/contract/until';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { askOf, limitClient, storeOn, takeOne } from './stores.ts';

const rule = (name: string, more: Partial<Rule> = {}): Rule => ({
  name,
  key: [],
  algorithm: { kind: 'gcra', limit: 1, periodMs: 60_000, burst: 10 },
  ...more,
});

interface Place {
  redis: TestRedis;
  proxy: TcpProxy;
  client: Redis;
}

/** A Redis of the test's own, behind a proxy. */
async function place(t: TestContext): Promise<Place> {
  const redis = await startRedis();
  const proxy = await startTcpProxy(redis.port);
  const client = await limitClient(proxy.port);
  const here = { redis, proxy, client };
  t.after(async () => {
    client.disconnect();
    await proxy.stop();
    await here.redis.stop();
  });
  return here;
}

async function allowedOf(count: number, take: () => Promise<{ readonly decision: { readonly allowed: boolean } }>): Promise<number> {
  let allowed = 0;
  for (let i = 0; i < count; i++) if ((await take()).decision.allowed) allowed += 1;
  return allowed;
}

describe('a Redis that is away (attacks REL-11)', () => {
  test('is stood in for by each rule as it says: this process alone with its share, everybody, or nobody', async (t) => {
    const { proxy, client } = await place(t);
    const rules = [
      rule('local'),
      rule('tenth', { share: 0.1 }),
      rule('open', { onStoreError: 'open' }),
      rule('closed', { onStoreError: 'closed' }),
    ];
    const [local, tenth, open, closed] = rules;
    assert.ok(local !== undefined && tenth !== undefined && open !== undefined && closed !== undefined);
    const store = storeOn(client, rules);
    assert.equal(await allowedOf(4, () => takeOne(store, local)), 4);
    proxy.line = 'cut';
    proxy.sever();
    assert.equal(await allowedOf(20, () => takeOne(store, local)), 5);
    assert.equal(await allowedOf(20, () => takeOne(store, tenth)), 1);
    assert.equal(await allowedOf(20, () => takeOne(store, open)), 20);
    const refusal = await takeOne(store, closed);
    assert.deepEqual([refusal.kind, refusal.decision.allowed, refusal.decision.retryAfterMs], ['store_error', false, 1_000]);
    const all = await store.take([askOf(tenth, { key: 'x' }), askOf(closed)]);
    assert.deepEqual(
      all.map(({ taken }) => taken),
      [0, 0],
      'all or nothing',
    );
    assert.equal((await takeOne(store, tenth, { key: 'x' })).decision.allowed, true);
    assert.ok(store.counts().away >= 5);
  });

  test('and comes back: what was counted alone stays counted, and nobody has more than both', async (t) => {
    const { proxy, client } = await place(t);
    const local = rule('local');
    const store = storeOn(client, [local]);
    assert.equal(await allowedOf(3, () => takeOne(store, local)), 3);
    let alone = 0;
    for (let round = 0; round < 3; round++) {
      proxy.line = 'cut';
      proxy.sever();
      alone += await allowedOf(10, () => takeOne(store, local));
      proxy.line = 'whole';
      await isBack(() => takeOne(store, local, { key: `probe ${round}` }));
    }
    assert.equal(alone, 5, 'three outages give no more than one');
    assert.equal(await allowedOf(20, () => takeOne(store, local)), 7);
  });

  test('killed and started again has lost what it kept: one burst more', async (t) => {
    const here = await place(t);
    const local = rule('local');
    const store = storeOn(here.client, [local]);
    let allowed = await allowedOf(20, () => takeOne(store, local));
    assert.equal(allowed, 10);
    const { port } = here.redis;
    await here.redis.stop();
    allowed += await allowedOf(20, () => takeOne(store, local));
    here.redis = await startRedis({ port });
    await isBack(() => takeOne(store, local, { key: 'another' }));
    allowed += await allowedOf(30, () => takeOne(store, local));
    assert.ok(allowed <= 10 + 5 + 10, String(allowed));
  });

  test('keeps nobody waiting: each is told, and after five in a row nobody asks for a second', async (t) => {
    const { proxy, client } = await place(t);
    const closed = rule('closed', { onStoreError: 'closed' });
    const store = storeOn(client, [closed], { timeoutMs: 50 });
    await takeOne(store, closed);
    proxy.line = 'stalled';
    for (let i = 0; i < 5; i++) assert.equal((await takeOne(store, closed, { key: `${i}` })).kind, 'store_error');
    const { away } = store.counts();
    for (let i = 0; i < 1_000; i++) await takeOne(store, closed, { key: `${i}` });
    assert.equal(store.counts().away, away, 'and a thousand have not asked');
    proxy.line = 'whole';
    await isBack(() => takeOne(store, closed, { key: 'again' }));
  });

  test('that answers too late has taken all the same', async (t) => {
    const { proxy, client } = await place(t);
    const local = rule('late', { onStoreError: 'closed' });
    const store = storeOn(client, [local], { timeoutMs: 50 });
    await takeOne(store, local);
    proxy.delayMs = 60;
    for (let i = 0; i < 3; i++) assert.equal((await takeOne(store, local)).kind, 'store_error');
    proxy.delayMs = 0;
    // On the same connection, after what was late.
    assert.equal((await takeOne(storeOn(client, [local], { timeoutMs: 20_000 }), local)).decision.remaining, 5);
  });

  test('20 ms away changes no bound: as many as the rule says, however they come', async (t) => {
    const { proxy, client } = await place(t);
    const gcra = { kind: 'gcra', limit: 100, periodMs: 1_000, burst: 100 } as const;
    const fast: Rule = { name: 'fast', key: [], algorithm: gcra, refunds: false };
    const store = storeOn(client, [fast]);
    proxy.delayMs = 20;
    const times: number[] = [];
    let lastMs = 0;
    const untilMs = performance.now() + 1_000;
    const worker = async (): Promise<void> => {
      while (performance.now() < untilMs) {
        const { decision, takenAtMs, receipt } = await takeOne(store, fast);
        if (receipt === 'redis') lastMs = Math.max(lastMs, takenAtMs);
        if (decision.allowed) times.push(takenAtMs);
        else await sleep(Math.max(1, decision.retryAfterMs));
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    times.sort((a, b) => a - b);
    const bound = boundOf(gcra);
    for (const [from, fromMs] of times.entries()) {
      for (let to = from; to < times.length; to += 7) assert.ok(to - from + 1 <= bound(fromMs, (times[to] ?? 0) + 1));
    }
    const most = bound(times[0] ?? 0, lastMs + 1);
    assert.ok(times.length <= most && times.length > most * 0.8, `${times.length} of ${most}`);
    assert.equal(store.counts().away, 0);
  });

  test('gets what is given back while it is away when it is there again', async (t) => {
    const { proxy, client } = await place(t);
    const closed = rule('returned', { onStoreError: 'closed', algorithm: { kind: 'fixed_window', limit: 10, periodMs: 10_000_000_000 } });
    const store = storeOn(client, [closed]);
    const answer = await takeOne(store, closed, { cost: 10 });
    proxy.line = 'cut';
    proxy.sever();
    while ((await takeOne(store, closed)).kind !== 'store_error' || client.status === 'ready') await sleep(5);
    store.refund([{ ask: askOf(closed, { cost: 10 }), answer }]);
    proxy.line = 'whole';
    // Whoever is refused takes nothing, however often.
    await until(async () => {
      const { decision } = await takeOne(store, closed);
      if (decision.allowed) assert.equal(decision.remaining, 9);
      return decision.allowed;
    }, 'it is back with what was given back');
  });
});

/** The gate rests for a second after the last failure, and the client comes back by itself. */
async function isBack(ask: () => ReturnType<typeof takeOne>): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    await sleep(1_100);
    if ((await ask()).receipt === 'redis') return;
  }
  assert.fail('Redis is there, and is never asked again');
}
