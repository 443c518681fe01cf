import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Client, findClient } from '../clients.ts';
import { claimsOf, signedIn, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, openWorld } from '../testing/world.ts';
import { subjectFor } from './subject.ts';

const PAIRWISE = BASIC_YAML.replace('- client_id: spa\n', '- client_id: spa\n    subject_type: pairwise\n');
const world = await openWorld({ yaml: PAIRWISE });
const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
const web = (await findClient(world.ctx, 'web')) ?? assert.fail();
after(() => world.close());

const at = (part: Partial<Client['metadata']>): Client => ({ ...spa, metadata: { ...spa.metadata, ...part } });
const sub = (client: Client, user = 'alice-sub'): string => subjectFor(world.ctx, client, { sub: user });

test('a public client knows the user by their own sub, a pairwise one by that of its sector (OpenID Connect Core §8, §8.1)', () => {
  assert.equal(sub(web), 'alice-sub');
  assert.match(sub(spa), /^[\w-]{43}$/);
  assert.equal(sub(spa), sub(spa));
  assert.notEqual(sub(spa), sub(spa, 'bob-sub'));
  const host = (uri: string): string => sub(at({ redirectUris: [uri] }));
  assert.equal(host('https://app.example/other'), sub(spa), 'the sector is the host');
  assert.notEqual(host('https://app2.example/cb'), sub(spa));
  assert.notEqual(host('https://app.example:8443/cb'), sub(spa));
  assert.equal(sub(at({ redirectUris: ['https://x.example/'], sectorIdentifierUri: 'https://app.example/sector' })), sub(spa));
  assert.notEqual(host('com.example.app:/cb'), sub(spa));
});

test('all that the client sees of the user is the same sub (OpenID Connect Core §5.3.2, §8.1)', async () => {
  const visitor = await signedIn(world);
  const tokens = await tokensOf(world, { scope: 'openid read' }, visitor);
  assert.equal(claimsOf(tokens['id_token'])['sub'], sub(spa));
  assert.equal(claimsOf(tokens['access_token'])['sub'], sub(spa));
  const again = await tokensOf(world, { id_token_hint: String(tokens['id_token']), prompt: 'none' }, visitor);
  assert.equal(claimsOf(again['id_token'])['sub'], sub(spa), 'and its own hint names them');
});
