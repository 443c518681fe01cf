import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { APP, type Case, hashText, makeGrant, makeScene, mustFind, NOW, race, someClient } from './bench.ts';

export function clientCases(define: Case): void {
  define('a client comes back as it was put', async ({ store, second, tenant }) => {
    const put = await store.putClient(tenant, someClient(), NOW);
    assert.deepEqual(put, { ...someClient(), epoch: put.epoch, version: 1, createdAt: NOW });
    assert.deepEqual(await store.findClient(tenant, APP), put);
    assert.deepEqual(await second.findClient(tenant, APP), put);
    assert.equal(await store.findClient(tenant, clientId('nobody')), undefined);
  });

  define('a client is the same object until its version changes', async ({ store, tenant }) => {
    await store.putClient(tenant, someClient(), NOW);
    const found = await store.findClient(tenant, APP);
    assert.equal(await store.findClient(tenant, APP), found);
    await store.putClient(tenant, { ...someClient(), metadata: { client_name: 'New' } }, NOW + 1);
    const changed = await store.findClient(tenant, APP);
    assert.notEqual(changed, found);
    assert.deepEqual(changed?.metadata, { client_name: 'New' });
  });

  define(
    'a client put again without a difference keeps its version, whatever the order of its metadata',
    async ({ store, second, tenant }) => {
      const put = await store.putClient(tenant, { ...someClient(), metadata: { a: 1, b: { c: 2, d: [1, 2] } } }, NOW);
      const same = await second.putClient(tenant, { ...someClient(), metadata: { b: { d: [1, 2], c: 2 }, a: 1 } }, NOW + 9);
      assert.deepEqual([same.version, same.createdAt], [put.version, NOW]);
      const changes = [
        { ...someClient(), metadata: { a: 1, b: { c: 2, d: [2, 1] } } },
        { ...someClient(), enabled: false },
        { ...someClient(), source: 'registered' as const },
        { ...someClient(), secrets: [] },
        { ...someClient(), secrets: [{ hash: hashText('other'), createdAt: NOW, expiresAt: NOW + 1 }] },
      ];
      for (const [index, change] of changes.entries()) {
        const changed = await store.putClient(tenant, change, NOW + 10);
        assert.deepEqual(changed, { ...change, epoch: put.epoch, version: put.version + 1 + index, createdAt: NOW });
        assert.deepEqual(await store.findClient(tenant, APP), changed);
      }
    },
  );

  define('an epoch survives a put, and revoking raises epoch and version', async ({ store, tenant }) => {
    const put = await store.putClient(tenant, someClient(), NOW);
    assert.equal(await store.revokeClient(tenant, APP, NOW), 'revoked');
    const revoked = await store.findClient(tenant, APP);
    assert.ok(revoked !== undefined && revoked.epoch > put.epoch && revoked.version > put.version);
    const again = await store.putClient(tenant, { ...someClient(), enabled: false }, NOW);
    assert.equal(again.epoch, revoked.epoch);
  });

  define('a grant of a client that is enabled again says when it was disabled, the last time', async (b) => {
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    const put = (enabled: boolean, now: number) => b.store.putClient(b.tenant, { ...scene.client, enabled }, now);
    const rest = async () => (await mustFind(b, id)).suspendedUntil;
    assert.equal(await rest(), undefined);
    await put(false, NOW + 10);
    assert.deepEqual((await mustFind(b, id)).dead, { reason: 'client_disabled', at: NOW + 10 });
    await put(true, NOW + 20);
    assert.deepEqual([(await mustFind(b, id)).dead, await rest()], [undefined, NOW + 10]);
    await put(false, NOW + 30);
    await b.store.putClient(b.tenant, { ...scene.client, enabled: false, metadata: { client_name: 'Other' } }, NOW + 35);
    assert.deepEqual((await mustFind(b, id)).dead, { reason: 'client_disabled', at: NOW + 30 });
    await put(true, NOW + 40);
    assert.equal(await rest(), NOW + 30);
    await b.store.lockUser(b.tenant, scene.user.id, NOW + 90, NOW + 50);
    await b.store.lockUser(b.tenant, scene.user.id, undefined, NOW + 60);
    assert.equal(await rest(), NOW + 60);
  });

  define('one instance sees at once what another one has written', async ({ store, second, tenant }) => {
    await store.putClient(tenant, someClient(), NOW);
    for (const name of ['a', 'b', 'c']) {
      assert.ok(await store.findClient(tenant, APP));
      await second.putClient(tenant, { ...someClient(), metadata: { client_name: name } }, NOW);
      assert.equal((await store.findClient(tenant, APP))?.metadata['client_name'], name);
    }
    const before = await store.findClient(tenant, APP);
    await second.ensureTenant('unrelated');
    assert.equal(await store.findClient(tenant, APP), before, 'a write elsewhere leaves the object');
    await second.revokeClient(tenant, APP, NOW);
    assert.ok(((await store.findClient(tenant, APP))?.epoch ?? 0) > (before?.epoch ?? 0));
  });

  define('clients are listed by id in the order of their bytes, page by page', async ({ store, tenant }) => {
    const ids = ['b', 'B', 'a-1', 'a.1', 'a', '~'].map((id) => clientId(id));
    for (const id of ids) await store.putClient(tenant, someClient(id), NOW);
    const sorted = [...ids].sort();
    const listed = await store.listClients(tenant, '', 10);
    assert.deepEqual(
      listed.map((client) => client.clientId),
      sorted,
    );
    assert.deepEqual(
      (await store.listClients(tenant, sorted[1] ?? '', 2)).map((client) => client.clientId),
      sorted.slice(2, 4),
    );
  });

  define('fifty puts at once leave one client whose version counted them', async (b) => {
    await race(b, async (store, index) => await store.putClient(b.tenant, { ...someClient(), metadata: { index } }, NOW));
    assert.equal((await b.store.findClient(b.tenant, APP))?.version, 50);
    assert.deepEqual(await b.store.findClient(b.tenant, APP), await b.second.findClient(b.tenant, APP));
  });
}
