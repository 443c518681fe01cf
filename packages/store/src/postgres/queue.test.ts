import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../port.ts';
import { queueByKey } from './queue.ts';

test('of one key one is under way, in the order in which they came, whatever becomes of those before; other keys wait for nobody', async () => {
  const queue = queueByKey();
  const said: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = queue('a', async () => {
    await gate.promise;
    said.push('first');
    throw new Error('it failed');
  });
  const second = queue('a', async () => said.push('second'));
  await queue('b', async () => said.push('other'));
  assert.deepEqual(said, ['other']);
  gate.resolve();
  await assert.rejects(first, /it failed/);
  await second;
  assert.deepEqual(said, ['other', 'first', 'second']);
});

test('sixty-four wait for one key, and whoever comes then is told that there is no answer now', async () => {
  const queue = queueByKey();
  const gate = Promise.withResolvers<void>();
  const all = Array.from({ length: 65 }, () => queue('a', () => gate.promise));
  await assert.rejects(
    queue('a', () => gate.promise),
    StoreUnavailable,
  );
  gate.resolve();
  await Promise.all(all);
  assert.equal(await queue('a', async () => 'again'), 'again');
});
