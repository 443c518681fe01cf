import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Confirmation, ConfirmationMethod } from './confirmation.ts';
import {
  type AccessPart,
  ALL_DETAILS,
  accessName,
  extensionOf,
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
  tallyParts,
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
  extension: fc.oneof(
    fc.constant(undefined),
    fc.record(
      {
        confirmation: fc.oneof(
          fc.constant(undefined),
          fc.record(
            { method: fc.constantFrom<ConfirmationMethod>('jkt', 'x5t#S256'), thumbprint: base64url(43) },
            { noNullPrototype: true },
          ),
        ),
        details: fc.integer({ min: 0, max: 0xffff }),
      },
      { noNullPrototype: true },
    ),
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

test('the parts of a text are where they were written, and cover it', () => {
  const pieces = (text: string): Readonly<Record<string, string>> =>
    Object.fromEntries((tallyParts(text) ?? []).map(({ name, from, to }) => [name, text.slice(from, to)]));
  fc.assert(
    fc.property(head, part, base64url(24), fc.constantFrom(...KINDS), (of, access, secret, kind) => {
      const body = accessName(KEYS, of, access);
      const opaque = writeAccess(KEYS, 'access', of, access, secret);
      const machine = writeAccess(KEYS, 'machine', of, access, '');
      const holder = writeHolder(KEYS, kind, of, secret);
      for (const text of [opaque, machine, holder]) assert.equal(Object.values(pieces(text)).join(''), text);
      assert.deepEqual([pieces(opaque)['body'], pieces(opaque)['derived'], pieces(machine)['body']], [body, secret, body]);
      assert.equal(pieces(holder)['secret'], secret);
      assert.equal(tallyParts(holder.slice(1)) ?? tallyParts(`${holder}A`) ?? tallyParts(opaque.slice(0, -1)), undefined);
    }),
  );
});

test('a token says which key it is bound to and which details it has, and with others it has another name (RFC 9449 §6.1, RFC 8705 §3.1, RFC 9396 §6)', () => {
  const methods = fc.constantFrom<ConfirmationMethod>('jkt', 'x5t#S256');
  fc.assert(
    fc.property(head, part, base64url(43), methods, (of, access, thumbprint, method) => {
      const name = (confirmation: Confirmation | undefined, details: number): string =>
        accessName(KEYS, of, { ...access, extension: extensionOf(confirmation, details) });
      const other = method === 'jkt' ? 'x5t#S256' : 'jkt';
      const bound = name({ method, thumbprint }, ALL_DETAILS);
      assert.ok(bound.length <= 128);
      assert.deepEqual(readAccessName(KEYS, bound)?.extension, { confirmation: { method, thumbprint }, details: ALL_DETAILS });
      assert.deepEqual(readAccessName(KEYS, name(undefined, 0x8001))?.extension, { confirmation: undefined, details: 0x8001 });
      const all = [
        bound,
        name({ method: other, thumbprint }, ALL_DETAILS),
        name({ method, thumbprint }, 1),
        name(undefined, 1),
        name(undefined, ALL_DETAILS),
      ];
      assert.equal(new Set(all).size, all.length);
    }),
  );
  assert.equal(extensionOf(undefined, ALL_DETAILS), undefined);
  const short = { method: 'jkt', thumbprint: 'short' } as const;
  const of = { keyId: 1, id: 1, generation: 1 };
  const access = { issuedAt: 1, lifetime: 1, resource: 0, number: ROTATED, mask: 'gAAA' };
  assert.throws(() => accessName(KEYS, of, { ...access, extension: extensionOf(short, ALL_DETAILS) }), TypeError);
});

test('no length is that of a token with an extension and of one without: what was issued before there were any reads as before (decision 0002)', () => {
  const of = { keyId: 1, id: 42, generation: 1 };
  const base = { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED };
  const lengths = new Set<number>();
  for (const extension of [undefined, extensionOf(KEY, ALL_DETAILS)]) {
    for (let groups = 1; groups <= 10; groups++) {
      const mask = 'gAAA'.repeat(groups);
      const name = accessName(KEYS, of, { ...base, mask, extension });
      assert.equal(lengths.has(name.length), false);
      lengths.add(name.length);
      const read = readAccessName(KEYS, name);
      assert.equal(read?.mask, mask);
      assert.deepEqual(read?.extension, extension);
    }
    const longest = accessName(KEYS, of, { ...base, mask: 'gAAA'.repeat(10), extension });
    assert.equal(readAccessName(KEYS, `${longest}gAAA`), undefined);
  }
});

test('a text with any one character changed, added or removed is no credential', () => {
  const texts = [
    writeHolder(KEYS, 'refresh', { keyId: 1, id: 42, generation: 7 }, 'abcdefghijklmnopqrstuvwx'),
    writeAccess(
      KEYS,
      'access',
      { keyId: 1, id: 42, generation: 7 },
      { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED, mask: 'gAAA' },
      'abcdefghijklmnopqrstuvwx',
    ),
    writeAccess(
      KEYS,
      'machine',
      { keyId: 1, id: 42, generation: 1 },
      { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED, mask: 'gAAA' },
      '',
    ),
    writeAccess(
      KEYS,
      'machine',
      { keyId: 1, id: 42, generation: 1 },
      { issuedAt: 1_800_000_000, lifetime: 600, resource: 0, number: ROTATED, mask: 'gAAA', extension: extensionOf(KEY, ALL_DETAILS) },
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
