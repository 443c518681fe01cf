import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPasswordHash } from './password-hash.ts';
import { Refused } from './shape.ts';

test('a password hash is one that another system has made, with affordable parameters, and stays as it is (RFC 9106 §3.1)', () => {
  for (const good of [
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo',
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    'pbkdf2_sha256$600000$0123456789abcdef$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo',
  ])
    assert.equal(readPasswordHash(good), good);
  for (const [bad, why] of [
    ['{SSHA}abc', /LDAP/],
    ['$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', /a cost of 4 to 14/],
  ] as const) {
    const read = readPasswordHash(bad);
    assert.ok(read instanceof Refused);
    assert.match(read.message, why);
  }
});
