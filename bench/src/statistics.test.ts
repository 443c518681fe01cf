import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, roundTo } from './statistics.ts';

test('the median is the middle of the sorted values', () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 2, 100]), 3);
  assert.equal(median([7]), 7);
  assert.throws(() => median([]), TypeError);
});

test('figures keep so many significant digits', () => {
  assert.equal(roundTo(4, 17_364.9), 17_360);
  assert.equal(roundTo(3, 0.87651), 0.877);
});
