import assert from 'node:assert/strict';
import type { KeyRecord } from '../port.ts';
import { NEVER } from '../retention.ts';
import { type Case, countKinds, NOW, race } from './bench.ts';

function someKey(more: Partial<KeyRecord> = {}): Omit<KeyRecord, 'id'> {
  return {
    use: 'sig',
    alg: 'ES256',
    publicJwk: '{"kty":"EC"}',
    sealedPrivate: new Uint8Array([1, 2, 0, 255]),
    createdAt: NOW,
    activeAt: NOW + 5,
    retiredAt: 0,
    expiresAt: 0,
    ...more,
  };
}

export function keyCases(define: Case): void {
  define('a key comes back as it was added', async ({ store, second, tenant }) => {
    assert.deepEqual(await store.addKey(tenant, someKey(), 0), { kind: 'added', id: 1 });
    const [key] = await second.listKeys(tenant);
    assert.deepEqual({ ...key, sealedPrivate: [...(key?.sealedPrivate ?? [])] }, { ...someKey(), id: 1, sealedPrivate: [1, 2, 0, 255] });
    assert.ok(key?.sealedPrivate instanceof Uint8Array);
  });

  define('a key is added only if none of its use and alg is newer than the one that its maker knew', async ({ store, second, tenant }) => {
    assert.deepEqual(await store.addKey(tenant, someKey(), 0), { kind: 'added', id: 1 });
    assert.deepEqual(await second.addKey(tenant, someKey(), 0), { kind: 'present' });
    assert.deepEqual(await store.addKey(tenant, someKey({ alg: 'RS256' }), 0), { kind: 'added', id: 2 });
    assert.deepEqual(await store.addKey(tenant, someKey({ use: 'seal', alg: '' }), 0), { kind: 'added', id: 3 });
    assert.deepEqual(await second.addKey(tenant, someKey(), 1), { kind: 'added', id: 4 });
    assert.deepEqual(await store.addKey(tenant, someKey(), 1), { kind: 'present' });
    assert.deepEqual(
      (await store.listKeys(tenant)).map((key) => key.id),
      [1, 2, 3, 4],
    );
  });

  define('of fifty nodes that make a key at once, one does', async (b) => {
    const answers = await race(b, async (store) => await store.addKey(b.tenant, someKey(), 0));
    assert.deepEqual(countKinds(answers), { added: 1, present: 49 });
    assert.equal((await b.store.listKeys(b.tenant)).length, 1);
  });

  define('the times of a key only ever become earlier', async ({ store, tenant }) => {
    await store.addKey(tenant, someKey(), 0);
    const times = async (retiredAt: number, expiresAt: number): Promise<(number | undefined)[]> => {
      await store.retireKey(tenant, 1, retiredAt, expiresAt);
      const [key] = await store.listKeys(tenant);
      return [key?.retiredAt, key?.expiresAt];
    };
    assert.deepEqual(await times(0, 0), [0, 0]);
    assert.deepEqual(await times(NOW + 10, 0), [NOW + 10, 0]);
    assert.deepEqual(await times(NOW + 20, NOW + 30), [NOW + 10, NOW + 30]);
    assert.deepEqual(await times(NOW + 5, NOW + 40), [NOW + 5, NOW + 30]);
    assert.deepEqual(await times(0, 0), [NOW + 5, NOW + 30]);
  });

  define('an id is never used again, also when its key was removed', async ({ store, tenant }) => {
    await store.addKey(tenant, someKey(), 0);
    await store.addKey(tenant, someKey(), 1);
    await store.removeKey(tenant, 2);
    assert.deepEqual(await store.addKey(tenant, someKey(), 1), { kind: 'added', id: 3 });
    await store.removeKey(tenant, 1);
    await store.removeKey(tenant, 3);
    assert.deepEqual(await store.listKeys(tenant), []);
    assert.deepEqual(await store.addKey(tenant, someKey(), 0), { kind: 'added', id: 4 });
  });

  define('a key that may have been stolen is gone at once, and told once', async ({ store, second, tenant, otherTenant }) => {
    await store.addKey(tenant, someKey(), 0);
    await store.addKey(tenant, someKey(), 1);
    const before = await store.keysVersion(tenant);
    assert.equal(await store.revokeKey(otherTenant, 2, 'kid', NOW), 'unknown');
    assert.equal(await store.revokeKey(tenant, 9, 'kid', NOW), 'unknown');
    assert.equal(await second.revokeKey(tenant, 2, 'kid', NOW), 'revoked');
    assert.equal(await store.revokeKey(tenant, 2, 'kid', NOW), 'unknown');
    assert.deepEqual(
      (await store.listKeys(tenant)).map((key) => key.id),
      [1],
    );
    assert.equal(await store.keysVersion(tenant), before + 1);
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), [
      { seq: 1, kind: 'key', subject: 'kid', reason: 'key_compromised', at: NOW, expiresAt: NEVER },
    ]);
    assert.deepEqual(await store.addKey(tenant, someKey(), 1), { kind: 'added', id: 3 });
  });

  define('of fifty nodes that revoke a key at once, one does', async (b) => {
    await b.store.addKey(b.tenant, someKey(), 0);
    const answers = await race(b, async (store) => await store.revokeKey(b.tenant, 1, 'kid', NOW));
    assert.equal(answers.filter((answer) => answer === 'revoked').length, 1);
    assert.equal((await b.store.readRevocations(b.tenant, 0, 100)).length, 1);
  });

  define('the version tells of each change, and of nothing else', async ({ store, second, tenant, otherTenant }) => {
    let version = await store.keysVersion(tenant);
    const changed = async (): Promise<boolean> => {
      const now = await second.keysVersion(tenant);
      const grew = now > version;
      assert.ok(grew || now === version);
      version = now;
      return grew;
    };
    await store.addKey(tenant, someKey(), 0);
    assert.equal(await changed(), true);
    await store.addKey(tenant, someKey(), 0);
    assert.equal(await changed(), false);
    await store.retireKey(tenant, 1, NOW, 0);
    assert.equal(await changed(), true);
    await store.retireKey(tenant, 1, NOW + 1, 0);
    assert.equal(await changed(), false);
    await store.addKey(otherTenant, someKey(), 0);
    assert.equal(await changed(), false);
    await store.removeKey(tenant, 1);
    assert.equal(await changed(), true);
    await store.removeKey(tenant, 1);
    assert.equal(await changed(), false);
  });
}
