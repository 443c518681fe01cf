import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientMetadata, readClientMetadata } from '@hufu/protocol/client-metadata';
import { clientId } from '@hufu/protocol/ids';
import type { ClientSecret } from '@hufu/store/port';
import { findClient } from '../clients.ts';
import { openWorld, START, type World } from '../testing/world.ts';
import { clientSecretRecord, readableSecrets } from './client-secret.ts';
import { hashClientSecret } from './hash-client-secret.ts';

function metadata(part: object): ClientMetadata {
  const read = readClientMetadata({ redirect_uris: ['https://a.example/cb'], ...part }, { source: 'store' });
  return read.kind === 'read' ? read.metadata : assert.fail(read.faults[0]?.message);
}

async function put(world: World, id: string, secrets: readonly ClientSecret[]): Promise<readonly string[]> {
  const client = {
    clientId: clientId(id),
    metadata: { redirect_uris: ['https://a.example/cb'] },
    enabled: true,
    source: 'registered',
  } as const;
  await world.store.putClient(world.tenant, { ...client, secrets }, START);
  return readableSecrets(world.ctx, (await findClient(world.ctx, id)) ?? assert.fail(), START);
}

test('a secret is kept readable where an algorithm of the client is keyed with it, and nowhere else (OpenID Connect Core §10.1, §10.2)', async () => {
  const world = await openWorld({ yaml: '' });
  const sealedFor = (part: object): boolean =>
    clientSecretRecord(world.ctx, 'a', metadata(part), 's'.repeat(43), START).sealed !== undefined;
  for (const part of [
    { token_endpoint_auth_method: 'client_secret_jwt' },
    { id_token_signed_response_alg: 'HS256' },
    { userinfo_signed_response_alg: 'HS512' },
    { request_object_signing_alg: 'HS256' },
    { id_token_encrypted_response_alg: 'dir' },
    { request_object_encryption_alg: 'A128KW' },
  ])
    assert.equal(sealedFor(part), true, JSON.stringify(part));
  for (const part of [{}, { token_endpoint_auth_method: 'client_secret_post' }, { id_token_signed_response_alg: 'ES256' }])
    assert.equal(sealedFor(part), false, JSON.stringify(part));
  await world.close();
});

test('what is kept shows neither the secret nor that two are the same, and opens for its own client alone', async () => {
  const world = await openWorld({ yaml: '' });
  const hs = metadata({ id_token_signed_response_alg: 'HS256' });
  const secret = 'a secret with ünusual characters 0123456789';
  const [first, second] = [clientSecretRecord(world.ctx, 'a', hs, secret, START), clientSecretRecord(world.ctx, 'a', hs, secret, START)];
  assert.deepEqual([first.hash, first.createdAt, first.expiresAt], [hashClientSecret(world.ctx, 'a', secret), START, 0]);
  assert.equal(second.hash, first.hash);
  assert.notEqual(second.sealed, first.sealed);
  assert.match(first.sealed ?? '', /^[\w-]+$/);
  assert.ok(!Buffer.from(first.sealed ?? '', 'base64url').includes('secret'));
  assert.deepEqual(await put(world, 'a', [first]), [secret]);
  await assert.rejects(put(world, 'b', [first]), { name: 'MasterKeyError' });
  await world.close();
});

test('of several secrets those that live can be read, the newest first (product M16)', async () => {
  const world = await openWorld({ yaml: '' });
  const hs = metadata({ id_token_signed_response_alg: 'HS256' });
  const made = (text: string, createdAt: number, expiresAt: number): ClientSecret => ({
    ...clientSecretRecord(world.ctx, 'a', hs, text, createdAt),
    expiresAt,
  });
  const plain = clientSecretRecord(world.ctx, 'a', metadata({}), 'hashed', START);
  assert.deepEqual(
    await put(world, 'a', [made('over', START - 9, START), made('old', START - 8, START + 1), plain, made('new', START - 7, 0)]),
    ['new', 'old'],
  );
  await world.close();
});
