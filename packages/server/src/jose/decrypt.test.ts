import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import {
  ASYMMETRIC_ENCRYPTION_ALGS,
  CONTENT_ENCRYPTION_ALGS,
  ENCRYPTION_ALGS,
  SYMMETRIC_ENCRYPTION_ALGS,
} from '@hufu/protocol/jose-algorithms';
import { type DecryptionKeys, decryptCompact, MAX_JWE } from './decrypt.ts';
import { encryptCompact, type Recipient } from './encrypt.ts';
import { secretKey } from './secret-key.ts';

const SECRET = 'a client secret that is long enough';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const KEYS: DecryptionKeys = {
  pairs: [
    { kid: 'rsa', key: rsa },
    { kid: 'ec', key: ec },
  ],
  secrets: [SECRET],
};
const TEXT = '{"sub":"ä"}';

function recipient(alg: string, enc: string): Recipient {
  if (SYMMETRIC_ENCRYPTION_ALGS.includes(alg)) return { alg, enc, key: secretKey(SECRET, alg, enc) };
  return alg.startsWith('RSA') ? { alg, enc, key: createPublicKey(rsa), kid: 'rsa' } : { alg, enc, key: createPublicKey(ec), kid: 'ec' };
}

function headerOf(text: string): Record<string, unknown> {
  return Object(JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()));
}

/** The same JWE under another header: genuine but for that. */
function withHeader(text: string, change: object): string {
  const header = Buffer.from(JSON.stringify({ ...headerOf(text), ...change })).toString('base64url');
  return [header, ...text.split('.').slice(1)].join('.');
}

test('what is encrypted with any pair of algorithms opens, with that one key (RFC 7516 §7.1, RFC 7518 §4, §5)', async () => {
  const stranger: DecryptionKeys = {
    pairs: [
      { kid: 'rsa', key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
      { kid: 'ec', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
    ],
    secrets: [`${SECRET}!`],
  };
  for (const alg of ENCRYPTION_ALGS) {
    for (const enc of CONTENT_ENCRYPTION_ALGS) {
      const text = await encryptCompact(recipient(alg, enc), TEXT, 'JWT');
      assert.deepEqual(await decryptCompact(text, KEYS), { header: { alg, enc }, plaintext: TEXT }, `${alg} ${enc}`);
      assert.equal(await decryptCompact(text, stranger), undefined, `${alg} ${enc}`);
    }
  }
});

test('the header says what is inside and whose key it takes (RFC 7519 §5.2, RFC 7516 §4.1.6)', async () => {
  const nested = headerOf(await encryptCompact(recipient('RSA-OAEP-256', 'A256GCM'), TEXT, 'JWT'));
  assert.deepEqual(nested, { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: 'rsa' });
  const plain = headerOf(await encryptCompact(recipient('A128KW', 'A128GCM'), TEXT, undefined));
  assert.deepEqual(plain, { alg: 'A128KW', enc: 'A128GCM' });
});

test('a client may encrypt to P-384, P-521 or X25519 keys of its own (RFC 7518 §4.6, RFC 8037 §3.2)', async () => {
  const pairs = [...['P-384', 'P-521'].map((namedCurve) => generateKeyPairSync('ec', { namedCurve })), generateKeyPairSync('x25519')];
  for (const { publicKey, privateKey } of pairs) {
    for (const alg of ['ECDH-ES', 'ECDH-ES+A256KW']) {
      const text = await encryptCompact({ alg, enc: 'A256CBC-HS512', key: publicKey }, TEXT, undefined);
      assert.equal((await decryptCompact(text, { pairs: [{ kid: 'x', key: privateKey }], secrets: [] }))?.plaintext, TEXT, alg);
    }
  }
});

test('nothing is encrypted with what we do not speak, or to a key of another kind (RFC 8725 §3.2)', async () => {
  for (const [alg, enc] of [
    ['RSA1_5', 'A128GCM'],
    ['PBES2-HS256+A128KW', 'A128GCM'],
    ['RSA-OAEP', 'A128KW'],
    ['RSA-OAEP-384', 'A128GCM'],
    ['', ''],
  ] as const)
    await assert.rejects(encryptCompact({ alg, enc, key: createPublicKey(rsa) }, TEXT, undefined), TypeError, alg);
  await assert.rejects(encryptCompact({ alg: 'RSA-OAEP', enc: 'A128GCM', key: createPublicKey(ec) }, TEXT, undefined));
  await assert.rejects(encryptCompact({ alg: 'A128KW', enc: 'A128GCM', key: Buffer.alloc(32) }, TEXT, undefined));
});

test('a kid names the one key that is tried; without one those of the kind are (RFC 7516 §4.1.6)', async () => {
  const anonymous = await encryptCompact({ alg: 'ECDH-ES', enc: 'A128GCM', key: createPublicKey(ec) }, TEXT, undefined);
  const others = Array.from({ length: 2 }, (_, i) => ({
    kid: `other-${i}`,
    key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  }));
  assert.equal((await decryptCompact(anonymous, { ...KEYS, pairs: [...others, ...KEYS.pairs] }))?.plaintext, TEXT);
  for (const kid of ['nobody', 'rsa', '', '__proto__', 'other-0']) {
    const text = await encryptCompact({ alg: 'ECDH-ES', enc: 'A128GCM', key: createPublicKey(ec), kid }, TEXT, undefined);
    assert.equal(await decryptCompact(text, { ...KEYS, pairs: [...others, ...KEYS.pairs] }), undefined, kid);
  }
  assert.ok(await decryptCompact(await encryptCompact({ ...recipient('ECDH-ES', 'A128GCM') }, TEXT, undefined), KEYS));
});

test('each of the secrets that a client has at the moment opens what was encrypted with it (OpenID Connect Core §10.2)', async () => {
  const text = await encryptCompact(recipient('dir', 'A256CBC-HS512'), TEXT, 'JWT');
  assert.equal((await decryptCompact(text, { pairs: [], secrets: ['the new one', SECRET] }))?.plaintext, TEXT);
  assert.equal(await decryptCompact(text, { pairs: KEYS.pairs, secrets: [] }), undefined);
});

test('no key is asked for what the header may not say: PBES2, RSA1_5, compression, extensions (RFC 8725 §3.1, RFC 7516 §4.1.13, attacks JWT-10, JWT-13)', async () => {
  const asked: string[] = [];
  const watched: DecryptionKeys = {
    pairs: KEYS.pairs.map(({ kid, key }) => ({
      kid,
      get key(): KeyObject {
        asked.push(kid);
        return key;
      },
    })),
    get secrets(): readonly string[] {
      asked.push('secret');
      return [SECRET];
    },
  };
  const good = await encryptCompact(recipient('RSA-OAEP', 'A128GCM'), TEXT, 'JWT');
  const changes: readonly object[] = [
    { alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31, p2s: 'AAAAAAAAAAAAAAAAAAAAAA' },
    { alg: 'PBES2-HS512+A256KW', p2c: 1, p2s: 'AAAAAAAAAAAAAAAAAAAAAA' },
    { alg: 'RSA1_5' },
    { alg: 'RSA-OAEP-512' },
    { alg: 'none' },
    { alg: 'rsa-oaep' },
    { alg: ['RSA-OAEP'] },
    { alg: undefined },
    { enc: 'A128KW' },
    { enc: 'none' },
    { enc: undefined },
    { zip: 'DEF' },
    { zip: '' },
    { zip: null },
    { crit: ['exp'] },
    { crit: [] },
    { crit: ['alg'] },
    { crit: null },
    { b64: false },
    { kid: 7 },
    { kid: null },
    { kid: ['rsa'] },
    { jwk: { kty: 'oct', k: 'A'.repeat(5_000) } },
  ];
  for (const change of changes)
    assert.equal(await decryptCompact(withHeader(good, change), watched), undefined, JSON.stringify(change).slice(0, 80));
  const [header = '', key = '', iv = '', content = '', tag = ''] = good.split('.');
  const shapes = [
    '',
    '.',
    '....',
    `${good}.`,
    `.${good}`,
    `${good}.AAAA`,
    [header, key, iv, content].join('.'),
    [`${header}=`, key, iv, content, tag].join('.'),
    [header, `${key}==`, iv, content, tag].join('.'),
    [header, key, ` ${iv}`, content, tag].join('.'),
    [header, key, iv, `${content}\n`, tag].join('.'),
    [header, key, iv, content, `${tag}+`].join('.'),
    [Buffer.from('[]').toString('base64url'), key, iv, content, tag].join('.'),
    [Buffer.from('null').toString('base64url'), key, iv, content, tag].join('.'),
    [Buffer.from('{"alg"').toString('base64url'), key, iv, content, tag].join('.'),
    [Buffer.from(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`).toString('base64url'), key, iv, content, tag].join('.'),
    [header, key, iv, 'A'.repeat(MAX_JWE), tag].join('.'),
    '.'.repeat(1_000_000),
    JSON.stringify({ protected: header, encrypted_key: key, iv, ciphertext: content, tag }),
  ];
  for (const text of shapes) assert.equal(await decryptCompact(text, watched), undefined, text.slice(0, 80));
  assert.equal(asked.join(), '');
  assert.equal((await decryptCompact(good, watched))?.plaintext, TEXT);
  assert.ok(asked.includes('rsa'));
});

test('one changed bit anywhere, and nothing opens (RFC 7516 §5.2)', async () => {
  for (const [alg, enc] of [
    ['RSA-OAEP-256', 'A128CBC-HS256'],
    ['ECDH-ES', 'A256GCM'],
    ['ECDH-ES+A128KW', 'A128CBC-HS256'],
    ['A256GCMKW', 'A128GCM'],
    ['dir', 'A128CBC-HS256'],
  ] as const) {
    const text = await encryptCompact(recipient(alg, enc), TEXT, 'JWT');
    const parts = text.split('.').map((part) => Buffer.from(part, 'base64url'));
    for (const [at, part] of parts.entries()) {
      if (at === 0) continue;
      for (const byte of new Set([0, part.length >> 1, part.length - 1])) {
        const changed = parts.map((other) => Buffer.from(other));
        if (part.length > 0) changed[at]?.writeUInt8((part[byte] ?? 0) ^ 1, byte);
        else changed[at] = Buffer.of(0);
        const forged = changed.map((bytes) => bytes.toString('base64url')).join('.');
        assert.equal(await decryptCompact(forged, KEYS), undefined, `${alg} ${enc} part ${at}`);
      }
    }
    for (const cut of [1, 4]) {
      const short = [...text.split('.').slice(0, 4), parts[4]?.subarray(0, 16 - cut).toString('base64url')].join('.');
      assert.equal(await decryptCompact(short, KEYS), undefined, `${alg}: a tag that is cut`);
    }
    assert.equal(await decryptCompact(withHeader(text, { cty: 'text' }), KEYS), undefined, 'the header is authenticated');
  }
});

test('an ephemeral key that is off the curve, on another one, or none is refused (RFC 8725 §3.4, RFC 7518 §4.6.1.1, attacks JWT-14)', async () => {
  const good = await encryptCompact(recipient('ECDH-ES+A128KW', 'A128GCM'), TEXT, undefined);
  const epk: Record<string, unknown> = Object(headerOf(good)['epk']);
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const zero = 'A'.repeat(43);
  const bad: readonly unknown[] = [
    { ...epk, y: epk['x'] },
    { ...epk, x: zero, y: zero },
    { ...epk, x: zero },
    { ...epk, x: '' },
    { ...epk, y: undefined },
    { ...epk, y: 7 },
    { ...epk, crv: 'P-384' },
    { ...epk, crv: 'P-256K' },
    { ...epk, kty: 'OKP' },
    { ...epk, kty: 'oct', k: zero },
    { ...epk, d: zero },
    { ...foreign },
    { kty: 'OKP', crv: 'X25519', x: zero },
    {},
    [],
    null,
    'epk',
    undefined,
  ];
  for (const wrong of bad) assert.equal(await decryptCompact(withHeader(good, { epk: wrong }), KEYS), undefined, JSON.stringify(wrong));
});

test('what is not text inside is not handed out', async () => {
  const { CompactEncrypt } = await import('jose/jwe/compact/encrypt');
  const text = await new CompactEncrypt(Buffer.of(0xff, 0xfe, 0x00))
    .setProtectedHeader({ alg: 'dir', enc: 'A128GCM' })
    .encrypt(secretKey(SECRET, 'dir', 'A128GCM'));
  assert.equal(await decryptCompact(text, KEYS), undefined);
});

test('every algorithm that is listed has its kind of key', () => {
  assert.deepEqual([...ASYMMETRIC_ENCRYPTION_ALGS, ...SYMMETRIC_ENCRYPTION_ALGS].toSorted(), ENCRYPTION_ALGS.toSorted());
});
