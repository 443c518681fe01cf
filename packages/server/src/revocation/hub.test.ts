import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GrantId, grantId } from '@hufu/protocol/ids';
import { readHolder } from '@hufu/protocol/tally';
import type { Store } from '@hufu/store/port';
import fc from 'fast-check';
import { monotonicMs } from '../clock.ts';
import { readBatch, settle } from '../testing/followers.ts';
import { tokensOf } from '../testing/visits.ts';
import { openWorld, START, type World, type WorldOptions } from '../testing/world.ts';
import { revocationHub } from './hub.ts';

async function inWorld(act: (world: World) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  const world = await openWorld(options);
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

/** A grant of which tokens are revoked one by one: an entry each. */
async function someGrant(world: World): Promise<GrantId> {
  const tokens = await tokensOf(world);
  const { id } = readHolder(world.ctx.keys.tally, 'refresh', String(tokens['refresh_token'])) ?? assert.fail();
  return grantId(id);
}

async function revoke(world: World, grant: GrantId, from: number, to: number): Promise<void> {
  await Promise.all(
    Array.from({ length: to - from + 1 }, (_, index) =>
      world.store.revokeToken(world.tenant, grant, `t${from + index}`, START + 600, START),
    ),
  );
}

test('a look that began before somebody asked is not taken for one that began after', () =>
  inWorld(
    async (world) => {
      const hub = revocationHub(world.ctx);
      const first = hub.look();
      const moments: number[] = [];
      await settle();
      const asked = monotonicMs();
      const [second, third] = [hub.look(), hub.look()];
      for (const release of held.splice(0)) release();
      await first;
      await settle();
      moments.push(hub.ageMs());
      for (const release of held.splice(0)) release();
      await Promise.all([second, third]);
      assert.ok(monotonicMs() - hub.ageMs() >= asked, 'true of a moment after it was asked');
      assert.equal(reads, 2, 'two who ask at once share a look');
    },
    {
      wrap: (store) => ({
        ...store,
        async readRevocationHead(tenant) {
          reads += 1;
          const head = await store.readRevocationHead(tenant);
          await new Promise<void>((resolve) => held.push(resolve));
          return head;
        },
      }),
    },
  ));
let reads = 0;
const held: (() => void)[] = [];

test('nothing is published beyond the head that was read before the entries', () =>
  inWorld(
    async (world) => {
      const grant = await someGrant(world);
      const hub = revocationHub(world.ctx);
      await hub.look();
      await revoke(world, grant, 1, 5);
      hidden = 2;
      await hub.look();
      const batch = readBatch(world.ctx, (await hub.batch(0)).jws);
      assert.deepEqual([batch.seq, batch.head, batch.entries.map(({ seq }) => seq)], [3, 3, [1, 2, 3]]);
      const stored = revocationHub(world.ctx);
      await stored.look();
      const other = readBatch(world.ctx, (await stored.batch(0)).jws);
      assert.deepEqual([other.seq, other.head, other.entries.map(({ seq }) => seq)], [3, 3, [1, 2, 3]]);
      hidden = 0;
      await hub.look();
      assert.equal(readBatch(world.ctx, (await hub.batch(3)).jws).entries.length, 2);
    },
    // What is committed between the two reads.
    { wrap: hiding },
  ));

let hidden = 0;

function hiding(store: Store): Store {
  return {
    ...store,
    readRevocationHead: async (tenant) => {
      const { seq, epoch } = await store.readRevocationHead(tenant);
      return { seq: seq - hidden, epoch };
    },
  };
}

test('memory holds the newest ten thousand, and what is older is read from the store again', () =>
  inWorld(
    async (world) => {
      const grant = await someGrant(world);
      const hub = revocationHub(world.ctx);
      await hub.look();
      for (let at = 1; at < 12_000; at += 3_000) {
        await revoke(world, grant, at, at + 2_999);
        await hub.look();
      }
      asked = 0;
      const seen: number[] = [];
      for (let position = 0; position < hub.head; ) {
        const batch = readBatch(world.ctx, (await hub.batch(position)).jws);
        assert.equal(batch.after, position);
        seen.push(...batch.entries.map(({ seq }) => seq));
        position = batch.seq;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 12_000 }, (_, index) => index + 1),
      );
      assert.ok(asked >= 2 && asked < 8, `${asked} pages of the store`);
      asked = 0;
      await hub.batch(11_000);
      await hub.batch(2_500);
      assert.equal(asked, 0);
    },
    {
      wrap: (store) => ({
        ...store,
        readRevocations: (...args: Parameters<Store['readRevocations']>) => {
          asked += 1;
          return store.readRevocations(...args);
        },
      }),
    },
  ));
let asked = 0;

test('no entry that is live is left out, however many before it are over, from memory and from the store', () =>
  inWorld(async (world) => {
    const grant = await someGrant(world);
    const hub = revocationHub(world.ctx);
    await hub.look();
    await revoke(world, grant, 1, 1_200);
    await hub.look();
    // Over for 300 seconds and more; the store still has them.
    world.clock.advance(950_000);
    const now = world.now();
    for (let at = 0; at < 50; at += 1) await world.store.revokeToken(world.tenant, grant, `live${at}`, now + 600, now);
    await hub.look();
    hub.tick();
    const stored = revocationHub(world.ctx);
    await stored.look();
    const live = Array.from({ length: 50 }, (_, index) => 1_201 + index);
    for (const [each, name] of [
      [hub, 'memory'],
      [stored, 'store'],
    ] as const) {
      const seen: number[] = [];
      for (let position = 0; position < each.head; ) {
        const batch = readBatch(world.ctx, (await each.batch(position)).jws);
        seen.push(...batch.entries.map(({ seq }) => seq));
        position = batch.seq;
      }
      assert.deepEqual(seen, live, name);
    }
  }));

test('many who ask for the same get the same batch, signed once, until something happens or a second is over', () =>
  inWorld(async (world) => {
    const grant = await someGrant(world);
    const hub = revocationHub(world.ctx);
    await hub.look();
    const [one, two] = [await hub.batch(0), await hub.batch(0)];
    assert.equal(one, two);
    const later = monotonicMs();
    await hub.look();
    assert.notEqual(await hub.batch(0, later), one, 'whoever needs a newer one gets it');
    const three = await hub.batch(0);
    hub.tick();
    assert.notEqual(await hub.batch(0), three);
    await revoke(world, grant, 1, 1);
    await hub.look();
    assert.equal((await hub.batch(0)).count, 1);
  }));

for (const [name, meanwhile] of [
  ['read on', async () => {}],
  [
    'begun anew, as the log has another name',
    async ({ store, tenant }: World) => {
      const { epoch } = await store.readRevocationHead(tenant);
      await store.renewRevocationEpoch(tenant, epoch, 'another');
    },
  ],
  [
    'begun anew, as it is far behind',
    async () => {
      ahead = 10_001;
    },
  ],
] as const)
  test(`what tells of a stolen key is not signed with it, on any node: ${name}`, () =>
    inWorld(async (world) => {
      const other = await openWorld({
        store: {
          ...world.store,
          readRevocationHead: async (tenant) => {
            const { seq, epoch } = await world.store.readRevocationHead(tenant);
            return { seq: seq + ahead, epoch };
          },
        },
      });
      const hub = revocationHub(other.ctx);
      await hub.look();
      const stolen = other.ctx.keys.signerFor('ES256', START)?.kid ?? '';
      await world.ctx.keys.revokeKey(stolen, START);
      await meanwhile(world);
      await hub.look();
      const { jws } = await hub.batch(0);
      const header: { kid: string } = JSON.parse(Buffer.from(jws.split('.', 1)[0] ?? '', 'base64url').toString());
      assert.notEqual(header.kid, stolen);
      assert.deepEqual(
        readBatch(other.ctx, jws).entries.map(({ kind, id, exp }) => [kind, id, exp]),
        [['key', stolen, undefined]],
      );
      ahead = 0;
      await other.close();
    }));
let ahead = 0;

test('two processes that begin at once give the log one name', () =>
  inWorld(async (world) => {
    const hubs = [revocationHub(world.ctx), revocationHub(world.ctx)];
    await Promise.all(hubs.map((hub) => hub.look()));
    assert.equal(hubs[0]?.epoch, hubs[1]?.epoch);
    assert.notEqual(hubs[0]?.name, hubs[1]?.name);
    await hubs[0]?.renew();
    await hubs[1]?.look();
    assert.equal(hubs[0]?.epoch, hubs[1]?.epoch, 'and find each other again');
  }));

test('a head that goes back gives the log another name, and nothing that was read before is published under it', () =>
  inWorld(
    async (world) => {
      const grant = await someGrant(world);
      const hub = revocationHub(world.ctx);
      await hub.look();
      await revoke(world, grant, 1, 3);
      await hub.look();
      const { epoch } = hub;
      hidden = 1;
      let changes = 0;
      hub.onChange(() => {
        changes += 1;
      });
      await hub.look();
      assert.notEqual(hub.epoch, epoch);
      assert.deepEqual([hub.head, changes], [2, 1]);
      assert.equal(readBatch(world.ctx, (await hub.batch(0)).jws).entries.length, 2);
      await hub.look();
      assert.equal((await world.store.readRevocationHead(world.tenant)).epoch, hub.epoch);
      hidden = 0;
    },
    { wrap: hiding },
  ));

test('whoever reads from anywhere, in whatever order things happen, has everything that is not over, once', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('revoke' as const), count: fc.integer({ min: 1, max: 700 }), lives: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ kind: fc.constant('look' as const) }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ kind: fc.constant('read' as const), from: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), (steps) =>
      inWorld(async (world) => {
        const hub = revocationHub(world.ctx);
        await hub.look();
        const grant = await someGrant(world);
        /** Ends of entries, the first at 0. */
        const ends: number[] = [];
        for (const each of steps) {
          if (each.kind === 'revoke') {
            const end = world.now() + each.lives;
            await Promise.all(
              Array.from({ length: each.count }, (_, index) =>
                world.store.revokeToken(world.tenant, grant, `t${ends.length + index}`, end, world.now()),
              ),
            );
            ends.push(...Array.from({ length: each.count }, () => end));
          } else if (each.kind === 'look') await hub.look();
          else if (each.kind === 'wait') world.clock.advance(each.seconds * 1000);
          else {
            const { head } = hub;
            const from = Math.floor(each.from * head);
            const seen: number[] = [];
            hub.tick();
            for (let position = from; position < head; ) {
              const batch = readBatch(world.ctx, (await hub.batch(position)).jws);
              assert.ok(batch.after === position && batch.seq > position && batch.seq <= head && batch.head === head);
              seen.push(...batch.entries.map(({ seq }) => seq));
              position = batch.seq;
            }
            const live = ends.flatMap((end, index) => (index >= from && index < head && end + 300 > world.now() ? [index + 1] : []));
            assert.deepEqual(seen, live);
          }
        }
      }),
    ),
    { numRuns: 30 },
  );
});
