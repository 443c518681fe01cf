import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOf } from './key.ts';

test('no two lists of values make the same key', () => {
  const value = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('1', '2', ':', 'a') });
  const values = fc.record({ user: value, client: value, account: value });
  fc.assert(
    fc.property(values, values, (one, other) => {
      const same = one.user === other.user && one.client === other.client && one.account === other.account;
      const parts = ['user', 'client', 'account'] as const;
      assert.equal(keyOf(one, parts) === keyOf(other, parts), same);
    }),
  );
});

test('without parts everybody has one key; a missing or empty part leaves none, but an address is never missing', () => {
  assert.equal(keyOf({ user: 'ann' }, []), keyOf({ user: 'bob' }, []));
  assert.equal(keyOf({ user: '' }, ['user']), undefined);
  assert.equal(keyOf({ user: 'ann' }, ['user', 'client']), undefined);
  assert.notEqual(keyOf({}, ['address']), undefined);
  assert.equal(keyOf({}, ['address', 'user']), undefined);
});

test('headers and claims are asked for by their names', () => {
  const subject = { header: (name: string) => `h-${name}`, claim: (name: string) => (name === 'plan' ? 'gold' : undefined) };
  assert.equal(keyOf(subject, [{ header: 'x-tenant' }]), 'h-x-tenant');
  assert.equal(keyOf(subject, [{ claim: 'plan' }]), 'gold');
  assert.equal(keyOf(subject, [{ claim: 'other' }]), undefined);
});
