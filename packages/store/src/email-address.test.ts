import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldAddress, requireFolded, verifiedAddress } from './email-address.ts';

test('an address is compared by small letters of ASCII, and nothing else is folded (attacks FED-01)', () => {
  assert.equal(foldAddress('Ada.Lovelace+X@EXAMPLE.com'), 'ada.lovelace+x@example.com');
  const alike = [
    'ada@example.com',
    'Äda@example.com',
    'äda@example.com',
    'аda@example.com',
    'ad\u212a@example.com',
    'adk@example.com',
    'u\u0308@example.com',
    'ü@example.com',
    'ad\uff41@example.com',
    'ıda@example.com',
  ];
  assert.equal(new Set(alike.map(foldAddress)).size, alike.length);
  for (const address of alike) assert.equal(foldAddress(foldAddress(address)), foldAddress(address));
});

test('claims name a verified address by a text and a true, and by nothing that is like them (OpenID Connect Core §5.1)', () => {
  assert.equal(verifiedAddress({ email: 'Ada@example.com', email_verified: true }), 'ada@example.com');
  for (const claims of [
    {},
    { email: 'ada@example.com' },
    { email: 'ada@example.com', email_verified: 'true' },
    { email: 'ada@example.com', email_verified: 1 },
    { email: '', email_verified: true },
    { email: ['ada@example.com'], email_verified: true },
    { email: 'ada\0@example.com', email_verified: true },
    { email: `${'x'.repeat(320)}@example.com`, email_verified: true },
  ])
    assert.equal(verifiedAddress(claims), undefined, JSON.stringify(claims));
});

test('an address that is told as written and as compared is one address', () => {
  requireFolded('Ada@example.com', 'ada@example.com');
  for (const [address, folded] of [
    ['Ada@example.com', 'Ada@example.com'],
    ['ada@example.com', 'eve@example.com'],
    ['', ''],
  ] as const)
    assert.throws(() => requireFolded(address, folded), TypeError);
});
