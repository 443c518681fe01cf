import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OAuthError } from './errors.ts';
import { findWebUriFault, readWebUri } from './web-uri.ts';

test('a URI that people follow or the server fetches is https, or http to this machine (RFC 7591 §2, §5)', () => {
  for (const uri of [
    'https://app.example/logo.png',
    'https://app.example/#about',
    'http://localhost:3000/jwks',
    'http://127.0.0.1/',
    'http://[::1]/',
  ]) {
    assert.equal(readWebUri(uri, 'logo_uri'), uri);
  }
  const refused = [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://app.example/',
    'http://app.example/',
    'https://u:p@app.example/',
    '//app.example',
    'https:app.example',
    'HTTPS://app.example',
    'https://app.example/ x',
    'com.example.app:/x',
    '',
  ];
  for (const uri of refused) {
    assert.throws(
      () => readWebUri(uri, 'logo_uri'),
      (error) => error instanceof OAuthError && error.code === 'invalid_client_metadata' && error.description.startsWith('logo_uri '),
      uri,
    );
  }
});

test('user information is refused as what it is (RFC 3986 §3.2.1)', () => {
  for (const uri of [
    'https://user@app.example/',
    'https://user:pw@app.example/',
    'https://@app.example/',
    'https://app.example:443@evil.test/',
  ]) {
    assert.equal(findWebUriFault(uri), 'has user information', uri);
  }
});

test('a fragment is refused where the field’s specification forbids one', () => {
  assert.equal(findWebUriFault('https://app.example/#x'), undefined);
  assert.equal(findWebUriFault('https://app.example/#x', { fragment: 'refused' }), 'has a fragment');
  assert.equal(findWebUriFault('https://app.example#@evil.test'), undefined);
  assert.equal(new URL('https://app.example#@evil.test').hostname, 'app.example');
});

test('hosts can be refused; they are asked about in lower case and without a port', () => {
  const asked: string[] = [];
  const isHostRefused = (host: string) => asked.push(host) > 2;
  assert.equal(findWebUriFault('https://Intra.Example:8443/x', { isHostRefused }), undefined);
  assert.equal(findWebUriFault('https://[2001:db8::1]/x', { isHostRefused }), undefined);
  assert.equal(findWebUriFault('https://10.0.0.1', { isHostRefused }), 'names a host that is not allowed');
  assert.deepEqual(asked, ['intra.example', '[2001:db8::1]', '10.0.0.1']);
});
