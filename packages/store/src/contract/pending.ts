import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { PENDING_KEPT_SECONDS, PURGE_EVERY } from '../retention.ts';
import { APP, type Case, deathOf, hashText, makeScene, makeUser, mustFind, NOW, someAccess, someClient, someRedemption } from './bench.ts';
import { LIMITS, mustFindPending, type NewPending, open, someApproval, someBackchannel, someDevice } from './pending-bench.ts';

/** What somebody decides elsewhere (RFC 8628, CIBA). */
export function pendingCases(define: Case): void {
  define(
    'what a device and what a client ask for comes back as it was asked, by its id and by its user code (RFC 8628 §3.2)',
    async (b) => {
      const scene = await makeScene(b);
      const asked = [someDevice(), someBackchannel(scene)];
      const ids = [await open(b, asked[0] ?? someDevice()), await open(b, asked[1] ?? someDevice(), NOW + 1)];
      const expected = ids.map((id, index) => ({ id, ...asked[index], createdAt: NOW + index, decision: { kind: 'pending' } }));
      for (const [index, id] of ids.entries()) assert.deepEqual(await mustFindPending(b, id), expected[index]);
      for (const store of [b.store, b.second])
        assert.deepEqual(await store.findPendingByUserCode(b.tenant, hashText('user-code'), NOW + 599), expected[0]);
      assert.deepEqual(await b.second.listPendingOfUser(b.tenant, scene.user.id, 10, NOW), [expected[1]]);
      assert.equal(await b.store.findPending(b.tenant, 9999), undefined);
      assert.equal(await b.store.findPending(b.otherTenant, ids[0] ?? 0), undefined);
      assert.equal(await b.store.findPendingByUserCode(b.otherTenant, hashText('user-code'), NOW), undefined);
      assert.equal(await b.store.findPendingByUserCode(b.tenant, hashText('other'), NOW), undefined);
    },
  );

  define('a user code is one living authorization’s, decided or not, and anybody’s after its end', async (b) => {
    const scene = await makeScene(b);
    const { store, second, tenant } = b;
    const other = await store.putClient(tenant, someClient(clientId('other')), NOW);
    const first = await open(b, someDevice());
    const again = someDevice({ clientId: other.clientId });
    assert.deepEqual(await second.openPending(tenant, again, LIMITS, NOW + 599), { kind: 'taken' });
    await store.denyPending(tenant, first, scene.user.id, NOW);
    assert.deepEqual(await second.openPending(tenant, again, LIMITS, NOW + 599), { kind: 'taken' });
    assert.equal((await second.findPendingByUserCode(tenant, hashText('user-code'), NOW + 599))?.id, first);
    assert.equal(await second.findPendingByUserCode(tenant, hashText('user-code'), NOW + 600), undefined);
    const next = await open(b, { ...again, expiresAt: NOW + 1200 }, NOW + 600);
    assert.equal((await second.findPendingByUserCode(tenant, hashText('user-code'), NOW + 600))?.id, next);
    assert.equal((await mustFindPending(b, first)).decision.kind, 'denied');
    assert.equal(
      (await store.openPending(b.otherTenant, someDevice(), LIMITS, NOW).catch((error: unknown) => error)) instanceof TypeError,
      true,
    );
  });

  define('no more are open at a client, or for a user, than allowed: what is decided or over does not count', async (b) => {
    const scene = await makeScene(b);
    const { store, tenant } = b;
    const ask = async (pending: NewPending, maxOpen: number, maxOpenOfUser: number, now = NOW): Promise<string> =>
      (await store.openPending(tenant, pending, { maxOpen, maxOpenOfUser }, now)).kind;
    const device = (index: number): NewPending => someDevice({ userCodeHash: hashText(`d${index}`) });
    assert.deepEqual([await ask(device(1), 2, 0), await ask(device(2), 2, 0), await ask(device(3), 2, 0)], ['opened', 'opened', 'full']);
    await store.putClient(tenant, someClient(clientId('other')), NOW);
    const elsewhere = { clientId: clientId('other') };
    assert.equal(await ask({ ...device(4), ...elsewhere }, 1, 0), 'opened', 'another client');
    const found = await store.findPendingByUserCode(tenant, hashText('d1'), NOW);
    await store.denyPending(tenant, found?.id ?? 0, scene.user.id, NOW);
    assert.deepEqual([await ask(device(5), 2, 0), await ask(device(6), 2, 0)], ['opened', 'full']);
    assert.equal(await ask(device(7), 2, 0, NOW + 600), 'opened');

    const bob = { ...scene, user: await makeUser(b, 'bob') };
    const more = { expiresAt: NOW + 300, ...elsewhere };
    assert.equal(await ask(someBackchannel(scene, more), 100, 2), 'opened');
    assert.equal(await ask(someBackchannel(scene, more), 100, 2), 'opened');
    assert.equal(await ask(someBackchannel(scene, { expiresAt: NOW + 300 }), 100, 2), 'full', 'of any client');
    assert.equal(await ask(someBackchannel(bob, more), 100, 2), 'opened');
    const [newest] = await store.listPendingOfUser(tenant, scene.user.id, 10, NOW);
    await store.denyPending(tenant, newest?.id ?? 0, scene.user.id, NOW);
    assert.deepEqual(
      [await ask(someBackchannel(scene, more), 100, 2), await ask(someBackchannel(scene, more), 100, 2)],
      ['opened', 'full'],
    );
    assert.equal(await ask(someBackchannel(scene, { ...more, expiresAt: NOW + 900 }), 100, 2, NOW + 300), 'opened');
  });

  define('an unknown client, a device with a user and a user with a code are misuse', async (b) => {
    const scene = await makeScene(b);
    const wrong = [
      someDevice({ clientId: clientId('nobody') }),
      someDevice({ userId: scene.user.id }),
      someDevice({ userCodeHash: undefined }),
      someBackchannel(scene, { userId: undefined }),
      someBackchannel(scene, { userCodeHash: hashText('code') }),
    ];
    for (const pending of wrong) await assert.rejects(async () => await b.store.openPending(b.tenant, pending, LIMITS, NOW), TypeError);
    assert.equal(await b.countRows('pending_authorizations'), 0);
  });

  define('what waits for a user is listed newest first, until it is decided or over', async (b) => {
    const scene = await makeScene(b);
    const bob = { ...scene, user: await makeUser(b, 'bob') };
    const ids = [await open(b, someBackchannel(scene)), await open(b, someBackchannel(scene, { expiresAt: NOW + 60 }))];
    ids.push(await open(b, someBackchannel(scene)));
    await open(b, someBackchannel(bob));
    await open(b, someDevice());
    const listed = async (limit: number, now: number): Promise<number[]> =>
      (await b.second.listPendingOfUser(b.tenant, scene.user.id, limit, now)).map(({ id }) => id);
    assert.deepEqual(await listed(10, NOW), ids.toReversed());
    assert.deepEqual(await listed(2, NOW), ids.toReversed().slice(0, 2));
    assert.deepEqual(await listed(10, NOW + 60), [ids[2], ids[0]]);
    await b.store.denyPending(b.tenant, ids[2] ?? 0, scene.user.id, NOW);
    assert.deepEqual(await listed(10, NOW + 60), [ids[0]]);
    assert.deepEqual(await b.store.listPendingOfUser(b.otherTenant, scene.user.id, 10, NOW), []);
  });

  define('a poll that comes too soon makes the interval five seconds longer, for all after it (RFC 8628 §3.5)', async (b) => {
    const scene = await makeScene(b);
    const id = await open(b, someDevice());
    const poll = async (now: number): Promise<unknown> => {
      const answer = await b.store.notePoll(b.tenant, id, now);
      return answer.kind === 'unknown' ? answer.kind : [answer.kind, answer.pending.intervalSeconds];
    };
    assert.deepEqual(await poll(NOW), ['on_time', 5], 'there is no last time before the first');
    assert.deepEqual(await poll(NOW + 5), ['on_time', 5]);
    assert.deepEqual(await poll(NOW + 9), ['too_soon', 10]);
    assert.deepEqual(await poll(NOW + 18), ['too_soon', 15], 'one that came too soon is the last time as well');
    assert.deepEqual(await poll(NOW + 33), ['on_time', 15]);
    assert.equal((await mustFindPending(b, id)).intervalSeconds, 15);
    assert.deepEqual(await b.second.notePoll(b.tenant, 9999, NOW), { kind: 'unknown' });
    assert.deepEqual(await b.second.notePoll(b.otherTenant, id, NOW), { kind: 'unknown' });
    await b.store.denyPending(b.tenant, id, scene.user.id, NOW + 34);
    const denied = await b.second.notePoll(b.tenant, id, NOW + 34);
    assert.ok(denied.kind === 'on_time');
    assert.deepEqual([denied.pending.decision.kind, denied.pending.intervalSeconds], ['denied', 15], 'once decided, nobody has to wait');
    const late = await open(b, someDevice({ userCodeHash: hashText('late') }));
    for (const now of [NOW + 600, NOW + 601]) assert.equal((await b.store.notePoll(b.tenant, late, now)).kind, 'on_time');
    assert.equal((await mustFindPending(b, late)).intervalSeconds, 5, 'nor once it is over');
  });

  define('an approval makes the grant of the code that was asked with, in the same act (RFC 8628 §3.4)', async (b) => {
    const scene = await makeScene(b);
    for (const pending of [someDevice(), someBackchannel(scene)]) {
      const id = await open(b, pending);
      const answer = await b.store.approvePending(b.tenant, id, someApproval(scene, { scopes: ['openid'], claims: { id: 1 } }), NOW + 10);
      assert.ok(answer.kind === 'approved');
      const approved = await mustFindPending(b, id);
      assert.deepEqual([approved.decision, approved.userId], [{ kind: 'approved', grantId: answer.grantId }, scene.user.id]);
      const grant = await mustFind(b, answer.grantId);
      assert.deepEqual(
        [grant.generation, grant.codeHash, grant.userId, grant.clientId, grant.offline, grant.sessionId, grant.scopes],
        [0, pending.secretHash, scene.user.id, APP, true, undefined, ['openid']],
      );
      assert.equal((await b.second.exchangeCode(b.tenant, grant.id, someRedemption(), NOW + 20)).kind, 'taken');
      assert.equal((await b.second.exchangeCode(b.tenant, grant.id, someRedemption(), NOW + 20)).kind, 'lost');
    }
  });

  define('what is decided stays so, what is over is not decided, and what is asked of one user is unknown to another', async (b) => {
    const scene = await makeScene(b);
    const { store, second, tenant } = b;
    const bob = { ...scene, user: await makeUser(b, 'bob') };
    const approve = async (id: number, by = scene, now = NOW): Promise<string> =>
      (await second.approvePending(tenant, id, someApproval(by), now)).kind;
    const deny = async (id: number, by = scene, now = NOW): Promise<string> => await store.denyPending(tenant, id, by.user.id, now);

    const asked = await open(b, someBackchannel(scene));
    assert.deepEqual([await approve(asked, bob), await deny(asked, bob), await approve(9999), await deny(9999)], Array(4).fill('unknown'));
    assert.deepEqual([await deny(asked), await deny(asked), await approve(asked)], ['denied', 'decided', 'decided']);
    assert.equal(await deny(asked, scene, NOW + 600), 'decided', 'for ever');

    const device = await open(b, someDevice());
    assert.deepEqual([await approve(device, bob), await approve(device), await deny(device)], ['approved', 'decided', 'decided']);
    assert.equal((await mustFindPending(b, device)).userId, bob.user.id);
    const denied = await open(b, someDevice({ userCodeHash: hashText('denied') }));
    await deny(denied, bob);
    assert.deepEqual(await mustFindPending(b, denied).then(({ decision, userId }) => [decision, userId]), [
      { kind: 'denied' },
      bob.user.id,
    ]);

    const late = await open(b, someDevice({ userCodeHash: hashText('late') }));
    assert.deepEqual([await approve(late, scene, NOW + 600), await deny(late, scene, NOW + 600)], ['expired', 'expired']);
    assert.equal((await mustFindPending(b, late)).decision.kind, 'pending');
    assert.equal((await store.approvePending(b.otherTenant, late, someApproval(scene), NOW)).kind, 'unknown');
    assert.equal(await b.countRows('grants'), 1);
  });

  define('an approval that may not be leaves it pending, and nothing else', async (b) => {
    const scene = await makeScene(b);
    const { store, second, tenant } = b;
    const id = await open(b, someDevice());
    const reason = async (change: Parameters<typeof someApproval>[1] = {}): Promise<unknown> => {
      const answer = await second.approvePending(tenant, id, someApproval(scene, change), NOW);
      return answer.kind === 'refused' ? answer.reason : answer.kind;
    };
    assert.equal(await reason({ needsConsent: true }), 'consent_missing');
    assert.equal(await reason({ clientVersion: 99 }), 'client_inactive');
    await store.setUserEnabled(tenant, scene.user.id, false, NOW);
    assert.equal(await reason(), 'user_inactive');
    await store.setUserEnabled(tenant, scene.user.id, true, NOW);
    await store.putClient(tenant, { ...someClient(), enabled: false }, NOW);
    assert.equal(await reason(), 'client_inactive');
    await store.putClient(tenant, someClient(), NOW);
    assert.deepEqual([(await mustFindPending(b, id)).decision, await b.countRows('grants')], [{ kind: 'pending' }, 0]);
    await store.giveConsent(tenant, scene.user.id, APP, ['openid', 'email'], [], NOW);
    assert.equal(await reason({ needsConsent: true }), 'approved');
  });

  define('an approval of another code, for another client, for nobody or with an access token is misuse', async (b) => {
    const scene = await makeScene(b);
    await b.store.putClient(b.tenant, someClient(clientId('other')), NOW);
    const id = await open(b, someDevice());
    const wrong = [
      someApproval(scene, { codeHash: hashText('other') }),
      someApproval(scene, { clientId: clientId('other') }),
      someApproval(scene, { userId: undefined }),
      someAccess(scene),
    ];
    for (const grant of wrong) await assert.rejects(async () => await b.store.approvePending(b.tenant, id, grant, NOW), TypeError);
    assert.deepEqual([(await mustFindPending(b, id)).decision, await b.countRows('grants')], [{ kind: 'pending' }, 0]);
  });

  define('an approval keeps the limit of unredeemed codes', async (b) => {
    const scene = await makeScene(b);
    const made: number[] = [];
    for (let index = 0; index < 3; index += 1) {
      const id = await open(b, someDevice({ userCodeHash: hashText(`c${index}`) }));
      const answer = await b.store.approvePending(b.tenant, id, someApproval(scene, { maxCodes: 2 }), NOW);
      assert.ok(answer.kind === 'approved');
      made.push(answer.grantId);
    }
    const living = (await b.store.listGrants(b.tenant, {}, 10)).map(({ id }) => id);
    assert.deepEqual(living, made.slice(1).toReversed());
    assert.equal((await b.store.readRevocations(b.tenant, 0, 10)).length, 1);
  });

  define('a user who is disabled, or signs out everywhere, takes along what was approved, and leaves open what was not', async (b) => {
    for (const end of ['user_disabled', 'revoked_by_user'] as const) {
      const scene = await makeScene(b, b.tenant, end);
      const [device, asked] = [await open(b, someDevice({ userCodeHash: hashText(end) })), await open(b, someBackchannel(scene))];
      const approved = await b.store.approvePending(b.tenant, device, someApproval(scene), NOW);
      assert.ok(approved.kind === 'approved');
      if (end === 'user_disabled') await b.store.setUserEnabled(b.tenant, scene.user.id, false, NOW);
      else await b.store.revokeUser(b.tenant, scene.user.id, end, NOW);
      assert.equal(await deathOf(b, approved.grantId), end);
      assert.equal((await b.second.exchangeCode(b.tenant, approved.grantId, someRedemption(), NOW)).kind, 'lost');
      assert.equal((await mustFindPending(b, asked)).decision.kind, 'pending');
      const answer = await b.second.approvePending(b.tenant, asked, someApproval(scene), NOW);
      assert.equal(answer.kind, end === 'user_disabled' ? 'refused' : 'approved');
    }
  });

  define('a client that is removed takes along what it had asked for', async (b) => {
    const scene = await makeScene(b);
    const registered = { ...someClient(clientId('registered')), source: 'registered' as const };
    const guest = { ...scene, client: await b.store.putClient(b.tenant, registered, NOW) };
    const mine = { clientId: registered.clientId };
    const ids = [await open(b, someDevice(mine)), await open(b, someBackchannel(scene, mine)), await open(b, someBackchannel(scene, mine))];
    const kept = await open(b, someBackchannel(scene));
    await b.store.approvePending(b.tenant, ids[1] ?? 0, someApproval(guest), NOW);
    await b.store.removeClient(b.tenant, registered.clientId, NOW);
    for (const id of ids) assert.equal(await b.second.findPending(b.tenant, id), undefined);
    assert.deepEqual(
      (await b.second.listPendingOfUser(b.tenant, scene.user.id, 10, NOW)).map(({ id }) => id),
      [kept],
    );
    assert.deepEqual(await b.second.takeNotifications(b.tenant, 10, 60, NOW), []);
    assert.equal((await b.second.approvePending(b.tenant, ids[2] ?? 0, someApproval(guest), NOW)).kind, 'unknown');
  });

  define('what became of it can be asked for a day after its end, and then it falls', async (b) => {
    const scene = await makeScene(b);
    const id = await open(b, someBackchannel(scene, { request: {} }));
    const churn = async (now: number): Promise<void> => {
      for (let index = 0; index < 2 * PURGE_EVERY; index += 1)
        await open(b, someDevice({ userCodeHash: hashText(`${now}-${index}-`), expiresAt: now + 60 }), now);
    };
    await churn(NOW + 600 + PENDING_KEPT_SECONDS - 1);
    assert.equal((await b.store.findPending(b.tenant, id))?.id, id);
    await churn(NOW + 600 + PENDING_KEPT_SECONDS);
    assert.equal(await b.store.findPending(b.tenant, id), undefined);
  });
}
