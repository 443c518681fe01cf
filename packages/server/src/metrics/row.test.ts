import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grantTypes } from '../grants/registry.ts';
import { ALL_FAMILIES, COUNTERS, FAMILIES, slotAt, TOKEN_SOURCES, valuesAt } from './families.ts';
import { type LimitCounts, readRow, writeRow } from './row.ts';

function read(text: string): { counters: Float64Array; limits: Map<string, LimitCounts> } {
  const counters = new Float64Array(COUNTERS);
  const limits = new Map<string, LimitCounts>();
  readRow(
    text,
    (slot, amount) => (counters[slot] = amount),
    (name, counts) => limits.set(name, counts),
  );
  return { counters, limits };
}

test('every counter has a place of its own, and its labels are told from it', () => {
  assert.ok(COUNTERS < 5_000, `${COUNTERS} counters are ${COUNTERS * 8} bytes`);
  const seen = new Set<string>();
  for (const family of ALL_FAMILIES)
    for (let slot = family.base; slot < family.base + family.size; slot += 1) {
      const values = valuesAt(family, slot);
      seen.add([family.name, ...values].join('|'));
      const indices = values.map((value, index) => family.labels[index]?.values.indexOf(value) ?? -1);
      assert.equal(slotAt(family, ...indices), slot);
    }
  assert.equal(seen.size, COUNTERS);
});

test('every grant type that the server has is counted', () => {
  assert.deepEqual([...TOKEN_SOURCES].toSorted(), [...grantTypes.keys(), 'front_channel'].toSorted());
});

test('a row tells what was counted, whatever it was', () => {
  const count = fc.tuple(fc.nat(COUNTERS - 1), fc.nat(1_000_000));
  const limit = fc.tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.record({ refused: fc.nat(9_999), shadow: fc.nat(9_999) }));
  fc.assert(
    fc.property(fc.array(count, { maxLength: 60 }), fc.array(limit, { maxLength: 20 }), (counts, limited) => {
      const counters = new Float64Array(COUNTERS);
      for (const [slot, amount] of counts) counters[slot] = amount;
      const limits = new Map(limited.filter(([name]) => name !== '__proto__'));
      const row = read(writeRow({ counters, limits }, 32_768));
      assert.deepEqual(row.counters, counters);
      assert.equal(row.limits.size, limits.size);
      for (const [name, { refused, shadow }] of limits) assert.deepEqual(row.limits.get(name), { refused, shadow });
    }),
  );
});

test('a row is never longer than there is room for: the largest counts stay', () => {
  const counters = new Float64Array(COUNTERS).map((_, slot) => slot + 1);
  const text = writeRow({ counters, limits: new Map() }, 2_000);
  assert.ok(text.length <= 2_000 && text.length > 1_000);
  const row = read(text);
  assert.equal(row.counters[COUNTERS - 1], COUNTERS);
  assert.equal(row.counters[0], 0);
});

test('of a row of another version, or of nobody, what cannot be is left out', () => {
  for (const text of ['', '{', 'null', '[]', '3', '{"c":3,"l":[1]}', '{"c":null}']) assert.equal(read(text).counters.some(Boolean), false);
  const key = 'tokens|client_credentials';
  const mixed = {
    c: { [key]: 3, 'tokens|of the future': 4, 'sign_ins|password|done': -1, 'mails|sent': 'x' },
    l: { a: [1, 2], b: 3, c: [1] },
  };
  const row = read(JSON.stringify(mixed));
  assert.deepEqual(
    [...row.counters.entries()].filter(([, count]) => count > 0),
    [[slotAt(FAMILIES.tokens, 2), 3]],
  );
  assert.deepEqual([...row.limits], [['a', { refused: 1, shadow: 2 }]]);
});
