import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NO_CLAIMS, readClaimsRequest } from './claims-request.ts';
import { OAuthError } from './errors.ts';

const read = (value: unknown): ReturnType<typeof readClaimsRequest> => readClaimsRequest(JSON.stringify(value));

test('single claims are asked for by place, with what is wanted of them (OpenID Connect Core §5.5, §5.5.1)', () => {
  const { userinfo, idToken } = read({
    userinfo: { name: { essential: true }, nickname: null, 'name#zh-CN': null },
    id_token: { auth_time: { essential: true }, acr: { values: ['a', 'b'] }, sub: { value: 'x' }, email: {} },
    future: { x: 1 },
  });
  assert.deepEqual(
    [...userinfo],
    [
      ['name', { essential: true, values: [] }],
      ['nickname', { essential: false, values: [] }],
      ['name#zh-CN', { essential: false, values: [] }],
    ],
  );
  assert.deepEqual(idToken.get('acr'), { essential: false, values: ['a', 'b'] });
  assert.deepEqual(idToken.get('sub'), { essential: false, values: ['x'] });
  assert.deepEqual(idToken.get('email'), { essential: false, values: [] });
  assert.equal(readClaimsRequest(undefined), NO_CLAIMS);
  assert.equal(read({ userinfo: null }).userinfo.size, 0);
});

test('a wrong shape is invalid_request, however it is wrong (OpenID Connect Core §5.5, attacks AUT-28)', () => {
  const bad: readonly string[] = [
    '',
    '{',
    '[]',
    '"x"',
    'null',
    '{"id_token":[]}',
    '{"userinfo":"name"}',
    '{"id_token":{"name":true}}',
    '{"id_token":{"name":[]}}',
    '{"id_token":{"name":{"essential":"yes"}}}',
    '{"id_token":{"name":{"values":"a"}}}',
    '{"id_token":{"name":{"value":"a","values":["a"]}}}',
    '{"__proto__":{"x":1}}',
    '{"id_token":{"":null}}',
    '{"id_token":{"__proto__":null}}',
    `{"id_token":{"${'x'.repeat(129)}":null}}`,
    JSON.stringify({ id_token: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`c${i}`, null])) }),
    JSON.stringify({ id_token: { a: { values: Array.from({ length: 21 }, () => 1) } } }),
    `{"x":"${'x'.repeat(4_096)}"}`,
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  ];
  for (const text of bad) assert.throws(() => readClaimsRequest(text), { code: 'invalid_request' }, text.slice(0, 60));
});

test('anything is read or refused, and nothing of it reaches a prototype', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readClaimsRequest(text);
      } catch (error) {
        assert.ok(error instanceof OAuthError);
      }
      assert.equal(Object.hasOwn(Object.prototype, 'essential'), false);
    }),
  );
});
