import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRecord } from '@hufu/store/port';
import { userClaims } from './user-claims.ts';

const user = {
  sub: 's',
  username: 'alice',
  updatedAt: 7,
  claims: {
    name: 'Alice',
    'name#zh-CN': '爱丽丝',
    'nickname#fi': '',
    email: 'a@example.com',
    email_verified: false,
    phone_number: null,
    website: '',
    secret_of_ours: 'x',
  },
} as unknown as UserRecord;

const read = (scopes: readonly string[], names: readonly string[] = [], locales: readonly string[] = []): object =>
  userClaims(user, { scopes, names, locales });

test('scopes release their claims; what is null, empty or not there is left out (OpenID Connect Core §5.3.2, §5.4)', () => {
  assert.deepEqual(read(['openid', 'profile']), { name: 'Alice', preferred_username: 'alice', updated_at: 7 });
  assert.deepEqual(read(['openid', 'email', 'phone']), { email: 'a@example.com', email_verified: false });
  assert.deepEqual(read(['openid', 'read']), {});
});

test('single claims come by name, standard ones alone, and never sub (OpenID Connect Core §5.5)', () => {
  assert.deepEqual(read([], ['email', 'secret_of_ours', 'sub', 'website', 'constructor', '__proto__']), { email: 'a@example.com' });
  assert.deepEqual(read([], ['name#zh-CN', 'name#de']), { 'name#zh-CN': '爱丽丝' });
});

test('claims_locales bring the claim in that language beside the one without (OpenID Connect Core §5.2)', () => {
  assert.deepEqual(read(['profile'], [], ['zh-cn', 'fi']), {
    name: 'Alice',
    'name#zh-CN': '爱丽丝',
    preferred_username: 'alice',
    updated_at: 7,
  });
});
