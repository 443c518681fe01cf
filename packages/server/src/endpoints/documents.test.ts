import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { StoreUnavailable } from '@hufu/store/port';
import { openWorld } from '../testing/world.ts';
import { health, home, ready } from './health.ts';
import { jwks } from './jwks.ts';

const world = await openWorld();
after(() => world.close());

test('the JWKS is public, and cached for half the time that a key waits for its first use (RFC 7517 §5)', () => {
  const reply = jwks(world.ctx, world.http());
  assert.deepEqual(
    [reply.status, reply.headers['content-type'], reply.headers['cache-control']],
    [200, 'application/jwk-set+json', 'public, max-age=300'],
  );
  const { keys }: { keys: Record<string, unknown>[] } = JSON.parse(reply.body.toString());
  assert.deepEqual(
    keys.map(({ kid, alg, use, d }) => [kid, alg, use, d]),
    [
      [world.ctx.keys.signerFor('ES256', world.now())?.kid, 'ES256', 'sig', undefined],
      ...world.ctx.keys.decryptionKeys(world.now()).map(({ kid }) => [kid, undefined, 'enc', undefined]),
    ],
  );
});

test('the health of the process says one word; that of its store asks the store', async () => {
  assert.deepEqual([health().status, health().body], [200, '{"status":"ok"}']);
  assert.deepEqual([(await ready(world.ctx)).status, (await ready(world.ctx)).body], [200, '{"status":"ready"}']);
  const store = await openMemory();
  const away = { ...world.ctx, store: { ...store, time: () => Promise.reject(new StoreUnavailable('the password is x')) } };
  const reply = await ready(away);
  assert.deepEqual([reply.status, reply.body, reply.headers['retry-after']], [503, '{"status":"store unavailable"}', '1']);
  assert.equal(world.events('store.unavailable').length, 1);
  await store.close();
});

test('the page at / speaks the language that is asked for', async () => {
  const reply = await home(world.ctx, world.http({ query: 'ui_locales=zh-CN' }));
  assert.equal(reply.status, 200);
  assert.match(reply.body.toString(), /<html[^>]* lang="zh-CN"/i);
});
