import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { clearCookie, readCookie, writeCookie } from './cookies.ts';

const SECURE = { issuer: 'https://id.example' } as unknown as Context;
const PLAIN = { issuer: 'http://localhost:4400' } as unknown as Context;

function read(cookie: string | undefined, ctx = SECURE): string | undefined {
  return readCookie(ctx, { headers: { cookie } } as unknown as HttpRequest, 'session');
}

test("a cookie is for this host alone, not for scripts, and not for other sites' posts (RFC 6265bis §4.1)", () => {
  assert.equal(writeCookie(SECURE, 'session', 'v', 60), '__Host-hufu_session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
  assert.equal(writeCookie(PLAIN, 'browser', 'v', 60), 'hufu_browser=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax');
  assert.equal(clearCookie(SECURE, 'known'), '__Host-hufu_known=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure');
});

test('__Host- comes with Secure, Path=/ and no Domain, or browsers drop it (RFC 6265bis §4.1.3.2)', () => {
  for (const name of ['session', 'browser', 'known'] as const) {
    const text = writeCookie(SECURE, name, 'v', 1);
    assert.ok(text.startsWith('__Host-') && text.includes('; Secure') && text.includes('; Path=/;'));
    assert.equal(/domain/i.test(text), false);
  }
});

test('the value is read from among others, to the character of its name (RFC 6265 §5.4)', () => {
  assert.equal(read('a=b; __Host-hufu_session=hfs_x; c=d'), 'hfs_x');
  assert.equal(read('__Host-hufu_session=a=b'), 'a=b');
  assert.equal(read('__Host-hufu_session='), '');
  for (const other of [
    'hufu_session=x',
    '__host-hufu_session=x',
    '__Host-hufu_session2=x',
    'x__Host-hufu_session=x',
    '__Host-hufu_session',
    '',
    undefined,
  ]) {
    assert.equal(read(other), undefined, other ?? 'none');
  }
  assert.equal(read('hufu_session=x', PLAIN), 'x');
});

test('only spaces and tabs stand beside a name: what a site below ours sets under another name is not ours (RFC 6265 §4.2.1)', () => {
  assert.equal(read('a=b;\t__Host-hufu_session=x \t'), 'x');
  for (const other of ['\u00a0', '\u2003', '\ufeff', '\v', '\f']) {
    assert.equal(read(`${other}__Host-hufu_session=evil`), undefined);
    assert.equal(read(`__Host-hufu_session=x; ${other}__Host-hufu_session=evil`), 'x');
    assert.equal(read(`__Host-hufu_session=x${other}`), `x${other}`);
  }
});

test('one that stands twice is none: somebody else set one of the two (RFC 6265 §5.4)', () => {
  assert.equal(read('__Host-hufu_session=a; __Host-hufu_session=b'), undefined);
  assert.equal(read('__Host-hufu_session=a; x=y; __Host-hufu_session=a'), undefined);
});

test('a header that no browser sends is not looked through', () => {
  assert.equal(read(`__Host-hufu_session=x; ${'y'.repeat(16_384)}`), undefined);
  assert.equal(readCookie(SECURE, { headers: { cookie: ['__Host-hufu_session=x'] } } as unknown as HttpRequest, 'session'), undefined);
});
