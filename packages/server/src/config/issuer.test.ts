import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIssuer } from './issuer.ts';
import { Refused } from './shape.ts';

test('an issuer is https without query and fragment, kept byte for byte (RFC 8414 §2, OpenID Connect Core §1.2)', () => {
  const good = ['https://a.example', 'https://a.example:8443', 'https://A.Example:443', 'https://192.0.2.1'];
  for (const text of good) assert.equal(readIssuer(text), text);
  const bad = [
    '',
    'a.example',
    '//a.example',
    'https:a.example',
    'https://',
    'ftp://a.example',
    'https://a.example/',
    'https://a.example/t/',
    'https://a.example?',
    'https://a.example?x=1',
    'https://a.example#',
    'https://a.example/#x',
    'https://me@a.example',
    'https://me:pw@a.example',
    ' https://a.example',
    // Paths come with tenants.
    'https://a.example/t/1',
    'https://a.example/%41',
    'https://a.example/a b',
    'https://a.example/a\\b',
    'https://bücher.example',
    'https://a.example//t',
    'https://a.example/./t',
    'https://a.example/t/..',
    'https://a.example/%2E%2e/t',
    'https://a.example:99999',
    'https://2130706433',
  ];
  for (const text of bad) assert.ok(readIssuer(text) instanceof Refused, text);
});

test('an issuer that ends in a slash is told so', () => {
  const read = readIssuer('https://a.example/');
  assert.ok(read instanceof Refused);
  assert.match(read.message, /^ends in a slash/);
});

test('an issuer is http on this machine alone', () => {
  for (const text of ['http://localhost', 'http://localhost:4400', 'http://127.0.0.1:1', 'http://[::1]:4400'])
    assert.equal(readIssuer(text), text);
  for (const text of [
    'http://a.example',
    'http://127.0.0.2',
    'http://localhost.a.example',
    'http://0.0.0.0',
    'http://[::2]',
    'http://localhost@a.example',
  ]) {
    assert.ok(readIssuer(text) instanceof Refused, text);
  }
});
