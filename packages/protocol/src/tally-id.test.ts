import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_ID } from './ids.ts';
import { idPermutation, PLACE_BITS } from './tally-id.ts';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i * 7);

test('every id of 48 bits has one permuted id and comes back', () => {
  const permutation = idPermutation(KEY);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_ID }), (id) => {
      const permuted = permutation.permute(id);
      assert.ok(Number.isSafeInteger(permuted) && permuted >= 0 && permuted <= MAX_ID);
      assert.equal(permutation.restore(permuted), id);
    }),
    { numRuns: 2_000 },
  );
});

test('a list of the Token Status List is filled completely before another begins', () => {
  const permutation = idPermutation(KEY);
  const places = 2 ** PLACE_BITS;
  const lists = new Set<number>();
  const seen = new Uint8Array(places);
  for (let id = places; id < 2 * places; id++) {
    const permuted = permutation.permute(id);
    lists.add(Math.floor(permuted / places));
    seen[permuted % places] = 1;
  }
  assert.equal(lists.size, 1);
  assert.ok(seen.every((place) => place === 1));
});

test('neighbours do not look like neighbours, and another key gives other ids', () => {
  const one = idPermutation(KEY);
  const two = idPermutation(KEY.map((byte) => byte ^ 1));
  let close = 0;
  let equal = 0;
  for (let id = 1; id <= 1_000; id++) {
    if (Math.abs(one.permute(id) - one.permute(id + 1)) < 1_000) close++;
    if (one.permute(id) === two.permute(id)) equal++;
  }
  assert.ok(close < 20, `${close} of 1000 neighbours are close`);
  assert.ok(equal < 5, `${equal} of 1000 are equal under two keys`);
});

test('a key of another length is a mistake of the caller', () => {
  assert.throws(() => idPermutation(new Uint8Array(8)), TypeError);
});
