import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserConfig } from './config.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';

function read(users: string): readonly UserConfig[] {
  return readConfig({ text: `users: ${users}`, file: 'f', env: {} }).users;
}

function problemsOf(users: string): readonly string[] {
  try {
    read(users);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo';

test('a user has a password or its hash, and never both', () => {
  const [plain, hashed] = read(`[{ username: a, password: x }, { username: b, password_hash: "${HASH}" }]`);
  assert.equal(plain?.password.kind === 'plain' && plain.password.value.reveal(), 'x');
  assert.equal(hashed?.password.kind === 'hash' && hashed.password.phc.reveal(), HASH);
  assert.deepEqual(problemsOf('[{ username: a }]'), ['users[0].password: is missing']);
  assert.deepEqual(problemsOf(`[{ username: a, password: x, password_hash: "${HASH}" }]`), [
    'users[0].password_hash: cannot stand beside password',
  ]);
});

test('a user name comes once, in whatever letters (RFC 8265 §3.3)', () => {
  assert.deepEqual(problemsOf('[{ username: Ada, password: x }, { username: ＡＤＡ, password: x }]'), [
    'users[1].username: is the same as users[0].username in line 1',
  ]);
  assert.deepEqual(problemsOf('[{ username: " a", password: x }]'), ['users[0].username: has a space at an end or an invisible character']);
  assert.deepEqual(problemsOf('[{ username: "a\\u202eb", password: x }]'), [
    'users[0].username: has a space at an end or an invisible character',
  ]);
  assert.equal(read('[{ username: "张 三", password: x }]')[0]?.username, '张 三');
});

test('a subject can be given, comes once, and is ASCII of at most 255 characters (OpenID Connect Core §2)', () => {
  const [user] = read('[{ username: a, password: x, claims: { sub: u-1, name: A } }]');
  assert.equal(user?.sub, 'u-1');
  assert.deepEqual(user.claims, { name: 'A' });
  assert.deepEqual(problemsOf('[{ username: a, password: x, claims: { sub: s } }, { username: b, password: x, claims: { sub: s } }]'), [
    'users[1].claims.sub: is the same as users[0].claims.sub in line 1',
  ]);
  assert.deepEqual(problemsOf('[{ username: a, password: x, claims: { sub: "é" } }]'), [
    'users[0].claims.sub: holds a character that a subject cannot hold',
  ]);
  assert.deepEqual(problemsOf(`[{ username: a, password: x, claims: { sub: ${'s'.repeat(256)} } }]`), [
    'users[0].claims.sub: is longer than 255 characters',
  ]);
});

test('standard claims have their types (OpenID Connect Core §5.1, §5.1.1), and there are no others', () => {
  const claims = {
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    email_verified: true,
    website: 'http://example.com/',
    birthdate: '0000-02-29',
    zoneinfo: 'Europe/London',
    phone_number: '+44 20 7946 0000',
    phone_number_verified: false,
    address: { street_address: '12 St James’s Square\nLondon', country: 'GB' },
    updated_at: 1_700_000_000,
  };
  assert.deepEqual(read(`[{ username: a, password: x, claims: ${JSON.stringify(claims)} }]`)[0]?.claims, claims);
  const bad: readonly (readonly [string, string])[] = [
    ['emial: a@b', 'emial: unknown key'],
    ['email#fi: x', 'email#fi: unknown key'],
    ['name#: x', 'name#: unknown key'],
    ['name#zh-CN: 7', 'name#zh-CN: must be text: put it in quotes'],
    ['email: nobody', 'email: is not an email address'],
    ['email_verified: "true"', 'email_verified: must be true or false'],
    ['picture: ftp://x', 'picture: is not a URL'],
    ['birthdate: 1990', 'birthdate: must be text: put it in quotes'],
    ['birthdate: 1990-13-01', 'birthdate: is not a date'],
    ['birthdate: 1990-02-30', 'birthdate: is not a date'],
    ['phone_number: +8613800000000', 'phone_number: must be text: put it in quotes'],
    ['address: London', 'address: must be a mapping'],
    ['address: { city: London }', 'address.city: unknown key'],
    ['updated_at: 1.5', 'updated_at: must be a whole number'],
    ['updated_at: 2030-01-01', 'updated_at: must be a whole number'],
  ];
  for (const [claim, expected] of bad) {
    assert.deepEqual(problemsOf(`[{ username: a, password: x, claims: { ${claim} } }]`), [`users[0].claims.${expected}`]);
  }
});
