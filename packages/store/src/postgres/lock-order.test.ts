import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
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
  race,
  type Scene,
  someAccess,
  someClient,
  someCode,
  someRedemption,
  someSession,
} from '../contract/bench.ts';
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
    const sessions = new Map(scenes.map(({ user, session }) => [user.id, [session]]));
    const open = async (node: Store, { user }: Scene, replaces: Scene['session'] | undefined): Promise<void> => {
      const opened = await node.openSession(tenant, someSession(user), replaces?.id, NOW);
      if (opened.kind === 'opened') sessions.set(user.id, [...(sessions.get(user.id) ?? []).slice(-3), opened.session]);
    };
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
      async (node, scene, index) => await open(node, scenes[index % 2] ?? scene, scene.session),
      async (node, { session }) => await node.endSession(tenant, session.id, NOW),
      async (node, { user }) => await node.revokeUser(tenant, user.id, 'revoked_by_user', NOW),
      async (node, { user, session }) => await node.changePassword(tenant, user.id, 'new', session.id, NOW),
      async (node, { user }) => await node.giveConsent(tenant, user.id, client.clientId, ['openid', 'email'], [], NOW),
      async (node, { user }) => await node.withdrawConsent(tenant, user.id, client.clientId, NOW),
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
        if (index % 4 === 0) return await node.openSession(b.tenant, someSession(other), session.id, NOW);
        if (index % 4 === 1) return await node.changePassword(b.tenant, user.id, 'new', session.id, NOW);
        return await node.endSession(b.tenant, session.id, NOW);
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
