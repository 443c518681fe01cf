import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PUBLISH_LEAD_SECONDS } from '@hufu/server/keys/key-ring';
import { openWorld, START, type World } from '@hufu/server/testing/world';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { openPostgres } from '@hufu/store/postgres/open';
import { freshDatabase } from '../support/databases.ts';
import { rounds, seededRandom, withSeeds } from '../support/seeds.ts';
import { slowStore } from '../support/slow-store.ts';

const NODES = 3;
const MAX_WAIT_MS = 4;
const ALG = 'ES256';

/** Nodes that retire, revoke and rotate at once, without waiting for each other: at no later second is the algorithm without a key that signs and is published. */
async function takeKeysAway(stores: readonly Store[], seed: number): Promise<void> {
  const slow = stores.map(slowStore);
  const worlds: World[] = [];
  for (let i = 0; i < NODES; i += 1) worlds.push(await openWorld({ yaml: '', store: slow[i % slow.length]?.store ?? assert.fail() }));
  const rings = worlds.map(({ ctx }) => ctx.keys);
  const [first = assert.fail()] = rings;
  const random = seededRandom(seed);
  await first.rotateNow(START);
  if (random() < 0.5) await first.rotateNow(START + 1);
  for (const ring of rings) await ring.follow(START + 1);
  const kids = first
    .list(START + 1)
    .filter(({ alg }) => alg === ALG)
    .map(({ kid }) => kid);
  slow.forEach(({ slowDown }, index) => slowDown(seed + index, MAX_WAIT_MS));
  const now = START + 2;
  const acts = kids.flatMap((kid, index) => {
    const one = rings[index % NODES] ?? first;
    const other = rings[(index + 1) % NODES] ?? first;
    return [random() < 0.3 ? one.revokeKey(kid, now) : one.retireKey(kid, now, now), other.retireKey(kid, now, now)];
  });
  await Promise.all([...acts, ...(random() < 0.7 ? [first.rotateNow(now)] : [])]);
  slow.forEach(({ slowDown }) => slowDown(0, 0));
  for (const ring of rings) {
    await ring.follow(now);
    for (const at of [now, START + PUBLISH_LEAD_SECONDS, now + PUBLISH_LEAD_SECONDS, now + 200_000]) {
      const signer = ring.signerFor(ALG, at);
      assert.ok(signer !== undefined, `nothing signs ${at - now} seconds later`);
      assert.ok(ring.jwks(at).body.toString().includes(signer.kid), 'and it is published');
    }
  }
  for (const world of worlds) await world.close();
}

describe('keys that are retired while they rotate (attacks CRY-07)', () => {
  const seeds = rounds(6, 300);
  test(`over a slow store there is always one that signs, ${seeds} seeds`, () =>
    withSeeds(seeds, async (seed) => {
      const store = await openMemory();
      await takeKeysAway([store], seed);
      await store.close();
    }));

  const few = rounds(1, 30);
  test(`over two connections to one PostgreSQL as well, ${few} seeds`, () =>
    withSeeds(few, async (seed) => {
      const database = await freshDatabase('postgres');
      const stores = [await openPostgres(database.url), await openPostgres(database.url)];
      await takeKeysAway(stores, seed);
      for (const store of stores) await store.close();
      await database.drop();
    }));
});
