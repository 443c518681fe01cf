import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { type AnswerHeaderRules, answerHeaders } from './answer-headers.ts';
import { cookieCut } from './cookies.ts';

const RULES: AnswerHeaderRules = { cookies: cookieCut(), caching: 'anonymous', varyByCookie: false, answersCors: false, ours: [] };

function out(headers: IncomingHttpHeaders, rules: Partial<AnswerHeaderRules> = {}, status = 200): string[] {
  const { lines } = answerHeaders(headers, status, { ...RULES, ...rules });
  return lines.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${lines[i + 1]}`] : []));
}

test('an answer goes out without what was of the connection inside, and without what Connection names (RFC 9110 §7.6.1, RFC 7838 §2)', () => {
  const headers = {
    connection: 'close, X-Hop',
    'keep-alive': 'timeout=5',
    'proxy-authenticate': 'Basic',
    te: 'x',
    trailer: 'x',
    'transfer-encoding': 'chunked',
    upgrade: 'h2c',
    'x-hop': '1',
    passport: 'inside',
    'passport-next': 'inside',
    'clear-site-data': '"*"',
    'alt-svc': 'h3=":443"',
    'x-any': '1',
  };
  assert.deepEqual(out(headers), ['x-any: 1']);
});

test('lines of one name stay lines, and cookies of the edge are set by nobody else (RFC 6265 §3)', () => {
  assert.deepEqual(out({ 'set-cookie': ['a=1', '__Host-Http-hufu=evil', 'b=2'], link: '<a>' }), [
    'set-cookie: a=1',
    'set-cookie: b=2',
    'link: <a>',
  ]);
});

test('a length is kept, but a 204 has none (RFC 9110 §8.6)', () => {
  assert.deepEqual(answerHeaders({ 'content-length': '12' }, 200, RULES), { lines: ['content-length', '12'], length: 12 });
  assert.deepEqual(answerHeaders({ 'content-length': '12' }, 204, RULES), { lines: [], length: undefined });
  assert.deepEqual(answerHeaders({ 'content-length': '12' }, 304, RULES), { lines: ['content-length', '12'], length: 12 });
});

test('what is answered to somebody is kept by no cache that others use, unless the route says so (RFC 9111 §3.5, §5.2.2)', () => {
  const control = (value: string | undefined, caching: AnswerHeaderRules['caching'] = 'identified'): string[] =>
    out(value === undefined ? {} : { 'cache-control': value }, { caching });
  assert.deepEqual(control(undefined), ['cache-control: private']);
  assert.deepEqual(control('no-store'), ['cache-control: no-store']);
  assert.deepEqual(control('Private, max-age=5'), ['cache-control: Private, max-age=5']);
  assert.deepEqual(control('public, max-age=60, s-maxage=600'), ['cache-control: max-age=60, private']);
  assert.deepEqual(control('PUBLIC'), ['cache-control: private']);
  assert.deepEqual(control('private="set-cookie"'), ['cache-control: private="set-cookie", private']);
  assert.deepEqual(control('public, max-age=60', 'cacheable'), ['cache-control: public, max-age=60']);
  assert.deepEqual(control('public, max-age=60', 'anonymous'), ['cache-control: public, max-age=60']);
  assert.deepEqual(out({ 'cdn-cache-control': 'max-age=60', 'surrogate-control': 'max-age=60' }, { caching: 'identified' }), [
    'cache-control: private',
  ]);
  assert.deepEqual(out({}, { varyByCookie: true }), ['vary: Cookie']);
});

test('where the edge answers CORS, an upstream does not; and what is ours is set last', () => {
  const headers = { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' };
  assert.deepEqual(out(headers), ['access-control-allow-origin: *', 'access-control-allow-credentials: true']);
  assert.deepEqual(out(headers, { answersCors: true, ours: ['x-request-id', '1'] }), ['x-request-id: 1']);
});
