import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_REGISTRIES } from '@hufu/protocol/client-metadata';
import { findClient } from '../clients.ts';
import { Trail } from '../decisions/trail.ts';
import { openWorld, SECRETS, START } from '../testing/world.ts';
import { authMethods } from './registry.ts';

test('every method that a client may register is one that it can use, and the other way round (RFC 7591 §2, §4.2.1)', () => {
  assert.deepEqual([...authMethods.keys()].toSorted(), Object.keys(CLIENT_REGISTRIES.authMethods).toSorted());
  for (const [name, method] of authMethods) assert.equal(method.name, name);
});

test('a secret is judged at once: nothing on the hot path waits', async () => {
  const world = await openWorld();
  const client = (await findClient(world.ctx, 'web')) ?? assert.fail();
  const request = world.http();
  for (const name of ['client_secret_basic', 'client_secret_post', 'none']) {
    const method = authMethods.get(name) ?? assert.fail();
    const { mechanism } = method;
    const attempt = { mechanism, clientId: 'web', proof: SECRETS.web, request, trail: new Trail(), now: START };
    assert.equal(method.prove(world.ctx, client, attempt), undefined, name);
  }
  await world.close();
});
