import assert from 'node:assert/strict';
import { clientId, type GrantId, grantId } from '@hufu/protocol/ids';
import type { ClientPage, GrantState } from '../port.ts';
import { ID_BLOCK, MAX_ACCESS_TOKEN_SECONDS, MAX_LINEAGE, NEVER, REVOKED_KEPT_SECONDS } from '../retention.ts';
import { APP, type Bench, type Case, DAY, makeCode, makeGrant, makeScene, NOW, race, type Scene, someAccess, someClient } from './bench.ts';

export function statusCases(define: Case): void {
  define('the head of a tenant says how far the log and its grants have come', async (b) => {
    assert.deepEqual(await b.store.statusHead(b.tenant), { seq: 0, epoch: undefined, lastGrant: 0 });
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    const { seq, lastGrant } = await b.second.statusHead(b.tenant);
    assert.ok(lastGrant >= id && lastGrant < id + 2 * ID_BLOCK);
    assert.equal(seq, 0);
    await b.store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW);
    assert.equal((await b.second.statusHead(b.tenant)).seq, 1);
    await b.store.renewRevocationEpoch(b.tenant, undefined, 'one');
    assert.equal((await b.second.statusHead(b.tenant)).epoch, 'one');
    assert.deepEqual(await b.store.statusHead(b.otherTenant), { seq: 0, epoch: undefined, lastGrant: 0 });
  });

  define('a grant is invalid when it was revoked, its client was revoked, or what it comes from has ended', async (b) => {
    const scene = await makeScene(b);
    const guest = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('guest')), NOW) };
    const living = await makeGrant(b, scene);
    const [revoked, parent, old] = [await makeGrant(b, scene), await makeGrant(b, guest), await makeGrant(b, guest)];
    const [child, orphan] = [await make(b, scene, parent), await make(b, scene, old)];
    const grandchild = await make(b, scene, child);
    assert.deepEqual(await statesOf(b), {});
    await b.store.revokeGrant(b.tenant, revoked, 'revoked_by_user', NOW + 1);
    await b.store.revokeGrant(b.tenant, parent, 'revoked_by_user', NOW + 1);
    assert.deepEqual(await statesOf(b), { [revoked]: 'invalid', [parent]: 'invalid', [child]: 'invalid', [grandchild]: 'invalid' });
    await b.store.revokeClient(b.tenant, guest.client.clientId, NOW + 2);
    const states = await statesOf(b);
    assert.deepEqual([states[old], states[orphan], states[living]], ['invalid', 'invalid', undefined]);
    const fresh = await makeGrant(b, guest);
    assert.equal((await statesOf(b))[fresh], undefined);
  });

  define('a grant is suspended while its user is locked or a client in its line is disabled, and invalid comes first', async (b) => {
    const scene = await makeScene(b);
    const guest = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('guest')), NOW) };
    const [parent, revoked] = [await makeGrant(b, guest), await makeGrant(b, guest)];
    const [child, orphan] = [await make(b, scene, parent), await make(b, scene, revoked)];
    await b.store.revokeGrant(b.tenant, revoked, 'revoked_by_user', NOW);
    await b.store.putClient(b.tenant, { ...someClient(clientId('guest')), enabled: false }, NOW);
    const expected = { [parent]: 'suspended', [revoked]: 'invalid', [child]: 'suspended', [orphan]: 'invalid' };
    assert.deepEqual(await statesOf(b), expected);
    await b.store.putClient(b.tenant, someClient(clientId('guest')), NOW);
    assert.deepEqual(await statesOf(b), { [revoked]: 'invalid', [orphan]: 'invalid' });
    await b.store.lockUser(b.tenant, scene.user.id, NOW + 60, NOW);
    assert.deepEqual(await statesOf(b, NOW + 59), { ...expected });
    assert.deepEqual(await statesOf(b, NOW + 60), { [revoked]: 'invalid', [orphan]: 'invalid' }, 'on the second');
  });

  define('the states of a range are those of its ids alone, in order', async (b) => {
    const scene = await makeScene(b);
    const ids: GrantId[] = [];
    for (let index = 0; index < 6; index += 1) ids.push(await makeGrant(b, scene));
    for (const id of ids.toReversed()) await b.store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW);
    const [first = 0, , third = 0, , fifth = 0] = ids;
    const listed = await b.second.listStates(b.tenant, third, fifth, NOW);
    assert.deepEqual(
      listed.map(({ id }) => id),
      ids.slice(2, 4),
    );
    assert.deepEqual(await b.second.listStates(b.tenant, 1, first, NOW), []);
    assert.deepEqual(await b.second.listStates(b.otherTenant, 1, 1_000_000, NOW), []);
  });

  define('the states of a client are read in pages, over its epochs', async (b) => {
    const scene = await makeScene(b);
    const other = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('other')), NOW) };
    await makeGrant(b, other);
    const old = [await makeGrant(b, scene), await makeGrant(b, scene, {}, { expiresAt: NOW + DAY }), await makeGrant(b, scene)];
    await b.store.revokeClient(b.tenant, APP, NOW);
    const next = [await makeGrant(b, scene), await makeGrant(b, scene)];
    for (const limit of [1, 2, 100])
      assert.deepEqual(await statesOfClient(b, limit), Object.fromEntries(old.map((id) => [id, 'invalid'])), `${limit}`);
    await b.store.putClient(b.tenant, { ...someClient(), enabled: false }, NOW);
    assert.deepEqual(await statesOfClient(b, 2), {
      ...Object.fromEntries(old.map((id) => [id, 'invalid'])),
      ...Object.fromEntries(next.map((id) => [id, 'suspended'])),
    });
    assert.deepEqual((await b.store.listClientStates(b.tenant, clientId('nobody'), undefined, 10, NOW)).states, []);
  });

  define('what a removed client had is told as invalid, its own grants too, until they fall', async (b) => {
    const scene = await makeScene(b);
    const id = clientId('registered');
    const guest = { ...scene, client: await b.store.putClient(b.tenant, { ...someClient(id), source: 'registered' }, NOW) };
    const given = await makeGrant(b, guest, {}, { expiresAt: NOW + DAY });
    const child = await make(b, scene, given);
    const own = await b.store.ownGrant(b.tenant, id, ['a'], [], 1, NOW);
    assert.equal(own.expiresAt, NEVER);
    await b.store.removeClient(b.tenant, id, NOW);
    assert.deepEqual(await statesOf(b), { [given]: 'invalid', [own.id]: 'invalid', [child]: 'invalid' });
    const { states } = await b.second.listClientStates(b.tenant, id, undefined, 10, NOW);
    assert.deepEqual(
      states.map((state) => [state.id, state.state]),
      [given, own.id].map((grant) => [grant, 'invalid']),
    );
    assert.equal(await b.store.findGrant(b.tenant, own.id), undefined);
    await churn(b, scene, NOW + MAX_ACCESS_TOKEN_SECONDS - 1);
    const before = await b.store.listStates(b.tenant, own.id, own.id + 1, NOW + MAX_ACCESS_TOKEN_SECONDS - 1);
    assert.deepEqual(before, [{ id: own.id, state: 'invalid' }], 'as long as a token of it may live');
    await churn(b, scene, NOW + MAX_ACCESS_TOKEN_SECONDS);
    assert.deepEqual(await b.store.listStates(b.tenant, own.id, own.id + 1, NOW + MAX_ACCESS_TOKEN_SECONDS), []);
  });

  define('what a revoked client had for itself is told as invalid as long as a token of it may live', async (b) => {
    const scene = await makeScene(b);
    const old = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    await b.store.revokeClient(b.tenant, APP, NOW);
    // Whoever asks for a new one lets the old one go.
    await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    const last = NOW + MAX_ACCESS_TOKEN_SECONDS - 1;
    await churn(b, scene, last);
    assert.deepEqual(await b.store.listStates(b.tenant, old.id, old.id + 1, last), [{ id: old.id, state: 'invalid' }]);
    await churn(b, scene, last + 1);
    assert.deepEqual(await b.store.listStates(b.tenant, old.id, old.id + 1, last + 1), []);
  });

  define('children are found by their parents, in pages', async (b) => {
    const scene = await makeScene(b);
    const [first, second, none] = [await makeGrant(b, scene), await makeGrant(b, scene), await makeGrant(b, scene)];
    const [a, c, e] = [await make(b, scene, first), await make(b, scene, first), await make(b, scene, first)];
    const d = await make(b, scene, second);
    await make(b, scene, a);
    const parents = [first, second, none].map((id) => ({ id, afterId: 0 }));
    const listed = await b.second.listChildren(b.tenant, parents, 2);
    assert.deepEqual(
      listed.toSorted((x, y) => x.id - y.id),
      [
        { id: a, clientId: APP, parentId: first },
        { id: c, clientId: APP, parentId: first },
        { id: d, clientId: APP, parentId: second },
      ].toSorted((x, y) => x.id - y.id),
    );
    assert.deepEqual(
      (await b.store.listChildren(b.tenant, [{ id: first, afterId: c }], 2)).map(({ id }) => id),
      [e],
    );
    assert.deepEqual(await b.store.listChildren(b.tenant, [], 2), []);
    assert.deepEqual(await b.store.listChildren(b.otherTenant, parents, 2), []);
  });

  define('a line is read from the grant to its root, and ends where one is gone', async (b) => {
    const scene = await makeScene(b);
    const line = [await makeGrant(b, scene)];
    while (line.length < MAX_LINEAGE) line.unshift(await make(b, scene, line[0] ?? grantId(1)));
    const read = await b.second.findLine(b.tenant, line[0] ?? grantId(1));
    assert.deepEqual(
      read,
      line.map((id, index) => ({ id, clientId: APP, parentId: line[index + 1] })),
    );
    assert.deepEqual(await b.store.findLine(b.tenant, grantId(1_000_000)), []);
    const parent = await makeGrant(b, scene, {}, { expiresAt: NOW + 365 * DAY });
    const orphan = await make(b, scene, parent, { expiresAt: NOW + 365 * DAY });
    await b.store.revokeGrant(b.tenant, parent, 'revoked_by_user', NOW);
    const later = NOW + REVOKED_KEPT_SECONDS;
    await churn(b, scene, later);
    assert.deepEqual(await b.store.findLine(b.tenant, orphan), [{ id: orphan, clientId: APP, parentId: parent }]);
    assert.equal((await b.store.listStates(b.tenant, orphan, orphan + 1, later))[0]?.state, 'invalid');
  });

  define('whoever reads the states after the head finds every revocation in the states or in the log beyond the head', async (b) => {
    const scene = await makeScene(b);
    const ids: GrantId[] = [];
    for (let index = 0; index < 50; index += 1) ids.push(await makeGrant(b, scene));
    const seen = new Set<number>();
    await race(b, async (store, index) => {
      const id = ids[index] ?? grantId(1);
      await store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW);
      if (index !== 25) return;
      const { seq } = await b.second.statusHead(b.tenant);
      for (const state of await b.second.listStates(b.tenant, 1, 1000, NOW)) seen.add(state.id);
      for (const entry of await b.second.readRevocations(b.tenant, seq, 100)) seen.add(Number(entry.subject));
      for (const entry of await b.second.readRevocations(b.tenant, 0, seq)) assert.ok(seen.has(Number(entry.subject)));
    });
  });
}

/** Enough that whatever may fall has fallen. */
async function churn(b: Bench, scene: Scene, now: number): Promise<void> {
  for (let index = 0; index < 40; index += 1) await makeCode(b, scene, { sessionId: undefined, expiresAt: now + 60, maxCodes: 5 }, now);
}

async function make(b: Bench, scene: Scene, parentId: GrantId, change: Parameters<typeof someAccess>[1] = {}): Promise<GrantId> {
  const made = await b.store.createGrant(b.tenant, someAccess(scene, { parentId, expiresAt: NOW + DAY, ...change }), NOW);
  assert.equal(made.kind, 'created');
  return made.id;
}

async function statesOf(b: Bench, now: number = NOW): Promise<Readonly<Record<number, string>>> {
  return asRecord(await b.second.listStates(b.tenant, 1, 1_000_000, now));
}

async function statesOfClient(b: Bench, limit: number): Promise<Readonly<Record<number, string>>> {
  const all: GrantState[] = [];
  let after: ClientPage | undefined;
  do {
    const page = await b.second.listClientStates(b.tenant, APP, after, limit, NOW);
    all.push(...page.states);
    after = page.next;
  } while (after !== undefined);
  return asRecord(all);
}

function asRecord(states: readonly GrantState[]): Readonly<Record<number, string>> {
  return Object.fromEntries(states.map(({ id, state }) => [id, state]));
}
