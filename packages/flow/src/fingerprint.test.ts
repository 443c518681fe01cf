import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fingerprint } from './fingerprint.ts';

const print = new Fingerprint([0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39]);

function read(text: string): string {
  print.read(text);
  return [print.low, print.high].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join(' ');
}

/** The bytes 0, 1, 2 and so on. */
function counting(length: number): string {
  return String.fromCharCode(...Array.from({ length }, (_, index) => index));
}

test('the published test vectors of Chaskey come out, with and without a full last block', () => {
  assert.equal(read(counting(0)), '792e8fe5 75ce87aa');
  assert.equal(read(counting(1)), '13a9307b 50e62c89');
  assert.equal(read(counting(2)), '55df8922 2c7ff577');
  assert.equal(read(counting(3)), '1bdbb264 a07680d8');
  assert.equal(read(counting(4)), '30b2d171 e38532fb');
  assert.equal(read(counting(15)), '51b94da4 efcc4de8');
  assert.equal(read(counting(16)), '79271ca9 d66a1c71');
  assert.equal(read(counting(17)), '048da968 4e25d096');
  assert.equal(read(counting(32)), '60b3f7af 37eee7c8');
  assert.equal(read(counting(63)), '9047fad7 88136d8c');
});

test('different texts have different fingerprints, whatever their characters; the same text the same', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a', 'aa', '\u6161', '\u0061\u0061', '\xff', '\xff\u6161'),
  );
  fc.assert(
    fc.property(text, text, (one, other) => {
      assert.equal(read(one) === read(other), one === other);
    }),
    { numRuns: 2_000 },
  );
});

test('another seed makes other fingerprints', () => {
  const other = new Fingerprint([0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf38]);
  other.read('203.0.113.7');
  assert.notEqual(`${(other.low >>> 0).toString(16)} ${(other.high >>> 0).toString(16)}`, read('203.0.113.7'));
});
