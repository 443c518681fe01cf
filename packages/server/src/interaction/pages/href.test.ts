import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPath, requirePath, requirePostTarget, safeHref } from './href.ts';

test('links lead to https, to http on this machine, or to a path of ours (RFC 7591 §5)', () => {
  const hosts: readonly (readonly [string, string | undefined])[] = [
    ['https://a.example/privacy?x=1#y', 'a.example'],
    ['https://a.example:8443', 'a.example:8443'],
    ['HTTPS://A.example/', 'a.example'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['http://localhost:3000/x', 'localhost:3000'],
    ['http://127.0.0.1/x', '127.0.0.1'],
    ['http://[::1]:8080/', '[::1]:8080'],
    ['/account?x=1', undefined],
  ];
  for (const [address, host] of hosts) {
    const href = safeHref(address);
    assert.equal(href?.toString(), address);
    assert.equal(href?.host, host);
  }
});

test('no other address becomes a link (RFC 7591 §5)', () => {
  for (const address of [
    '',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    '\tjavascript:alert(1)',
    ' https://a.example/',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://a.example/x',
    'http://a.example/',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'https://a.example@evil.example/',
    'https://user:pw@a.example/',
    'https://:pw@a.example/',
    'https:/a.example',
    'https:a.example',
    'https:///a.example',
    'https://',
    'https://a.example/\u202egnp',
    'https://a\\.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example/',
    '/\t/evil.example/',
    'relative/path',
    `https://a.example/${'x'.repeat(20_000)}`,
  ]) {
    assert.equal(safeHref(address), undefined, address);
  }
});

test('a path may carry a whole request', () => {
  assert.equal(readPath(`/signin?request=${'x'.repeat(8000)}`)?.host, undefined);
  assert.notEqual(readPath(`/signin?request=${'x'.repeat(8000)}`), undefined);
});

test('whatever passes as a path stays on our origin for a browser', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom('/', '\\', '.', '..', '@', ':', 'evil.example', '\t', '\n', ' ', '?', '#', '%2f', '\u200b', 'a'))
        .map((parts) => `/${parts.join('')}`),
      (value) => {
        const path = readPath(value);
        if (path !== undefined) assert.equal(new URL(path.toString(), 'https://ours.example/x/').origin, 'https://ours.example');
      },
    ),
    { numRuns: 1000 },
  );
});

test('a path of our own routes that is none is a bug of the caller', () => {
  assert.throws(() => requirePath('https://a.example/'), TypeError);
  assert.throws(() => requirePath('//a.example/'), TypeError);
});

test('a form is posted to http and https addresses alone, written as they were registered', () => {
  assert.equal(requirePostTarget('http://app.example/cb?x=1').toString(), 'http://app.example/cb?x=1');
  assert.equal(requirePostTarget('https://app.example').toString(), 'https://app.example');
  for (const uri of ['javascript:alert(1)//https://', 'com.example.app:/cb', '/cb', 'data:text/html,x']) {
    assert.throws(() => requirePostTarget(uri), TypeError, uri);
  }
});
