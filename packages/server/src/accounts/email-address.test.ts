import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEmailAddress } from './email-address.ts';

test('what has the form of an address is one, in every script (RFC 5321 §4.1.2, RFC 6531 §3.3)', () => {
  for (const address of [
    'a@b.example',
    "o'hara+tag@post.example",
    'x.y.z@sub.post.example',
    '小明@例子.公司',
    'ä@xn--bcher-kva.example',
    '1@1.example',
  ])
    assert.equal(readEmailAddress(` ${address} `), address);
  for (const text of [
    '',
    'a',
    '@',
    'a@',
    '@b.example',
    'a@b',
    'a@b..example',
    'a@.example',
    '.a@b.example',
    'a.@b.example',
    'a..b@b.example',
    'a b@c.example',
    'a@b@c.example',
    'a@-b.example',
    'a@b-.example',
    'a@b_c.example',
    'a@[127.0.0.1]',
    '"a b"@c.example',
    'a@b.example>',
    'a\u202e@b.example',
    'a\u200b@b.example',
    'a\n@b.example',
    'a@b.example\r\nBcc: c@d.example',
  ])
    assert.equal(readEmailAddress(text), undefined, text);
});

test('an address has its lengths, and reading a long one is quick (RFC 5321 §4.5.3.1)', () => {
  const local = 'l'.repeat(64);
  assert.ok(readEmailAddress(`${local}@b.example`));
  assert.equal(readEmailAddress(`${local}l@b.example`), undefined);
  const domain = [...Array.from({ length: 11 }, () => 'd'.repeat(16)), 'example'].join('.');
  const most = `${'l'.repeat(253 - domain.length)}@${domain}`;
  assert.equal(most.length, 254);
  assert.ok(readEmailAddress(most));
  assert.equal(readEmailAddress(`x${most}`), undefined);
  assert.equal(readEmailAddress(`a@${'d'.repeat(64)}.example`), undefined);
  assert.equal(readEmailAddress(`${'a.'.repeat(500_000)}@b.example`), undefined);
});
