import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { newEcKey, publicEcKey, thumbprintOf } from './jwk.ts';

test('a thumbprint is of the public members in their order, with or without the others (RFC 7638 §3)', async () => {
  const key = newEcKey('a');
  const expected = await calculateJwkThumbprint({ kty: String(key.kty), crv: String(key.crv), x: String(key.x), y: String(key.y) });
  assert.equal(thumbprintOf(key), expected);
  assert.equal(thumbprintOf(publicEcKey(key)), expected);
});

test('the public half has no private member', () => {
  assert.deepEqual(Object.keys(publicEcKey(newEcKey('a'))), ['kty', 'crv', 'x', 'y']);
});
