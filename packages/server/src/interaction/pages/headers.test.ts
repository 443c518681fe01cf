import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageHeaders } from './headers.ts';

const NONCE = 'q83vEjRWeJCrze8SNFZ4kA';

test('a page loads our stylesheet and images and nothing else, and nobody frames it (RFC 9700 §4.16)', () => {
  const headers = pageHeaders({ issuer: 'http://localhost:4400' });
  assert.equal(
    headers['content-security-policy'],
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
  );
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.ok(Object.isFrozen(headers));
});

test('no address of a page leaks as a referrer (RFC 9700 §4.2.4)', () => {
  assert.equal(pageHeaders({ issuer: 'https://login.example' })['referrer-policy'], 'no-referrer');
});

test('no page restricts where a form leads, because the redirects after it go to clients', () => {
  for (const options of [{ issuer: 'https://login.example' }, { issuer: 'https://login.example', scriptNonce: NONCE }]) {
    assert.doesNotMatch(pageHeaders(options)['content-security-policy'] ?? '', /form-action/);
  }
});

test('a script runs only by its nonce, and a nonce cannot end the directive', () => {
  assert.match(
    pageHeaders({ issuer: 'https://login.example', scriptNonce: NONCE })['content-security-policy'] ?? '',
    new RegExp(`; script-src 'nonce-${NONCE}'$`),
  );
  for (const scriptNonce of ['', 'short', `${NONCE}'; script-src *`, `${NONCE} 'unsafe-inline'`, `${NONCE}\n`, `x' ${NONCE}`]) {
    assert.throws(() => pageHeaders({ issuer: 'https://login.example', scriptNonce }), TypeError, scriptNonce);
  }
});

test('a page frames the origins of its frames, each once, and nothing else (Front-Channel Logout §3)', () => {
  const frames = ['https://a.example/bye?sid=1', 'https://a.example/other', 'https://b.example:8443/x?y=https://evil.test'];
  const policy = pageHeaders({ issuer: 'https://login.example', frames })['content-security-policy'] ?? '';
  assert.match(policy, /; frame-src https:\/\/a\.example https:\/\/b\.example:8443$/);
  assert.match(policy, /; frame-ancestors 'none'/);
  assert.doesNotMatch(pageHeaders({ issuer: 'https://login.example', frames: [] })['content-security-policy'] ?? '', /frame-src/);
});

test('https is demanded from then on where the issuer has it', () => {
  assert.equal(pageHeaders({ issuer: 'https://login.example' })['strict-transport-security'], 'max-age=31536000');
  assert.equal('strict-transport-security' in pageHeaders({ issuer: 'http://localhost:4400' }), false);
});

test('the tie to an opener is cut, unless the page is part of a sign-in through a popup', () => {
  assert.equal(pageHeaders({ issuer: 'https://login.example' })['cross-origin-opener-policy'], 'same-origin');
  assert.equal(pageHeaders({ issuer: 'https://login.example', opener: 'popup' })['cross-origin-opener-policy'], 'unsafe-none');
});
