import assert from 'node:assert/strict';
import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { hashSync as hashArgon2 } from '@node-rs/argon2';
import { hashSync as hashBcrypt } from 'bcryptjs';
import { readHash } from './read-hash.ts';
import { verifyHash } from './verify-hash.ts';

const PASSWORD = 'pässword';
const SALT = Buffer.from('0123456789abcdef');
const TEXT_SALT = SALT.toString('latin1');

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
/** As passlib writes it. */
function ab64(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '.');
}
function derived(digest: string, length: number, iterations = 1000): Buffer {
  return pbkdf2Sync(PASSWORD, SALT, iterations, length, digest);
}
const scrypted = (length: number, cost = 1024): Buffer => scryptSync(PASSWORD, SALT, length, { N: cost, r: 8, p: 1 });

const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 } as const;
const BCRYPT = hashBcrypt(PASSWORD, 4);
const [ARGON2D, ARGON2I] = [0, 1].map((algorithm) => hashArgon2(PASSWORD, { ...CHEAP, algorithm }));
const OLD_ARGON2 = hashArgon2(PASSWORD, { ...CHEAP, algorithm: 1, version: 0 });

/** What other systems write. */
const USUAL: Readonly<Record<string, string>> = {
  'Argon2id (RFC 9106 §3.1)': hashArgon2(PASSWORD, CHEAP),
  Argon2i: ARGON2I ?? '',
  Argon2d: ARGON2D ?? '',
  'Argon2 1.0': OLD_ARGON2,
  'Argon2 1.0 without its version': OLD_ARGON2.replace('v=16$', ''),
  'bcrypt 2b': BCRYPT.replace('$2b$', '$2b$'),
  'bcrypt 2a': BCRYPT.replace('$2b$', '$2a$'),
  'bcrypt 2y': BCRYPT.replace('$2b$', '$2y$'),
  'scrypt (RFC 7914 §6)': `$scrypt$ln=10,r=8,p=1$${base64(SALT)}$${base64(scrypted(32))}`,
  'scrypt of Werkzeug': `scrypt:1024:8:1$${TEXT_SALT}$${scrypted(64).toString('hex')}`,
  'PBKDF2 (RFC 8018 §5.2)': `$pbkdf2-sha512$i=1000$${base64(SALT)}$${base64(derived('sha512', 64))}`,
  'PBKDF2 with a length': `$pbkdf2-sha256$i=1000,l=32$${base64(SALT)}$${base64(derived('sha256', 32))}`,
  'PBKDF2 of passlib': `$pbkdf2-sha256$1000$${ab64(SALT)}$${ab64(derived('sha256', 32))}`,
  'PBKDF2 of passlib, the oldest': `$pbkdf2$1000$${ab64(SALT)}$${ab64(derived('sha1', 20))}`,
  'PBKDF2 of Django': `pbkdf2_sha256$1000$${TEXT_SALT}$${derived('sha256', 32).toString('base64')}`,
  'PBKDF2 of Werkzeug': `pbkdf2:sha1:1000$${TEXT_SALT}$${derived('sha1', 20).toString('hex')}`,
};

for (const [name, text] of Object.entries(USUAL)) {
  test(`a hash that was brought along is checked: ${name} (attacks CRY-08)`, () => {
    const hash = readHash(text);
    assert.ok(typeof hash === 'object', String(hash));
    assert.equal(verifyHash(hash, PASSWORD), true);
    for (const wrong of ['password', 'Pässword', `${PASSWORD} `, `${PASSWORD}\0`, ''])
      assert.equal(verifyHash(hash, wrong), false, JSON.stringify(wrong));
  });
}

test('hashes that others have made are checked: the vectors of RFC 7914 §12 and RFC 6070 §2, and one of bcrypt’s own', () => {
  // RFC 7914 §12, third vector.
  const seven =
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887';
  check(`scrypt:16384:8:1$SodiumChloride$${seven}`, 'pleaseletmein');
  // RFC 6070 §2, fourth and fifth vector, the second of which has a salt of 36 characters.
  check(`pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1`, 'password');
  const long = Buffer.from('3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038', 'hex');
  check(`$pbkdf2$4096$${base64(Buffer.from('saltSALTsaltSALTsaltSALTsaltSALTsalt'))}$${base64(long)}`, 'passwordPASSWORDpassword');
  check('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U');
});

function check(text: string, password: string): void {
  const hash = readHash(text);
  assert.ok(typeof hash === 'object', String(hash));
  assert.equal(verifyHash(hash, password), true, text);
  assert.equal(verifyHash(hash, `${password}x`), false, text);
}

test('bcrypt looks at 72 bytes: a longer password is none of its, nor is one with a NUL (attacks CRY-08)', () => {
  const most = 'x'.repeat(72);
  const hash = readHash(hashBcrypt(most, 4));
  assert.ok(typeof hash === 'object');
  assert.equal(verifyHash(hash, most), true);
  for (const other of [`${most}x`, `${most}\0`, 'é'.repeat(37), `${'x'.repeat(71)}\0`]) assert.equal(verifyHash(hash, other), false);
  const empty = readHash(hashBcrypt('', 4));
  assert.ok(typeof empty === 'object');
  assert.equal(verifyHash(empty, '\0anything'), false);
});

test('what asks for more work than a sign-in can afford is refused, and so is what is no work at all (attacks DOS-01)', () => {
  const [salt, tag] = ['c29tZXNhbHQ', 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo'];
  const argon2 = (parameters: string): string => `$argon2id$v=19$${parameters}$${salt}$${tag}`;
  const scrypt = (ln: number, r: number, p: number): string => `$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${tag}`;
  const pbkdf2 = (iterations: number): string => `$pbkdf2-sha256$i=${iterations}$${salt}$${tag}`;
  const bcrypt = (cost: string): string => `$2b$${cost}$${'x'.repeat(53)}`;
  for (const good of [
    argon2('m=262144,t=10,p=4'),
    argon2('m=8,t=1,p=1'),
    scrypt(18, 8, 2),
    scrypt(21, 1, 2),
    pbkdf2(2_000_000),
    pbkdf2(1),
    bcrypt('14'),
    bcrypt('04'),
  ])
    assert.equal(typeof readHash(good), 'object', good);
  for (const bad of [
    argon2('m=262145,t=1,p=1'),
    argon2('m=65536,t=11,p=1'),
    argon2('m=65536,t=1,p=5'),
    argon2('m=7,t=1,p=1'),
    argon2('m=15,t=1,p=2'),
    argon2('m=65536,t=0,p=1'),
    argon2('m=65536,t=1,p=0'),
    scrypt(19, 8, 1),
    scrypt(18, 8, 3),
    scrypt(99, 1, 1),
    scrypt(0, 8, 1),
    scrypt(14, 0, 1),
    scrypt(14, 8, 0),
    `scrypt:16385:8:1$${TEXT_SALT}$${'ab'.repeat(32)}`,
    pbkdf2(2_000_001),
    pbkdf2(0),
    bcrypt('15'),
    bcrypt('31'),
    bcrypt('03'),
  ])
    assert.match(String(readHash(bad)), /^must have/, bad);
});

test('what is not a hash is not taken for one: an empty one would be every password’s', () => {
  const tag = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo';
  for (const bad of [
    '',
    'x',
    '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$',
    `$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$${'A'.repeat(87)}`,
    `$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHQ$${tag}`,
    `$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$${tag}`,
    `$argon2id$v=19$m=64,t=1,p=1,keyid=x$c29tZXNhbHQ$${tag}`,
    `$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$${tag} `,
    `$argon2x$v=19$m=64,t=1,p=1$c29tZXNhbHQ$${tag}`,
    '$pbkdf2-sha256$i=1000$c29tZXNhbHQ$',
    '$pbkdf2-sha256$i=1000$c29tZXNhbHQ$aGFzaA',
    `$pbkdf2-md5$i=1000$c29tZXNhbHQ$${tag}`,
    `$pbkdf2-sha256$i=1000$YQ$${tag}`,
    `pbkdf2_sha256$1000$$${tag}=`,
    `pbkdf2:sha256:1000$${TEXT_SALT}$`,
    '$scrypt$ln=10,r=8,p=1$c29tZXNhbHQ$',
    '$scrypt$ln=10,r=8,p=1$c29tZXNhbHQ$aGFzaA',
    '$2b$10$N9qo8uLOickgx2ZMRZoMye',
    `$2x$10$${'x'.repeat(53)}`,
    `$2$10$${'x'.repeat(53)}`,
    `${BCRYPT}x`,
    'x'.repeat(1_000_000),
  ])
    assert.equal(typeof readHash(bad), 'string', bad.slice(0, 60));
});

test('another hash is told by its name', () => {
  const names: readonly (readonly [string, RegExp])[] = [
    ['$6$salt$hash', /crypt\(3\)/],
    ['$y$j9T$x$y', /crypt\(3\)/],
    ['{SSHA}abc', /LDAP/],
    ['5f4dcc3b5aa765d61d8327deb882cf99', /digest without salt/],
    ['secret', /none of Argon2, bcrypt, scrypt, PBKDF2/],
  ];
  for (const [text, name] of names) assert.match(String(readHash(text)), name);
});
