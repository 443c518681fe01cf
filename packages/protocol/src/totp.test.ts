import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { openSteps, otpauthUri, readTotpCode, timeStep, totpCode, writeBase32 } from './totp.ts';

const SECRET = Buffer.from('12345678901234567890');
const mac = (message: Uint8Array): Uint8Array => createHmac('sha1', SECRET).update(message).digest();

test('the codes are those of the standard, with a secret of 160 bits (RFC 4226 §4, §5.3, appendix D, attacks USR-11)', () => {
  const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
  for (const [counter, code] of codes.entries()) assert.equal(totpCode(mac, counter), code);
});

test('the codes of a time are those of the standard, in their last six digits (RFC 6238 §4.2 appendix B, attacks USR-11)', () => {
  const vectors: readonly (readonly [number, string])[] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ];
  for (const [seconds, code] of vectors) assert.equal(totpCode(mac, timeStep(seconds)), code.slice(2));
});

test('steps beyond 32 bits are other steps', () => {
  assert.notEqual(totpCode(mac, 2 ** 32 + 1), totpCode(mac, 1));
});

test('one step before and one after are taken, and none twice: a clock that is 90 seconds off is too far (RFC 6238 §5.2, attacks USR-11)', () => {
  assert.deepEqual(openSteps(3_000, -1), [100, 99, 101]);
  assert.deepEqual(openSteps(3_029, -1), [100, 99, 101], 'to the last second of a step');
  assert.deepEqual(openSteps(3_000, 99), [100, 101]);
  assert.deepEqual(openSteps(3_000, 100), [101]);
  assert.deepEqual(openSteps(3_000, 101), []);
  for (const skew of [-90, 90]) assert.equal(openSteps(3_000, -1).includes(timeStep(3_000 + skew)), false);
  for (const skew of [-30, 30]) assert.equal(openSteps(3_000, -1).includes(timeStep(3_000 + skew)), true);
});

test('a code is read however it is written, and nothing else is one', () => {
  for (const typed of ['123456', ' 123 456 ', '123-456', '１２３４５６', '123\u00a0456']) assert.equal(readTotpCode(typed), '123456');
  for (const wrong of ['', '12345', '1234567', '12345a', '١٢٣٤٥٦x', '1'.repeat(40)]) assert.equal(readTotpCode(wrong), undefined);
});

test('a secret is written as apps take it (RFC 4648 §6)', () => {
  const vectors = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' };
  for (const [text, written] of Object.entries(vectors)) assert.equal(writeBase32(Buffer.from(text)), written);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      const bits = [...writeBase32(bytes)].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
      assert.equal(bits, [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join(''));
    }),
  );
});

test('the address for an app says whose it is and where, and a name cannot break out of it', () => {
  assert.equal(
    otpauthUri({ issuer: 'id.example', account: 'alice', secret: 'MZXW6' }),
    'otpauth://totp/id.example:alice?secret=MZXW6&issuer=id.example',
  );
  const strange = new URL(otpauthUri({ issuer: 'a:b', account: 'x?secret=EVIL&issuer=y#/', secret: 'MZXW6' }));
  assert.deepEqual(
    [...strange.searchParams],
    [
      ['secret', 'MZXW6'],
      ['issuer', 'a b'],
    ],
  );
});
