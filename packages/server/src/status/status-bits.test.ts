import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { PLACES } from './place.ts';
import { STATUS, StatusBits } from './status-bits.ts';

test('statuses of two bits are packed from the lowest bit of each byte on (Token Status List §4.1)', async () => {
  const bits = new StatusBits();
  // The draft's example of two bits: 1, 2, 0, 3 … is 0xC9; of those we have 1, 2, 0, 1.
  bits.mark(0, 'invalid');
  bits.mark(1, 'suspended');
  bits.mark(3, 'invalid');
  bits.mark(5, 'suspended');
  bits.mark(PLACES - 1, 'invalid');
  const bytes = inflateSync(await bits.compressed());
  assert.equal(bytes.length, PLACES / 4);
  assert.deepEqual([bytes[0], bytes[1], bytes[2], bytes.at(-1)], [0b01_00_10_01, 0b00_00_10_00, 0, 0b01_00_00_00]);
  assert.deepEqual(
    [0, 1, 2, 3, 5].map((index) => bits.statusAt(index)),
    [1, 2, 0, 1, 2],
  );
});

test('a list is compressed with the ZLIB format, and anew only when something has changed (Token Status List §4.1, RFC 1950 §2.2)', async () => {
  const bits = new StatusBits();
  const first = await bits.compressed();
  assert.equal((first[0] ?? 0) & 0x0f, 8, 'the method is deflate');
  assert.equal((((first[0] ?? 0) << 8) | (first[1] ?? 0)) % 31, 0);
  assert.ok(first.length < 600, `${first.length} bytes of nothing`);
  assert.equal(await bits.compressed(), first);
  bits.mark(7, 'invalid');
  const second = await bits.compressed();
  assert.notEqual(second, first);
  bits.mark(7, 'invalid');
  bits.mark(7, 'suspended');
  assert.equal(await bits.compressed(), second);
});

test('what is invalid stays invalid, what is suspended may become it (Token Status List §7.1)', () => {
  const bits = new StatusBits();
  bits.mark(1, 'suspended');
  bits.mark(1, 'invalid');
  assert.equal(bits.statusAt(1), STATUS.invalid);
  bits.mark(1, 'suspended');
  assert.equal(bits.statusAt(1), STATUS.invalid);
});
