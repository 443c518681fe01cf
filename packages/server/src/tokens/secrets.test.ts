import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClient } from '../clients.ts';
import { openWorld } from '../testing/world.ts';
import { allowedScopes } from './allowed-scopes.ts';
import { derivedSecret, sha256 } from './secrets.ts';

test('what a row keeps is a SHA-256 as base64url, and the derived half leads back to nothing (decision 0002)', () => {
  assert.equal(sha256('abc'), 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  assert.equal(derivedSecret('s'.repeat(24)).length, 24);
  assert.notEqual(derivedSecret('s'.repeat(24)), sha256('s'.repeat(24)).slice(0, 24), 'not what the row keeps of the secret');
  assert.notEqual(sha256(derivedSecret('s'.repeat(24))), sha256('s'.repeat(24)));
});

test('a client may ask for the scopes of its registration, or for all there are where it names none (RFC 7591 §2)', async () => {
  const world = await openWorld();
  const third = (await findClient(world.ctx, 'third')) ?? assert.fail();
  assert.deepEqual(allowedScopes(world.ctx, third), ['openid', 'profile', 'read']);
  const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
  assert.deepEqual(allowedScopes(world.ctx, spa), [
    'openid',
    'profile',
    'email',
    'address',
    'phone',
    'offline_access',
    'read',
    'write',
    'unlock',
  ]);
  await world.close();
});
