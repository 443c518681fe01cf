import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId, sessionId } from '@hufu/protocol/ids';
import fc from 'fast-check';
import {
  isOver,
  joinLists,
  ownKey,
  readDead,
  readList,
  readSecrets,
  sameClient,
  sameJson,
  writeError,
  writeList,
  writeParticipation,
  writeSecrets,
} from './encoding.ts';

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

test('a sealed secret comes back with its secret, and what has none stays as the version before has written it', () => {
  const secrets = [
    { hash: 'h'.repeat(43), createdAt: 1, expiresAt: 0, sealed: 'c2VhbGVk' },
    { hash: 'i'.repeat(43), createdAt: 2, expiresAt: 9 },
  ];
  assert.deepEqual(readSecrets(writeSecrets(secrets)), secrets);
  assert.equal(writeSecrets(secrets.slice(1)), `[["${'i'.repeat(43)}",2,9]]`);
});

test('a client is another one when anything about it is', () => {
  const put = { clientId: clientId('app'), metadata: {}, secrets: [], enabled: true, source: 'registered', registrationHash: 'h' } as const;
  const there = { ...put, epoch: 0, version: 1, createdAt: 1 };
  assert.ok(sameClient(there, put));
  const { registrationHash: _, ...without } = put;
  const secrets = [{ hash: 'h', createdAt: 1, expiresAt: 0 }];
  for (const other of [
    without,
    { ...put, registrationHash: 'i' },
    { ...put, source: 'document' as const },
    { ...put, enabled: false },
    { ...put, metadata: { a: 1 } },
    { ...put, secrets },
  ])
    assert.ok(!sameClient(there, other));
  assert.ok(!sameClient({ ...there, secrets }, { ...put, secrets: [{ hash: 'h', createdAt: 1, expiresAt: 0, sealed: 's' }] }));
  assert.ok(sameClient({ ...there, registrationHash: undefined }, without));
});

test('a participation has a session and a sid of 1 to 64 characters', () => {
  const participation = { sid: 's'.repeat(64), backchannel: true };
  assert.equal(writeParticipation({ participation, sessionId: sessionId(1) }), participation);
  assert.equal(writeParticipation({ participation: undefined, sessionId: undefined }), undefined);
  assert.throws(() => writeParticipation({ participation, sessionId: undefined }), TypeError);
  for (const sid of ['', 's'.repeat(65)])
    assert.throws(() => writeParticipation({ participation: { ...participation, sid }, sessionId: sessionId(1) }), TypeError);
});

test('why an attempt failed is kept short', () => {
  assert.equal(writeError('x'.repeat(300)), 'x'.repeat(200));
  assert.equal(writeError('a\0b'), 'a\ufffdb');
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

test('a death of its own comes before the client’s, a revoked client before a disabled one, and the end of what it comes from last', () => {
  const client = { epoch: 2, enabled: false, revokedAt: 5, disabledAt: 6 };
  assert.deepEqual(readDead(4, 'signed_out', 1, client, 7), { reason: 'signed_out', at: 4 });
  assert.deepEqual(readDead(null, null, 1, client, 7), { reason: 'client_revoked', at: 5 });
  assert.deepEqual(readDead(null, null, 2, client, 7), { reason: 'client_disabled', at: 6 });
  assert.deepEqual(readDead(null, null, 2, { ...client, enabled: true }, 7), { reason: 'parent_ended', at: 7 });
  assert.equal(readDead(null, null, 2, { ...client, enabled: true }, null), undefined);
});

test('a grant is over when dead, expired or idle for too long, from that very second', () => {
  const grant = { dead: undefined, expiresAt: 100, idleSeconds: 10, rotatedAt: 50, suspendedUntil: undefined };
  assert.equal(isOver(grant, 59), false);
  assert.equal(isOver(grant, 60), true);
  assert.equal(isOver({ ...grant, idleSeconds: 0 }, 99), false);
  assert.equal(isOver({ ...grant, idleSeconds: 0 }, 100), true);
  assert.equal(isOver({ ...grant, dead: { reason: 'signed_out', at: 1 } }, 50), true);
});

test('a grant that rests is over until then, and from that very second no longer', () => {
  const grant = { dead: undefined, expiresAt: 100, idleSeconds: 0, rotatedAt: 50, suspendedUntil: 60 };
  assert.equal(isOver(grant, 59), true);
  assert.equal(isOver(grant, 60), false);
});
