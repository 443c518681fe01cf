import assert from 'node:assert/strict';
import type { Store } from '../port.ts';
import { DELIVERY_KEPT_SECONDS, PURGE_EVERY } from '../retention.ts';
import { type Bench, type Case, DAY, makeScene, makeSession, NOW, race, someCode } from './bench.ts';

export function deliveryCases(define: Case): void {
  define('deliveries are taken in the order in which they are due, as many as asked for, each by one', async (b) => {
    await owe(b, ['a', 'b', 'c'], NOW + 10);
    await owe(b, ['d'], NOW + 5);
    assert.deepEqual(await b.store.takeDeliveries(b.tenant, 10, 60, NOW + 4), [], 'not before they are due');
    assert.deepEqual(await sids(b, 3, NOW + 10), ['d', 'a', 'b']);
    assert.deepEqual(await sids(b, 3, NOW + 10), ['c']);
    assert.deepEqual(await sids(b, 3, NOW + 10), []);
  });

  define('what was taken is due again when its time is over, and counts how often it was taken', async (b) => {
    await owe(b, ['a']);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const now = NOW + attempt * 60;
      const [taken] = await b.store.takeDeliveries(b.tenant, 10, 60, now);
      assert.equal(taken?.attempt, attempt);
      assert.deepEqual(await b.second.takeDeliveries(b.tenant, 10, 60, now + 59), []);
    }
  });

  define('what was delivered is gone', async (b) => {
    await owe(b, ['a', 'b']);
    const [a] = await b.store.takeDeliveries(b.tenant, 1, 60, NOW);
    assert.ok(a !== undefined);
    await b.second.settleDelivery(b.tenant, a.id, a.attempt, { kind: 'delivered' }, NOW);
    assert.equal(await b.countRows('deliveries'), 1);
    assert.deepEqual(await sids(b, 10, NOW + DAY), ['b']);
  });

  define('what failed is due when it is said, and again from the first word to the last', async (b) => {
    await owe(b, ['a']);
    const [a] = await b.store.takeDeliveries(b.tenant, 1, 60, NOW);
    assert.ok(a !== undefined);
    await b.store.settleDelivery(b.tenant, a.id, 1, { kind: 'failed', error: 'HTTP 500', dueAt: NOW + 300 }, NOW + 1);
    assert.deepEqual(await b.second.takeDeliveries(b.tenant, 1, 60, NOW + 299), [], 'the lease is over, and not yet due');
    assert.deepEqual(await b.second.takeDeliveries(b.tenant, 1, 60, NOW + 300), [{ ...a, attempt: 2 }]);
    assert.deepEqual(await b.store.listDeadDeliveries(b.tenant, 10), []);
  });

  define('what is given up is never due again, and stays thirty days to be looked at', async (b) => {
    await owe(b, ['a', 'b', 'c']);
    const taken = await b.store.takeDeliveries(b.tenant, 10, 60, NOW);
    const [a, second, c] = taken;
    assert.ok(a !== undefined && second !== undefined && c !== undefined);
    for (const [delivery, diedAt] of [
      [c, NOW + 1],
      [a, NOW + 2],
      [second, NOW + 2],
    ] as const) {
      await b.store.settleDelivery(
        b.tenant,
        delivery.id,
        1,
        { kind: 'failed', error: `${delivery.sid}\0${'€'.repeat(300)}`, dueAt: undefined },
        diedAt,
      );
    }
    const dead = await b.second.listDeadDeliveries(b.tenant, 10);
    assert.deepEqual(
      dead.map(({ sid, diedAt }) => [sid, diedAt]),
      [
        ['b', NOW + 2],
        ['a', NOW + 2],
        ['c', NOW + 1],
      ],
      'newest first',
    );
    assert.deepEqual(dead[2], { ...c, error: `c\ufffd${'€'.repeat(198)}`, diedAt: NOW + 1 });
    assert.deepEqual(await b.store.listDeadDeliveries(b.tenant, 1), dead.slice(0, 1));
    assert.deepEqual(await b.store.takeDeliveries(b.tenant, 10, 60, NOW + DAY), []);
    for (const outcome of [{ kind: 'delivered' }, { kind: 'failed', error: 'x', dueAt: NOW }] as const)
      await b.store.settleDelivery(b.tenant, a.id, 1, outcome, NOW + 3);
    assert.deepEqual(await b.second.listDeadDeliveries(b.tenant, 10), dead, 'dead is dead');

    await churn(b, NOW + 1 + DELIVERY_KEPT_SECONDS - 1);
    assert.equal((await b.store.listDeadDeliveries(b.tenant, 10)).length, 3);
    await churn(b, NOW + 1 + DELIVERY_KEPT_SECONDS);
    assert.equal((await b.store.listDeadDeliveries(b.tenant, 10)).length, 2);
  });

  define('what nobody has delivered in thirty days falls', async (b) => {
    await owe(b, ['a']);
    await churn(b, NOW + DELIVERY_KEPT_SECONDS);
    assert.ok(!(await sids(b, 1000, NOW + DELIVERY_KEPT_SECONDS)).includes('a'));
  });

  define('an attempt that came too late, or that never was, changes nothing', async (b) => {
    await owe(b, ['a']);
    const [first] = await b.store.takeDeliveries(b.tenant, 1, 60, NOW);
    const [second] = await b.second.takeDeliveries(b.tenant, 1, 60, NOW + 60);
    assert.ok(first !== undefined && second !== undefined);
    const outcomes = [
      { kind: 'delivered' },
      { kind: 'failed', error: 'x', dueAt: NOW },
      { kind: 'failed', error: 'x', dueAt: undefined },
    ] as const;
    for (const outcome of outcomes) {
      for (const attempt of [0, 1, 3]) await b.store.settleDelivery(b.tenant, first.id, attempt, outcome, NOW + 61);
      await b.store.settleDelivery(b.tenant, 99, 1, outcome, NOW + 61);
      await b.store.settleDelivery(b.otherTenant, first.id, 2, outcome, NOW + 61);
    }
    assert.deepEqual(await b.store.takeDeliveries(b.tenant, 1, 60, NOW + 61), [], 'the second still has it');
    assert.deepEqual(await b.store.listDeadDeliveries(b.tenant, 1), []);
    assert.equal(await b.countRows('deliveries'), 1);
    await b.second.settleDelivery(b.tenant, second.id, 2, { kind: 'delivered' }, NOW + 61);
    assert.equal(await b.countRows('deliveries'), 0);
  });

  define('deliveries of one tenant are nobody else’s', async (b) => {
    await owe(b, ['a']);
    assert.deepEqual(await b.store.takeDeliveries(b.otherTenant, 10, 60, NOW), []);
    await b.store.takeDeliveries(b.tenant, 10, 60, NOW);
    await b.store.settleDelivery(b.tenant, 1, 1, { kind: 'failed', error: 'x', dueAt: undefined }, NOW);
    assert.deepEqual(await b.store.listDeadDeliveries(b.otherTenant, 10), []);
  });

  define('of fifty nodes that take at once none takes what another has, and nothing is left over', async (b) => {
    const all = Array.from({ length: 150 }, (_, index) => `${index}`);
    await owe(b, all);
    const taken = (await race(b, async (store) => await store.takeDeliveries(b.tenant, 4, 60, NOW))).flat();
    // A node may leave to another what that is just looking at; the next round has it.
    for (let round = 0; round < 50 && taken.length < 150; round += 1) taken.push(...(await b.store.takeDeliveries(b.tenant, 100, 60, NOW)));
    assert.deepEqual(taken.map(({ sid }) => sid).toSorted(), all.toSorted());
    assert.ok(taken.every(({ attempt }) => attempt === 1));
  });

  define('while fifty nodes take, fail, are late and deliver, no attempt is two nodes’, and each is delivered in the end', async (b) => {
    const attempts = new Map<number, number[]>();
    await owe(b, ['a', 'b', 'c', 'd', 'e', 'f']);
    let clock = NOW;
    const step = async (store: Store, outcome: number): Promise<void> => {
      const now = (clock += 1);
      for (const { id, attempt } of await store.takeDeliveries(b.tenant, 2, 20, now)) {
        attempts.set(id, [...(attempts.get(id) ?? []), attempt]);
        if (outcome === 1) await store.settleDelivery(b.tenant, id, attempt, { kind: 'failed', error: 'x', dueAt: now }, now);
        if (outcome === 2) await store.settleDelivery(b.tenant, id, attempt, { kind: 'delivered' }, now);
      }
    };
    await race(b, async (store, index) => {
      for (let round = 0; round < 10; round += 1) await step(store, index % 10 === 0 ? 2 : (index + round) % 2);
    });
    for (let round = 0; round < 100 && (await b.countRows('deliveries')) > 0; round += 1) await step(b.second, 2);
    assert.equal(await b.countRows('deliveries'), 0);
    assert.equal(attempts.size, 6);
    for (const taken of attempts.values()) {
      const counted = taken.map((_, index) => index + 1);
      assert.deepEqual(
        taken.toSorted((one, other) => one - other),
        counted,
      );
    }
  });
}

/** A session with these participants, which ends. */
async function owe(b: Bench, sids: readonly string[], now: number = NOW): Promise<void> {
  const scene = (await b.store.findUserByName(b.tenant, 'ada')) === undefined ? await makeScene(b) : await again(b);
  for (const sid of sids) {
    const made = await b.store.createGrant(b.tenant, someCode(scene, { maxCodes: 1000, participation: { sid, backchannel: true } }), NOW);
    assert.equal(made.kind, 'created');
  }
  await b.store.endSession(b.tenant, scene.session.id, 'signed_out', now);
}

async function again(b: Bench): Promise<Awaited<ReturnType<typeof makeScene>>> {
  const [user] = await b.store.listUsers(b.tenant, 0, 1);
  const [client] = await b.store.listClients(b.tenant, '', 1);
  assert.ok(user !== undefined && client !== undefined);
  return { user, client, session: await makeSession(b, user) };
}

async function sids(b: Bench, limit: number, now: number): Promise<string[]> {
  return (await b.store.takeDeliveries(b.tenant, limit, 60, now)).map(({ sid }) => sid);
}

/** Enough new deliveries that those whose time is over at `now` fall. */
async function churn(b: Bench, now: number): Promise<void> {
  for (let index = 0; index < 2 * PURGE_EVERY + 2; index += 1) await owe(b, [`churn${index}`], now);
}
