import assert from 'node:assert/strict';
import type { Store } from '../port.ts';
import { type Bench, type Case, DAY, hashText, makeScene, NOW, race, type Scene } from './bench.ts';
import { mustFindPending, open, someApproval, someBackchannel, someDevice } from './pending-bench.ts';

/** What clients are told of decisions (CIBA §10.2 and §10.3). */
export function notificationCases(define: Case): void {
  define('a client that wants to hear of a decision is due when it is made, most overdue first, and each to one', async (b) => {
    const scene = await makeScene(b);
    const quiet = await open(b, someBackchannel(scene, { request: { notify: false } }));
    const device = await open(b, someDevice({ request: { notify: true } }));
    const ids = [await open(b, someBackchannel(scene)), await open(b, someBackchannel(scene)), await open(b, someBackchannel(scene))];
    assert.deepEqual(await b.store.takeNotifications(b.tenant, 10, 60, NOW + 50), [], 'not before it is decided');
    await approve(b, scene, ids[2], NOW + 5);
    await deny(b, scene, ids[0], NOW + 10);
    await deny(b, scene, ids[1], NOW + 10);
    for (const id of [quiet, device]) await approve(b, scene, id, NOW + 1);
    assert.deepEqual(await taken(b, 10, NOW + 4), []);
    const [first] = await b.second.takeNotifications(b.tenant, 1, 60, NOW + 10);
    assert.deepEqual(first, { pending: await mustFindPending(b, ids[2] ?? 0), attempt: 1 });
    assert.equal(first?.pending.decision.kind, 'approved');
    assert.deepEqual(await taken(b, 10, NOW + 10), [ids[0], ids[1]]);
    assert.deepEqual(await taken(b, 10, NOW + 10), []);
    assert.deepEqual(await b.store.takeNotifications(b.otherTenant, 10, 60, NOW + DAY), []);
  });

  define('what was taken is due again when its time is over, until it is settled by the last who took it', async (b) => {
    const scene = await makeScene(b);
    const id = await open(b, someBackchannel(scene));
    await deny(b, scene, id, NOW);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const now = NOW + attempt * 60;
      const [again] = await b.store.takeNotifications(b.tenant, 10, 60, now);
      assert.equal(again?.attempt, attempt);
      assert.deepEqual(await b.second.takeNotifications(b.tenant, 10, 60, now + 59), []);
    }
    for (const attempt of [0, 1, 3]) for (const dueAt of [NOW, undefined]) await b.store.settleNotification(b.tenant, id, attempt, dueAt);
    await b.store.settleNotification(b.otherTenant, id, 2, undefined);
    assert.deepEqual(await taken(b, 10, NOW + 179), [], 'the second still has it');
    await b.second.settleNotification(b.tenant, id, 2, NOW + 300);
    assert.deepEqual(await taken(b, 10, NOW + 299), []);
    const [third] = await b.store.takeNotifications(b.tenant, 10, 60, NOW + 300);
    assert.equal(third?.attempt, 3);
    await b.second.settleNotification(b.tenant, id, 3, undefined);
    await b.second.settleNotification(b.tenant, id, 3, NOW);
    assert.deepEqual(await taken(b, 10, NOW + DAY), [], 'done is done');
    assert.equal((await mustFindPending(b, id)).decision.kind, 'denied');
  });

  define('while fifty nodes take, fail, are late and settle, no attempt is two nodes’, and each is told in the end', async (b) => {
    const scene = await makeScene(b);
    const ids: number[] = [];
    for (let index = 0; index < 6; index += 1) ids.push(await open(b, someBackchannel(scene, { secretHash: hashText('device') })));
    for (const id of ids) await deny(b, scene, id, NOW);
    const attempts = new Map<number, number[]>();
    const settled = new Set<number>();
    let clock = NOW;
    const step = async (store: Store, outcome: number): Promise<void> => {
      const now = (clock += 1);
      for (const { pending, attempt } of await store.takeNotifications(b.tenant, 2, 20, now)) {
        attempts.set(pending.id, [...(attempts.get(pending.id) ?? []), attempt]);
        if (outcome === 1) await store.settleNotification(b.tenant, pending.id, attempt, now);
        if (outcome === 2) await store.settleNotification(b.tenant, pending.id, attempt, undefined);
        if (outcome === 2) settled.add(pending.id);
      }
    };
    await race(b, async (store, index) => {
      for (let round = 0; round < 10; round += 1) await step(store, index % 10 === 0 ? 2 : (index + round) % 2);
    });
    for (let round = 0; round < 100; round += 1) await step(b.second, 2);
    assert.equal(settled.size, 6);
    for (const taking of attempts.values()) {
      const counted = taking.map((_, index) => index + 1);
      assert.deepEqual(
        taking.toSorted((one, other) => one - other),
        counted,
      );
    }
  });
}

async function approve(b: Bench, scene: Scene, id: number | undefined, now: number): Promise<void> {
  assert.equal((await b.store.approvePending(b.tenant, id ?? 0, someApproval(scene), now)).kind, 'approved');
}

async function deny(b: Bench, { user }: Scene, id: number | undefined, now: number): Promise<void> {
  assert.equal(await b.store.denyPending(b.tenant, id ?? 0, user.id, now), 'denied');
}

async function taken(b: Bench, limit: number, now: number): Promise<number[]> {
  return (await b.store.takeNotifications(b.tenant, limit, 60, now)).map(({ pending }) => pending.id);
}
