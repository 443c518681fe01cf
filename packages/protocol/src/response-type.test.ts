import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultResponseMode, findResponseType, RESPONSE_TYPES } from './response-type.ts';

test('there are six response types, each with what it brings and what it needs (OAuth Multiple Response Types §3, §5, OpenID Connect Registration §2)', () => {
  assert.equal(RESPONSE_TYPES.size, 6);
  assert.deepEqual(RESPONSE_TYPES.get('code'), {
    name: 'code',
    code: true,
    idToken: false,
    token: false,
    grantTypes: ['authorization_code'],
  });
  assert.deepEqual(RESPONSE_TYPES.get('id_token')?.grantTypes, ['implicit']);
  assert.deepEqual(RESPONSE_TYPES.get('code token')?.grantTypes, ['authorization_code', 'implicit']);
  assert.equal(RESPONSE_TYPES.has('token'), false, 'OpenID Connect has no use for it, and RFC 9700 §2.1.2 none for anybody');
});

test('the order of the words means nothing, and nothing else is forgiven (RFC 6749 §3.1.1)', () => {
  assert.equal(findResponseType('token id_token code')?.name, 'code id_token token');
  assert.equal(findResponseType('id_token code')?.name, 'code id_token');
  for (const text of ['', 'token', 'none', 'code code', 'code  token', ' code', 'Code', 'code,token', 'code token x', 'constructor'])
    assert.equal(findResponseType(text), undefined, text);
});

test('as soon as a token is named the answer travels in the fragment, whether there is such a type or not (OAuth Multiple Response Types §5)', () => {
  assert.deepEqual(['code', 'none', undefined, 'x'].map(defaultResponseMode), ['query', 'query', 'query', 'query']);
  for (const text of ['token', 'id_token', 'code token', 'x id_token']) assert.equal(defaultResponseMode(text), 'fragment', text);
});
