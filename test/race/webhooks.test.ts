import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditSealer } from '@hufu/server/audit/sealer';
import { openReceiver } from '@hufu/server/testing/receiver';
import { makeWebhook, WEBHOOK_YAML } from '@hufu/server/testing/webhooks';
import { openWorld, type World } from '@hufu/server/testing/world';
import { startWebhooks, wakeWebhooks } from '@hufu/server/webhooks/webhook-job';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { openPostgres } from '@hufu/store/postgres/open';
import { freshDatabase } from '../support/databases.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { slowStore } from '../support/slow-store.ts';

const NODES = 3;
const CHANGES = 12;
const MAX_WAIT_MS = 4;

/** Several nodes that all look at once, on what is slow; whatever was done is told once, in its order, and never by two at a time. */
async function sendFromAll(stores: readonly Store[], seed: number): Promise<void> {
  const slow = stores.map(slowStore);
  const worlds: World[] = [];
  const receiver = await openReceiver();
  for (let i = 0; i < NODES; i += 1)
    worlds.push(await openWorld({ yaml: WEBHOOK_YAML, store: slow[i % slow.length]?.store ?? assert.fail() }));
  const [first] = worlds;
  assert.ok(first !== undefined);
  const { webhook } = await makeWebhook(first, receiver.origin, { actions: ['user.*'] });
  slow.forEach(({ slowDown }, index) => slowDown(seed + index, MAX_WAIT_MS));
  const stops = worlds.map((world) => startWebhooks(world.ctx));
  const bob = (await first.store.findUserByName(first.tenant, 'bob')) ?? assert.fail();
  for (let i = 0; i < CHANGES; i += 1) {
    const world = worlds[i % NODES] ?? first;
    await world.ctx.store.setUserEnabled(world.tenant, bob.id, i % 2 === 1, world.now());
    if (i % 3 === 2) await auditSealer(world.ctx).seal('due');
    for (const one of worlds) wakeWebhooks(one.ctx);
  }
  await until(() => {
    for (const one of worlds) wakeWebhooks(one.ctx);
    return receiver.heard.length >= CHANGES;
  });
  slow.forEach(({ slowDown }) => slowDown(0, 0));
  await until(async () => {
    const there = await first.store.findWebhook(first.tenant, webhook.id);
    return (there?.cursorSeq ?? 0) >= Number(Object(JSON.parse(receiver.heard.at(-1)?.body ?? '{}')).data.seq);
  });
  await Promise.all(stops.map((stop) => stop()));
  const seqs = receiver.heard.map(({ body }) => Number(Object(JSON.parse(body)).data.seq));
  assert.deepEqual(
    seqs,
    seqs.toSorted((one, other) => one - other),
    'in their order',
  );
  assert.equal(new Set(receiver.heard.map(({ headers }) => headers['webhook-id'])).size, CHANGES);
  assert.equal(receiver.heard.length, CHANGES, 'nothing twice: no lease has ended');
  assert.equal(receiver.most, 1, 'never two at a time');
  for (const world of worlds) await world.close();
  await receiver.close();
}

describe('several nodes with the same webhook (attacks SSR-14)', () => {
  const seeds = rounds(3, 60);
  test(`over a slow store each entry is sent once, in its order, by one node at a time, ${seeds} seeds`, () =>
    withSeeds(seeds, async (seed) => {
      const store = await openMemory();
      await sendFromAll([store], seed);
      await store.close();
    }));

  const few = rounds(1, 20);
  test(`over two connections to one PostgreSQL as well, ${few} seeds`, () =>
    withSeeds(few, async (seed) => {
      const database = await freshDatabase('postgres');
      const stores = [await openPostgres(database.url), await openPostgres(database.url)];
      await sendFromAll(stores, seed);
      for (const store of stores) await store.close();
      await database.drop();
    }));
});
