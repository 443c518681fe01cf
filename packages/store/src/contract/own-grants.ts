import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { MAX_OWN_GRANTS, NEVER } from '../retention.ts';
import { APP, type Case, DAY, deathOf, makeGrant, makeScene, NOW, race, someClient } from './bench.ts';

export function ownGrantCases(define: Case): void {
  define('a client has one grant of its own for the same scopes and resources (RFC 6749 §4.4)', async (b) => {
    const { store, second, tenant } = b;
    await store.putClient(tenant, someClient(), NOW);
    const own = await store.ownGrant(tenant, APP, ['read', 'write'], ['https://api.example'], 3, NOW);
    assert.deepEqual(own, {
      id: 1,
      userId: undefined,
      subject: APP,
      clientId: APP,
      sessionId: undefined,
      parentId: undefined,
      scopes: ['read', 'write'],
      resources: ['https://api.example'],
      authTime: undefined,
      amr: [],
      offline: false,
      createdAt: NOW,
      generation: 1,
      keyId: 3,
      rotatedAt: NOW,
      codeHash: undefined,
      secretHash: undefined,
      accessHash: undefined,
      codeRequest: undefined,
      claims: undefined,
      authorizationDetails: undefined,
      actor: undefined,
      boundKey: undefined,
      expiresAt: NEVER,
      idleSeconds: 0,
      dead: undefined,
      hasRevokedTokens: false,
      deviceId: undefined,
      redeemedAt: undefined,
      suspendedUntil: undefined,
    });
    assert.deepEqual(await second.ownGrant(tenant, APP, ['read', 'write'], ['https://api.example'], 9, NOW + DAY), own);
    assert.deepEqual(await store.findGrant(tenant, own.id), own);
    assert.equal(await b.countRows('grants'), 1);
  });

  define('other scopes, another order, other resources or another client are another grant', async (b) => {
    const { store, tenant } = b;
    const other = clientId('other');
    for (const id of [APP, other]) await store.putClient(tenant, someClient(id), NOW);
    const grants = [
      await store.ownGrant(tenant, APP, ['a', 'b'], [], 1, NOW),
      await store.ownGrant(tenant, APP, ['b', 'a'], [], 1, NOW),
      await store.ownGrant(tenant, APP, ['a'], [], 1, NOW),
      await store.ownGrant(tenant, APP, ['a'], ['b'], 1, NOW),
      await store.ownGrant(tenant, APP, [], ['a', 'b'], 1, NOW),
      await store.ownGrant(tenant, other, ['a', 'b'], [], 1, NOW),
    ];
    assert.equal(new Set(grants.map((grant) => grant.id)).size, grants.length);
  });

  define('fifty who ask at once for a client’s own grant get one and the same', async (b) => {
    await b.store.putClient(b.tenant, someClient(), NOW);
    const grants = await race(b, async (store) => await store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW));
    assert.equal(new Set(grants.map((grant) => grant.id)).size, 1);
    assert.equal(await b.countRows('grants'), 1);
  });

  define('after a revocation the next own grant is a new one', async (b) => {
    const { store, tenant } = b;
    await store.putClient(tenant, someClient(), NOW);
    const first = await store.ownGrant(tenant, APP, ['a'], [], 1, NOW);
    assert.equal(await store.revokeGrant(tenant, first.id, 'revoked_by_admin', NOW + 1), 'revoked');
    const second = await store.ownGrant(tenant, APP, ['a'], [], 1, NOW + 2);
    assert.notEqual(second.id, first.id);
    assert.equal(second.dead, undefined);
    await store.revokeClient(tenant, APP, NOW + 3);
    assert.equal(await deathOf(b, second.id), 'client_revoked');
    const third = await store.ownGrant(tenant, APP, ['a'], [], 1, NOW + 4);
    assert.equal(new Set([first.id, second.id, third.id]).size, 3);
    assert.equal(third.dead, undefined);
    assert.equal(await deathOf(b, first.id), 'revoked_by_admin');
    assert.equal(await deathOf(b, second.id), 'client_revoked');
  });

  define('a disabled client’s own grant says so', async (b) => {
    const { store, tenant } = b;
    await store.putClient(tenant, someClient(), NOW);
    const own = await store.ownGrant(tenant, APP, ['a'], [], 1, NOW);
    await store.putClient(tenant, { ...someClient(), enabled: false }, NOW + 1);
    const disabled = await store.ownGrant(tenant, APP, ['a'], [], 1, NOW + 2);
    assert.deepEqual(disabled, { ...own, dead: { reason: 'client_disabled', at: NOW + 1 } });
  });

  define('a client that is not there has no grant: misuse', async (b) => {
    await assert.rejects(async () => await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW), TypeError);
    assert.equal(await b.countRows('grants'), 0);
  });

  define('a client has a bounded number of own grants, the oldest fall, and what users gave it is not counted', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const given = await makeGrant(b, scene);
    const first = await store.ownGrant(tenant, APP, ['s0'], [], 1, NOW);
    for (let index = 1; index < MAX_OWN_GRANTS; index += 1) await store.ownGrant(tenant, APP, [`s${index}`], [], 1, NOW);
    assert.equal(await deathOf(b, first.id), undefined);
    const last = await store.ownGrant(tenant, APP, ['last'], [], 1, NOW);
    assert.equal(last.dead, undefined);
    assert.equal(await deathOf(b, first.id), 'too_many_grants');
    assert.equal(await deathOf(b, given), undefined);
    assert.equal((await store.listGrants(tenant, { clientId: APP }, 1000)).length, MAX_OWN_GRANTS + 1);
  });
}
