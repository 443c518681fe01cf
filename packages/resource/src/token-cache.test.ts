import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { makeKey } from './testing/issuer.ts';
import { TokenCache, type VerifiedToken } from './token-cache.ts';

const { publicKey } = makeKey('ES256', 'es');

function entry(tokenId: string): VerifiedToken {
  return {
    token: {
      kind: 'live',
      issuer: 'i',
      subject: 's',
      clientId: 'c',
      scopes: [],
      audience: ['a'],
      tokenId,
      issuedAt: 1,
      expiresAt: 2,
      confirmation: undefined,
      claims: {},
    },
    key: { kid: 'es', alg: 'ES256', key: publicKey, text: '' },
  };
}

test('2,000 tokens are kept, and what was not used for the longest time falls first', () => {
  const cache = new TokenCache();
  for (let at = 0; at < 2_000; at++) cache.keep(cache.nameOf(`token ${at}`), entry(String(at)));
  assert.equal(cache.find(cache.nameOf('token 0'))?.token.tokenId, '0');
  for (let at = 2_000; at < 2_010; at++) cache.keep(cache.nameOf(`token ${at}`), entry(String(at)));
  assert.equal(cache.size, 2_000);
  assert.equal(cache.find(cache.nameOf('token 0'))?.token.tokenId, '0');
  for (let at = 1; at <= 10; at++) assert.equal(cache.find(cache.nameOf(`token ${at}`)), undefined);
  assert.equal(cache.find(cache.nameOf('token 11'))?.token.tokenId, '11');
});

test('a token is kept by its hash alone', () => {
  const cache = new TokenCache();
  const name = cache.nameOf('the token itself');
  assert.match(name, /^[\w-]{43}$/);
  cache.keep(name, entry('x'));
  cache.keep(name, entry('y'));
  assert.equal(cache.size, 1);
  assert.doesNotMatch(inspect(cache, { showHidden: true, depth: 9 }), /the token itself/);
  cache.drop(name);
  assert.equal(cache.size, 0);
});
