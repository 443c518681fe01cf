import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerNames } from './header-names.ts';

test('GTW-01 · what says who somebody is goes in from nobody, in every spelling (RFC 9700 §4.13)', () => {
  const names = headerNames(['X-Tenant', 'x-corp-*']);
  for (const name of [
    'Passport',
    'passport-actions',
    'PASSPORT_USER',
    'X-Forwarded-For',
    'x_forwarded_for',
    'X.Forwarded.User',
    'x-forwarded-user',
    'Forwarded',
    'X-Real-IP',
    'X_Real_IP',
    'X-Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Original-URL',
    'X-Original-URI',
    'x_rewrite_url',
    'X-User',
    'X-User-Id',
    'x_user_id',
    'X-Userinfo',
    'X-Auth-Request-Email',
    'X-Authenticated-User',
    'X-Remote-User',
    'Remote-User',
    'REMOTE_USER',
    'Remote-Groups',
    'Remote-Email',
    'X-WEBAUTH-USER',
    'SSL-Client-Cert',
    'ssl_client_s_dn',
    'X-SSL-Client-CN',
    'X-CSRF',
    'X-HTTP-Method-Override',
    'X_Method_Override',
    'X-HTTP-Method',
    'X-Request-Id',
    'Traceparent',
    'X-Tenant',
    'x_tenant',
    'X-Corp-Role',
  ]) {
    assert.equal(names(name).fate, 'drop', name);
    assert.equal(names(name.toUpperCase()).fate, 'drop', name);
  }
  for (const name of ['Accept', 'Content-Type', 'X-Any', 'Origin', 'Sec-Fetch-Site', 'X-Requested-With', 'Idempotency-Key', 'X-Corpus']) {
    assert.deepEqual(names(name), { name: name.toLowerCase(), fate: 'pass' });
  }
});

test('GTW-01 · which certificate a client has is said by nobody but whoever has seen it (RFC 9440 §2.4)', () => {
  const names = headerNames();
  for (const name of ['Client-Cert', 'client_cert', 'Client-Cert-Chain', 'CLIENT.CERT.CHAIN']) assert.equal(names(name).fate, 'drop', name);
});

test('headers of a connection end with it, also in other spellings (RFC 9110 §7.6.1)', () => {
  const names = headerNames();
  for (const name of [
    'Keep-Alive',
    'Proxy',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Upgrade',
    'Transfer_Encoding',
    'Content_Length',
    'http_host',
  ]) {
    assert.equal(names(name).fate, name === 'http_host' ? 'pass' : 'drop', name);
  }
  assert.equal(names('TRANSFER-ENCODING').fate, 'transfer-encoding');
  assert.equal(names('Authorization').fate, 'credential');
  assert.equal(names('DPoP').fate, 'credential');
});

test('names that strangers send are not kept for ever', () => {
  const names = headerNames();
  for (let i = 0; i < 5_000; i++) assert.equal(names(`X-${i}`).fate, 'pass');
  assert.equal(names('Cookie').fate, 'cookie');
});
