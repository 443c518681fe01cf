import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sessionId } from '@hufu/protocol/ids';
import { findClient } from '../clients.ts';
import { openWorld } from '../testing/world.ts';
import { readSessionName, sessionName, sidFor } from './session-name.ts';

const world = await openWorld();
const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
const web = (await findClient(world.ctx, 'web')) ?? assert.fail();
after(() => world.close());

test('a sid names one session and leads back to it, and other texts lead nowhere (Front-Channel Logout §3)', () => {
  for (const id of [1, 2, 77, 2 ** 40]) assert.equal(readSessionName(world.ctx, sessionName(world.ctx, sessionId(id))), id);
  for (const bad of ['', 'ZZ', '0'.repeat(11), 'z'.repeat(10), '00', '-1']) assert.equal(readSessionName(world.ctx, bad), undefined, bad);
});

test('clients with public subjects share the sid; pairwise ones cannot compare theirs (OpenID Connect Core §8.1)', () => {
  const pairwise = { ...spa, metadata: { ...spa.metadata, subjectType: 'pairwise' } } as const;
  const id = sessionId(7);
  assert.equal(sidFor(world.ctx, spa, id), sidFor(world.ctx, web, id));
  const own = sidFor(world.ctx, pairwise, id);
  assert.ok(own.length <= 64);
  assert.notEqual(own, sidFor(world.ctx, spa, id));
  assert.notEqual(own, sidFor(world.ctx, { ...web, metadata: pairwise.metadata }, id));
  assert.notEqual(own, sidFor(world.ctx, pairwise, sessionId(8)));
});
