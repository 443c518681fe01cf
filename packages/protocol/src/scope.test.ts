import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OAuthError } from './errors.ts';
import {
  findScopeClaims,
  formatScope,
  intersect,
  isScopeToken,
  isStandardScope,
  isSubset,
  readScope,
  SCOPE_CLAIMS,
  without,
} from './scope.ts';

const token = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0x7e })
    .filter((code) => code !== 0x22 && code !== 0x5c)
    .map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 12,
});
const tokens = fc.uniqueArray(token, { minLength: 1, maxLength: 40 });
const isInvalidScope = (error: unknown) => error instanceof OAuthError && error.code === 'invalid_scope' && error.status === 400;

test('scope is tokens with exactly one space between them (RFC 6749 §3.3)', () => {
  assert.deepEqual(readScope('openid'), ['openid']);
  assert.deepEqual(readScope('openid https://api.example/read !#[]~'), ['openid', 'https://api.example/read', '!#[]~']);
  for (const bad of [
    '',
    ' ',
    'a  b',
    ' a',
    'a ',
    'a\tb',
    'a\nb',
    'a"b',
    'a\\b',
    'a\0',
    'a\x7f',
    'é',
    'a\u00a0b',
    '\u3000',
    '\xff',
    '"',
    '\\',
  ]) {
    assert.throws(() => readScope(bad), isInvalidScope, JSON.stringify(bad));
  }
});

test('every character is allowed in a scope token or not as RFC 6749 §3.3 says', () => {
  for (let code = 0; code < 0x180; code++) {
    const allowed = code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e);
    assert.equal(isScopeToken(`a${String.fromCharCode(code)}`), allowed, `U+${code.toString(16)}`);
  }
});

test('duplicates fold into the first (RFC 6749 §3.3: order does not matter)', () => {
  assert.deepEqual(readScope('b a b c a'), ['b', 'a', 'c']);
});

test('at most 100 tokens and 2048 characters (RFC 6749 §3.3)', () => {
  assert.equal(readScope(Array.from({ length: 100 }, (_, at) => `s${at}`).join(' ')).length, 100);
  assert.throws(() => readScope(Array.from({ length: 101 }, () => 's').join(' ')), isInvalidScope);
  assert.equal(readScope('s'.repeat(2048)).length, 1);
  assert.throws(() => readScope('s'.repeat(2049)), isInvalidScope);
});

test('what is written is read again (RFC 6749 §3.3)', () => {
  fc.assert(fc.property(tokens, (scopes) => assert.deepEqual(readScope(formatScope(scopes)), scopes)));
});

test('any text is either its tokens or invalid_scope (RFC 6749 §3.3)', () => {
  const piece = fc.constantFrom('a', 'b', ' ', '  ', '"', '\\', '~', '\0', 'é');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const isScope = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/.test(text);
      if (isScope) assert.deepEqual(readScope(text), [...new Set(text.split(' '))]);
      else assert.throws(() => readScope(text), isInvalidScope);
    }),
  );
});

test('intersect and without part a list in two, in its order', () => {
  fc.assert(
    fc.property(tokens, tokens, (scopes, others) => {
      const both = intersect(scopes, others);
      const rest = without(scopes, others);
      assert.ok(isSubset(both, scopes) && isSubset(both, others));
      assert.deepEqual([...both, ...rest].sort(), [...scopes].sort());
      assert.deepEqual(
        scopes.filter((scope) => both.includes(scope)),
        both,
      );
      assert.deepEqual(intersect(rest, others), []);
      assert.equal(isSubset(scopes, others), rest.length === 0);
    }),
  );
  assert.equal(isSubset([], []), true);
  assert.equal(isSubset(['a'], []), false);
});

test('a standard scope releases its claims and no others (OpenID Connect Core §5.4)', () => {
  assert.deepEqual(findScopeClaims(['openid', 'email', 'constructor', '__proto__', 'read']), ['sub', 'email', 'email_verified']);
  assert.deepEqual(findScopeClaims(['phone', 'address']), ['phone_number', 'phone_number_verified', 'address']);
  assert.deepEqual(findScopeClaims(['offline_access']), []);
  assert.equal(SCOPE_CLAIMS.profile.length, 14);
  assert.equal(isStandardScope('toString'), false);
});
