import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { findStoredClient } from '../clients.ts';
import { postToken } from '../testing/visits.ts';
import { openWorld, START, START_MS } from '../testing/world.ts';
import { clientSecretRecord } from './client-secret.ts';
import { MAX_OLD_SECRETS } from './overlapping.ts';
import { replaceClientSecret } from './replace-client-secret.ts';

const world = await openWorld();
after(() => world.close());

const OLD = 'old-secret-0123456789abcdef0123456789abcdef';

async function register(id: string, metadata: Record<string, unknown> = {}): Promise<void> {
  const record = { clientId: clientId(id), metadata: { grant_types: ['client_credentials'], ...metadata }, enabled: true } as const;
  await world.store.putClient(world.tenant, { ...record, secrets: [], source: 'registered', registrationHash: 'r'.repeat(43) }, START);
  const client = (await findStoredClient(world.ctx, id)) ?? assert.fail();
  const secrets = [clientSecretRecord(world.ctx, id, client.metadata, OLD, START)];
  await world.store.putClient(world.tenant, { ...record, secrets, source: 'registered', registrationHash: 'r'.repeat(43) }, START);
}

async function status(id: string, secret: string): Promise<number> {
  return (await postToken(world, { grant_type: 'client_credentials' }, { basic: `${id}:${secret}` })).status;
}

test('both secrets are good in the overlap, and only the new one after it (RFC 6749 §2.3.1, attacks TOK-15)', async () => {
  await register('svc');
  const outcome = await replaceClientSecret(world.ctx, clientId('svc'), 60, START);
  assert.equal(outcome.kind, 'replaced');
  const fresh = outcome.kind === 'replaced' ? outcome.secret : '';
  assert.match(fresh, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual([await status('svc', OLD), await status('svc', fresh)], [200, 200]);
  world.clock.freeze(START_MS + 60_000);
  assert.deepEqual([await status('svc', OLD), await status('svc', fresh)], [401, 200]);
  world.clock.freeze(START_MS);
  const row = await world.store.findClient(world.tenant, clientId('svc'));
  assert.equal(row?.registrationHash, 'r'.repeat(43), 'its registration access token stays');
  assert.equal(JSON.stringify(row).includes(fresh), false);
});

test('without an overlap the old secret is dead at once, and however often it is replaced few are kept', async () => {
  await register('fast');
  await replaceClientSecret(world.ctx, clientId('fast'), 0, START);
  assert.equal(await status('fast', OLD), 401);
  for (let i = 0; i < 10; i++) await replaceClientSecret(world.ctx, clientId('fast'), 3_600, START + i);
  assert.equal((await world.store.findClient(world.tenant, clientId('fast')))?.secrets.length, MAX_OLD_SECRETS + 1);
});

test('a client of the configuration, one without a secret and one that is not there are left alone', async () => {
  await register('keyless', {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: ['https://a.example/cb'],
  });
  const kindOf = async (id: string): Promise<string> => (await replaceClientSecret(world.ctx, clientId(id), 60, START)).kind;
  assert.deepEqual([await kindOf('machine'), await kindOf('keyless'), await kindOf('nobody')], ['configured', 'no_secret', 'unknown']);
});
