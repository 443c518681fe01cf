import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { isRocaModulus } from './roca.ts';

/** Product of the primes up to 167. */
const PRIMORIAL = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137,
  139, 149, 151, 157, 163, 167,
].reduce((product, prime) => product * BigInt(prime), 1n);

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** A number of the form that the weak primes have: k · M + (65537^a mod M). */
function weakFactor(seed: string): bigint {
  const number = (purpose: string): bigint => BigInt(`0x${createHash('sha512').update(`${seed} ${purpose}`).digest('hex')}`);
  return ((number('k') << 300n) / PRIMORIAL) * PRIMORIAL + power(65_537n, number('a'), PRIMORIAL);
}

function bytesOf(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

test('a modulus of the form that can be factored is known by it (attacks JWT-15)', () => {
  for (let i = 0; i < 20; i += 1) {
    const modulus = weakFactor(`p${i}`) * weakFactor(`q${i}`);
    assert.equal(isRocaModulus(bytesOf(modulus)), true);
    assert.equal(isRocaModulus(bytesOf(modulus + 2n)), false);
  }
});

test('an honest modulus is none of them, whatever its length', () => {
  for (const modulusLength of [1024, 2048, 2049]) {
    const { n } = generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
    assert.equal(isRocaModulus(Buffer.from(String(n), 'base64url')), false);
  }
  assert.equal(isRocaModulus(new Uint8Array(0)), false);
});
