import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largestUnit } from './largest-unit.ts';

test('a time is said in the largest unit that is exact, or in one there are ten of', () => {
  const cases: readonly (readonly [number, number, string])[] = [
    [1, 1, 'second'],
    [0, 1, 'second'],
    [0.2, 1, 'second'],
    [30, 30, 'second'],
    [60, 1, 'minute'],
    [90, 90, 'second'],
    [3600, 1, 'hour'],
    [3661, 62, 'minute'],
    [86_400, 1, 'day'],
    [129_600, 36, 'hour'],
    [2_592_000, 30, 'day'],
  ];
  for (const [seconds, count, unit] of cases) assert.deepEqual(largestUnit(seconds), { count, unit }, String(seconds));
});
