import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClaims } from './read-claims.ts';

test('claims that are read by themselves are refused for their issuer too (RFC 9068 §4)', () => {
  const claims = { iss: 'https://as.example', aud: 'a', exp: 2, iat: 1, sub: 's', client_id: 'c', jti: 'j' };
  const expected = { issuer: 'https://as.example', audience: 'a', clockTolerance: 0, maxTokenAge: 60 };
  assert.equal(readClaims({ ...claims }, expected, 1).kind, 'live');
  const other = readClaims({ ...claims, iss: 'https://as.example/' }, expected, 1);
  assert.equal(other.kind === 'refused' && other.reason, 'wrong_issuer');
});
