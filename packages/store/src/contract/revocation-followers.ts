import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import type { Acknowledgement, RevocationPoint } from '../port.ts';
import { FALL_AFTER_SECONDS, FOLLOWER_KEPT_SECONDS, MAX_ACCESS_TOKEN_SECONDS, MAX_FOLLOWERS, MAX_POINTS, NEVER } from '../retention.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  HOUR,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  NOW,
  race,
  setPassword,
  someClient,
} from './bench.ts';
import { until } from './until.ts';

const NOW_MS = NOW * 1000;

/** What whoever publishes the revocation log needs of it, and what is kept of those who follow. */
export function revocationFollowerCases(define: Case): void {
  define('the head is the last number that was given out, although its entry has fallen', async (b) => {
    const { store, second, tenant, otherTenant } = b;
    assert.deepEqual(await store.readRevocationHead(tenant), { seq: 0, epoch: undefined });
    const scene = await makeScene(b);
    for (let count = 0; count < 3; count += 1) await store.revokeGrant(tenant, await makeGrant(b, scene), 'revoked_by_user', NOW);
    assert.equal((await second.readRevocationHead(tenant)).seq, 3);
    assert.equal((await store.readRevocationHead(otherTenant)).seq, 0);
  });

  define('whoever names the log first has named it, and it is renamed by whoever knows its name', async (b) => {
    const names = await race(b, async (store, index) => await store.renewRevocationEpoch(b.tenant, undefined, `e${index}`));
    const [name = ''] = names;
    assert.ok(names.every((each) => each === name));
    assert.equal((await b.second.readRevocationHead(b.tenant)).epoch, name);
    assert.equal(await b.store.renewRevocationEpoch(b.tenant, 'another', 'new'), name);
    assert.equal(await b.store.renewRevocationEpoch(b.tenant, name, 'new'), 'new');
    assert.equal(await b.second.renewRevocationEpoch(b.tenant, name, 'newer'), 'new');
    assert.equal((await b.store.readRevocationHead(b.otherTenant)).epoch, undefined);
  });

  define('an entry about a user says who that is to others, also once they are deleted', async (b) => {
    const { user } = await makeScene(b);
    await b.store.revokeUser(b.tenant, user.id, 'revoked_by_user', NOW);
    await b.store.deleteUser(b.tenant, user.id, NOW);
    const told = (await b.store.readRevocations(b.tenant, 0, 99)).filter(({ kind }) => kind === 'user');
    assert.deepEqual(
      told.map(({ sub, reason }) => [sub, reason]),
      [
        [user.sub, 'revoked_by_user'],
        [user.sub, 'user_deleted'],
      ],
    );
  });

  define('a lock names each grant that rests, until the end of the lock or its own', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const [long, short] = [await makeGrant(b, scene), await makeGrant(b, scene, {}, { expiresAt: NOW + 60 })];
    const dead = await makeGrant(b, scene);
    await store.revokeGrant(tenant, dead, 'revoked_by_user', NOW);
    await store.lockUser(tenant, scene.user.id, NOW + HOUR, NOW + 1);
    const rest = { reason: 'user_locked', at: NOW + 1 };
    assert.deepEqual(
      (await store.readRevocations(tenant, 1, 99)).map(({ kind, subject, expiresAt, reason, at }) => ({
        kind,
        subject,
        expiresAt,
        reason,
        at,
      })),
      [
        { kind: 'user', subject: `${scene.user.id}`, expiresAt: NOW + HOUR, ...rest },
        { kind: 'grant', subject: `${long}`, expiresAt: NOW + HOUR, ...rest },
        { kind: 'grant', subject: `${short}`, expiresAt: NOW + 60, ...rest },
      ],
    );
    await store.lockUser(tenant, scene.user.id, undefined, NOW + 2);
    assert.equal((await store.readRevocationHead(tenant)).seq, 4, 'nothing is told of an end of a lock');
    await store.lockUser(tenant, scene.user.id, NEVER, NOW + 3);
    const again = await store.readRevocations(tenant, 4, 99);
    assert.deepEqual(
      again.map(({ kind, expiresAt }) => [kind, expiresAt]),
      [
        ['user', NOW + 3 + MAX_ACCESS_TOKEN_SECONDS],
        ['grant', NOW + 30 * DAY],
        ['grant', NOW + 60],
      ],
    );
  });

  define('a device that is signed out is told before what ends with it', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const [device] = await store.listDevices(tenant, scene.user.id);
    const { seq } = await store.readRevocationHead(tenant);
    assert.equal(await store.removeDevice(tenant, scene.user.id, device?.id ?? 0, NOW + 5), 'done');
    const told = await store.readRevocations(tenant, seq, 99);
    assert.deepEqual(told[0], {
      seq: seq + 1,
      kind: 'device',
      subject: `${device?.id}`,
      reason: 'revoked_by_user',
      at: NOW + 5,
      expiresAt: NOW + 5 + MAX_ACCESS_TOKEN_SECONDS,
    });
    assert.deepEqual(told.map(({ kind }) => kind).slice(1, 2), ['session']);
    assert.equal(await store.removeDevice(tenant, scene.user.id, device?.id ?? 0, NOW + 6), 'unknown');
    assert.equal((await store.readRevocationHead(tenant)).seq, told.at(-1)?.seq);
  });

  define('an entry stays a while longer than it says, and one about a key for ever', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    await store.addKey(
      tenant,
      {
        use: 'sig',
        alg: 'ES256',
        publicJwk: '{}',
        sealedPrivate: new Uint8Array(1),
        createdAt: 1,
        activeAt: 1,
        retiredAt: 0,
        expiresAt: 0,
      },
      0,
    );
    await store.revokeKey(tenant, 1, 'stolen', NOW);
    const ending = await makeGrant(b, scene, {}, { expiresAt: NOW + 60 });
    await store.revokeGrant(tenant, ending, 'revoked_by_user', NOW);
    const subjects = async (): Promise<string[]> => (await store.readRevocations(tenant, 0, 2)).map(({ subject }) => subject);
    const write = async (now: number): Promise<void> => {
      for (let count = 0; count < 40; count += 1) {
        const grant = await makeGrant(b, scene, {}, { expiresAt: now + 1000 * DAY });
        await store.revokeGrant(tenant, grant, 'revoked_by_user', now);
      }
    };
    await write(NOW + 59 + FALL_AFTER_SECONDS);
    for (let turn = 0; turn < 20; turn += 1) assert.deepEqual(await subjects(), ['stolen', `${ending}`]);
    await write(NOW + 60 + FALL_AFTER_SECONDS);
    // What falls beside the work has fallen once the next statement is answered, or a moment later.
    await until(async () => !(await subjects()).includes(`${ending}`));
    assert.equal((await subjects())[0], 'stolen');
    await write(NOW + 30_000 * DAY);
    assert.equal((await subjects())[0], 'stolen');
  });

  define('whatever writes to the log wakes who watches it, and nobody else', async (b) => {
    const { store, tenant, otherTenant } = b;
    const scene = await makeScene(b);
    let woken = 0;
    const stop = await store.watchRevocations(tenant, () => {
      woken += 1;
    });
    const stopOther = await store.watchRevocations(otherTenant, () => assert.fail('of another tenant'));
    let seen = 0;
    const wakes = async (name: string, act: Promise<unknown>): Promise<void> => {
      woken = 0;
      await act;
      const { seq } = await store.readRevocationHead(tenant);
      assert.ok(seq > seen, `${name} writes`);
      await until(() => woken > 0, `${name} wakes`);
      seen = seq;
    };
    await wakes('revokeGrant', store.revokeGrant(tenant, await makeGrant(b, scene), 'revoked_by_user', NOW));
    await wakes('revokeToken', store.revokeToken(tenant, await makeGrant(b, scene), 'name', NOW + HOUR, NOW));
    await wakes('lockUser', store.lockUser(tenant, scene.user.id, NOW + 1, NOW));
    await store.lockUser(tenant, scene.user.id, undefined, NOW);
    await wakes('endSession', store.endSession(tenant, scene.session.id, 'signed_out', NOW));
    const now = await store.findUser(tenant, scene.user.id);
    const session = await makeSession(b, now ?? scene.user);
    await wakes('changePassword', setPassword(b, scene.user.id, session.id));
    await store.giveConsent(tenant, scene.user.id, APP, ['openid'], [], NOW);
    await makeGrant(b, scene, { sessionId: undefined });
    await wakes('withdrawConsent', store.withdrawConsent(tenant, scene.user.id, APP, NOW));
    await makeGrant(b, scene, { sessionId: undefined }, { maxGrants: 1 });
    await wakes('exchangeCode over a limit', makeGrant(b, scene, { sessionId: undefined }, { maxGrants: 1 }));
    await makeCode(b, scene, { sessionId: undefined, maxCodes: 1 });
    await wakes('createGrant over a limit', makeCode(b, scene, { sessionId: undefined, maxCodes: 1 }));
    await wakes('revokeUser', store.revokeUser(tenant, scene.user.id, 'revoked_by_admin', NOW));
    await wakes('revokeClient', store.revokeClient(tenant, APP, NOW));
    await wakes('setUserEnabled', store.setUserEnabled(tenant, scene.user.id, false, NOW));
    await wakes('putClient', store.putClient(tenant, { ...someClient(), enabled: false }, NOW));
    await store.putClient(tenant, { ...someClient(clientId('gone')), source: 'registered' }, NOW);
    await wakes('removeClient', store.removeClient(tenant, clientId('gone'), NOW));
    await store.addKey(
      tenant,
      { use: 'sig', alg: 'a', publicJwk: '', sealedPrivate: new Uint8Array(1), createdAt: 1, activeAt: 1, retiredAt: 0, expiresAt: 0 },
      0,
    );
    await wakes('revokeKey', store.revokeKey(tenant, 1, 'kid', NOW));
    await wakes('deleteUser', store.deleteUser(tenant, scene.user.id, NOW));
    await stop();
    await stop();
    await stopOther();
    woken = 0;
    const other = await makeScene(b, tenant, 'other');
    await store.revokeGrant(tenant, await makeGrant(b, other), 'revoked_by_user', NOW);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(woken, 0, 'once it is stopped it is not woken');
  });

  define('of what a follower has acknowledged, the first point that was enough is found', async (b) => {
    await acknowledge(b, { node: 'one', points: points([3, 100], [7, 200], [7, 150]), nowMs: NOW_MS });
    await acknowledge(b, { node: 'one', points: points([7, 300], [9, 400]), nowMs: NOW_MS - 5 });
    await acknowledge(b, { node: 'two', nowMs: NOW_MS });
    const one = { clientId: APP, node: 'one', epoch: 'e', seenAtMs: NOW_MS, isEarliest: true };
    const two = { ...one, node: 'two', first: undefined };
    const list = async (seq: number): Promise<unknown[]> => await b.second.listRevocationFollowers(b.tenant, seq, 0, 10);
    assert.deepEqual(await list(1), [{ ...one, first: { seq: 3, atMs: 100 } }, two]);
    assert.deepEqual(await list(4), [{ ...one, first: { seq: 7, atMs: 200 } }, two]);
    assert.deepEqual(await list(9), [{ ...one, first: { seq: 9, atMs: 400 } }, two]);
    assert.deepEqual(await list(10), [{ ...one, first: undefined }, two]);
    assert.deepEqual(await b.store.listRevocationFollowers(b.otherTenant, 1, 0, 10), []);
    assert.deepEqual(await b.store.listRevocationFollowers(b.tenant, 1, NOW_MS + 1, 10), []);
    assert.equal((await b.store.listRevocationFollowers(b.tenant, 1, 0, 1)).length, 1);
  });

  define('points of another log are forgotten', async (b) => {
    await acknowledge(b, { node: 'one', points: points([9, 100]) });
    await acknowledge(b, { node: 'one', epoch: 'next', points: points([2, 200]) });
    const [one] = await b.store.listRevocationFollowers(b.tenant, 1, 0, 10);
    assert.deepEqual([one?.epoch, one?.first], ['next', { seq: 2, atMs: 200 }]);
    const [none] = await b.store.listRevocationFollowers(b.tenant, 9, 0, 10);
    assert.equal(none?.first, undefined);
  });

  define('a follower keeps its newest points, and what fell before is no longer the earliest', async (b) => {
    for (let from = 1; from <= MAX_POINTS + 50; from += 50) {
      const fifty = Array.from({ length: 50 }, (_, index) => ({ seq: from + index, atMs: from + index }));
      await acknowledge(b, { node: 'one', points: fifty });
    }
    const held = await b.countRows('revocation_points');
    assert.ok(held <= MAX_POINTS && held > MAX_POINTS - 1000, `${held} points`);
    const fallen = MAX_POINTS + 50 - held;
    const first = async (seq: number): Promise<unknown> => {
      const [one] = await b.store.listRevocationFollowers(b.tenant, seq, 0, 1);
      return [one?.first?.seq, one?.isEarliest];
    };
    assert.deepEqual(await first(1), [fallen + 1, false]);
    assert.deepEqual(await first(fallen), [fallen + 1, false]);
    assert.deepEqual(await first(fallen + 1), [fallen + 1, true]);
  });

  define('of many followers of a client the one that was not seen for longest falls, and after a week each', async (b) => {
    const { store, tenant } = b;
    for (let index = 0; index < MAX_FOLLOWERS + 3; index += 1)
      await acknowledge(b, { node: `n${index}`, points: points([1, 1]), nowMs: NOW_MS + (index === 0 ? 500 : index) });
    await acknowledge(b, { clientId: '', node: 'server', points: points([1, 1]), nowMs: NOW_MS });
    const there = new Set((await store.listRevocationFollowers(tenant, 1, 0, 999)).map(({ node }) => node));
    assert.equal(there.size, MAX_FOLLOWERS + 1);
    assert.deepEqual(
      ['server', 'n0', 'n1', 'n2', 'n3', 'n4'].map((node) => there.has(node)),
      [true, true, false, false, false, true],
    );
    assert.equal(await b.countRows('revocation_points'), MAX_FOLLOWERS + 1);
    for (let count = 0; count < MAX_FOLLOWERS; count += 1)
      await acknowledge(b, { clientId: '', node: `s${count}`, nowMs: NOW_MS + 501 + FOLLOWER_KEPT_SECONDS * 1000 });
    assert.equal(await b.countRows('revocation_followers'), MAX_FOLLOWERS);
    assert.equal(await b.countRows('revocation_points'), 0);
  });

  define('fifty acknowledgements of one follower at once are all kept', async (b) => {
    await race(b, async (store, index) => await acknowledge({ ...b, store }, { node: 'one', points: points([index + 1, index]) }));
    assert.equal(await b.countRows('revocation_points'), 50);
    assert.equal(await b.countRows('revocation_followers'), 1);
  });
}

async function acknowledge(
  b: Pick<Bench, 'store' | 'tenant'>,
  more: Partial<Acknowledgement> & Pick<Acknowledgement, 'node'>,
): Promise<void> {
  await b.store.acknowledgeRevocations(b.tenant, { clientId: APP, epoch: 'e', points: [], nowMs: NOW_MS, ...more });
}

function points(...pairs: readonly (readonly [seq: number, atMs: number])[]): RevocationPoint[] {
  return pairs.map(([seq, atMs]) => ({ seq, atMs }));
}
