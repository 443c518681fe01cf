import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricSeries } from '@hufu/protocol/admin/metrics';
import { boundText, heightOf, LONGER_MS, pointsOf, rankedBy, totalOf, windowOf } from './numbers.ts';

const SERIES: readonly MetricSeries[] = [
  { metric: 'refusals', labels: { endpoint: 'token', error: 'invalid_grant' }, total: 3, points: [1, 2] },
  { metric: 'refusals', labels: { endpoint: 'token', error: 'invalid_client' }, total: 4, points: [4, 0] },
  { metric: 'refusals', labels: { endpoint: 'authorize', error: 'invalid_grant' }, total: 2, points: [0, 2] },
];

test('series are added up step by step, and ranked by a label', () => {
  assert.equal(totalOf(SERIES), 9);
  assert.deepEqual(pointsOf(SERIES, 2), [5, 4]);
  assert.deepEqual(pointsOf([], 3), [0, 0, 0]);
  assert.deepEqual(rankedBy(SERIES, 'error'), [
    { name: 'invalid_grant', total: 5 },
    { name: 'invalid_client', total: 4 },
  ]);
});

test('an address asks for a window that there is, or gets the usual one', () => {
  assert.deepEqual(
    ['15m', '7d', '5', 'x', undefined].map((text) => windowOf(text).seconds),
    [900, 604_800, 3_600, 3_600, 3_600],
  );
});

test('a bound is written as people read it, and is the higher the longer it is', () => {
  assert.deepEqual([boundText(2.5, 'en'), boundText(250, 'en'), boundText(2_500, 'en')], ['2.5 ms', '250 ms', '2.5 sec']);
  assert.equal(boundText(LONGER_MS, 'en'), undefined);
  const heights = [null, 1, 2.5, 5, 10, 100, 1_000, 10_000, LONGER_MS].map(heightOf);
  assert.deepEqual(
    heights,
    heights.toSorted((a, b) => a - b),
  );
  assert.equal(heights[0], 0);
});
