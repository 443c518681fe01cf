import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import type { DecisionRecord, Store } from '../port.ts';
import { APP, type Case, makeGrant, makeScene, makeUser, NOW, someClient } from './bench.ts';

export function searchCases(define: Case): void {
  define('users are found by their subject, and by the beginning of their folded name, page by page', async (b) => {
    const { store, tenant, otherTenant } = b;
    for (const name of ['Zoe', 'anna', 'Ann', 'ANNE', 'bob', '安娜', 'an\u{10fffe}']) await makeUser(b, name);
    const gone = await makeUser(b, 'annabel');
    await makeUser({ ...b, tenant: otherTenant }, 'annika');
    const ann = await store.findUserByName(tenant, 'ann');
    assert.equal((await store.findUserBySub(tenant, ann?.sub ?? ''))?.id, ann?.id);
    assert.equal((await store.findUserBySub(tenant, gone.sub))?.id, gone.id);
    await store.deleteUser(tenant, gone.id, NOW);
    assert.equal(await store.findUserBySub(tenant, gone.sub), undefined);
    const names = async (filter: Parameters<Store['searchUsers']>[1], limit = 100): Promise<string[]> =>
      (await store.searchUsers(tenant, filter, limit, NOW)).map(({ username }) => username);
    assert.deepEqual(await names({}), ['an\u{10fffe}', 'Ann', 'anna', 'ANNE', 'bob', 'Zoe', '安娜'].toSorted(byBytes));
    assert.deepEqual(await names({ prefix: 'ann' }), ['Ann', 'anna', 'ANNE']);
    assert.deepEqual(await names({ prefix: 'ann' }, 2), ['Ann', 'anna']);
    assert.deepEqual(await names({ prefix: 'ann', after: 'anna' }, 2), ['ANNE']);
    assert.deepEqual(await names({ prefix: '安' }), ['安娜']);
    assert.deepEqual(await names({ prefix: 'ann%' }), []);
    assert.deepEqual(await names({ prefix: '\u0001' }), [], 'no deleted one');
  });

  define('users that are disabled or locked are found among the others', async (b) => {
    const { store, tenant } = b;
    const [one, two, three] = [await makeUser(b, 'one'), await makeUser(b, 'two'), await makeUser(b, 'three')];
    await store.setUserEnabled(tenant, one.id, false, NOW);
    await store.lockUser(tenant, two.id, NOW + 60, NOW);
    await store.lockUser(tenant, three.id, NOW + 10, NOW);
    const names = async (filter: Parameters<Store['searchUsers']>[1], now: number): Promise<string[]> =>
      (await store.searchUsers(tenant, filter, 10, now)).map(({ username }) => username);
    assert.deepEqual(await names({ state: 'disabled' }, NOW), ['one']);
    assert.deepEqual(await names({ state: 'disabled', prefix: 'x' }, NOW), []);
    assert.deepEqual(await names({ state: 'locked' }, NOW), ['three', 'two']);
    assert.deepEqual(await names({ state: 'locked' }, NOW + 10), ['two'], 'not whose time is over');
  });

  define('clients are found by the beginning of their id, their source and whether they are enabled', async (b) => {
    const { store, tenant } = b;
    for (const [id, source, enabled] of [
      ['a1', 'config', true],
      ['a2', 'admin', false],
      ['a3', 'admin', true],
      ['b1', 'admin', true],
    ] as const)
      await store.putClient(tenant, { ...someClient(clientId(id)), source, enabled }, NOW);
    const ids = async (filter: Parameters<Store['searchClients']>[1], limit = 10): Promise<string[]> =>
      (await store.searchClients(tenant, filter, limit)).map(({ clientId: id }) => id);
    assert.deepEqual(await ids({}), ['a1', 'a2', 'a3', 'b1']);
    assert.deepEqual(await ids({ prefix: 'a', after: clientId('a1') }, 1), ['a2']);
    assert.deepEqual(await ids({ source: 'admin' }), ['a2', 'a3', 'b1']);
    assert.deepEqual(await ids({ source: 'admin', enabled: true, prefix: 'a' }), ['a3']);
    assert.deepEqual(await ids({ enabled: false }), ['a2']);
    assert.deepEqual(await ids({ source: 'admin', after: clientId('a3') }), ['b1']);
  });

  define('grants are told page by page, and counted with their users', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const grants = [await makeGrant(b, scene), await makeGrant(b, scene), await makeGrant(b, scene)];
    for (const filter of [{}, { userId: scene.user.id }, { clientId: APP }, { userId: scene.user.id, clientId: APP }]) {
      const seen: number[] = [];
      for (let before = grants[2]; before !== undefined; ) {
        const page = await store.listGrants(tenant, { ...filter, before }, 1);
        seen.push(...page.map(({ id }) => id));
        before = page.at(-1)?.id;
      }
      assert.deepEqual(seen, [grants[1], grants[0]], JSON.stringify(filter));
    }
    assert.deepEqual(await store.countGrants(tenant, { clientId: APP }, 100, NOW), { grants: 3, users: 1 });
    assert.deepEqual(await store.countGrants(tenant, { userId: scene.user.id }, 2, NOW), { grants: 2, users: 1 });
    await store.revokeClient(tenant, APP, NOW);
    assert.deepEqual(await store.countGrants(tenant, { clientId: APP }, 100, NOW), { grants: 0, users: 0 });
    assert.deepEqual(await store.countGrants(tenant, { userId: scene.user.id }, 100, NOW), { grants: 0, users: 0 });
  });

  define('the revocation log is told from its end', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    for (let i = 0; i < 3; i += 1) await store.revokeGrant(tenant, await makeGrant(b, scene), 'revoked_by_admin', NOW);
    const forward = await store.readRevocations(tenant, 0, 10);
    assert.deepEqual(await store.listRevocations(tenant, Number.MAX_SAFE_INTEGER, 10), forward.toReversed());
    const [, second] = forward;
    assert.deepEqual(
      (await store.listRevocations(tenant, second?.seq ?? 0, 10)).map(({ seq }) => seq),
      [1],
    );
  });

  define('decisions are found by client, error, endpoint and time', async ({ store, tenant }) => {
    const make = (id: string, clientId: string, error: string, endpoint: string): DecisionRecord => {
      return { id, at: NOW, endpoint, status: 400, error, clientId, record: '[]' };
    };
    const all = [make('01', 'a', 'x', 't'), make('02', 'b', 'x', 't'), make('03', 'a', 'y', 'u'), make('04', 'a', 'x', 'u')];
    await store.recordDecisions(tenant, all, 100);
    const ids = async (filter: Parameters<Store['listDecisions']>[2], limit = 10): Promise<string[]> =>
      (await store.listDecisions(tenant, limit, filter)).map(({ id }) => id);
    assert.deepEqual(await ids({ clientId: 'a' }), ['04', '03', '01']);
    assert.deepEqual(await ids({ clientId: 'a', before: '04' }, 1), ['03']);
    assert.deepEqual(await ids({ clientId: 'a', error: 'x' }), ['04', '01']);
    assert.deepEqual(await ids({ clientId: 'a', error: 'x', endpoint: 'u' }), ['04']);
    assert.deepEqual(await ids({ error: 'x', endpoint: 't' }), ['02', '01']);
    assert.deepEqual(await ids({ endpoint: 'u', from: '04' }), ['04']);
    assert.deepEqual(await ids({ from: '02', before: '04' }), ['03', '02']);
  });
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one.toLowerCase()), Buffer.from(other.toLowerCase()));
}
