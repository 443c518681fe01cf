import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWorld } from '../testing/world.ts';
import { withFloor } from './answer-floor.ts';

test('an answer and a refusal wait for the same moment, however fast they were (attacks USR-01)', async () => {
  const world = await openWorld();
  const done: string[] = [];
  const slow = withFloor(world.ctx, () => new Promise<void>((resolve) => setTimeout(resolve, 30))).then(() => done.push('slow'));
  const fast = withFloor(world.ctx, async () => undefined).then(() => done.push('fast'));
  const thrown = withFloor(world.ctx, () => Promise.reject(new Error('no'))).catch(() => done.push('thrown'));
  // By then all of them have an answer, and none has given it.
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(done, []);
  await Promise.all([slow, fast, thrown]);
  assert.deepEqual(done.toSorted(), ['fast', 'slow', 'thrown']);
  await world.close();
});
