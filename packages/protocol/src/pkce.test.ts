import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { OAuthError } from './errors.ts';
import { checkVerifier, isCodeVerifier, readCodeChallenge } from './pkce.ts';

const sha256 = (text: string) => hash('sha256', text, 'base64url');
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const unreserved = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'];
const verifier = fc.string({ unit: fc.constantFrom(...unreserved), minLength: 43, maxLength: 128 });

test('the verifier of RFC 7636 appendix B is the other half of its challenge', () => {
  assert.equal(checkVerifier(VERIFIER, CHALLENGE, sha256), true);
});

test('a challenge is 43 base64url characters, method S256 (RFC 7636 §4.2, §4.3)', () => {
  assert.equal(readCodeChallenge(CHALLENGE, 'S256', 'required'), CHALLENGE);
  const refusals: readonly (readonly [string | undefined, string | undefined, RegExp])[] = [
    [undefined, undefined, /code_challenge is missing/],
    [undefined, 'S256', /code_challenge is missing/],
    [CHALLENGE, undefined, /method is not S256/],
    [CHALLENGE, 'plain', /method is not S256/],
    [CHALLENGE, 'S512', /method is not S256/],
    [CHALLENGE, 's256', /method is not S256/],
    [CHALLENGE, 'S256 ', /method is not S256/],
    [CHALLENGE.slice(1), 'S256', /base64url/],
    [`${CHALLENGE}A`, 'S256', /base64url/],
    [`${CHALLENGE}=`, 'S256', /base64url/],
    [`${CHALLENGE}\n`, 'S256', /base64url/],
    [`=${CHALLENGE.slice(1)}`, 'S256', /base64url/],
    [`+${CHALLENGE.slice(1)}`, 'S256', /base64url/],
    [`/${CHALLENGE.slice(1)}`, 'S256', /base64url/],
    [`.${CHALLENGE.slice(1)}`, 'S256', /base64url/],
    [`é${CHALLENGE.slice(1)}`, 'S256', /base64url/],
    [`Ａ${CHALLENGE.slice(1)}`, 'S256', /base64url/],
  ];
  for (const [challenge, method, description] of refusals) {
    assert.throws(
      () => readCodeChallenge(challenge, method, 'required'),
      (error) => error instanceof OAuthError && error.code === 'invalid_request' && description.test(error.description),
      `${challenge} ${method}`,
    );
  }
});

test('a verifier is 43 to 128 unreserved characters (RFC 7636 §4.1)', () => {
  assert.equal(isCodeVerifier('a'.repeat(42)), false);
  assert.equal(isCodeVerifier('a'.repeat(43)), true);
  assert.equal(isCodeVerifier('~'.repeat(128)), true);
  assert.equal(isCodeVerifier('a'.repeat(129)), false);
  for (let code = 0; code < 0x180; code++) {
    const character = String.fromCharCode(code);
    assert.equal(isCodeVerifier(VERIFIER + character), unreserved.includes(character), `U+${code.toString(16)}`);
  }
});

test('a verifier that RFC 7636 §4.1 does not allow is not even hashed', () => {
  const fail = () => assert.fail('hashed');
  for (const bad of ['', 'a'.repeat(42), 'a'.repeat(65_536), `${VERIFIER} `]) assert.equal(checkVerifier(bad, CHALLENGE, fail), false);
});

test('a challenge is not its own verifier (RFC 7636 §4.6)', () => {
  assert.equal(checkVerifier(CHALLENGE, CHALLENGE, sha256), false);
  assert.equal(checkVerifier(VERIFIER, VERIFIER, sha256), false);
});

test('every verifier matches its own challenge and that of no other (RFC 7636 §4.6)', () => {
  fc.assert(
    fc.property(verifier, verifier, fc.nat(42), (one, other, at) => {
      const challenge = sha256(one);
      assert.equal(readCodeChallenge(challenge, 'S256', 'required'), challenge);
      assert.equal(checkVerifier(one, challenge, sha256), true);
      assert.equal(checkVerifier(other, challenge, sha256), one === other);
      const changed = challenge.slice(0, at) + (challenge[at] === 'A' ? 'B' : 'A') + challenge.slice(at + 1);
      assert.equal(checkVerifier(one, changed, sha256), false);
      assert.equal(checkVerifier(one, challenge.slice(0, at), sha256), false);
      assert.equal(checkVerifier(one, `${challenge}A`, sha256), false);
    }),
  );
});
