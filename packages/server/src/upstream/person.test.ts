import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpstreamBase } from '../config/upstream-config.ts';
import { verifiedAddressOf } from './find-account.ts';
import { readPerson } from './person.ts';

const CORP: UpstreamBase = {
  name: 'corp',
  preset: undefined,
  label: undefined,
  enabled: true,
  link: 'verified_email',
  domains: ['example.com'],
  create: false,
  claims: {},
};

const read = (claims: Readonly<Record<string, unknown>>, subject: unknown, upstream: UpstreamBase = CORP): ReturnType<typeof readPerson> =>
  readPerson(upstream, { issuer: 'i', subject, claims, authenticatedAt: undefined, multiFactor: false });

test('a subject is taken whole, as it came, and what is none is refused (OpenID Connect Core §5.7)', () => {
  for (const [subject, taken] of [
    ['A b', 'A b'],
    ['a', 'a'],
    [12, '12'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ] as const)
    assert.equal(read({}, subject).subject, taken);
  for (const subject of [undefined, null, '', ' ', {}, ['a'], true, 1.5, 2 ** 60, 'x'.repeat(256), 'a\0', 'a\nb', '\ud800'])
    assert.throws(() => read({}, subject), /name/);
});

test('claims are text of one line, in bounds; what is something else is left out', () => {
  const { claims, email, emailVerified, label } = read(
    {
      name: ' Mei\u0301 ',
      nickname: 'a\u202eb',
      given_name: 7,
      family_name: 'x'.repeat(300),
      locale: 'zh-CN',
      email: 'mei@example.com',
      email_verified: 'true',
      picture: 'javascript:alert(1)',
      __proto__: { preferred_username: 'x' },
    },
    's',
  );
  assert.deepEqual(
    [claims, email, emailVerified, label],
    [{ name: 'Me\u00ed'.normalize('NFC'), locale: 'zh-CN' }, 'mei@example.com', false, 'mei@example.com'],
  );
});

test('claims may have other names there', () => {
  const upstream = { ...CORP, claims: { email: 'mail', email_verified: 'xms_edov', name: 'cn' } };
  const person = read({ mail: 'a@example.com', xms_edov: true, cn: 'A', email: 'b@example.com', email_verified: true }, 's', upstream);
  assert.deepEqual([person.email, person.emailVerified, person.claims], ['a@example.com', true, { name: 'A' }]);
});

test('an address is theirs by an upstream’s word that is true, for a domain of its own (attacks FED-01)', () => {
  const address = (email: unknown, verified: unknown): string | undefined =>
    verifiedAddressOf(CORP, read({ email, email_verified: verified }, 's'));
  assert.equal(address('Mei@EXAMPLE.com', true), 'mei@example.com');
  for (const email of [
    'mei@example.org',
    'mei@sub.example.com',
    'mei@example.com.evil.example',
    'méi@example.com',
    'mei@ex\u00e4mple.com',
    '@example.com',
    'example.com',
    'a b@example.com',
    '"a"@example.com',
    'x@y@example.com',
    7,
  ])
    assert.equal(address(email, true), undefined, String(email));
  for (const verified of ['true', 1, 'yes', {}, [true], null, undefined, false])
    assert.equal(address('mei@example.com', verified), undefined);
  assert.equal(verifiedAddressOf({ ...CORP, domains: [] }, read({ email: 'mei@example.com', email_verified: true }, 's')), undefined);
});
