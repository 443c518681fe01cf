import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceHeaders, traceSource } from './trace.ts';

test('each request gets chance of its own, also where the stock is drawn anew', () => {
  const next = traceSource();
  const drawn = Array.from({ length: 1_000 }, () => next());
  assert.equal(new Set(drawn).size, drawn.length);
  for (const hex of drawn) assert.match(hex, /^[0-9a-f]{48}$/);
  // No part of one is a part of another: they are cut one behind the other.
  const halves = drawn.flatMap((hex) => [hex.slice(0, 32), hex.slice(16)]);
  assert.equal(new Set(halves).size, halves.length);
});

test('the parent of a peer that is trusted is kept, and anything else begins anew', () => {
  const hex = 'ab'.repeat(24);
  const parent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  assert.deepEqual(traceHeaders(parent, hex), {
    id: '1'.repeat(32),
    lines: ['x-request-id', '1'.repeat(32), 'traceparent', `00-${'1'.repeat(32)}-${'ab'.repeat(8)}-01`],
  });
  for (const wrong of [undefined, '', `00-${'0'.repeat(32)}-${'2'.repeat(16)}-01`, `${parent}\n`, parent.toUpperCase().replace('01', 'FF')])
    assert.equal(traceHeaders(wrong, hex).id, 'ab'.repeat(16));
});
