import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearAll, clearCookie, cookieNames, readCookies, writeCookie } from './cookie-jar.ts';

test('cookies are read byte for byte, and one that stands twice is nobody’s (RFC 6265 §5.4, attacks SES)', () => {
  const read = (header: string): unknown => [...readCookies(header, '__Host-Http-hufu')];
  assert.deepEqual(read('a=1; __Host-Http-hufu-x=2;__Host-Http-hufu-y=3=4 ; \t__Host-Http-hufu-z\t=5'), [
    ['__Host-Http-hufu-x', '2'],
    ['__Host-Http-hufu-y', '3=4'],
    ['__Host-Http-hufu-z', '5'],
  ]);
  assert.deepEqual(read('__Host-Http-hufu-x=1; __Host-Http-hufu-x=1; __Host-Http-hufu-y=2'), [['__Host-Http-hufu-y', '2']]);
  for (const header of [
    '',
    '__Host-Http-hufu-x',
    '=__Host-Http-hufu-x=1',
    '\u00a0__Host-Http-hufu-x=1',
    '__host-http-hufu-x=1',
    '\v__Host-Http-hufu-x=1',
  ])
    assert.deepEqual(read(header), [], JSON.stringify(header));
  assert.equal(readCookies(undefined, 'a').size, 0);
});

test('edges with another issuer or client have other cookies, and what clears one has its attributes (draft-ietf-httpbis-rfc6265bis §4.1.3)', () => {
  const names = cookieNames('https://id.example', 'app');
  assert.notEqual(names.session, cookieNames('https://id.example', 'app2').session);
  assert.notEqual(names.session, cookieNames('https://id2.example', 'app').session);
  assert.ok(names.transaction('s').startsWith(names.transactions));
  assert.equal(writeCookie('a', 'b', 9, 'Lax'), 'a=b; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=9');
  assert.equal(clearCookie('a'), 'a=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0');
});

test('all cookies of an edge are cleared, those that stand twice too, and nobody else’s', () => {
  const names = cookieNames('https://id.example', 'app');
  const { session, signOut } = names;
  const header = `a=1; ${session}=x; ${session}=y; ${signOut}=1;${names.transaction('s')}=2; __Host-Http-hufu-other=3; ${session}`;
  assert.deepEqual(clearAll(header, names), [session, signOut, names.transaction('s')].map(clearCookie));
  assert.deepEqual(clearAll(undefined, names), [clearCookie(session)]);
});
