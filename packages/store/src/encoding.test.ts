import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOver, joinLists, ownKey, readDead, readList, readSecrets, sameJson, writeList, writeSecrets } from './encoding.ts';

const words = fc.array(fc.string({ minLength: 1, maxLength: 12 }).filter((word) => !word.includes(' ')));

test('a list comes back as it was, in its order', () => {
  fc.assert(fc.property(words, (list) => assert.deepEqual(readList(writeList(list)), list)));
  assert.deepEqual(readList(''), []);
  assert.equal(readList('a b'), readList('a b'), 'the same text is the same list');
  assert.ok(Object.isFrozen(readList('a b')));
});

test('what would come back as another list is refused', () => {
  for (const list of [[''], ['a', ''], ['a b'], [' ']]) assert.throws(() => writeList(list), TypeError);
});

test('many lists do not fill the memory', () => {
  const first = readList('first');
  for (let index = 0; index < 3000; index += 1) readList(`word${index}`);
  assert.notEqual(readList('first'), first);
  assert.deepEqual(readList('first'), ['first']);
});

test('lists are joined without repetition, what was there first', () => {
  assert.deepEqual(joinLists(['a', 'b'], ['c', 'b', 'c']), ['a', 'b', 'c']);
});

test('objects are the same whatever the order of their members, and arrays are not', () => {
  assert.ok(sameJson({ a: 1, b: { c: [1, 2], d: null } }, { b: { d: null, c: [1, 2] }, a: 1 }));
  assert.ok(!sameJson({ a: [1, 2] }, { a: [2, 1] }));
  assert.ok(!sameJson({ a: 1 }, { a: '1' }));
  assert.ok(!sameJson({ a: null }, {}));
});

test('client secrets come back as they were', () => {
  const secrets = [{ hash: 'h'.repeat(43), createdAt: 1, expiresAt: 0 }];
  assert.deepEqual(readSecrets(writeSecrets(secrets)), secrets);
  assert.deepEqual(readSecrets(writeSecrets([])), []);
});

test('the key of own grants tells lists from lists', () => {
  const keys = [
    ownKey(['a', 'b'], []),
    ownKey(['a'], ['b']),
    ownKey([], ['a', 'b']),
    ownKey(['b', 'a'], []),
    ownKey(['ab'], []),
    ownKey([], []),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(ownKey(['a', 'b'], []), keys[0]);
});

test('a death of its own comes before the client’s, and a revoked client before a disabled one', () => {
  const client = { epoch: 2, enabled: false, revokedAt: 5, disabledAt: 6 };
  assert.deepEqual(readDead(4, 'signed_out', 1, client), { reason: 'signed_out', at: 4 });
  assert.deepEqual(readDead(null, null, 1, client), { reason: 'client_revoked', at: 5 });
  assert.deepEqual(readDead(null, null, 2, client), { reason: 'client_disabled', at: 6 });
  assert.equal(readDead(null, null, 2, { ...client, enabled: true }), undefined);
});

test('a grant is over when dead, expired or idle for too long, from that very second', () => {
  const grant = { dead: undefined, expiresAt: 100, idleSeconds: 10, rotatedAt: 50 };
  assert.equal(isOver(grant, 59), false);
  assert.equal(isOver(grant, 60), true);
  assert.equal(isOver({ ...grant, idleSeconds: 0 }, 99), false);
  assert.equal(isOver({ ...grant, idleSeconds: 0 }, 100), true);
  assert.equal(isOver({ ...grant, dead: { reason: 'signed_out', at: 1 } }, 50), true);
});
