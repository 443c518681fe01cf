import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Confirmation } from '@hufu/protocol/confirmation';
import { isSameKey } from './exchange-subject.ts';

test('a bound token is shown with its own key, a bearer’s with any or none (RFC 8693 §2.1, RFC 9449 §5, RFC 8705 §3)', () => {
  const jkt: Confirmation = { method: 'jkt', thumbprint: 'a'.repeat(43) };
  assert.equal(isSameKey(undefined, undefined), true);
  assert.equal(isSameKey(undefined, jkt), true);
  assert.equal(isSameKey(jkt, { ...jkt }), true);
  for (const other of [undefined, { ...jkt, thumbprint: 'b'.repeat(43) }, { ...jkt, method: 'x5t#S256' } as const])
    assert.equal(isSameKey(jkt, other), false);
});
