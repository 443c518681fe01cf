import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { CONTENT_ENCRYPTION_ALGS, SYMMETRIC_ENCRYPTION_ALGS } from '@hufu/protocol/jose-algorithms';
import { secretKey } from './secret-key.ts';

const SECRET = 'a sécret of 虎符';

test("the key is the left part of the hash of the secret's UTF-8 bytes, as long as wrapping takes (OpenID Connect Core §10.2, RFC 7518 §4.4, §4.7)", () => {
  const digest = createHash('sha256').update(Buffer.from(SECRET, 'utf8')).digest();
  const bytes: Readonly<Record<string, number>> = { A128KW: 16, A192KW: 24, A256KW: 32, A128GCMKW: 16, A192GCMKW: 24, A256GCMKW: 32 };
  for (const [alg, length] of Object.entries(bytes))
    assert.deepEqual(secretKey(SECRET, alg, 'A256CBC-HS512'), digest.subarray(0, length), alg);
  assert.deepEqual([...Object.keys(bytes), 'dir'], SYMMETRIC_ENCRYPTION_ALGS);
});

test('where it encrypts the content itself, it is as long as that takes, and the hash grows with it (OpenID Connect Core §10.2, RFC 7518 §4.5, §5.1)', () => {
  const of = (hash: string, length: number): Buffer => createHash(hash).update(SECRET, 'utf8').digest().subarray(0, length);
  const expected: Readonly<Record<string, Buffer>> = {
    'A128CBC-HS256': of('sha256', 32),
    'A192CBC-HS384': of('sha384', 48),
    'A256CBC-HS512': of('sha512', 64),
    A128GCM: of('sha256', 16),
    A192GCM: of('sha256', 24),
    A256GCM: of('sha256', 32),
  };
  assert.deepEqual(Object.keys(expected), CONTENT_ENCRYPTION_ALGS);
  for (const enc of CONTENT_ENCRYPTION_ALGS) assert.deepEqual(secretKey(SECRET, 'dir', enc), expected[enc], enc);
});

test('what is not keyed with a secret has no such key', () => {
  for (const [alg, enc] of [
    ['RSA-OAEP', 'A128GCM'],
    ['PBES2-HS256+A128KW', 'A128GCM'],
    ['dir', 'A128KW'],
    ['constructor', 'A128GCM'],
  ] as const)
    assert.throws(() => secretKey(SECRET, alg, enc), TypeError, alg);
});
