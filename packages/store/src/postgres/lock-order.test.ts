import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clientId, type UserId } from '@hufu/protocol/ids';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import {
  bench,
  hashText,
  makeScene,
  makeSession,
  makeUser,
  NOW,
  opening,
  race,
  type Scene,
  setPassword,
  someAccess,
  someBrowser,
  someClient,
  someCode,
  someRedemption,
  someSession,
} from '../contract/bench.ts';
import { someChallenge } from '../contract/challenges.ts';
import { EVERY_WAY, somePasskey } from '../contract/factors.ts';
import { someApproval, someBackchannel, someDevice } from '../contract/pending-bench.ts';
import type { Store } from '../port.ts';
import { openPostgres } from './open.ts';

const cluster = await testPostgres();
const name = `hufu_lock_order_${process.pid}`;
const url = await createDatabase(name, cluster.url);

describe('the order of locks', () => {
  after(async () => {
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

  /** A deadlock is tried again and nobody notices but the server, which counts it. */
  test('whatever meets whatever on two users, their sessions and a client: nobody waits in a circle', async () => {
    const [store, second] = await Promise.all([openPostgres(url), openPostgres(url)]);
    const b = await bench({ store, second, countRows: async () => 0, close: async () => {} });
    const { tenant } = b;
    const first = await makeScene(b);
    const bob = await makeUser(b, 'bob');
    const scenes = [first, { ...first, user: bob, session: await makeSession(b, bob) }];
    const registered = { ...someClient(clientId('registered')), source: 'registered' as const };
    const client = await store.putClient(tenant, registered, NOW);
    const other = { ...someClient(clientId('asking')), source: 'registered' as const };
    const asking = await store.putClient(tenant, other, NOW);
    const browsers = Array.from({ length: 6 }, () => someBrowser());
    const sessions = new Map(scenes.map(({ user, session }) => [user.id, [session]]));
    const open = async (node: Store, { user }: Scene, replaces: Scene['session'] | undefined): Promise<void> => {
      const authVersion = await versionOf(node, user.id);
      const opened = await node.openSession(tenant, someSession(user), opening(user, replaces?.id, { authVersion }), NOW);
      if (opened.kind === 'opened') sessions.set(user.id, [...(sessions.get(user.id) ?? []).slice(-3), opened.session]);
    };
    const versionOf = async (node: Store, id: UserId): Promise<number> => (await node.findUser(tenant, id))?.authVersion ?? 0;
    const corp = { upstream: 'corp', issuer: 'https://corp.example', subject: '1', label: '' };
    const acts: readonly ((node: Store, scene: Scene, index: number) => Promise<unknown>)[] = [
      async (node, scene, index) => {
        const participation = { sid: `${scene.session.id}-${index % 7}`, backchannel: true };
        const code = someCode({ ...scene, client: index % 2 === 0 ? client : scene.client }, { participation });
        const made = await node.createGrant(tenant, code, NOW);
        return made.kind === 'created' ? await node.exchangeCode(tenant, made.id, someRedemption({ maxGrants: 3 }), NOW) : made;
      },
      async (node, scene) => {
        const participation = { sid: `${scene.session.id}`, backchannel: true };
        return await node.createGrant(tenant, someAccess({ ...scene, client }, { maxGrants: 3, participation }), NOW);
      },
      async (node, scene) => await node.admit(tenant, someCode(scene, { participation: { sid: 'id', backchannel: true } }), NOW),
      async (node, scene) => await open(node, scene, scene.session),
      async (node, scene) => await open(node, scene, undefined),
      // As the others, and each time somebody else has to go.
      async (node, scene, index) => {
        const { user, session } = scene;
        const limit = { max: 1 + (index % 2), per: index % 3 === 0 ? 'type' : 'all', onExceed: 'replace' } as const;
        const now = (await node.findUser(tenant, user.id)) ?? user;
        const conditions = opening(now, index % 2 === 0 ? session.id : undefined, {
          limit,
          signsOut: [{ kind: 'device', id: index % 20 }],
        });
        return await node.openSession(
          tenant,
          someSession(now, { device: browsers[index % browsers.length] ?? someBrowser() }),
          conditions,
          NOW,
        );
      },
      async (node, scene, index) => {
        const code = someCode({ ...scene, client: index % 2 === 0 ? client : scene.client });
        const made = await node.createGrant(tenant, code, NOW);
        const devices = { max: 1, per: 'all', onExceed: index % 5 === 0 ? 'refuse' : 'replace' } as const;
        return made.kind === 'created' ? await node.exchangeCode(tenant, made.id, someRedemption({ maxGrants: 3, devices }), NOW) : made;
      },
      async (node, { user, session }, index) => {
        const [device] = await node.listDevices(tenant, user.id);
        await node.seeSession(tenant, session.id, 'CH', NOW + 600 * (index % 9));
        if (device !== undefined) await node.trustDevice(tenant, user.id, device.id, index % 3, hashText('trust'), NOW + 60, NOW);
        return index % 4 === 0
          ? await node.removeDevice(tenant, user.id, device?.id ?? 0, NOW)
          : await node.distrustDevices(tenant, user.id);
      },
      async (node, { user, session }, index) => {
        const places = [{ kind: 'device', id: index % 20 } as const, { kind: 'session', id: session.id } as const];
        return await node.signOutClient(tenant, user.id, client.clientId, places, session.id, NOW);
      },
      async (node, { user, session }) => await node.endOtherSessions(tenant, user.id, session.id, 'signed_out', NOW),
      async (node, { user }, index) => await node.lockUser(tenant, user.id, index % 2 === 0 ? undefined : NOW, NOW),
      async (node, scene, index) => await open(node, scenes[index % 2] ?? scene, scene.session),
      async (node, { session }) => await node.endSession(tenant, session.id, 'signed_out', NOW),
      async (node, { user }) => await node.revokeUser(tenant, user.id, 'revoked_by_user', NOW),
      async (node, { user, session }) => await setPassword(b, user.id, session.id, NOW, 'others', node),
      async (node, { user, session }, index) => {
        const added = await node.addFactor(tenant, user.id, await versionOf(node, user.id), somePasskey(index % 3), session.id, NOW);
        const [factor] = await node.listFactors(tenant, user.id);
        if (added.kind === 'added') await node.putRecoveryCodes(tenant, user.id, added.authVersion, ['x'], session.id, NOW);
        const options = { keepSecond: false, open: { ...EVERY_WAY, mail: true }, session: session.id };
        await node.useFactor(tenant, user.id, factor?.id ?? 0, index, NOW);
        return await node.removeFactor(tenant, user.id, await versionOf(node, user.id), factor?.id ?? 0, options, NOW);
      },
      async (node, { user, session }) => {
        await node.linkIdentity(tenant, user.id, await versionOf(node, user.id), corp, session.id, NOW);
        const options = { session: session.id, open: { ...EVERY_WAY, mail: true } };
        return await node.unlinkIdentity(tenant, user.id, await versionOf(node, user.id), 'corp', options, NOW);
      },
      ...[0, 1].map((turn) => async (node: Store, { user, session }: Scene, index: number) => {
        const address = `${(index + turn) % 2}@example.com`;
        const claims = { email: `${index % 2}@example.com`, email_verified: true };
        await node.setClaims(tenant, user.id, claims, NOW);
        const options = { forgetsCredentials: index % 3 === 0, session: session.id };
        return await node.verifyEmail(tenant, user.id, await versionOf(node, user.id), { address, folded: address }, options, NOW);
      }),
      async (node, { user }, index) => {
        const { id } = await node.openChallenge(tenant, someChallenge({ userId: user.id, address: `${index % 2}@example.com` }), NOW);
        await node.answerChallenge(tenant, id, { kind: 'code', hash: hashText('code') }, 3, NOW);
        return await node.addUserEvent(tenant, user.id, 'signed_in', {}, NOW);
      },
      async (node, { user }, index) => await node.lockUser(tenant, user.id, index % 2 === 0 ? NOW + 60 : undefined, NOW),
      async (node, _, index) => {
        const claims = { email: `${index % 2}@example.com`, email_verified: true };
        const name = `short-lived ${index % 4}`;
        const identity = { ...corp, subject: `${index % 2}` };
        const made = await node.createUser(
          tenant,
          { sub: `${name} ${index}`, username: name, passwordHash: undefined, claims, identity },
          NOW,
        );
        return made.user.username.startsWith('short') ? await node.deleteUser(tenant, made.user.id, NOW) : made;
      },
      async (node, { user }) => await node.giveConsent(tenant, user.id, client.clientId, ['openid', 'email'], [], NOW),
      async (node, { user }) => await node.withdrawConsent(tenant, user.id, client.clientId, NOW),
      async (node, { user }) => {
        const owner = { userId: user.id, role: 'owner', changedAt: NOW, changedBy: 'cli' };
        await node.putAdministrator(tenant, owner, 'one_owner', 3);
        return await node.removeAdministrator(tenant, user.id, 'one_owner');
      },
      async (node) => await node.putClient(tenant, registered, NOW),
      async (node) => await node.removeClient(tenant, client.clientId, NOW),
      async (node, scene) => await node.ownGrant(tenant, scene.client.clientId, ['a'], [], 1, NOW),
      async (node, scene) => await node.revokeClient(tenant, scene.client.clientId, NOW),
      async (node, { user }, index) => {
        const foreign = { userId: undefined, sessionId: undefined, subject: 'somebody', maxGrants: 2 };
        await node.createGrant(tenant, someAccess(first, foreign), NOW);
        const [parent] = await node.listGrants(tenant, { userId: user.id }, 1);
        return await node.createGrant(
          tenant,
          someAccess({ ...first, user }, { sessionId: undefined, parentId: parent?.id, maxGrants: 3 }),
          NOW + index,
        );
      },
      async (node, scene, index) => {
        const pending = index % 2 === 0 ? someDevice({ userCodeHash: hashText(index % 6) }) : someBackchannel(scene);
        return await node
          .openPending(tenant, { ...pending, clientId: asking.clientId }, { maxOpen: 20, maxOpenOfUser: 3 }, NOW + 200 * (index % 4))
          .catch(requireMisuse);
      },
      ...[0, 1].map((turn) => async (node: Store, scene: Scene, index: number) => {
        const found = await node.findPendingByUserCode(tenant, hashText((index % 3) * 2), NOW);
        const [asked] = await node.listPendingOfUser(tenant, scene.user.id, 1, NOW);
        for (const pending of [found, asked]) {
          if (pending === undefined) continue;
          await node.notePoll(tenant, pending.id, NOW);
          const approval = someApproval({ ...scene, client: asking }, { sessionId: scene.session.id, maxCodes: 2 });
          if ((index + turn) % 3 === 0) await node.denyPending(tenant, pending.id, scene.user.id, NOW);
          else await node.approvePending(tenant, pending.id, approval, NOW);
        }
        for (const { pending, attempt } of await node.takeNotifications(tenant, 3, 60, NOW + index))
          await node.settleNotification(tenant, pending.id, attempt, undefined);
      }),
      async (node) => {
        await node.removeClient(tenant, asking.clientId, NOW);
        await node.putClient(tenant, other, NOW);
      },
      async (node, _, index) => {
        for (const { id, attempt } of await node.takeDeliveries(tenant, 3, 60, NOW + index))
          await node.settleDelivery(tenant, id, attempt, { kind: 'delivered' }, NOW);
      },
    ];
    for (let round = 0; round < 15; round += 1) {
      await race(b, async (node, index) => {
        const scene = scenes[(index + round) % 3 === 0 ? 1 : 0] ?? first;
        const there = sessions.get(scene.user.id) ?? [];
        return await acts[(index * 5 + 7 * round) % acts.length]?.(
          node,
          { ...scene, session: there[index % there.length] ?? scene.session },
          index,
        );
      });
    }
    await Promise.all([store.close(), second.close()]);
    assert.equal(await deadlocks(), 0);
  });

  test('sessions of many users that end at once, each in its way: nobody waits in a circle', async () => {
    const [store, second] = await Promise.all([openPostgres(url), openPostgres(url)]);
    const b = await bench({ store, second, countRows: async () => 0, close: async () => {} });
    const client = await store.putClient(b.tenant, someClient(), NOW);
    for (let round = 0; round < 3; round += 1) {
      const users = await Promise.all(Array.from({ length: 10 }, async (_, index) => await makeUser(b, `${round}-${index}`)));
      const sessions = await race(b, async (node, index) => {
        const user = users[index % 10] ?? assert.fail();
        const session = await makeSession(b, user);
        const participation = { sid: `${session.id}`, backchannel: true };
        assert.equal((await node.admit(b.tenant, someCode({ user, session, client }, { participation }), NOW)).kind, 'admitted');
        return { user, session };
      });
      await race(b, async (node, index) => {
        const { user, session } = sessions[index] ?? assert.fail();
        const other = users[(index + 1) % 10] ?? assert.fail();
        if (index % 4 === 0) return await node.openSession(b.tenant, someSession(other), opening(other, session.id), NOW);
        if (index % 4 === 1) return await setPassword(b, user.id, session.id, NOW, 'all', node);
        return await node.endSession(b.tenant, session.id, 'signed_out', NOW);
      });
    }
    await Promise.all([store.close(), second.close()]);
    assert.equal(await deadlocks(), 0);
  });
});

/** Whoever asks for a client that was just removed has asked for nobody. */
function requireMisuse(error: unknown): void {
  assert.ok(error instanceof TypeError, String(error));
}

/** The server tells its statistics when a connection ends, and a little later. */
async function deadlocks(): Promise<number> {
  const looking = new pg.Client({ connectionString: url });
  await looking.connect();
  const { rows } = await looking.query<{ deadlocks: string }>('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  await looking.end();
  return Number(rows[0]?.deadlocks);
}
