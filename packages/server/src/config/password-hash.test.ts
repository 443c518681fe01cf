import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPasswordHash } from './password-hash.ts';
import { Refused } from './shape.ts';

const hash = (parameters: string, salt = 'c29tZXNhbHQ', tag = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo'): string =>
  `$argon2id$v=19$${parameters}$${salt}$${tag}`;

test('a password hash is Argon2id 1.3 with affordable parameters (RFC 9106 §3.1)', () => {
  for (const good of ['m=19456,t=2,p=1', 'm=8,t=1,p=1', 'm=1048576,t=64,p=64']) assert.equal(readPasswordHash(hash(good)), hash(good));
  for (const bad of [
    'm=7,t=1,p=1',
    'm=15,t=1,p=2',
    'm=1048577,t=1,p=1',
    'm=65536,t=0,p=1',
    'm=65536,t=65,p=1',
    'm=65536,t=1,p=0',
    'm=65536,t=1,p=65',
    'm=65536,t=1',
    't=1,m=65536,p=1',
  ]) {
    assert.ok(readPasswordHash(hash(bad)) instanceof Refused, bad);
  }
  for (const bad of [
    '',
    'x',
    hash('m=8,t=1,p=1').replace('v=19', 'v=16'),
    hash('m=8,t=1,p=1', 'short'),
    hash('m=8,t=1,p=1', 'c29tZXNhbHQ', 'short'),
    `${hash('m=8,t=1,p=1')} `,
  ]) {
    assert.ok(readPasswordHash(bad) instanceof Refused, bad);
  }
});

test('another hash is told by its name', () => {
  const names: readonly (readonly [string, RegExp])[] = [
    ['$2b$10$N9qo8uLOickgx2ZMRZoMye', /bcrypt/],
    ['$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA', /Argon2i or/],
    ['$scrypt$ln=15,r=8,p=1$x$y', /scrypt/],
    ['$pbkdf2-sha256$29000$x$y', /PBKDF2/],
    ['$6$salt$hash', /crypt/],
    ['{SSHA}abc', /LDAP/],
  ];
  for (const [text, name] of names) {
    const read = readPasswordHash(text);
    assert.ok(read instanceof Refused);
    assert.match(read.message, name);
  }
});
