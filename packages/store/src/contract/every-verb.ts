import assert from 'node:assert/strict';
import { clientId, grantId, userId } from '@hufu/protocol/ids';
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
  opening,
  type Scene,
  setPassword,
  someAccess,
  someClient,
  someCode,
  someRedemption,
  someSession,
} from './bench.ts';
import { someChallenge } from './challenges.ts';
import { someEdgeRecord } from './edge-sessions.ts';
import { add, EVERY_WAY, somePasskey, someTotp } from './factors.ts';
import { open, someApproval, someBackchannel, someDevice } from './pending-bench.ts';
import { STILL, someDelivery, someWebhook } from './webhook-bench.ts';

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
  await all.openSession(tenant, someSession(user), opening(user, session.id), NOW);
  const other = await all.createUser(tenant, { sub: 's', username: 'u', passwordHash: undefined, claims: {} }, NOW);
  const opened = await all.openSession(tenant, someSession(other.user), opening(other.user), NOW);
  if (opened.kind === 'opened') {
    await all.findSession(tenant, opened.session.id);
    await all.listSessions(tenant, user.id, 10, NOW);
    await all.openSession(tenant, someSession(user), opening(user, opened.session.id), NOW);
    await all.endSession(tenant, opened.session.id, 'signed_out', NOW);
  }
  await all.createGrant(tenant, someCode({ ...scene, session }, { sessionId: undefined }), NOW);
  await useDevices(b, scene);
  await useSignOut(b, scene);
  await useLineage(b, scene);
  await usePending(b, scene);
  await useAccounts(b);
  await all.withdrawConsent(tenant, user.id, APP, NOW);
  await setPassword(b, user.id, undefined);
  await all.revokeUser(tenant, user.id, 'revoked_by_user', NOW);
  await all.setUserEnabled(tenant, user.id, false, NOW);
  await all.putClient(tenant, { ...someClient(), enabled: false }, NOW);
  await all.revokeClient(tenant, APP, NOW);
  await all.putLimitRule(tenant, { name: 'a', rule: '{}', changedAt: NOW, changedBy: 'cli' }, undefined, 10);
  await all.listLimitRules(tenant);
  await all.limitRulesVersion(tenant);
  await all.removeLimitRule(tenant, 'a', 1);
  const node = { instance: 'i', name: 'n', version: '1', startedAt: NOW, seenAt: NOW, stopped: false, about: '{}' };
  await all.writeMetrics(tenant, node, [{ instance: 'i', span: 60, at: NOW, counts: '{}' }], NOW);
  await all.readMetrics(tenant, 60, NOW, NOW + 60, 10);
  await all.listMetricNodes(tenant, 10);
  await all.addKey(
    tenant,
    { use: 'seal', alg: '', publicJwk: '', sealedPrivate: new Uint8Array(1), createdAt: 1, activeAt: 1, retiredAt: 0, expiresAt: 0 },
    0,
  );
  await all.listKeys(tenant);
  await all.keysVersion(tenant);
  await all.retireKey(tenant, 1, 1, 1);
  await all.removeKey(tenant, 1);
  await all.revokeKey(tenant, 1, 'kid', NOW);
  await all.countClients(tenant, 'registered', 10);
  await all.putClient(tenant, { ...someClient(clientId('registered')), source: 'registered' }, NOW);
  await all.noteClientUse(tenant, clientId('registered'), NOW);
  await all.removeClient(tenant, clientId('registered'), NOW);
  await all.recordDecisions(tenant, [{ id: 'd', at: 1, endpoint: '', status: 400, error: '', clientId: '', record: '[]' }], 1);
  await all.rewriteDecisions(tenant, [{ id: 'd', record: '{}' }]);
  await all.findDecision(tenant, 'd');
  await all.listDecisions(tenant, 1);
  await all.recordHistory(tenant, [{ minute: NOW, facts: '{}', times: 1 }], NOW, 1);
  await all.listHistory(tenant, { minute: 0, id: 0 }, 1);
  await all.readRevocations(tenant, 0, 1);
  await all.readRevocationHead(tenant);
  await all.renewRevocationEpoch(tenant, undefined, 'first');
  await all.renewRevocationEpoch(tenant, undefined, 'second');
  const acknowledgement = { clientId: APP, node: 'n', epoch: 'first', points: [{ seq: 1, atMs: 1 }], nowMs: NOW * 1000 };
  await all.acknowledgeRevocations(tenant, acknowledgement);
  await all.acknowledgeRevocations(tenant, { ...acknowledgement, epoch: 'other' });
  await all.listRevocationFollowers(tenant, 1, 0, 1);
  await all.statusHead(tenant);
  await all.listStates(tenant, 1, 100, NOW);
  await all.listClientStates(tenant, APP, undefined, 10, NOW);
  await all.listChildren(tenant, [{ id: grant, afterId: 0 }], 10);
  await all.findLine(tenant, grant);
  await all.listDescendants(tenant, grant, 10);
  await all.countDescendants(tenant, grant, 10, NOW);
  await useAdministration(b);
  await useWebhooks(b);
  await useAudit(b);
  await useEdge(all, tenant);
  assert.equal(await all.findClient(tenant, clientId('nobody')), undefined);
  assert.equal(await all.findUser(tenant, userId(99)), undefined);
}

async function useAudit({ store: all, tenant }: Bench): Promise<void> {
  const key = { alg: '', publicJwk: '', sealedPrivate: new Uint8Array(1), createdAt: 1, activeAt: 1, retiredAt: 0, expiresAt: 0 };
  const added = await all.addKey(tenant, { ...key, use: 'hash' }, 0);
  if (added.kind === 'added') await all.revokeKey(tenant, added.id, 'kid', NOW);
  await all.renewRevocationEpoch(tenant, 'first', 'third');
  const sealed = await all.sealAudit(tenant, 10_000);
  if (sealed.kind === 'sealed') await all.sealAudit(tenant, 10, sealed);
  await all.readAudit(tenant, 0, 1);
  const between = { sinceMs: 1, untilMs: 2 };
  await all.listAudit(tenant, between, 1);
  for (const filter of everyPart({ actor: { kind: 'a', id: 'a' }, action: 'a', target: { kind: 'a', id: 'a' } }))
    await all.listAudit(tenant, filter, 1);
  await all.putAuditCheckpoint(tenant, { seq: 1, hash: 'h', atMs: 1, jws: 'j', jwk: '{}' });
  await all.listAuditCheckpoints(tenant, 1, 1);
  await all.readAuditHead(tenant);
}

async function useWebhooks({ store: all, tenant }: Bench): Promise<void> {
  for (const most of [1, 1]) await all.createWebhook(tenant, { ...someWebhook(), id: 'w' }, most, NOW);
  await all.sealAudit(tenant, 10_000);
  await all.dueWebhooks(tenant, NOW);
  const taken = await all.takeWebhook(tenant, 'w', 30, NOW);
  const progress = { ...STILL, cursorSeq: 1, deliveredAt: NOW };
  await all.settleWebhook(tenant, 'w', taken?.lease ?? 0, { version: 1, progress, delivery: someDelivery(1), leasedUntil: NOW });
  await all.redeliverWebhook(tenant, 'w', 1);
  const again = await all.takeWebhook(tenant, 'w', 30, NOW);
  await all.settleWebhook(tenant, 'w', again?.lease ?? 0, { version: 1, delivery: someDelivery(1, { state: 'dead' }), leasedUntil: NOW });
  for (const filter of [{}, { state: 'dead' as const, before: 9 }]) await all.listWebhookDeliveries(tenant, 'w', filter, 1);
  for (const [version, enabled] of [
    [1, false],
    [1, true],
    [2, true],
  ] as const)
    await all.changeWebhook(tenant, 'w', someWebhook({ enabled }), version, NOW, 0);
  await all.findWebhook(tenant, 'w');
  await all.listWebhooks(tenant);
  for (const id of ['w', 'w']) await all.removeWebhook(tenant, id);
}

async function useAdministration({ store: all, tenant }: Bench): Promise<void> {
  const { user } = await all.createUser(tenant, { sub: 'boss', username: 'boss', passwordHash: undefined, claims: {} }, NOW);
  const owner = { userId: user.id, role: 'owner', changedAt: NOW, changedBy: 'cli' };
  await all.putAdministrator(tenant, owner, 'one_owner', 10);
  await all.putAdministrator(tenant, { ...owner, role: 'read' }, 'one_owner', 10);
  await all.findAdministrator(tenant, user.id);
  await all.listAdministrators(tenant);
  await all.removeAdministrator(tenant, user.id, 'none');
  for (const name of ['a', 'a']) await all.beginReply(tenant, name, 'd', NOW + 60, NOW);
  for (const reply of ['r', undefined]) await all.keepReply(tenant, 'a', reply);
  await all.findUserBySub(tenant, 'boss');
  for (const filter of [{}, { state: 'disabled' }, { state: 'locked' }] as const) await all.searchUsers(tenant, filter, 10, NOW);
  for (const filter of [{}, { source: 'admin' }, { source: 'admin', enabled: true }] as const) await all.searchClients(tenant, filter, 10);
  await all.countGrants(tenant, { userId: user.id }, 10, NOW);
  await all.countGrants(tenant, { clientId: APP }, 10, NOW);
  await all.listRevocations(tenant, 10, 10);
  await all.listGrants(tenant, { before: grantId(9) }, 10);
  await all.listDecisions(tenant, 1, { before: 'z', from: 'a' });
  for (const filter of everyPart({ clientId: 'app', error: 'e', endpoint: 'e' })) await all.listDecisions(tenant, 1, filter);
  const found = await all.findClient(tenant, APP);
  await all.changeClient(tenant, { ...someClient(), metadata: { client_name: 'New' } }, found?.version, NOW);
}

/** Every choice of the members of a filter, from none of them to all. */
export function everyPart<T extends object>(filter: T): readonly Partial<T>[] {
  return Object.keys(filter).reduce<readonly Partial<T>[]>(
    (parts, name) => [...parts, ...parts.map((part): Partial<T> => ({ ...part, [name]: filter[name as keyof T] }))],
    [{}],
  );
}

async function useDevices(b: Bench, scene: Scene): Promise<void> {
  const { store: all, tenant } = b;
  const { user } = scene;
  const limit = { max: 1, per: 'type', onExceed: 'replace' } as const;
  const session = await makeSession(b, user);
  await all.createGrant(tenant, someCode({ ...scene, session }, { participation: { sid: 'sid', backchannel: true } }), NOW);
  const opened = await all.openSession(
    tenant,
    someSession(user),
    opening(user, undefined, { limit, signsOut: [{ kind: 'device', id: 1 }] }),
    NOW,
  );
  if (opened.kind !== 'opened') assert.fail(opened.reason);
  for (const change of [{}, { parentId: await makeGrant(b, scene, { sessionId: undefined }) }]) {
    const code = await makeCode(b, { ...scene, session: opened.session }, change);
    await all.exchangeCode(tenant, code, someRedemption({ devices: limit }), NOW);
  }
  await all.seeSession(tenant, opened.session.id, 'CH', NOW + 600);
  await all.listDevices(tenant, user.id);
  await all.findSessionDevice(tenant, opened.session.id);
  const device = opened.session.deviceId ?? 0;
  await all.renameDevice(tenant, user.id, device, 'name');
  await all.trustDevice(tenant, user.id, device, user.authVersion, hashText('trust'), NOW + 60, NOW);
  await all.useTrust(tenant, user.id, opened.session.browserHash ?? '', hashText('trust'), hashText('next'), NOW);
  await all.distrustDevices(tenant, user.id);
  await all.signOutClient(tenant, user.id, APP, [{ kind: 'device', id: device }], opened.session.id, NOW);
  await all.endOtherSessions(tenant, user.id, opened.session.id, 'revoked_by_user', NOW);
  await all.removeDevice(tenant, user.id, device, NOW);
}

async function useSignOut(b: Bench, scene: Scene): Promise<void> {
  const { store: all, tenant } = b;
  const session = await makeSession(b, scene.user);
  const participation = { sid: 'sid', backchannel: true };
  await all.createGrant(tenant, someCode({ ...scene, session }, { participation }), NOW);
  await all.createGrant(tenant, someAccess({ ...scene, session }), NOW);
  for (const each of [participation, undefined]) await all.admit(tenant, someCode({ ...scene, session }, { participation: each }), NOW);
  await all.listParticipants(tenant, session.id, 1);
  await all.endSession(tenant, session.id, 'signed_out', NOW);
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

async function useAccounts(b: Bench): Promise<void> {
  const { store: all, tenant } = b;
  const scene = await makeScene(b, tenant, 'eve');
  const { id } = scene.user;
  const own = { session: scene.session.id, open: { ...EVERY_WAY, mail: true } };
  const corp = { upstream: 'corp', issuer: 'https://corp.example', subject: '1', label: '' };
  const key = await add(b, scene.user, somePasskey('k'));
  await all.addFactor(tenant, id, 1, someTotp(), scene.session.id, NOW);
  await all.addFactor(tenant, id, 2, somePasskey('k'), undefined, NOW);
  await all.findPasskey(tenant, hashText('k'));
  await all.listFactors(tenant, id);
  for (const counter of [1, 1]) await all.useFactor(tenant, id, key.id, counter, NOW);
  await all.renameFactor(tenant, id, key.id, 'New');
  await all.putRecoveryCodes(tenant, id, 2, ['x'], scene.session.id, NOW);
  await all.countRecoveryCodes(tenant, id);
  await all.takeRecoveryCode(tenant, id, 'x');
  await all.removeFactor(tenant, id, 3, key.id, { ...own, keepSecond: true }, NOW);
  await all.removeFactors(tenant, id, NOW);
  for (const session of [undefined, scene.session.id]) await all.linkIdentity(tenant, id, 5, corp, session, NOW);
  await all.findIdentity(tenant, 'corp', corp.issuer, '1');
  await all.useIdentity(tenant, 'corp', corp.issuer, '1', '', NOW);
  await all.unlinkIdentity(tenant, id, 6, 'corp', own, NOW);
  await all.createUser(tenant, { ...newcomer('fay'), identity: { ...corp, subject: '2' } }, NOW);
  await all.createUser(tenant, { ...newcomer('gil'), identity: { ...corp, subject: '2' } }, NOW);
  for (const max of [1, 1]) await all.takeTry(tenant, 'second_factor', 'eve', max, 60, NOW);
  await all.giveBackTry(tenant, 'second_factor', 'eve', NOW);
  await all.forgetTries(tenant, 'second_factor', 'eve');
  const { id: challenge } = await all.openChallenge(tenant, someChallenge({ userId: id, authVersion: 7 }), NOW);
  await all.openChallenge(tenant, someChallenge({ userId: id, purpose: 'invite' }), NOW);
  await all.findChallenge(tenant, challenge, NOW);
  await all.renewCode(tenant, challenge, { link: hashText('guess'), code: hashText('code') }, NOW + 60, NOW);
  for (const kind of ['link', 'code'] as const) await all.answerChallenge(tenant, challenge, { kind, hash: hashText('code') }, 3, NOW);
  for (const outcome of [{ kind: 'failed', error: '', dueAt: NOW }, { kind: 'sent' }] as const) {
    await all.putMail(tenant, 'sealed', NOW + 60, NOW);
    const [mail] = await all.takeMails(tenant, 1, 60, NOW);
    await all.settleMail(tenant, mail?.id ?? 0, 1, outcome, NOW);
  }
  await all.addUserEvent(tenant, id, 'signed_in', {}, NOW);
  await all.listUserEvents(tenant, id, 1);
  const email = { address: 'eve@example.com', folded: 'eve@example.com' };
  const shown = await all.verifyEmail(tenant, id, 7, email, { forgetsCredentials: false, session: scene.session.id }, NOW);
  assert.deepEqual(shown, { kind: 'done', authVersion: 8 });
  await all.findUserByEmail(tenant, 'eve@example.com');
  await all.verifyEmail(tenant, id, 8, email, { forgetsCredentials: true, session: undefined }, NOW);
  await makeGrant(b, scene, { sessionId: undefined });
  for (const until of [NOW + 60, undefined]) await all.lockUser(tenant, id, until, NOW);
  const session = await makeSession(b, (await all.findUser(tenant, id)) ?? scene.user);
  await setPassword(b, id, session.id, NOW, 'others');
  assert.equal(await all.deleteUser(tenant, id, NOW), 'deleted');
}

function newcomer(name: string): Parameters<Store['createUser']>[1] {
  return { sub: name, username: name, passwordHash: undefined, claims: { email: `${name}@example.com`, email_verified: true } };
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

async function useEdge(all: Store, tenant: Bench['tenant']): Promise<void> {
  const record = someEdgeRecord('a');
  await all.putEdgeRecord(tenant, 'e', record, NOW);
  await all.putEdgeRecord(tenant, 'e', { ...record, id: 'b' }, NOW);
  await all.putEdgeRecord(tenant, 'e', { ...record, id: 'tx', subject: undefined }, NOW);
  await all.findEdgeRecord(tenant, 'e', 'a');
  await all.replaceEdgeRecord(tenant, 'e', 'a', 1, record, NOW);
  await all.touchEdgeRecord(tenant, 'e', 'a', NOW + 1);
  await all.endEdgeRecord(tenant, 'e', 'a', 'signed_out', NOW);
  for (const subject of [{ sid: 'sid' }, { sub: 'sub', issuedBy: NOW }])
    await all.endEdgeSessions(tenant, 'e', subject, 'signed_out_elsewhere', NOW);
  await all.readEdgeEnds(tenant, 'e', 0, 10);
  await all.readEdgeHead(tenant);
  await all.takeEdgeTombstones(tenant, 'e', 10, 60, NOW + 60);
  await all.settleEdgeTombstone(tenant, 'e', 'a');
}
