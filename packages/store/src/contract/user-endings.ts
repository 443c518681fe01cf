import assert from 'node:assert/strict';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import {
  APP,
  type Case,
  countKinds,
  deathOf,
  HOUR,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  mustFind,
  NOW,
  race,
  setPassword,
  someCode,
} from './bench.ts';
import { someChallenge } from './challenges.ts';
import { add, somePasskey, someTotp } from './factors.ts';
import { open, someBackchannel } from './pending-bench.ts';

export function userEndingCases(define: Case): void {
  define('of fifty new passwords at once under one version, one is taken', async (b) => {
    const { user } = await makeScene(b);
    const keep = { session: undefined, revokes: 'all' } as const;
    const answers = await race(b, async (store, index) => await store.changePassword(b.tenant, user.id, 0, `h${index}`, keep, NOW));
    assert.deepEqual(countKinds(answers), { done: 1, changed: 49 });
    const winner = answers.findIndex(({ kind }) => kind === 'done');
    assert.equal((await b.store.findUser(b.tenant, user.id))?.passwordHash, `h${winner}`);
  });

  define('a new password that spares the others keeps this session with its grants and codes, and nothing without a session', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const own = await makeSession(b, scene.user);
    const here = { ...scene, session: own };
    const living = [await makeGrant(b, here), await makeCode(b, here), await makeGrant(b, here, { offline: true })];
    const dying = [await makeGrant(b, scene), await makeCode(b, scene), await makeGrant(b, scene, { sessionId: undefined })];
    assert.equal(await setPassword(b, scene.user.id, own.id, NOW + 1, 'others'), 'done');
    for (const id of living) assert.equal(await deathOf(b, id), undefined);
    for (const id of dying) assert.equal(await deathOf(b, id), 'password_changed');
    const [kept, other] = [await store.findSession(tenant, own.id), await store.findSession(tenant, scene.session.id)];
    assert.deepEqual([kept?.endedAt, kept?.authVersion, other?.endedReason], [undefined, 1, 'password_changed']);
    const told = await store.readRevocations(tenant, 0, 100);
    assert.deepEqual(
      told.map(({ kind, subject }) => `${kind} ${subject}`),
      [`session ${scene.session.id}`, ...dying.map((id) => `grant ${id}`)],
    );
  });

  define('a new password spares nothing of a session that has ended, or is somebody else’s', async (b) => {
    const scene = await makeScene(b);
    const own = await makeSession(b, scene.user);
    const offline = await makeGrant(b, { ...scene, session: own }, { offline: true });
    await b.store.endSession(b.tenant, own.id, 'signed_out', NOW);
    await setPassword(b, scene.user.id, own.id, NOW, 'others');
    assert.equal(await deathOf(b, offline), 'password_changed');
    assert.equal((await b.store.readRevocations(b.tenant, 0, 100)).find(({ kind }) => kind === 'user')?.reason, 'password_changed');
  });

  define('no password any more is a change of password', async (b) => {
    const { user } = await makeScene(b);
    const keep = { session: undefined, revokes: 'all' } as const;
    assert.deepEqual(await b.store.changePassword(b.tenant, user.id, 0, undefined, keep, NOW + 1), { kind: 'done', authVersion: 1 });
    const now = await b.store.findUser(b.tenant, user.id);
    assert.deepEqual([now?.passwordHash, now?.passwordChangedAt], [undefined, NOW + 1]);
  });

  define('who is disabled and enabled again has another version, and who was enabled all along has not', async (b) => {
    const { user } = await makeScene(b);
    const version = async (): Promise<number | undefined> => (await b.store.findUser(b.tenant, user.id))?.authVersion;
    await b.store.setUserEnabled(b.tenant, user.id, true, NOW);
    assert.equal(await version(), 0);
    await b.store.setUserEnabled(b.tenant, user.id, false, NOW);
    await b.store.setUserEnabled(b.tenant, user.id, true, NOW);
    assert.equal(await version(), 1);
  });

  define('a locked user rests until then: nothing is revoked, and with the lock gone it all goes on', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const ids = [await makeGrant(b, scene), await makeCode(b, scene)];
    const dead = await makeGrant(b, scene);
    await store.revokeGrant(tenant, dead, 'revoked_by_user', NOW);
    assert.equal(await store.lockUser(tenant, scene.user.id, NOW + HOUR, NOW), 'done');
    const locked = await b.second.findUser(tenant, scene.user.id);
    assert.deepEqual([locked?.lockedUntil, locked?.authVersion, locked?.enabled], [NOW + HOUR, 1, true]);
    for (const id of ids) assert.deepEqual([(await mustFind(b, id)).suspendedUntil, await deathOf(b, id)], [NOW + HOUR, undefined]);
    assert.equal((await store.findSession(tenant, scene.session.id))?.endedAt, undefined);
    const entry = (await store.readRevocations(tenant, 0, 100)).find(({ kind }) => kind === 'user');
    assert.deepEqual([entry?.kind, entry?.subject, entry?.reason, entry?.expiresAt], ['user', '1', 'user_locked', NOW + HOUR]);
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW + 1), { kind: 'refused', reason: 'user_inactive' });
    assert.equal((await store.createGrant(tenant, someCode(scene), NOW + HOUR)).kind, 'created', 'when it is over');

    assert.equal(await store.lockUser(tenant, scene.user.id, undefined, NOW + 2), 'done');
    for (const id of ids) assert.equal((await mustFind(b, id)).suspendedUntil, NOW + 2, 'it has rested until then, and does no longer');
    assert.equal((await store.findUser(tenant, scene.user.id))?.authVersion, 2);
    assert.equal((await store.createGrant(tenant, someCode(scene), NOW + 2)).kind, 'created');
    assert.equal(await store.lockUser(tenant, scene.user.id, undefined, NOW + 3), 'done');
    assert.equal((await store.findUser(tenant, scene.user.id))?.authVersion, 2, 'so it was already');
    assert.equal(await store.lockUser(b.otherTenant, scene.user.id, NOW + HOUR, NOW), 'unknown');
  });

  define('no grant slips past a lock, however they race', async (b) => {
    const scene = await makeScene(b);
    const answers = await race(b, async (store, index) => {
      if (index === 25) return await store.lockUser(b.tenant, scene.user.id, NOW + HOUR, NOW);
      return await store.createGrant(b.tenant, someCode(scene), NOW);
    });
    for (const answer of answers)
      if (typeof answer === 'object' && answer.kind === 'created') assert.equal((await mustFind(b, answer.id)).suspendedUntil, NOW + HOUR);
  });

  define('of a deleted user everything goes, no verb finds them, and neither number nor subject comes again', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const { user } = scene;
    const session = scene.session.id;
    await store.giveConsent(tenant, user.id, APP, ['openid'], [], NOW);
    const ids = [await makeGrant(b, scene), await makeCode(b, scene), await makeGrant(b, scene, { offline: true, sessionId: undefined })];
    const asked = await open(b, someBackchannel(scene));
    await add(b, user, someTotp());
    await add(b, user, somePasskey('k'), 1);
    await store.putRecoveryCodes(tenant, user.id, 2, ['x'], undefined, NOW);
    await store.linkIdentity(tenant, user.id, 3, CORP, undefined, NOW);
    const email = { address: 'a@example.com', folded: 'a@example.com' };
    await store.verifyEmail(tenant, user.id, 4, email, { forgetsCredentials: false, session: undefined }, NOW);
    await store.openChallenge(tenant, someChallenge({ userId: user.id }), NOW);
    await store.addUserEvent(tenant, user.id, 'signed_in', {}, NOW);

    assert.equal(await store.deleteUser(tenant, user.id, NOW + 1), 'deleted');
    for (const id of ids) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'user_deleted', at: NOW + 1 });
    assert.equal((await store.findSession(tenant, session))?.endedReason, 'user_deleted');
    assert.equal((await store.findPending(tenant, asked))?.decision.kind, 'denied');
    const tables = ['consents', 'factors', 'recovery_codes', 'identities', 'verified_emails', 'challenges', 'user_events', 'devices'];
    for (const table of tables) assert.equal(await b.countRows(table), 0, table);
    const [told] = await store.readRevocations(tenant, 0, 100);
    assert.deepEqual(
      [told?.kind, told?.subject, told?.reason, told?.expiresAt],
      ['user', '1', 'user_deleted', NOW + 1 + MAX_ACCESS_TOKEN_SECONDS],
    );

    assert.equal(await second.findUser(tenant, user.id), undefined);
    assert.equal(await second.findUserByName(tenant, user.username), undefined);
    assert.equal(await second.findUserByEmail(tenant, 'a@example.com'), undefined);
    assert.deepEqual(await second.listUsers(tenant, 0, 10), []);
    assert.equal(await store.setClaims(tenant, user.id, { name: 'x' }, NOW + 2), 'unknown');
    assert.equal(await store.setUserEnabled(tenant, user.id, true, NOW + 2), 'unknown');
    assert.equal(await store.lockUser(tenant, user.id, undefined, NOW + 2), 'unknown');
    assert.equal(await store.deleteUser(tenant, user.id, NOW + 2), 'unknown');
    assert.equal(await setPassword(b, user.id, undefined, NOW + 2), 'unknown');
    assert.equal((await store.addFactor(tenant, user.id, 6, someTotp(), undefined, NOW + 2)).kind, 'changed');
    assert.equal((await store.linkIdentity(tenant, user.id, 6, CORP, undefined, NOW + 2)).kind, 'unknown');
    await store.addUserEvent(tenant, user.id, 'signed_in', {}, NOW + 2);
    assert.equal(await b.countRows('user_events'), 0);
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW + 2), { kind: 'refused', reason: 'user_inactive' });

    const sameSub = await store.createUser(tenant, { sub: user.sub, username: 'new', passwordHash: 'x', claims: {} }, NOW + 3);
    assert.equal(sameSub.kind, 'taken');
    assert.deepEqual([sameSub.user.enabled, sameSub.user.claims, sameSub.user.passwordHash], [false, {}, undefined]);
    const sameName = await store.createUser(tenant, { sub: 'new', username: user.username, passwordHash: 'x', claims: {} }, NOW + 3);
    assert.equal(sameName.kind, 'created');
    assert.ok(sameName.user.id > user.id);
  });

  define('whatever races with a deletion leaves nothing behind', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const { id } = scene.user;
    await race(b, async (node, index) => {
      if (index === 25) return await node.deleteUser(tenant, id, NOW);
      if (index % 6 === 0) return await node.addFactor(tenant, id, 0, someTotp(), undefined, NOW);
      if (index % 6 === 1) return await node.linkIdentity(tenant, id, 0, CORP, undefined, NOW);
      if (index % 6 === 2) return await node.openChallenge(tenant, someChallenge({ userId: id }), NOW);
      if (index % 6 === 3) return await node.addUserEvent(tenant, id, 'signed_in', {}, NOW);
      if (index % 6 === 4) return await node.setClaims(tenant, id, { email: 'a@example.com', email_verified: true }, NOW);
      return await node.createGrant(tenant, someCode(scene), NOW);
    });
    for (const table of ['factors', 'identities', 'user_events', 'verified_emails']) assert.equal(await b.countRows(table), 0, table);
    assert.deepEqual(await store.listGrants(tenant, { userId: id }, 100), []);
    assert.equal(await store.findUser(tenant, id), undefined);
  });
}

const CORP = { upstream: 'corp', issuer: 'https://corp.example', subject: '1', label: '' };
