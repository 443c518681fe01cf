import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimiter } from '@hufu/flow/create-limiter';
import { ioredisConnection } from '@hufu/flow/redis/ioredis';
import { type RedisStore, redisStore } from '@hufu/flow/redis/redis-store';
import type { Rule } from '@hufu/flow/rule';
import { startRedisCluster, type TestCluster } from '../support/redis-cluster.ts';
import { SECRET } from './stores.ts';

const DAY_MS = 86_400_000;
const RULES: readonly Rule[] = [
  { name: 'each', key: ['user'], algorithm: { kind: 'gcra', limit: 10, periodMs: DAY_MS, burst: 10 } },
  { name: 'all', key: [], algorithm: { kind: 'quota', limit: 60, period: 'year', zone: 'UTC' } },
  { name: 'log', key: ['user'], algorithm: { kind: 'sliding_log', limit: 8, periodMs: DAY_MS } },
];

let cluster: TestCluster;
before(async () => {
  cluster = await startRedisCluster();
});
after(() => cluster?.stop());

async function startStore(): Promise<RedisStore> {
  const store = redisStore({ connection: ioredisConnection(await cluster.connect()), secret: SECRET, cluster: true, timeoutMs: 5_000 });
  await store.start();
  return store;
}

test('on a cluster several rules let through what each of them allows, from the first request on, and keep nothing of what one of them refused', async () => {
  const stores = [await startStore(), await startStore()];
  const limiters = stores.map((store) => createLimiter({ rules: RULES, store }));
  const [one = assert.fail(), two = assert.fail()] = limiters;
  const admitted = new Map<string, number>();
  await Promise.all(
    Array.from({ length: 400 }, async (_, index) => {
      const user = `user-${index % 20}`;
      const { allowed } = await (index % 2 === 0 ? one : two).take({ user });
      if (allowed) admitted.set(user, (admitted.get(user) ?? 0) + 1);
    }),
  );
  assert.deepEqual(
    stores.map((store) => [store.counts().away, store.counts().wrong, store.counts().alone]),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    'each server was there from the first request on',
  );
  // Who came at the same moment as others may be refused for what they give back, and that is believed for a second: never more, and in the end as many.
  let total = [...admitted.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(total > 0 && total <= 60, `${total}`);
  for (let index = 0; index < 400 && total < 60; index++) {
    const user = `user-${index % 20}`;
    if (!(await one.take({ user })).allowed) {
      await sleep(25);
      continue;
    }
    total += 1;
    admitted.set(user, (admitted.get(user) ?? 0) + 1);
  }
  assert.equal(total, 60);
  for (const [user, count] of admitted) assert.ok(count <= 8, user);
  const refused = await two.take({ user: 'late' });
  assert.deepEqual([refused.allowed, refused.rule], [false, 'all']);
  assert.equal((await one.look({ user: 'late' }, { rules: ['each'] })).rules[0]?.decision.remaining, 10, 'a refused one took nothing');
  const places = await Promise.all(cluster.servers.map((server) => server.connect().keys('*')));
  assert.ok(
    places.every((keys) => keys.length > 0),
    'on all servers',
  );
  for (const [index, server] of cluster.servers.entries())
    for (const key of places[index] ?? []) assert.ok((await server.connect().pttl(key)) > 0, 'all of it expires');
});

test('a cluster of which one server would forget limits is refused at the start', async () => {
  const [, second = assert.fail()] = cluster.servers;
  const admin = second.connect();
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await assert.rejects(startStore(), /forgets limits when it is full \(maxmemory-policy allkeys-lru\)/);
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  await startStore();
});
