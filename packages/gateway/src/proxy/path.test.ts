import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldPath, normalisePath, stripPrefix } from './path.ts';

function codeOf(path: string): string {
  const normal = normalisePath(path);
  return typeof normal === 'string' ? normal : normal.code;
}

test('GTW-03 · a path has one form: what needs no escape has none, and escapes are in capitals (RFC 3986 §6.2.2)', () => {
  for (const [path, normal] of [
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/a.b/..c/...', '/a.b/..c/...'],
    ['/%61dmin', '/admin'],
    ['/%7euser/%41%5A%30%2d%5f', '/~user/AZ0-_'],
    ['/a%2eb', '/a.b'],
    ['/%c3%a9', '/%C3%A9'],
    ['/a%20b', '/a%20b'],
    ['/%252e%252e/x', '/%252e%252e/x'],
    ['/a%3bx', '/a%3Bx'],
    ["/a;b=c,d:e@f!$&'()*+", "/a;b=c,d:e@f!$&'()*+"],
    ['/a|b[c]{d}', '/a%7Cb%5Bc%5D%7Bd%7D'],
    ['/ADMIN', '/ADMIN'],
  ] as const) {
    assert.equal(codeOf(path), normal);
    assert.equal(codeOf(normal), normal, 'what is normalised stays as it is');
  }
});

test('GTW-03 · a path that two readers could read in two ways is refused (RFC 3986 §3.3)', () => {
  for (const [path, code] of [
    ['/public/../admin', 'path_dots'],
    ['/./admin', 'path_dots'],
    ['/admin/.', 'path_dots'],
    ['/admin/..', 'path_dots'],
    ['/public/%2e%2e/admin', 'path_dots'],
    ['/public/%2E./admin', 'path_dots'],
    ['/public/..;x/admin', 'path_dots'],
    ['/public/.;x=1/admin', 'path_dots'],
    ['/public/..%3bx/admin', 'path_dots'],
    ['/public/%2e%2e;/admin', 'path_dots'],
    ['/..%2fadmin', 'path_separator'],
    ['/a%2Fb', 'path_separator'],
    ['/a%5cb', 'path_separator'],
    ['/a\\b', 'path_character'],
    ['/admin%00', 'path_character'],
    ['/admin%0d%0aX', 'path_character'],
    ['/admin%7f', 'path_character'],
    ['/a b', 'path_character'],
    ['/a\u00e9', 'path_character'],
    ['/a#b', 'path_character'],
    ['/a\u2044b', 'path_character'],
    ['//admin', 'path_empty_segment'],
    ['/a//b', 'path_empty_segment'],
    ['/a//', 'path_empty_segment'],
    ['/%', 'path_escape'],
    ['/%4', 'path_escape'],
    ['/%zz', 'path_escape'],
    ['/%u002e', 'path_escape'],
    ['/%c0%ae%c0%ae/admin', 'path_escape'],
    ['/%c0%af', 'path_escape'],
    ['/%e9', 'path_escape'],
  ] as const) {
    assert.equal(codeOf(path), code, path);
  }
});

test('GTW-03 · folded, a path is what a careless server could take it for', () => {
  for (const path of ['/admin', '/ADMIN', '/admin/', '/admin;x', '/Admin;x=1/', '/admin%3Bx', '/;x/admin', '/admin/;x', '/%3b/admin/']) {
    const normal = normalisePath(path);
    assert.equal(typeof normal === 'string' && foldPath(normal), '/admin', path);
  }
  assert.equal(foldPath('/'), '/');
  assert.equal(foldPath('/;a'), '/');
});

test('a prefix is cut off by whole segments, and the path is never less than a slash', () => {
  assert.equal(stripPrefix('/api/notes', '/api'), '/notes');
  assert.equal(stripPrefix('/api/', '/api'), '/');
  assert.equal(stripPrefix('/api', '/api'), '/');
  assert.equal(stripPrefix('/api/notes', '/api/'), '/notes');
  assert.equal(stripPrefix('/notes', '/'), '/notes');
});
