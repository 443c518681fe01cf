import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { APP, type Case, countKinds, deathOf, hashText, makeScene, NOW, race, someClient, someRedemption } from './bench.ts';
import { LIMITS, mustFindPending, open, someApproval, someBackchannel, someDevice } from './pending-bench.ts';

export function pendingRaceCases(define: Case): void {
  define('of fifty who approve at once one does, and there is one grant', async (b) => {
    const scene = await makeScene(b);
    for (const [round, pending] of [someDevice(), someBackchannel(scene)].entries()) {
      const id = await open(b, pending);
      const answers = await race(b, async (store) => await store.approvePending(b.tenant, id, someApproval(scene), NOW));
      assert.deepEqual(countKinds(answers), { approved: 1, decided: 49 });
      const [approved] = answers.filter((answer) => answer.kind === 'approved');
      assert.deepEqual((await mustFindPending(b, id)).decision, { kind: 'approved', grantId: approved?.grantId });
      assert.equal(await b.countRows('grants'), round + 1);
    }
  });

  define('of those who approve and those who deny at once one decides, and there is a grant only if it was approved', async (b) => {
    const scene = await makeScene(b);
    let grants = 0;
    for (let round = 0; round < 6; round += 1) {
      const id = await open(b, someDevice({ userCodeHash: hashText(`r${round}`) }));
      const answers = await race(b, async (store, index) =>
        (index + round) % 2 === 0
          ? (await store.approvePending(b.tenant, id, someApproval(scene, { maxCodes: 100 }), NOW)).kind
          : await store.denyPending(b.tenant, id, scene.user.id, NOW),
      );
      const decided = answers.filter((answer) => answer !== 'decided');
      assert.deepEqual([decided.length, (await mustFindPending(b, id)).decision.kind], [1, decided[0]]);
      grants += decided[0] === 'approved' ? 1 : 0;
      assert.equal(await b.countRows('grants'), grants);
    }
  });

  define('of fifty polls at once one is on time, and each of the others makes the interval longer', async (b) => {
    await makeScene(b);
    const id = await open(b, someDevice());
    const answers = await race(b, async (store) => await store.notePoll(b.tenant, id, NOW));
    assert.deepEqual(countKinds(answers), { on_time: 1, too_soon: 49 });
    const intervals = answers.map((answer) => (answer.kind === 'unknown' ? 0 : answer.pending.intervalSeconds));
    assert.deepEqual(
      intervals.toSorted((one, other) => one - other),
      Array.from({ length: 50 }, (_, index) => 5 * (index + 1)),
    );
    assert.equal((await mustFindPending(b, id)).intervalSeconds, 250);
  });

  define('whoever polls while it is approved sees it pending or approved, and of fifty exchanges afterwards one is taken', async (b) => {
    const scene = await makeScene(b);
    const id = await open(b, someDevice());
    let isApproved = false;
    const late: string[] = [];
    const answers = await race(b, async (store, index) => {
      if (index === 20) {
        const answer = await store.approvePending(b.tenant, id, someApproval(scene), NOW);
        isApproved = true;
        return answer.kind === 'approved' ? answer.grantId : undefined;
      }
      for (let step = 0; step < 3; step += 1) {
        const beganLate = isApproved;
        const polled = await store.notePoll(b.tenant, id, NOW + index);
        if (beganLate && polled.kind !== 'unknown') late.push(polled.pending.decision.kind);
      }
      return undefined;
    });
    assert.ok(late.every((kind) => kind === 'approved'));
    const grant = answers[20] ?? assert.fail();
    const taken = await race(b, async (store) => await store.exchangeCode(b.tenant, grant, someRedemption(), NOW));
    assert.deepEqual(countKinds(taken), { taken: 1, lost: 49 });
  });

  define('fifty who ask with one user code at once are one, and fifty at a client or of a user are no more than allowed', async (b) => {
    const scene = await makeScene(b);
    const other = await b.store.putClient(b.tenant, someClient(clientId('other')), NOW);
    const same = await race(b, async (store, index) => {
      const whose = index % 4 < 2 ? APP : other.clientId;
      return await store.openPending(b.tenant, someDevice({ clientId: whose }), LIMITS, NOW);
    });
    assert.deepEqual(countKinds(same), { opened: 1, taken: 49 });
    const again = await race(b, async (store) => store.openPending(b.tenant, someDevice({ expiresAt: NOW + 1200 }), LIMITS, NOW + 600));
    assert.deepEqual(countKinds(again), { opened: 1, taken: 49 }, 'nor is a code of one that is over given to two');
    const third = await b.store.putClient(b.tenant, someClient(clientId('third')), NOW);
    const many = await race(b, async (store, index) =>
      store.openPending(
        b.tenant,
        someDevice({ clientId: third.clientId, userCodeHash: hashText(`m${index}-`) }),
        { maxOpen: 7, maxOpenOfUser: 0 },
        NOW,
      ),
    );
    assert.deepEqual(countKinds(many), { opened: 7, full: 43 });
    const asked = await race(b, async (store, index) =>
      store.openPending(
        b.tenant,
        someBackchannel(scene, { clientId: index % 4 < 2 ? APP : other.clientId }),
        { maxOpen: 1000, maxOpenOfUser: 5 },
        NOW,
      ),
    );
    assert.deepEqual(countKinds(asked), { opened: 5, full: 45 });
    assert.equal(new Set([...same, ...again, ...many, ...asked].flatMap((one) => (one.kind === 'opened' ? [one.id] : []))).size, 14);
  });

  define('an approval that meets the end of its user is refused, or its grant is revoked', async (b) => {
    for (let round = 0; round < 4; round += 1) {
      const scene = await makeScene(b, b.tenant, `user${round}`);
      const ids = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => await open(b, someDevice({ userCodeHash: hashText(`${round}-${index}-`) }))),
      );
      const made = await race(b, async (store, index) => {
        if (index === 11 + round) await store.setUserEnabled(b.tenant, scene.user.id, false, NOW);
        return await store.approvePending(b.tenant, ids[index % 10] ?? 0, someApproval(scene), NOW);
      });
      for (const answer of made) if (answer.kind === 'approved') assert.equal(await deathOf(b, answer.grantId), 'user_disabled');
      for (const id of ids) {
        const { decision } = await mustFindPending(b, id);
        const answer = made.find((each) => each.kind === 'approved' && decision.kind === 'approved' && each.grantId === decision.grantId);
        assert.equal(decision.kind, answer === undefined ? 'pending' : 'approved');
      }
    }
  });

  define('what is asked for while its client is removed is gone, or was never opened', async (b) => {
    const registered = { ...someClient(clientId('registered')), source: 'registered' as const };
    for (let round = 0; round < 3; round += 1) {
      await b.store.putClient(b.tenant, registered, NOW);
      await race(b, async (store, index) => {
        if (index === 20 + round) return await store.removeClient(b.tenant, registered.clientId, NOW);
        const pending = someDevice({ clientId: registered.clientId, userCodeHash: hashText(`${round}-${index}-`) });
        // Whoever comes after the removal asks for a client that is not there.
        return await store.openPending(b.tenant, pending, LIMITS, NOW).catch((error: unknown) => assert.ok(error instanceof TypeError));
      });
      assert.equal(await b.countRows('pending_authorizations'), 0);
    }
  });
}
