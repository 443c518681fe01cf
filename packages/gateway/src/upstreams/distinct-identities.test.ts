import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DistinctIdentities } from './distinct-identities.ts';

test('one identity is worth nothing, however often; the third brings all three; then each new one counts', () => {
  const distinct = new DistinctIdentities(1_000, 3);
  const worth = ['a', 'a', 'b', 'a', 'b', 'c', 'c', 'd', 'a'].map((identity, at) => distinct.note(identity, at));
  assert.deepEqual(worth, [0, 0, 0, 0, 0, 3, 0, 1, 0]);
});

test('all whose identity is not known are one', () => {
  const distinct = new DistinctIdentities(1_000, 3);
  const worth = [undefined, undefined, undefined, 'a', undefined, 'b'].map((identity, at) => distinct.note(identity, at));
  assert.deepEqual(worth, [0, 0, 0, 0, 0, 3]);
});

test('an identity counts again once the window has passed, and no more than sixty-four are remembered', () => {
  const distinct = new DistinctIdentities(1_000, 1);
  assert.equal(distinct.note('a', 0), 1);
  assert.equal(distinct.note('a', 999), 0);
  assert.equal(distinct.note('a', 1_000), 1);
  for (let other = 0; other < 64; other += 1) distinct.note(`other ${other}`, 1_001);
  assert.equal(distinct.note('other 0', 1_001), 0);
  assert.equal(distinct.note('a', 1_001), 1);
});
