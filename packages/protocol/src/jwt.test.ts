import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJwt } from './jwt.ts';

const part = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jwt = (header: unknown, payload: unknown, signature = 'c2ln'): string => `${part(header)}.${part(payload)}.${signature}`;
const HEADER = { alg: 'ES256', typ: 'JWT', kid: 'k' };

test('the compact form is three canonical parts (RFC 7515 §7.1)', () => {
  const read = readJwt(jwt(HEADER, { sub: 'a' }));
  assert.deepEqual(read?.header, HEADER);
  assert.deepEqual(read?.payload, { sub: 'a' });
  assert.equal(read?.signingInput, `${part(HEADER)}.${part({ sub: 'a' })}`);
  assert.equal(Buffer.from(read?.signature ?? []).toString(), 'sig');
});

test('everything that is not exactly that is refused (RFC 8725 §3.1, attacks JWT-01, JWT-10, JWT-22, JWT-23, JWT-24)', () => {
  const bad: readonly string[] = [
    '',
    '..',
    'a.b',
    `${part(HEADER)}.${part({})}`,
    `${part(HEADER)}.${part({})}.`,
    `${jwt(HEADER, {})}.x`,
    jwt({ alg: 'none' }, {}),
    jwt({ typ: 'JWT' }, {}),
    jwt({ alg: 5 }, {}),
    jwt({ ...HEADER, crit: ['exp'] }, {}),
    jwt({ ...HEADER, b64: false }, {}),
    jwt([], {}),
    jwt(HEADER, []),
    jwt(HEADER, 'null'),
    jwt(HEADER, '"text"'),
    jwt(HEADER, '7'),
    jwt('\ufeff{"alg":"ES256"}', {}),
    `${jwt(HEADER, {})}=`,
    ` ${jwt(HEADER, {})}`,
    jwt(HEADER, {}, 'c2l+'),
    jwt(HEADER, {}, 'c2'.concat('l')),
    `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${part({})}.c2ln`,
    jwt(HEADER, { x: 'y'.repeat(20_000) }),
    jwt(HEADER, `{"a":${'['.repeat(3_000)}`),
  ];
  for (const text of bad) assert.equal(readJwt(text), undefined, text.slice(0, 80));
});

test('a member named __proto__ stays a member (attacks HTP-03)', () => {
  readJwt(jwt('{"alg":"ES256","__proto__":{"polluted":1}}', '{"__proto__":{"polluted":1}}'));
  assert.equal(Object(Object.prototype).polluted, undefined);
});
