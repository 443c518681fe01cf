import assert from 'node:assert/strict';
import { clientId, userId } from '@hufu/protocol/ids';
import type { Store } from '../port.ts';
import {
  APP,
  type Bench,
  bench,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  NOW,
  type Scene,
  someAccess,
  someClient,
  someCode,
  someSession,
} from './bench.ts';
import { open, someApproval, someBackchannel, someDevice } from './pending-bench.ts';

/** Asks a store on an empty database everything once, one after the other: for tests that look at its statements. */
export async function useEveryVerb(all: Store): Promise<void> {
  const b = await bench({ store: all, countRows: async () => 0, close: async () => {} });
  const { tenant } = b;
  const scene = await makeScene(b);
  const { user, session } = scene;
  await all.time();
  await all.listClients(tenant, '', 1);
  await all.findClient(tenant, APP);
  await all.findUser(tenant, user.id);
  await all.findUserByName(tenant, user.username);
  await all.listUsers(tenant, 0, 1);
  await all.setClaims(tenant, user.id, {}, NOW);
  await all.upgradePasswordHash(tenant, user.id, 'a', 'b');
  await all.giveConsent(tenant, user.id, APP, ['openid'], [], NOW);
  await all.giveConsent(tenant, user.id, APP, ['email'], [], NOW);
  await all.findConsent(tenant, user.id, APP);
  await all.listConsents(tenant, user.id);
  const [grant] = [await makeGrant(b, scene), await makeCode(b, scene, { needsConsent: true })];
  await all.findGrant(tenant, grant);
  await all.rotate(tenant, grant, 1, 1, NOW);
  await all.revokeToken(tenant, grant, 'token', NOW + 60, NOW);
  await all.findRevokedToken(tenant, grant, 'token');
  await all.ownGrant(tenant, APP, ['a'], [], 1, NOW);
  for (const filter of [{}, { userId: user.id }, { clientId: APP }, { userId: user.id, clientId: APP }])
    await all.listGrants(tenant, filter, 10);
  await all.revokeGrant(tenant, grant, 'revoked_by_user', NOW);
  await all.takeOnce(tenant, 'interaction', 'value', NOW + 60, NOW);
  await all.openSession(tenant, someSession(user), session.id, NOW);
  const other = await all.createUser(tenant, { sub: 's', username: 'u', passwordHash: undefined, claims: {} }, NOW);
  const opened = await all.openSession(tenant, someSession(other.user), undefined, NOW);
  if (opened.kind === 'opened') {
    await all.findSession(tenant, opened.session.id);
    await all.listSessions(tenant, user.id, 10, NOW);
    await all.openSession(tenant, someSession(user), opened.session.id, NOW);
    await all.endSession(tenant, opened.session.id, NOW);
  }
  await all.createGrant(tenant, someCode({ ...scene, session }, { sessionId: undefined }), NOW);
  await useSignOut(b, scene);
  await useLineage(b, scene);
  await usePending(b, scene);
  await all.withdrawConsent(tenant, user.id, APP, NOW);
  await all.changePassword(tenant, user.id, 'new', undefined, NOW);
  await all.revokeUser(tenant, user.id, 'revoked_by_user', NOW);
  await all.setUserEnabled(tenant, user.id, false, NOW);
  await all.putClient(tenant, { ...someClient(), enabled: false }, NOW);
  await all.revokeClient(tenant, APP, NOW);
  await all.addKey(
    tenant,
    { use: 'seal', alg: '', publicJwk: '', sealedPrivate: new Uint8Array(1), createdAt: 1, activeAt: 1, retiredAt: 0, expiresAt: 0 },
    0,
  );
  await all.listKeys(tenant);
  await all.keysVersion(tenant);
  await all.retireKey(tenant, 1, 1, 1);
  await all.removeKey(tenant, 1);
  await all.revokeKey(tenant, 1, NOW);
  await all.countClients(tenant, 'registered', 10);
  await all.putClient(tenant, { ...someClient(clientId('registered')), source: 'registered' }, NOW);
  await all.noteClientUse(tenant, clientId('registered'), NOW);
  await all.removeClient(tenant, clientId('registered'), NOW);
  await all.recordDecisions(tenant, [{ id: 'd', at: 1, endpoint: '', status: 400, error: '', clientId: '', record: '[]' }], 1);
  await all.findDecision(tenant, 'd');
  await all.listDecisions(tenant, 1);
  await all.readRevocations(tenant, 0, 1);
  assert.equal(await all.findClient(tenant, clientId('nobody')), undefined);
  assert.equal(await all.findUser(tenant, userId(99)), undefined);
}

async function useSignOut(b: Bench, scene: Scene): Promise<void> {
  const { store: all, tenant } = b;
  const session = await makeSession(b, scene.user);
  const participation = { sid: 'sid', backchannel: true };
  await all.createGrant(tenant, someCode({ ...scene, session }, { participation }), NOW);
  await all.createGrant(tenant, someAccess({ ...scene, session }), NOW);
  for (const each of [participation, undefined]) await all.admit(tenant, someCode({ ...scene, session }, { participation: each }), NOW);
  await all.listParticipants(tenant, session.id, 1);
  await all.endSession(tenant, session.id, NOW);
  const outcomes = [
    { kind: 'failed', error: '', dueAt: NOW },
    { kind: 'failed', error: '', dueAt: undefined },
    { kind: 'delivered' },
  ] as const;
  for (const outcome of outcomes) {
    await all.takeDeliveries(tenant, 1, 60, NOW);
    await all.settleDelivery(tenant, 1, 1, outcome, NOW);
  }
  await all.listDeadDeliveries(tenant, 1);
}

async function useLineage(b: Bench, scene: Scene): Promise<void> {
  const { store: all, tenant } = b;
  const session = await makeSession(b, scene.user);
  const parentId = await makeGrant(b, { ...scene, session });
  const code = await makeGrant(b, { ...scene, session }, { parentId });
  await all.rotate(tenant, code, 1, 1, NOW);
  await all.findGrant(tenant, code);
  const participation = { sid: 'sid', backchannel: true };
  await all.createGrant(tenant, someAccess({ ...scene, session }, { parentId, participation }), NOW);
  await all.createGrant(tenant, someAccess(scene, { userId: undefined, sessionId: undefined, subject: 'somebody' }), NOW);
}

async function usePending(b: Bench, scene: Scene): Promise<void> {
  const { store: all, tenant } = b;
  const { id } = await all.pushRequest(
    tenant,
    { secretHash: hashText('secret'), clientId: APP, parameters: '', boundKey: undefined, createdAt: NOW, expiresAt: NOW + 60 },
    NOW,
  );
  await all.findPushedRequest(tenant, id);
  const device = await open(b, someDevice());
  await all.findPending(tenant, device);
  await all.findPendingByUserCode(tenant, hashText('user-code'), NOW);
  await all.notePoll(tenant, device, NOW);
  await all.approvePending(tenant, device, someApproval(scene), NOW);
  await all.notePoll(tenant, device, NOW);
  const asked = await open(b, someBackchannel(scene));
  await all.listPendingOfUser(tenant, scene.user.id, 10, NOW);
  await all.denyPending(tenant, asked, scene.user.id, NOW);
  await all.takeNotifications(tenant, 10, 60, NOW);
  await all.settleNotification(tenant, asked, 1, undefined);
}
