import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieCut } from './cookies.ts';

const cookies = cookieCut(['hufu_', '__Secure-edge']);

test("GTW-13 · the edge's own cookies do not go in, however they are written", () => {
  for (const [sent, left] of [
    ['a=b', 'a=b'],
    ['a=b; __Host-Http-hufu=secret; c=d', 'a=b; c=d'],
    ['__Host-Http-hufu_s2=secret', undefined],
    ['__host-HTTP-Hufu=secret; x=y', 'x=y'],
    [' \t__Host-hufu_session=secret;x=y', 'x=y'],
    ['=__Host-hufu_session=secret; x=y', 'x=y'],
    ['hufu_session=secret; x=y; ', 'x=y'],
    ['__Secure-edge=1', undefined],
    ['a=__Host-hufu; b=c', 'a=__Host-hufu; b=c'],
    ['x__Host-hufu=1', 'x__Host-hufu=1'],
    ['a=caf\xe9; b[0]=c', 'a=caf\xe9; b[0]=c'],
  ] as const) {
    assert.equal(cookies.cut(sent), left, sent);
  }
});

test("no upstream sets the edge's cookies, also not without a name", () => {
  for (const line of [
    '__Host-Http-hufu=evil; Path=/; Secure; HttpOnly',
    ' __HOST-hufu_session=evil',
    '=__Host-hufu_session=evil',
    '__Host-hufu',
    '\thufu_login=x',
  ]) {
    assert.equal(cookies.isOurs(line), true, line);
  }
  for (const line of ['session=1', 'a=__Host-hufu', 'x_hufu_=1']) assert.equal(cookies.isOurs(line), false, line);
});

test('a cookie whose name only looks like another to who trims more than browsers do stays outside (RFC 6265 §4.1.1, §5.2)', () => {
  for (const odd of ['\xa0', '\x85', '\xe2\x80\x80']) {
    assert.equal(cookies.cut(`a=b; ${odd}__Host-theirs=planted; c=d`), 'a=b; c=d');
    assert.equal(cookies.cut(`__Host-theirs${odd}=planted`), undefined);
  }
});
