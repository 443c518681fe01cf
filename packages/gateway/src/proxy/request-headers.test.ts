import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieCut } from './cookies.ts';
import { headerNames } from './header-names.ts';
import { requestHeaders } from './request-headers.ts';

const rules = { names: headerNames(), cookies: cookieCut(), credentials: 'drop' } as const;

test('GTW-01 · first everything is taken away that only the edge may say, then ours is set (RFC 9700 §4.13)', () => {
  const sent = [
    ['Host', 'app.example', 'Accept', '*/*', 'Passport', 'evil', 'x_forwarded_for', '6.6.6.6', 'Authorization', 'Bearer x'],
    ['DPoP', 'proof', 'Cookie', 'a=b; __Host-hufu=secret', 'Cookie', '__Host-hufu=secret', 'Content-Length', '5'],
    ['X-Any', '1', 'X-Any', '2'],
  ].flat();
  assert.deepEqual(
    requestHeaders(sent, undefined, rules, ['passport', 'ours']),
    'accept */* cookie a=b x-any 1 x-any 2 passport ours'.split(' '),
  );
  assert.deepEqual(requestHeaders(['Authorization', 'Bearer x'], undefined, { ...rules, credentials: 'forward' }, []), [
    'authorization',
    'Bearer x',
  ]);
});

test('what Connection names is of that connection, but never what the edge sets (RFC 9110 §7.6.1)', () => {
  const named = new Set(['x-hop', 'passport', 'accept']);
  assert.deepEqual(requestHeaders(['X-Hop', '1', 'Accept', '*/*', 'X-Any', '1'], named, rules, ['passport', 'ours']), [
    'x-any',
    '1',
    'passport',
    'ours',
  ]);
});
