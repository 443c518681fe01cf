import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode24, decodeBase64url, encode24, encodeBase64url } from './base64url.ts';

test('base64url agrees with Node in both directions (RFC 4648 §5)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url');
      assert.equal(encodeBase64url(bytes), text);
      assert.deepEqual(decodeBase64url(text), bytes);
    }),
  );
});

test('what decodes encodes back to the same text: padding, white space, foreign characters and set unused bits are refused (RFC 7515 §2)', () => {
  for (const text of ['=', 'AA==', 'AAA=', 'A', 'AAAAA', 'AA ', 'A+/A', 'AB', 'AAB', 'AA\n', 'ÄA', 'AA.A', 'AAAé']) {
    assert.equal(decodeBase64url(text), undefined, text);
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const bytes = decodeBase64url(text);
      if (bytes !== undefined) assert.equal(encodeBase64url(bytes), text);
    }),
  );
});

test('24 bits are four characters and back', () => {
  fc.assert(
    fc.property(fc.nat(0xffffff), (value) => {
      assert.equal(encode24(value).length, 4);
      assert.equal(decode24(encode24(value), 0), value);
    }),
  );
  assert.ok(Number.isNaN(decode24('AA=A', 0)));
});
