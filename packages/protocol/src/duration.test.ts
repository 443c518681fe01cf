import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDuration } from './duration.ts';

test('a duration is seconds as a number, or a number and its unit', () => {
  const written: readonly (readonly [unknown, number])[] = [
    [90, 90],
    [0, 0],
    ['90s', 90],
    ['10m', 600],
    ['12h', 43_200],
    ['30d', 2_592_000],
    ['0s', 0],
    ['36525d', 3_155_760_000],
  ];
  for (const [value, seconds] of written) assert.equal(readDuration(value), seconds);
});

test('anything else is not a duration', () => {
  const others = [
    '90',
    '',
    's',
    '-1s',
    '1.5h',
    '1h30m',
    ' 1s',
    '1 s',
    '1S',
    '1w',
    '1y',
    '36526d',
    '99999999999s',
    '1e3s',
    '١s',
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    3_155_760_001,
    true,
    null,
    undefined,
    [],
    ['1s'],
    {},
    90n,
  ];
  for (const value of others) assert.equal(readDuration(value), undefined, String(value));
});

test('every unit is a number of seconds', () => {
  const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
  fc.assert(
    fc.property(fc.nat(36_525), fc.constantFrom('s', 'm', 'h', 'd'), (count, unit) => {
      assert.equal(readDuration(`${count}${unit}`), count * units[unit]);
    }),
  );
});
