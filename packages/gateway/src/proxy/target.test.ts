import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHost, readTarget } from './target.ts';

function read(url: string, host = 'app.example'): string {
  const target = readTarget(url, host);
  return target.kind === 'target' ? `${target.host} ${target.path} ${target.query}` : target.code;
}

test('a target is a path, or an address of the very host (RFC 9112 §3.2)', () => {
  assert.equal(read('/a?b=c'), 'app.example /a ?b=c');
  assert.equal(read('/a?'), 'app.example /a ?');
  assert.equal(read('http://app.example/a?b'), 'app.example /a ?b');
  assert.equal(read('HTTPS://APP.example:8443/a', 'app.EXAMPLE:8443'), 'app.example /a ');
  assert.equal(read('http://app.example'), 'app.example / ');
  assert.equal(read('http://app.example?x'), 'app.example / ?x');
});

test('GTW-12 · an address of another host is refused, and so is what is no address (RFC 9112 §3.2.2)', () => {
  for (const url of ['http://evil.test/', 'http://app.example@evil.test/', 'http://app.example:81/', 'http://app.example#@evil.test/x']) {
    assert.equal(read(url), url.includes('#') ? 'path_character' : 'host', url);
  }
  for (const url of ['*', '', 'app.example:443', 'ftp://app.example/', 'a/b', 'http:/app.example/']) {
    assert.equal(read(url), 'target_form', url);
  }
  assert.equal(read('/http://evil.test/'), 'path_empty_segment');
});

test('GTW-22 · a host is compared without case, port and final dot; what is none is refused (RFC 9110 §7.2)', () => {
  for (const host of ['app.example', 'APP.example', 'app.example.', 'app.example:443', 'App.Example.:8080']) {
    assert.equal(readHost(host), 'app.example', host);
  }
  assert.equal(readHost('[::1]:80'), '::1');
  assert.equal(readHost('10.0.0.1'), '10.0.0.1');
  for (const host of ['', '.', 'a b', 'a@b', 'a/b', 'a,b', 'a:', 'a:999999', '[::1', 'ä.example', 'a\\b', 'a%2eb']) {
    assert.equal(readHost(host), undefined, host);
    assert.equal(readTarget('/', host).kind, 'refused', host);
  }
});

test('a query keeps its bytes; controls, other alphabets, fragments and broken escapes are refused (RFC 3986 §3.4)', () => {
  for (const query of ['?a=%20&b=+', '?../..//\\', '?%00', '?a=b|c"<>^`{}', '?a?b', '?%2F%e9']) {
    assert.equal(read(`/x${query}`), `app.example /x ${query}`);
  }
  for (const query of ['?a b', '?a\u0001', '?\u00e9', '?a#b', '?%', '?%4', '?%zz', '?a\u007f'])
    assert.equal(read(`/x${query}`), 'query', query);
});

test('HTP-01 · an address of more than 8 KiB is too long', () => {
  assert.equal(read(`/${'a'.repeat(8_191)}`).slice(0, 13), 'app.example /');
  assert.equal(read(`/${'a'.repeat(8_192)}`), 'target_too_long');
  assert.equal(read(`/?${'a'.repeat(8_191)}`), 'target_too_long');
});

test('what strangers send as a Host is not kept for ever, and is judged the same when it comes again', () => {
  for (let i = 0; i < 1_000; i++) assert.equal(readHost(`h${i}.evil.test`), `h${i}.evil.test`);
  assert.equal(readHost('a b'), undefined);
  assert.equal(readHost('a b'), undefined);
});
