import assert from 'node:assert/strict';
import { clientId, grantId, sessionId, userId } from '@hufu/protocol/ids';
import {
  APP,
  type Case,
  DAY,
  HOUR,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  NOW,
  race,
  setPassword,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';

export function tenantCases(define: Case): void {
  define('the first tenant is 1, and a name always means the same tenant', async ({ store, second }) => {
    const first = await store.ensureTenant('default');
    assert.deepEqual(first, { id: 1, name: 'default' });
    assert.deepEqual(await second.ensureTenant('default'), first);
    assert.deepEqual(await second.ensureTenant('other'), { id: 2, name: 'other' });
    assert.deepEqual(await store.ensureTenant('third'), { id: 3, name: 'third' });
  });

  define('fifty processes that ask for a new tenant at once get one and the same', async (b) => {
    const tenants = await race(b, async (store) => await store.ensureTenant('raced'));
    assert.deepEqual(new Set(tenants.map((tenant) => tenant.id)), new Set([3]));
  });

  define('the ids of each tenant count from 1', async (b) => {
    for (const tenant of [b.tenant, b.otherTenant]) {
      const scene = await makeScene(b, tenant);
      const grant = await b.store.createGrant(tenant, someCode(scene), NOW);
      assert.deepEqual([scene.user.id, scene.session.id, grant], [1, 1, { kind: 'created', id: 1 }]);
    }
  });

  define('a tenant sees nothing of another one with the same ids', async (b) => {
    const { store, tenant, otherTenant } = b;
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    await store.giveConsent(tenant, scene.user.id, APP, ['openid'], [], NOW);
    await store.revokeToken(tenant, id, 'token', NOW + HOUR, NOW);
    await store.addKey(
      tenant,
      {
        use: 'seal',
        alg: '',
        publicJwk: '',
        sealedPrivate: new Uint8Array([1]),
        createdAt: NOW,
        activeAt: NOW,
        retiredAt: 0,
        expiresAt: 0,
      },
      0,
    );
    await store.recordDecisions(
      tenant,
      [{ id: 'd1', at: NOW, endpoint: '/oauth/token', status: 400, error: 'invalid_grant', clientId: APP, record: '[]' }],
      10,
    );

    assert.equal(await store.findClient(otherTenant, APP), undefined);
    assert.deepEqual(await store.listClients(otherTenant, '', 10), []);
    assert.equal(await store.findUser(otherTenant, scene.user.id), undefined);
    assert.equal(await store.findUserByName(otherTenant, 'ada'), undefined);
    assert.deepEqual(await store.listUsers(otherTenant, 0, 10), []);
    assert.equal(await store.findSession(otherTenant, scene.session.id), undefined);
    assert.equal(await store.findConsent(otherTenant, scene.user.id, APP), undefined);
    assert.deepEqual(await store.listConsents(otherTenant, scene.user.id), []);
    assert.equal(await store.findGrant(otherTenant, id), undefined);
    assert.deepEqual(await store.listGrants(otherTenant, {}, 10), []);
    assert.equal(await store.findRevokedToken(otherTenant, id, 'token'), false);
    assert.deepEqual(await store.listKeys(otherTenant), []);
    assert.equal(await store.keysVersion(otherTenant), 0);
    assert.equal(await store.findDecision(otherTenant, 'd1'), undefined);
    assert.deepEqual(await store.listDecisions(otherTenant, 10), []);
    assert.deepEqual(await store.readRevocations(otherTenant, 0, 10), []);
    assert.equal(await store.countClients(otherTenant, 'config', 10), 0);
  });

  define('no verb of a tenant changes a row of another one with the same ids', async (b) => {
    const { store, tenant, otherTenant: other } = b;
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene, { offline: true });
    const code = await makeCode(b, scene);
    await store.giveConsent(tenant, scene.user.id, APP, ['openid'], [], NOW);
    await store.putClient(tenant, { ...someClient(clientId('registered')), source: 'registered' }, NOW);
    await makeScene(b, other, 'bob');

    assert.deepEqual(await store.exchangeCode(other, code, someRedemption(), NOW), { kind: 'lost', grant: undefined });
    assert.deepEqual(await store.rotate(other, grant, 1, 1, NOW), { kind: 'lost', grant: undefined });
    assert.equal(await store.revokeGrant(other, grant, 'revoked_by_user', NOW), 'unknown');
    assert.deepEqual(await store.revokeUser(other, scene.user.id, 'revoked_by_admin', NOW), { revokedGrants: 0 });
    assert.equal(await store.revokeClient(other, APP, NOW), 'revoked');
    assert.equal(await store.endSession(other, scene.session.id, 'signed_out', NOW), 'ended');
    assert.deepEqual(await store.withdrawConsent(other, scene.user.id, APP, NOW), { revokedGrants: 0 });
    assert.equal(await setPassword({ ...b, tenant: other }, scene.user.id, undefined), 'done');
    assert.equal(await store.setUserEnabled(other, scene.user.id, false, NOW), 'done');
    assert.equal(await store.setClaims(other, scene.user.id, {}, NOW), 'done');
    await store.putClient(other, { ...someClient(), enabled: false }, NOW);
    await store.revokeToken(other, grant, 'token', NOW + HOUR, NOW);
    assert.equal(await store.removeClient(other, clientId('registered'), NOW), 'unknown');

    for (const id of [grant, code]) assert.equal((await store.findGrant(tenant, id))?.dead, undefined);
    assert.equal((await store.findGrant(tenant, grant))?.hasRevokedTokens, false);
    assert.deepEqual(await store.findUser(tenant, scene.user.id), scene.user);
    assert.deepEqual(await store.findSession(tenant, scene.session.id), scene.session);
    assert.deepEqual(await store.findClient(tenant, APP), scene.client);
    assert.ok(await store.findClient(tenant, clientId('registered')));
    assert.deepEqual((await store.findConsent(tenant, scene.user.id, APP))?.scopes, ['openid']);
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), []);
    assert.equal(await store.takeOnce(other, 'interaction', hashText('m'), NOW + DAY, NOW), true);
    assert.equal(await store.takeOnce(tenant, 'interaction', hashText('m'), NOW + DAY, NOW), true);
  });

  define('what is not there is undefined or unknown, and nothing throws', async ({ store, tenant }) => {
    const user = userId(99);
    const session = sessionId(99);
    const grant = grantId(99);
    assert.equal(await store.findUser(tenant, user), undefined);
    assert.equal(await store.findSession(tenant, session), undefined);
    assert.equal(await store.findGrant(tenant, grant), undefined);
    assert.equal(await store.setClaims(tenant, user, {}, NOW), 'unknown');
    assert.deepEqual(await store.changePassword(tenant, user, 0, 'x', { session: undefined, revokes: 'all' }, NOW), { kind: 'unknown' });
    assert.equal(await store.setUserEnabled(tenant, user, false, NOW), 'unknown');
    assert.equal(await store.upgradePasswordHash(tenant, user, 'a', 'b'), 'changed');
    assert.equal(await store.endSession(tenant, session, 'signed_out', NOW), 'unknown');
    assert.equal(await store.revokeGrant(tenant, grant, 'revoked_by_user', NOW), 'unknown');
    assert.equal(await store.revokeClient(tenant, APP, NOW), 'unknown');
    assert.deepEqual(await store.revokeUser(tenant, user, 'revoked_by_user', NOW), { revokedGrants: 0 });
    assert.deepEqual(await store.withdrawConsent(tenant, user, APP, NOW), { revokedGrants: 0 });
    assert.deepEqual(await store.exchangeCode(tenant, grant, someRedemption(), NOW), { kind: 'lost', grant: undefined });
    assert.deepEqual(await store.rotate(tenant, grant, 1, 1, NOW), { kind: 'lost', grant: undefined });
    assert.equal(await store.removeClient(tenant, APP, NOW), 'unknown');
    assert.equal(await store.countClients(tenant, 'registered', 1), 0);
    assert.equal(await store.revokeKey(tenant, 99, 'kid', NOW), 'unknown');
    assert.deepEqual(await store.listParticipants(tenant, session, 1), []);
    assert.deepEqual(await store.takeDeliveries(tenant, 1, 60, NOW), []);
    await store.settleDelivery(tenant, 99, 1, { kind: 'delivered' }, NOW);
    assert.deepEqual(await store.listDeadDeliveries(tenant, 1), []);
    await store.revokeToken(tenant, grant, 'token', NOW + HOUR, NOW);
    assert.equal(await store.findRevokedToken(tenant, grant, 'token'), false);
    await store.retireKey(tenant, 99, NOW, NOW);
    await store.removeKey(tenant, 99);
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), []);
  });

  define("the store's clock never goes back", async ({ store, second }) => {
    const databaseHasClock = store.kind === 'postgres';
    const before = await store.time();
    await store.keepTime(before + 5000);
    const after = await store.time();
    assert.ok(databaseHasClock ? after >= before : after === before + 5000);
    await second.keepTime(before + 1000);
    assert.ok((await store.time()) >= after);
    assert.ok((await second.time()) >= after);
  });
}
