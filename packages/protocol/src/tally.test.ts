import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Confirmation, ConfirmationMethod } from './confirmation.ts';
import {
  type AccessPart,
  accessName,
  bindingOf,
  confirmationOf,
  type HolderKind,
  ROTATED,
  randomNumber,
  readAccess,
  readAccessName,
  readHolder,
  scopeMask,
  scopesOfMask,
  type TallyKeys,
  tallyKindOf,
  writeAccess,
  writeHolder,
} from './tally.ts';
import { idPermutation } from './tally-id.ts';

function keysOf(tenant: number, secrets: Readonly<Record<number, string>> = { 1: 'one', 2: 'two', 65535: 'last' }): TallyKeys {
  return {
    tenant,
    permutation: idPermutation(new Uint8Array(16).fill(3)),
    mac: (id, message) => {
      const secret = secrets[id];
      return secret === undefined ? undefined : createHmac('sha256', secret).update(message).digest('base64url');
    },
  };
}

const KEYS = keysOf(1);
const base64url = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));
const head = fc.record({
  keyId: fc.constantFrom(1, 2, 65_535),
  id: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});
const part: fc.Arbitrary<AccessPart> = fc.record({
  issuedAt: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  lifetime: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  resource: fc.integer({ min: 0, max: 255 }),
  number: base64url(12),
  mask: fc.integer({ min: 1, max: 10 }).chain((groups) => base64url(groups * 4)),
  binding: fc.oneof(
    fc.constant(''),
    fc.tuple(base64url(43), fc.constantFrom<ConfirmationMethod>('jkt', 'x5t#S256')).map(([thumbprint, method]) => bindingOf({ method, thumbprint })),
  ),
});
const KEY: Confirmation = { method: 'jkt', thumbprint: `${'k'.repeat(42)}A` };
const KINDS: readonly HolderKind[] = ['code', 'refresh', 'session'];

test('a credential says of its row what was written into it (decision 0002)', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), head, base64url(24), (kind, of, secret) => {
      const text = writeHolder(KEYS, kind, of, secret);
      assert.equal(tallyKindOf(text), kind);
      assert.deepEqual(readHolder(KEYS, kind, text), { kind, ...of, secret });
    }),
  );
});

test('an access token says what was written into it, opaque or as a name (decision 0002)', () => {
  fc.assert(
    fc.property(head, part, base64url(24), (of, access, derived) => {
      const opaque = readAccess(KEYS, writeAccess(KEYS, 'access', of, access, derived));
      assert.deepEqual(opaque, { kind: 'access', ...of, ...access, derived, name: accessName(KEYS, of, access) });
      const machine = readAccess(KEYS, writeAccess(KEYS, 'machine', of, access, ''));
      assert.deepEqual(machine, { kind: 'machine', ...of, ...access, derived: '', name: accessName(KEYS, of, access) });
      assert.deepEqual(readAccessName(KEYS, accessName(KEYS, of, access)), { ...of, ...access });
    }),
  );
});

test('a token says which key it is bound to, and a key more or less is another name (RFC 9449 §6.1, RFC 8705 §3.1)', () => {
  const methods = fc.constantFrom<ConfirmationMethod>('jkt', 'x5t#S256');
  fc.assert(
    fc.property(head, part, base64url(43), methods, (of, access, thumbprint, method) => {
      const confirmation = { method, thumbprint };
      const bound = { ...access, binding: bindingOf(confirmation) };
      const name = accessName(KEYS, of, bound);
      assert.ok(name.length <= 128);
      assert.deepEqual(confirmationOf(readAccessName(KEYS, name)?.binding ?? ''), confirmation);
      const other = method === 'jkt' ? 'x5t#S256' : 'jkt';
      assert.notEqual(accessName(KEYS, of, { ...bound, binding: bindingOf({ method: other, thumbprint }) }), name);
      assert.notEqual(accessName(KEYS, of, { ...bound, binding: '' }), name);
    }),
  );
  assert.equal(confirmationOf(''), undefined);
  assert.equal(bindingOf(undefined), '');
  assert.throws(() => bindingOf({ method: 'jkt', thumbprint: 'short' }), TypeError);
});

test('no length is that of a token with a key and of one without: what was issued before there were keys reads as before (decision 0002)', () => {
  const of = { keyId: 1, id: 42, generation: 1 };
  const base = { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED };
  const lengths = new Map<number, string>();
  for (const binding of ['', bindingOf(KEY)]) {
    for (let groups = 1; groups <= 10; groups++) {
      const mask = 'gAAA'.repeat(groups);
      const name = accessName(KEYS, of, { ...base, mask, binding });
      assert.equal(lengths.get(name.length), undefined);
      lengths.set(name.length, binding);
      const read = readAccessName(KEYS, name);
      assert.equal(read?.mask, mask);
      assert.equal(read?.binding, binding);
    }
  }
  assert.equal(readAccessName(KEYS, `${accessName(KEYS, of, { ...base, mask: 'gAAA'.repeat(10), binding: '' })}gAAA`), undefined);
  assert.equal(readAccessName(KEYS, `${accessName(KEYS, of, { ...base, mask: 'gAAA'.repeat(10), binding: bindingOf(KEY) })}gAAA`), undefined);
});

test('a text with any one character changed, added or removed is no credential', () => {
  const texts = [
    writeHolder(KEYS, 'refresh', { keyId: 1, id: 42, generation: 7 }, 'abcdefghijklmnopqrstuvwx'),
    writeAccess(
      KEYS,
      'access',
      { keyId: 1, id: 42, generation: 7 },
      { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED, mask: 'gAAA', binding: '' },
      'abcdefghijklmnopqrstuvwx',
    ),
    writeAccess(
      KEYS,
      'machine',
      { keyId: 1, id: 42, generation: 1 },
      { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED, mask: 'gAAA', binding: '' },
      '',
    ),
    writeAccess(
      KEYS,
      'machine',
      { keyId: 1, id: 42, generation: 1 },
      { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED, mask: 'gAAA', binding: bindingOf(KEY) },
      '',
    ),
  ];
  const read = (text: string): unknown => readHolder(KEYS, 'refresh', text) ?? readAccess(KEYS, text);
  for (const text of texts) {
    assert.ok(read(text));
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      assert.equal(read(text.slice(0, at) + other + text.slice(at + 1)), undefined, `changed at ${at}`);
      assert.equal(read(text.slice(0, at) + text.slice(at + 1)), undefined, `removed at ${at}`);
      assert.equal(read(`${text.slice(0, at)}A${text.slice(at)}`), undefined, `added at ${at}`);
    }
    for (const tail of ['=', '.', ' ', '\n', '\u0000', 'AAAA']) assert.equal(read(text + tail), undefined, JSON.stringify(tail));
  }
});

test('a credential of one kind, tenant or key is none of another', () => {
  const of = { keyId: 1, id: 42, generation: 0 };
  const secret = 'abcdefghijklmnopqrstuvwx';
  for (const kind of KINDS) {
    const text = writeHolder(KEYS, kind, of, secret);
    for (const other of KINDS) {
      if (other === kind) continue;
      assert.equal(readHolder(KEYS, other, text), undefined);
      const renamed = writeHolder(KEYS, other, of, secret).slice(0, 4) + text.slice(4);
      assert.equal(readHolder(KEYS, other, renamed), undefined, `${kind} renamed to ${other}`);
    }
    assert.equal(readHolder(keysOf(2), kind, text), undefined, 'another tenant');
    assert.equal(readHolder(keysOf(1, { 1: 'other' }), kind, text), undefined, 'another key');
    assert.equal(readHolder(keysOf(1, {}), kind, text), undefined, 'a key that is gone');
  }
});

test('random text is never a credential, and long text is not looked at', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }),
      (text) => readAccess(KEYS, `hfa_${text}`) === undefined && readHolder(KEYS, 'code', `hfc_${text}`) === undefined,
    ),
  );
  assert.equal(tallyKindOf(`hfa_${'A'.repeat(100_000)}`), undefined);
});

test('a scope mask names exactly the scopes it was made of (RFC 6749 §3.3)', () => {
  const all = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 60 });
  fc.assert(
    fc.property(
      all.chain((scopes) => fc.tuple(fc.constant(scopes), fc.subarray(scopes))),
      ([scopes, some]) => {
        const mask = scopeMask(scopes, some);
        assert.equal(mask.length % 4, 0);
        assert.deepEqual(scopesOfMask(scopes, mask), some);
      },
    ),
  );
  assert.equal(scopesOfMask(['a'], scopeMask(['a', 'b'], ['b'])), undefined);
  assert.throws(
    () =>
      scopeMask(
        Array.from({ length: 241 }, (_, i) => `s${i}`),
        [],
      ),
    TypeError,
  );
});

test('the number of a token where nothing rotates is never the number of one where something does', () => {
  fc.assert(fc.property(base64url(12), (random) => randomNumber(random) !== ROTATED && randomNumber(random).length === 12));
});
