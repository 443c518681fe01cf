import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { StoreUnavailable } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { readRevocations } from '../endpoints/revocations.ts';
import { followerRequest, hear, settle } from '../testing/followers.ts';
import { openWorld, START, type World, type WorldOptions } from '../testing/world.ts';
import { feedOf } from './feed.ts';
import { startRevocationFeed } from './feed-job.ts';

async function inWorld(act: (world: World) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  const world = await openWorld(options);
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

/** The same with timers that only the test lets go off, as the clock does: none while it is still at it. */
function withTimers(world: World): { readonly ctx: Context; readonly goOff: (ms: number) => Promise<void> } {
  const timers: { readonly ms: number; readonly act: () => Promise<void>; isBusy: boolean }[] = [];
  const every = (ms: number, act: () => Promise<void>): (() => void) => {
    timers.push({ ms, act, isBusy: false });
    return () => undefined;
  };
  return {
    ctx: { ...world.ctx, clock: { ...world.ctx.clock, every } },
    async goOff(ms) {
      for (const timer of timers) {
        if (timer.ms !== ms || timer.isBusy) continue;
        timer.isBusy = true;
        void timer.act().finally(() => {
          timer.isBusy = false;
        });
      }
      await settle();
    },
  };
}

test('a write that waits keeps no sign of life back', () => {
  let release: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  return inWorld(
    async (world) => {
      const { ctx, goOff } = withTimers(world);
      const stop = await startRevocationFeed(ctx);
      const heard = hear(await readRevocations(ctx, followerRequest(world, '', { headers: { accept: 'text/event-stream' } })));
      await settle();
      const texts: number[] = [];
      for (let second = 0; second < 3; second += 1) {
        await feedOf(ctx).hub.look();
        await goOff(1_000);
        texts.push(heard.texts.length);
      }
      assert.deepEqual(texts, [2, 3, 4]);
      release();
      await stop();
    },
    { wrap: (store) => ({ ...store, acknowledgeRevocations: () => waiting }) },
  );
});

test('a process is among the followers: what it publishes it has acknowledged', () =>
  inWorld(async (world) => {
    const stop = await startRevocationFeed(world.ctx);
    await world.store.revokeClient(world.tenant, clientId('web'), START);
    await settle();
    assert.deepEqual(await ownPoints(world, 1), [1]);
    await stop();
  }));

test('a process is among the followers from its start on, before any timer has gone off', () =>
  inWorld(async (world) => {
    const { ctx } = withTimers(world);
    const stop = await startRevocationFeed(ctx);
    await settle();
    const followers = await world.store.listRevocationFollowers(world.tenant, 0, 0, 9);
    assert.deepEqual(
      followers.map(({ clientId: client, node }) => [client, node]),
      [['', feedOf(ctx).hub.name]],
    );
    await stop();
  }));

test('and what was there before it began it publishes as well, under each name of the log', () =>
  inWorld(async (world) => {
    await world.store.revokeClient(world.tenant, clientId('web'), START);
    const stop = await startRevocationFeed(world.ctx);
    await settle();
    assert.deepEqual(await ownPoints(world, 1), [1]);
    await feedOf(world.ctx).hub.renew();
    assert.deepEqual(await ownPoints(world, 1), [1]);
    await stop();
  }));

test('what could not be acknowledged is, as soon as it can', () => {
  let isAway = false;
  return inWorld(
    async (world) => {
      const stop = await startRevocationFeed(world.ctx);
      await feedOf(world.ctx).own.write();
      await world.store.revokeClient(world.tenant, clientId('web'), START);
      await settle();
      isAway = true;
      await assert.rejects(feedOf(world.ctx).own.write(), StoreUnavailable);
      world.clock.advance(1_000);
      await world.store.revokeClient(world.tenant, clientId('spa'), START + 1);
      await settle();
      isAway = false;
      assert.deepEqual(await ownPoints(world, 1), [1]);
      assert.deepEqual(await ownPoints(world, 2), [2]);
      await stop();
    },
    {
      wrap: (store) => ({
        ...store,
        acknowledgeRevocations: (tenant, given) =>
          isAway ? Promise.reject(new StoreUnavailable('away')) : store.acknowledgeRevocations(tenant, given),
      }),
    },
  );
});

/** The points at which this process says that it publishes an entry. */
async function ownPoints(world: World, seq: number): Promise<(number | undefined)[]> {
  const { own, hub } = feedOf(world.ctx);
  await own.write();
  const followers = await world.store.listRevocationFollowers(world.tenant, seq, 0, 9);
  return followers
    .filter(({ clientId: client, node, epoch }) => client === '' && node === hub.name && epoch === hub.epoch)
    .map(({ first }) => first?.seq);
}
