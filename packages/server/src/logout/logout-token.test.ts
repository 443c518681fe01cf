import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Client, findClient } from '../clients.ts';
import { claimsOf } from '../testing/visits.ts';
import { openWorld, START } from '../testing/world.ts';
import { issueLogoutToken } from './logout-token.ts';

const world = await openWorld();
const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
after(() => world.close());

const at = (source: Client['record']['source'], part: Partial<Client['metadata']>): Client => ({
  ...spa,
  metadata: { ...spa.metadata, ...part },
  record: { ...spa.record, source },
});

async function subjectIn(client: Client): Promise<unknown> {
  const claims = claimsOf(await issueLogoutToken(world.ctx, client, { subject: 'sub-1', sid: 'sid-1' }, START));
  assert.equal(claims['sid'], 'sid-1');
  return claims['sub'];
}

test('whoever registered a sector that nobody vouched for learns no subject of it at the sign-out (Back-Channel Logout §2.4, OpenID Connect Core §8.1)', async () => {
  assert.equal(await subjectIn(at('config', { subjectType: 'pairwise' })), 'sub-1');
  assert.equal(await subjectIn(at('registered', {})), 'sub-1');
  assert.equal(await subjectIn(at('registered', { subjectType: 'pairwise', sectorIdentifierUri: 'https://app.example/s' })), 'sub-1');
  assert.equal(await subjectIn(at('registered', { subjectType: 'pairwise' })), undefined);
  assert.equal(await subjectIn(at('document', { subjectType: 'pairwise' })), undefined);
});
