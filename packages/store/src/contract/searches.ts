import assert from 'node:assert/strict';
import { clientId, type GrantId } from '@hufu/protocol/ids';
import type { AuditFilter, DecisionRecord, GrantFilter, Store } from '../port.ts';
import { LOOKED_THROUGH } from '../retention.ts';
import { someActor } from './audit.ts';
import { APP, type Case, makeGrant, makeScene, makeUser, NOW, someClient } from './bench.ts';
import { everyPart } from './every-verb.ts';

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

  define('the newest living grants are found behind any number of dead ones, once each', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const others = await Promise.all(
      ['b', 'c', 'gone'].map(async (id) => ({ ...scene, client: await store.putClient(tenant, someClient(clientId(id)), NOW) })),
    );
    const living: GrantId[] = [];
    for (let round = 0; round < 3; round += 1) for (const of of [scene, ...others.slice(0, 2)]) living.push(await makeGrant(b, of));
    const [, , gone] = others;
    assert.ok(gone !== undefined);
    let last: number = await makeGrant(b, gone);
    // Twice as many again and again, until there are more than are looked through.
    for (let count = 1; count < 2 * LOOKED_THROUGH; count *= 2) {
      await b.changeRows(
        `INSERT INTO grants (tenant, id, ${LIKE_IT}) SELECT tenant, id + ${count}, ${LIKE_IT} FROM grants WHERE client_id = 'gone'`,
      );
      last += count;
    }
    const above = await store.putClient(tenant, someClient(clientId('above')), NOW);
    await b.changeRows(
      `INSERT INTO grants (tenant, id, ${LIKE_IT}) SELECT tenant, ${last + 1}, ${LIKE_IT.replace('client_id', "'above'")} FROM grants WHERE id = ${last} AND tenant = ${tenant}`,
    );
    const ids = async (filter: GrantFilter, limit: number): Promise<number[]> =>
      (await store.listGrants(tenant, filter, limit)).map(({ id }) => id);
    assert.deepEqual(await ids({}, 2), [last + 1, last]);
    await store.revokeClient(tenant, clientId('gone'), NOW);
    const expected = [last + 1, ...living.toReversed()];
    assert.equal(above.clientId, 'above');
    assert.deepEqual(await ids({}, 100), expected);
    const seen: number[] = [];
    for (let filter: GrantFilter = {}; ; ) {
      const page = await store.listGrants(tenant, filter, 2);
      seen.push(...page.map(({ id }) => id));
      const end = page.at(-1)?.id;
      if (end === undefined) break;
      filter = { before: end };
    }
    assert.deepEqual(seen, expected, 'page by page');
    for (const id of ['app', 'b', 'c', 'above']) await store.revokeClient(tenant, clientId(id), NOW);
    assert.deepEqual(await ids({}, 100), []);
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
    assert.deepEqual(await ids({ endpoint: '' }), []);
  });

  define('decisions are found by each choice of what they are found by, newest first, page by page', async ({ store, tenant }) => {
    const [clients, errors, endpoints] = [
      ['', 'a', 'b'],
      ['', 'x', 'y'],
      ['', 't', 'edge'],
    ] as const;
    const all = Array.from({ length: 108 }, (_, n): DecisionRecord => {
      const [clientId = '', error = '', endpoint = ''] = [clients[n % 3], errors[Math.floor(n / 3) % 3], endpoints[Math.floor(n / 9) % 3]];
      return { id: `${1000 + n}`, at: NOW, endpoint, status: 400, error, clientId, record: '[]' };
    });
    await store.recordDecisions(tenant, all, 1_000);
    for (const filter of everyPart({ clientId: 'a', error: '', endpoint: 't' }))
      for (const range of [{}, { before: '1099' }, { from: '1040' }, { from: '1010', before: '1090' }]) {
        const fits = all.filter(
          (one) =>
            Object.entries(filter).every(([name, value]) => one[name as keyof typeof filter] === value) &&
            one.id < (range.before ?? 'z') &&
            one.id >= (range.from ?? ''),
        );
        const expected = fits.map(({ id }) => id).toReversed();
        const found = (await store.listDecisions(tenant, 100, { ...filter, ...range })).map(({ id }) => id);
        assert.deepEqual(found, expected.slice(0, 100), JSON.stringify([filter, range]));
        assert.deepEqual(
          (await store.listDecisions(tenant, 3, { ...filter, ...range })).map(({ id }) => id),
          expected.slice(0, 3),
        );
      }
  });

  define('entries of the audit log are found by each choice of what they are found by, newest first', async (b) => {
    const { store, tenant } = b;
    const kinds = ['user', 'admin', 'cli'] as const;
    for (let n = 0; n < 24; n += 1) {
      const acting = store.actingAs(
        someActor({
          actor: { kind: kinds[n % 3] ?? 'cli', id: `${n % 2}` },
          nowMs: () => (NOW + n) * 1000,
          target: { kind: 'client', id: `${n % 4}` },
        }),
      );
      await acting.putClient(tenant, { ...someClient(), metadata: { client_name: `${n}` } }, NOW);
      await acting.revokeClient(tenant, APP, NOW);
    }
    for (let round = 0; round < 10; round += 1) await store.sealAudit(tenant, 100);
    const all = (await store.readAudit(tenant, 0, 1_000)).toReversed();
    assert.ok(all.length >= 48);
    for (const filter of everyPart<AuditFilter>({
      actor: { kind: 'admin', id: '0' },
      target: { kind: 'client', id: '2' },
      action: 'client.revoked',
    }))
      for (const limit of [2, 100]) {
        const { actor, target, action } = filter;
        const fits = all.filter(
          (one) =>
            (actor === undefined || (one.actor.kind === actor.kind && one.actor.id === actor.id)) &&
            (target === undefined || (one.target.kind === target.kind && one.target.id === target.id)) &&
            (action === undefined || one.action === action),
        );
        assert.ok(fits.length > 0);
        assert.deepEqual(await store.listAudit(tenant, filter, limit), fits.slice(0, limit), JSON.stringify(filter));
      }
  });
}

/** All that a grant has to have, but its number. */
const LIKE_IT =
  'generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject, client_id, client_epoch, scopes, resources, amr, offline, created_at, redeemed, purge_at';

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one.toLowerCase()), Buffer.from(other.toLowerCase()));
}
