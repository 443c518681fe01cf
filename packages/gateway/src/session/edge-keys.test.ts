import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeKeys } from './edge-keys.ts';

const [ONE, TWO] = [1, 2].map((fill) => ({ kid: `k${fill}`, secret: new Uint8Array(32).fill(fill) }));

test('what was sealed opens for its purpose and its place alone, and no byte of it can be another (RFC 5869 §3.2, attacks SES)', () => {
  const keys = edgeKeys(ONE === undefined ? [] : [ONE]);
  const sealed = keys.seal('session', 'a', 'plain');
  assert.equal(keys.open('session', 'a', sealed), 'plain');
  assert.notEqual(keys.seal('session', 'a', 'plain'), sealed);
  assert.equal(keys.open('session', 'b', sealed), undefined);
  assert.equal(keys.open('transaction', 'a', sealed), undefined);
  for (let index = 0; index < sealed.length; index += 1)
    for (const other of ['A', 'B', '.', '']) {
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      if (changed !== sealed) assert.equal(keys.open('session', 'a', changed), undefined, `${index} ${other}`);
    }
  for (const bad of ['', '.', 'k1', 'k1.', 'k1.AAAA', `${sealed}A`, `${sealed}=`]) assert.equal(keys.open('session', 'a', bad), undefined);
});

test('a new secret seals, and older ones still open and are still looked for', () => {
  if (ONE === undefined || TWO === undefined) return assert.fail();
  const [before, during, after] = [edgeKeys([ONE]), edgeKeys([TWO, ONE]), edgeKeys([TWO])];
  const [old, fresh] = [before.seal('session', 'a', 'old'), during.seal('session', 'a', 'new')];
  assert.deepEqual([during.open('session', 'a', old), after.open('session', 'a', old)], ['old', undefined]);
  assert.deepEqual([before.open('session', 'a', fresh), after.open('session', 'a', fresh)], [undefined, 'new']);
  assert.deepEqual(during.hashes('subject', 'x'), [...after.hashes('subject', 'x'), ...before.hashes('subject', 'x')]);
  assert.notEqual(during.hashes('subject', 'x')[0], during.hashes('handle', 'x')[0]);
});

test('secrets that are none are misuse', () => {
  const secret = new Uint8Array(32);
  for (const bad of [
    [],
    [{ kid: 'a', secret: new Uint8Array(31) }],
    [{ kid: 'a.b', secret }],
    [ONE, ONE].map(() => ({ kid: 'a', secret })),
  ])
    assert.throws(() => edgeKeys(bad), TypeError);
});
