import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlace } from '@hufu/client/testing/place-contract';
import { openTokenHandler } from '../testing/token-handler-world.ts';
import { sessionId } from './session-contents.ts';
import { EdgeSessionLock } from './session-lock.ts';
import { EdgeSessionStorage } from './session-storage.ts';

const world = await openTokenHandler();
let turn = 0;

testPlace('the store of an edge', async () => {
  turn += 1;
  const handler = turn % 2 === 0 ? world.handler : world.other;
  return { storage: new EdgeSessionStorage(handler, sessionId), lock: new EdgeSessionLock(handler, sessionId) };
});

test('a lock whose holder stands still for 20 seconds is taken over, and its late word changes nothing', async () => {
  const { handler } = await openTokenHandler();
  let progress = 0;
  // Its holder beats no more.
  const frozen = new EdgeSessionLock({ ...handler, clock: { ...handler.clock, after: () => () => undefined } }, sessionId);
  const held = await frozen.acquire('a', AbortSignal.timeout(60_000));
  const watching = {
    ...handler.clock,
    progressMs: () => progress,
    after: (ms: number, _: string, call: () => void): (() => void) => {
      // Its own beats once it has it.
      if (ms >= 3_000) return () => undefined;
      progress += ms;
      queueMicrotask(call);
      return () => undefined;
    },
  };
  const taking = new EdgeSessionLock({ ...handler, clock: watching }, sessionId);
  const taken = await taking.acquire('a', AbortSignal.timeout(60_000));
  assert.ok(progress >= 20_000 && progress < 25_000, `${progress}`);
  assert.ok(taken.fence > held.fence);
  assert.deepEqual([await taken.isGone(frozen.me), await taken.isGone('x')], [true, false]);
  await held.release();
  const third = new EdgeSessionLock(handler, sessionId).acquire('a', AbortSignal.timeout(300));
  await assert.rejects(third, 'it is not free: the late release of the first was not heard');
});
