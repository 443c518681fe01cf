import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNearest, rankByNearness } from './nearest.ts';

const KEYS = ['client_id', 'client_secret', 'client_name', 'grant_types', 'redirect_uris', 'scope', 'jwks', 'jwks_uri'];

test('the word that was meant is found', () => {
  const meant = {
    grant_type: 'grant_types',
    grantTypes: 'grant_types',
    'redirect-uris': 'redirect_uris',
    redirect_url: 'redirect_uris',
    scopes: 'scope',
    secret: 'client_secret',
    cleint_id: 'client_id',
    JWKS: 'jwks',
  };
  for (const [word, expected] of Object.entries(meant)) assert.equal(findNearest(word, KEYS), expected, word);
});

test('nothing is made up where no word is near', () => {
  for (const word of ['', 'banana', 'types_of', 'x'.repeat(100_000)]) assert.equal(findNearest(word, KEYS), undefined, word.slice(0, 20));
  assert.equal(findNearest('x', []), undefined);
});

test('the nearest words come first', () => {
  assert.deepEqual(rankByNearness('jwk', KEYS).slice(0, 2), ['jwks', 'jwks_uri']);
});
