import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeFilterValue } from './ldap.ts';

test('whatever somebody types is one value of a filter (RFC 4515 §3)', () => {
  assert.equal(escapeFilterValue('mei.lin@example-1'), 'mei.lin@example-1');
  assert.equal(escapeFilterValue('*)(uid=\\\0'), '\\2a\\29\\28uid\\3d\\5c\\00');
  assert.equal(escapeFilterValue('ö'), '\\c3\\b6');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeFilterValue(text);
      assert.match(escaped, /^(?:[A-Za-z0-9 @._-]|\\[0-9a-f]{2})*$/);
      const bytes = escaped.replace(/\\([0-9a-f]{2})|./gs, (one, hex?: string) => hex ?? Buffer.from(one).toString('hex'));
      assert.equal(bytes, Buffer.from(text).toString('hex'));
    }),
  );
});
