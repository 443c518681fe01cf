import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOWS } from '@hufu/client/flow-requests';
import { followGrantTypes } from '../edit/client-fields.ts';
import { inside, partsBeside, partsOf } from '../edit/problem-parts.ts';
import { choiceOf, doubtsAbout, EMPTY_FORM, FIELDS, type FlowForm, filledIn, missingIn } from './flow-form.ts';

const FULL: FlowForm = {
  ...EMPTY_FORM,
  clientId: ' notes ',
  redirectUri: 'https://notes.example/cb',
  scope: 'openid',
  resource: 'https://api.example/',
  loginHint: 'alice',
  more: 'prompt=login\n=nothing\nx = a=b\nnone',
};

test('every flow that can be written has its fields', () => {
  assert.deepEqual(Object.keys(FIELDS).toSorted(), FLOWS.filter((flow) => flow !== 'pushed_authorization_code').toSorted());
});

test('a form becomes a choice with what its flow takes, and nothing that only another one does', () => {
  assert.deepEqual(choiceOf({ ...FULL, pkce: false, dpop: true, pushed: true }), {
    flow: 'pushed_authorization_code',
    choice: {
      clientId: 'notes',
      authentication: 'client_secret_basic',
      redirectUri: 'https://notes.example/cb',
      scope: 'openid',
      resource: 'https://api.example/',
      more: [
        ['prompt', 'login'],
        ['x', 'a=b'],
      ],
      pkce: 'off',
      dpop: true,
    },
  });
  assert.deepEqual(choiceOf({ ...FULL, flow: 'revoke', dpop: true, pushed: true }), {
    flow: 'revoke',
    choice: { clientId: 'notes', authentication: 'client_secret_basic' },
  });
});

test('what a flow cannot do without is asked for', () => {
  assert.deepEqual(missingIn(EMPTY_FORM), ['client', 'redirectUri']);
  assert.deepEqual(missingIn({ ...FULL, flow: 'ciba', loginHint: ' ', authentication: 'none' }), ['loginHint', 'secret']);
  assert.deepEqual(missingIn(FULL), []);
});

test('what the client is registered for is filled in, and what the server would refuse is doubted', () => {
  const metadata = {
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid notes:read',
    dpop_bound_access_tokens: true,
  };
  const filled = filledIn(FULL, metadata);
  assert.deepEqual([filled.flow, filled.authentication, filled.scope, filled.dpop], ['device_code', 'none', 'openid notes:read', true]);
  assert.deepEqual(doubtsAbout(filled, metadata), []);
  assert.deepEqual(doubtsAbout({ ...FULL, pkce: false, scope: 'files:read' }, metadata), [
    'grantType',
    'redirectUri',
    'scope',
    'dpop',
    'pkce',
    'authentication',
  ]);
});

test('response types follow the grant types that they belong to (RFC 7591 §2.1)', () => {
  const before = { grant_types: ['authorization_code'], response_types: ['code'] };
  assert.deepEqual(followGrantTypes({ ...before, grant_types: ['client_credentials'] }, before), { grant_types: ['client_credentials'] });
  assert.deepEqual(followGrantTypes({ ...before, grant_types: ['authorization_code', 'implicit'] }, before)['response_types'], [
    'code',
    'id_token token',
  ]);
  const kept = { ...before, grant_types: ['authorization_code', 'refresh_token'] };
  assert.equal(followGrantTypes(kept, before), kept);
});

test('faults stand at the member that they are of, and those of none are not lost (RFC 9457 §3)', () => {
  const parts = inside(
    [
      { pointer: '/metadata/redirect_uris/1', detail: 'is not a URI' },
      { pointer: '/metadata/hufu/refresh_token/idle', detail: 'is longer' },
      { pointer: '/metadata/redirect_uris_x', detail: 'is unknown' },
      { pointer: 'header/If-Match', detail: 'is odd' },
    ],
    '/metadata',
  );
  assert.deepEqual(partsOf(parts, ['redirect_uris']), [{ at: '2', detail: 'is not a URI' }]);
  assert.deepEqual(partsOf(parts, ['hufu', 'refresh_token', 'idle']), [{ at: '', detail: 'is longer' }]);
  assert.deepEqual(
    partsBeside(parts, [['redirect_uris'], ['hufu', 'refresh_token', 'idle']]).map(({ pointer }) => pointer),
    ['/redirect_uris_x', 'header/If-Match'],
  );
});
