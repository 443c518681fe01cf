import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import type { Revocation } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
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
  opening,
  race,
  setPassword,
  someClient,
  someSession,
} from './bench.ts';
import { until } from './until.ts';

export function revocationCases(define: Case): void {
  define('a revoked grant is told with its reason and its end', async (b) => {
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene, {}, { expiresAt: NOW + 3 * DAY });
    await b.store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW + 5);
    await b.store.revokeGrant(b.tenant, id, 'revoked_by_admin', NOW + 6);
    assert.deepEqual(await b.second.readRevocations(b.tenant, 0, 10), [
      { seq: 1, kind: 'grant', subject: `${id}`, reason: 'revoked_by_user', at: NOW + 5, expiresAt: NOW + 3 * DAY },
    ]);
  });

  define('an entry ends at the latest when the longest access token would', async (b) => {
    const scene = await makeScene(b);
    const own = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    const long = await makeGrant(b, scene, {}, { expiresAt: NOW + 400 * DAY });
    await b.store.revokeGrant(b.tenant, own.id, 'revoked_by_admin', NOW);
    await b.store.revokeGrant(b.tenant, long, 'revoked_by_admin', NOW);
    await b.store.revokeClient(b.tenant, APP, NOW);
    for (const entry of await b.store.readRevocations(b.tenant, 0, 10)) assert.equal(entry.expiresAt, NOW + MAX_ACCESS_TOKEN_SECONDS);
  });

  define('each act tells what it ended, in one order', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const { user, session } = scene;
    const [first, second] = [await makeGrant(b, scene), await makeCode(b, scene)];
    let seen = 0;
    const told = async (): Promise<string[]> => {
      const entries = await store.readRevocations(tenant, seen, 100);
      seen = entries.at(-1)?.seq ?? seen;
      return entries.map((entry) => `${entry.kind} ${entry.subject} ${entry.reason}`);
    };
    await store.revokeToken(tenant, first, 'token', NOW + HOUR, NOW);
    assert.deepEqual(await told(), ['token token revoked_by_client']);

    await store.endSession(tenant, session.id, 'signed_out', NOW);
    assert.deepEqual(await told(), [`session ${session.id} signed_out`, `grant ${first} signed_out`, `grant ${second} signed_out`]);

    const [two, three] = [await makeSession(b, user), await makeSession(b, user)];
    const [third, fourth] = [await makeGrant(b, { ...scene, session: two }), await makeGrant(b, { ...scene, session: three })];
    await setPassword(b, user.id, two.id);
    assert.deepEqual(await told(), [
      `user ${user.id} password_changed`,
      `session ${three.id} password_changed`,
      `grant ${third} password_changed`,
      `grant ${fourth} password_changed`,
    ]);

    const opened = await store.openSession(tenant, someSession(user), opening(user, two.id, { authVersion: 1 }), NOW);
    const four = opened.kind === 'opened' ? opened.session : session;
    assert.deepEqual(await told(), [`session ${two.id} session_renewed`]);

    const fifth = await makeGrant(b, { ...scene, session: four });
    await store.revokeUser(tenant, user.id, 'revoked_by_user', NOW);
    assert.deepEqual(await told(), [
      `user ${user.id} revoked_by_user`,
      `session ${four.id} revoked_by_user`,
      `grant ${fifth} revoked_by_user`,
    ]);

    const sixth = await makeGrant(b, scene, { sessionId: undefined });
    await store.giveConsent(tenant, user.id, APP, ['openid'], [], NOW);
    await store.withdrawConsent(tenant, user.id, APP, NOW);
    assert.deepEqual(await told(), [`grant ${sixth} consent_withdrawn`]);

    const seventh = await makeGrant(b, scene, { sessionId: undefined }, { maxGrants: 1 });
    await makeGrant(b, scene, { sessionId: undefined }, { maxGrants: 1 });
    assert.deepEqual(await told(), [`grant ${seventh} too_many_grants`]);

    await store.revokeClient(tenant, APP, NOW);
    assert.deepEqual(await told(), [`client ${APP} client_revoked`]);
    await store.putClient(tenant, { ...someClient(), enabled: false }, NOW);
    assert.deepEqual(await told(), [`client ${APP} client_disabled`]);
    await store.putClient(tenant, { ...someClient(), enabled: false, metadata: {} }, NOW);
    await store.putClient(tenant, { ...someClient(clientId('new')), enabled: false }, NOW);
    await store.putClient(tenant, someClient(), NOW);
    assert.deepEqual(await told(), []);

    const registered = { ...someClient(clientId('registered')), source: 'registered' as const };
    await store.putClient(tenant, registered, NOW);
    await store.removeClient(tenant, registered.clientId, NOW);
    assert.deepEqual(await told(), ['client registered client_removed']);

    const eighth = await makeGrant(b, scene, { sessionId: undefined });
    await store.setUserEnabled(tenant, user.id, false, NOW);
    // The grant after `seventh` lived under an older epoch of its client, but nobody had revoked its row.
    assert.deepEqual(await told(), [`user ${user.id} user_disabled`, `grant ${eighth - 1} user_disabled`, `grant ${eighth} user_disabled`]);
  });

  define('a lock that ends early leaves its entry, takes nothing back and is told no more', async (b) => {
    const { store, tenant } = b;
    const { user } = await makeScene(b);
    await store.lockUser(tenant, user.id, NOW + HOUR, NOW);
    await store.lockUser(tenant, user.id, undefined, NOW + 60);
    const entry = { seq: 1, kind: 'user', subject: `${user.id}`, sub: user.sub, reason: 'user_locked', at: NOW, expiresAt: NOW + HOUR };
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), [entry]);
    await store.lockUser(tenant, user.id, NOW + 120, NOW + 90);
    const [first, second] = await store.readRevocations(tenant, 0, 10);
    assert.deepEqual([first, second?.at, second?.expiresAt], [entry, NOW + 90, NOW + 120], 'a shorter one stands beside it');
  });

  define('a code that has expired is not told when it is revoked', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene, { expiresAt: NOW + 60 });
    assert.equal(await b.store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW + 60), 'revoked');
    assert.deepEqual(await b.store.readRevocations(b.tenant, 0, 10), []);
    await b.store.revokeGrant(b.tenant, await makeGrant(b, scene), 'revoked_by_user', NOW + 60);
    assert.deepEqual(await seqs(b), [1], 'and takes no number');
  });

  define('the log counts without gaps, and whoever follows it misses nothing', async (b) => {
    const scene = await makeScene(b);
    const ids: number[] = [];
    const grants = [];
    for (let index = 0; index < 50; index += 1) grants.push(await makeGrant(b, scene));
    const follow = async (): Promise<void> => {
      let seen = 0;
      // Each round reads what is there while the others write.
      await until(async () => {
        const entries: Revocation[] = await b.second.readRevocations(b.tenant, seen, 7);
        for (const entry of entries) {
          assert.equal(entry.seq, seen + 1);
          seen = entry.seq;
          ids.push(Number(entry.subject));
        }
        return ids.length >= 50;
      }, 'all 50 stand in the log');
    };
    const stores = [b.store, b.second];
    await Promise.all([
      follow(),
      ...grants.map(async (id, index) => await stores[index % 2]?.revokeGrant(b.tenant, id, 'revoked_by_user', NOW)),
    ]);
    assert.deepEqual(
      ids.toSorted((x, y) => x - y),
      grants,
    );
  });

  define('a refused or failed act leaves no hole in the log', async (b) => {
    const scene = await makeScene(b);
    const [one, two, three] = [await makeGrant(b, scene), await makeGrant(b, scene), await makeGrant(b, scene)];
    await Promise.allSettled([
      b.store.revokeGrant(b.tenant, one, 'revoked_by_user', NOW),
      b.store.giveConsent(b.tenant, scene.user.id, APP, ['not a word'], [], NOW),
      b.store.revokeGrant(b.tenant, two, 'revoked_by_user', NOW),
      b.store.ownGrant(b.otherTenant, APP, [], [], 1, NOW),
      b.store.revokeGrant(b.tenant, three, 'revoked_by_user', NOW),
    ]);
    assert.deepEqual(await seqs(b), [1, 2, 3]);
  });

  define('fifty revocations of one grant at once are one', async (b) => {
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    const answers = await race(b, async (store) => await store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW));
    assert.equal(answers.filter((answer) => answer === 'revoked').length, 1);
    assert.equal(answers.filter((answer) => answer === 'already').length, 49);
    assert.deepEqual(await seqs(b), [1]);
  });
}

async function seqs(b: Bench): Promise<number[]> {
  return (await b.store.readRevocations(b.tenant, 0, 100)).map((entry) => entry.seq);
}
