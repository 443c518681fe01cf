import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, countKinds, makeCode, makeGrant, makeScene, mustFind, NOW, race, someRedemption } from './contract/bench.ts';
import { mustFindPending, open, someApproval, someDevice } from './contract/pending-bench.ts';
import { openMemory } from './memory.ts';
import { type Store, StoreUnavailable } from './port.ts';
import { withLatency, withOutages } from './slow.ts';

test('a slow store keeps its kind, its answers and its races', async () => {
  const store = withLatency(await openMemory(), { seed: 7, maxMs: 3 });
  assert.equal(store.kind, 'memory');
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  for (let round = 0; round < 5; round += 1) {
    const id = await makeCode(b, scene);
    const answers = await race(b, async (slow) => await slow.exchangeCode(b.tenant, id, someRedemption(), NOW));
    assert.deepEqual(countKinds(answers), { taken: 1, lost: 49 });
  }
  await store.close();
});

test('latency lets one verb overtake another, in an order that the seed decides', async () => {
  const orderOf = async (seed: number): Promise<number[]> => {
    const store = withLatency(instant(), { seed, maxMs: 40 });
    const order: number[] = [];
    await Promise.all([0, 1, 2, 3, 4, 5].map(async (index) => store.time().then(() => order.push(index))));
    return order;
  };
  const orders = await Promise.all([1, 2, 3, 4].map(orderOf));
  assert.ok(orders.some((order) => order.join() !== '0,1,2,3,4,5'));
  assert.ok(new Set(orders.map((order) => order.join())).size > 1);
});

test('an outage before the act leaves nothing, one after it loses the answer alone', async () => {
  let outage: 'none' | 'before' | 'after' = 'none';
  const inner = await openMemory();
  const store = withOutages(inner, (verb) => (verb === 'rotate' ? outage : 'none'));
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const id = await makeGrant(b, await makeScene(b));
  outage = 'before';
  await assert.rejects(async () => await store.rotate(b.tenant, id, 1, 1, NOW), StoreUnavailable);
  assert.equal((await mustFind(b, id)).generation, 1);
  outage = 'after';
  await assert.rejects(async () => await store.rotate(b.tenant, id, 1, 1, NOW), StoreUnavailable);
  assert.equal((await mustFind(b, id)).generation, 2);
  outage = 'none';
  assert.equal((await store.rotate(b.tenant, id, 2, 1, NOW)).kind, 'taken');
  await store.close();
});

test('an outage after the end of a session has told its participants, one before it has not', async () => {
  let outage: 'none' | 'before' | 'after' = 'none';
  const store = withOutages(await openMemory(), (verb) => (verb === 'endSession' ? outage : 'none'));
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  await makeCode(b, scene, { participation: { sid: 'sid', backchannel: true } });
  outage = 'before';
  await assert.rejects(async () => await store.endSession(b.tenant, scene.session.id, 'signed_out', NOW), StoreUnavailable);
  assert.deepEqual(await store.takeDeliveries(b.tenant, 10, 60, NOW), []);
  outage = 'after';
  await assert.rejects(async () => await store.endSession(b.tenant, scene.session.id, 'signed_out', NOW), StoreUnavailable);
  assert.equal((await store.takeDeliveries(b.tenant, 10, 60, NOW)).length, 1);
  outage = 'none';
  assert.equal(await store.endSession(b.tenant, scene.session.id, 'signed_out', NOW), 'ended');
  assert.deepEqual(await store.takeDeliveries(b.tenant, 10, 60, NOW), [], 'the same end again tells nobody twice');
  await store.close();
});

test('an outage after an approval has made its grant, one before it has made none', async () => {
  let outage: 'none' | 'before' | 'after' = 'none';
  const store = withOutages(await openMemory(), (verb) => (verb === 'approvePending' ? outage : 'none'));
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const id = await open(b, someDevice());
  const approve = async (): Promise<unknown> => await store.approvePending(b.tenant, id, someApproval(scene), NOW);
  outage = 'before';
  await assert.rejects(approve, StoreUnavailable);
  assert.deepEqual([(await mustFindPending(b, id)).decision.kind, await store.listGrants(b.tenant, {}, 10)], ['pending', []]);
  outage = 'after';
  await assert.rejects(approve, StoreUnavailable);
  const [grant] = await store.listGrants(b.tenant, {}, 10);
  assert.deepEqual((await mustFindPending(b, id)).decision, { kind: 'approved', grantId: grant?.id });
  outage = 'none';
  assert.deepEqual(await approve(), { kind: 'decided' });
  await store.close();
});

/** A store of which only `time` is there. */
function instant(): Store {
  return new Proxy({} as Store, { get: () => async () => 0 });
}
