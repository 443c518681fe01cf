import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { makeKey } from './testing/issuer.ts';
import { nameOfToken, TokenCache, type VerifiedToken } from './token-cache.ts';

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
      authorizationDetails: [],
      claims: {},
    },
    key: { kid: 'es', alg: 'ES256', key: publicKey, text: '' },
    marks: undefined,
  };
}

test('the last 2,000 tokens that were used are there, and never more than 4,000', () => {
  const cache = new TokenCache();
  for (let at = 0; at < 2_000; at++) cache.keep(nameOfToken(`token ${at}`), entry(String(at)));
  for (let at = 0; at < 2_000; at++) assert.equal(cache.find(nameOfToken(`token ${at}`))?.token.tokenId, String(at));
  for (let at = 2_000; at < 20_000; at++) {
    cache.keep(nameOfToken(`token ${at}`), entry(String(at)));
    // Used all the time, it stays.
    assert.equal(cache.find(nameOfToken('token 0'))?.token.tokenId, '0');
    assert.ok(cache.size <= 4_000);
  }
  assert.equal(cache.find(nameOfToken('token 1')), undefined);
  for (let at = 18_100; at < 20_000; at++) assert.equal(cache.find(nameOfToken(`token ${at}`))?.token.tokenId, String(at));
});

test('as many tokens are kept as are asked for, and never more than twice that', () => {
  const cache = new TokenCache(3);
  for (let at = 0; at < 100; at++) {
    cache.keep(nameOfToken(`token ${at}`), entry(String(at)));
    assert.ok(cache.size <= 6);
  }
  for (const at of [97, 98, 99]) assert.equal(cache.find(nameOfToken(`token ${at}`))?.token.tokenId, String(at));
  assert.equal(cache.find(nameOfToken('token 90')), undefined);
});

test('a token is kept by its hash alone', () => {
  const cache = new TokenCache();
  const name = nameOfToken('the token itself');
  assert.match(name, /^[\w-]{43}$/);
  cache.keep(name, entry('x'));
  cache.keep(name, entry('y'));
  assert.equal(cache.size, 1);
  assert.doesNotMatch(inspect(cache, { showHidden: true, depth: 9 }), /the token itself/);
  cache.drop(name);
  assert.equal(cache.size, 0);
});
