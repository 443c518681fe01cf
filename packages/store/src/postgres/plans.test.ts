import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientId, tenantId, userId } from '@hufu/protocol/ids';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import { APP, bench, hashText, makeCode, makeGrant, makeScene, NOW, someClient, someCode, someSession } from '../contract/bench.ts';
import { MIGRATIONS } from '../migrations/list.ts';
import { migrate } from '../migrations/migrate.ts';
import type { Store } from '../port.ts';
import { type Database, openDatabase, type Statement } from './database.ts';
import { migrationTarget } from './migration-target.ts';
import { postgresStore } from './store.ts';

const cluster = await testPostgres();
const name = `hufu_plans_${process.pid}`;
const url = await createDatabase(name, cluster.url);
const db = openDatabase(url, { poolSize: 4, allowUnsafe: false, timeoutMs: 3000 });
const looking = new pg.Client({ connectionString: url });
const statements = new Map<string, Statement>();
const store = postgresStore(listening(db));

/** Meant to walk over a tenant, because they end at a limit or because a tenant has few of them. */
const WALKS: readonly RegExp[] = [
  /FROM keys WHERE tenant = \$1::bigint/,
  /FROM decisions WHERE tenant = \$1::bigint\s+ORDER BY id DESC/,
  /ORDER BY g\.id DESC LIMIT/,
];

describe('plans', () => {
  before(async () => {
    await looking.connect();
    await migrate(migrationTarget(url), MIGRATIONS);
    await useEveryVerb(store);
  });

  after(async () => {
    await store.close();
    await looking.end();
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

  test('a plan that was made for sixty-four rows finds its rows by their whole keys', async () => {
    await fill(64);
    assert.ok(statements.size > 45, `${statements.size} statements`);
    for (const statement of statements.values()) {
      for (const step of await explain(statement.text)) {
        if (WALKS.some((walk) => walk.test(statement.text))) continue;
        assert.ok(!/Seq Scan|Hash Join|Merge Join/.test(step), `${statement.text}\n${step}`);
        assert.ok(!/^ *(Index|Recheck) Cond: \(tenant = [^ ]+\)$/.test(step), `${statement.text}\n${step}`);
      }
    }
  });

  test('the hot statements are prepared by name, once a connection', async () => {
    const names = [...statements.values()].flatMap((statement) => statement.name ?? []);
    assert.equal(new Set(names).size, names.length);
    for (const hot of ['find_grants', 'rotate_grants', 'exchange_codes', 'find_client_versions', 'find_own_grants', 'take_marks'])
      assert.ok(names.includes(hot), hot);
  });

  test('a rotation stays in its page: no index learns of it', async () => {
    const { rows: indexes } = await looking.query<{ indexdef: string }>(`SELECT indexdef FROM pg_indexes WHERE tablename = 'grants'`);
    assert.ok(indexes.length >= 5);
    for (const { indexdef } of indexes) assert.ok(!/generation|key_id|rotated_at/.test(indexdef), indexdef);
  });

  test('a table that grows is analysed before autovacuum looks', async () => {
    const analysed = async (): Promise<number> => {
      const { rows } = await looking.query<{ count: string }>(
        `SELECT sum(analyze_count) AS count FROM pg_stat_user_tables WHERE relname IN ('marks', 'users')`,
      );
      return Number(rows[0]?.count);
    };
    const first = await analysed();
    const growing = postgresStore({ ...db, close: async () => {} });
    const tenant = tenantId(7);
    for (let index = 0; index < 64; index += 1) {
      await growing.takeOnce(tenant, 'interaction', hashText(index), NOW + 60, NOW);
      await growing.createUser(tenant, { sub: `${index}`, username: `${index}`, passwordHash: undefined, claims: {} }, NOW);
    }
    await growing.close();
    // The server tells its statistics a little later.
    for (let attempt = 0; attempt < 100 && (await analysed()) < first + 2; attempt += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await analysed(), first + 2);
  });
});

/** The same database, of which every statement is noted. */
function listening(database: Database): Database {
  const note = (statement: Statement): void => {
    const known = statements.get(statement.text);
    assert.ok(known === undefined || known.name === statement.name);
    if (!statement.text.startsWith('ANALYZE')) statements.set(statement.text, statement);
  };
  return {
    run: async <R extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      note(statement);
      return await database.run<R>(statement, values);
    },
    runTogether: async (steps) => {
      for (const { statement } of steps) note(statement);
      return await database.runTogether(steps);
    },
    transact: async (act) =>
      await database.transact(
        async (session) =>
          await act({
            run: async <R extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
              note(statement);
              return await session.run<R>(statement, values);
            },
          }),
      ),
    close: async () => await database.close(),
  };
}

async function useEveryVerb(all: Store): Promise<void> {
  const b = await bench({ store: all, countRows: async () => 0, close: async () => {} });
  const { tenant } = b;
  const scene = await makeScene(b);
  const { user, session } = scene;
  await all.time();
  await all.listClients(tenant, '', 1);
  await all.findClient(tenant, APP);
  await all.findUser(tenant, user.id);
  await all.findUserByName(tenant, user.username);
  await all.listUsers(tenant, 0, 1);
  await all.setClaims(tenant, user.id, {}, NOW);
  await all.upgradePasswordHash(tenant, user.id, 'a', 'b');
  await all.giveConsent(tenant, user.id, APP, ['openid'], [], NOW);
  await all.giveConsent(tenant, user.id, APP, ['email'], [], NOW);
  await all.findConsent(tenant, user.id, APP);
  await all.listConsents(tenant, user.id);
  const [grant] = [await makeGrant(b, scene), await makeCode(b, scene, { needsConsent: true })];
  await all.findGrant(tenant, grant);
  await all.rotate(tenant, grant, 1, 1, NOW);
  await all.revokeToken(tenant, grant, 'token', NOW + 60, NOW);
  await all.findRevokedToken(tenant, grant, 'token');
  await all.ownGrant(tenant, APP, ['a'], [], 1, NOW);
  for (const filter of [{}, { userId: user.id }, { clientId: APP }, { userId: user.id, clientId: APP }])
    await all.listGrants(tenant, filter, 10);
  await all.revokeGrant(tenant, grant, 'revoked_by_user', NOW);
  await all.takeOnce(tenant, 'interaction', 'value', NOW + 60, NOW);
  await all.openSession(tenant, someSession(user), session.id, NOW);
  const other = await all.createUser(tenant, { sub: 's', username: 'u', passwordHash: undefined, claims: {} }, NOW);
  const opened = await all.openSession(tenant, someSession(other.user), undefined, NOW);
  if (opened.kind === 'opened') {
    await all.findSession(tenant, opened.session.id);
    await all.listSessions(tenant, user.id, 10, NOW);
    await all.openSession(tenant, someSession(user), opened.session.id, NOW);
    await all.endSession(tenant, opened.session.id, NOW);
  }
  await all.createGrant(tenant, someCode({ ...scene, session }, { sessionId: undefined }), NOW);
  await all.withdrawConsent(tenant, user.id, APP, NOW);
  await all.changePassword(tenant, user.id, 'new', undefined, NOW);
  await all.revokeUser(tenant, user.id, 'revoked_by_user', NOW);
  await all.setUserEnabled(tenant, user.id, false, NOW);
  await all.putClient(tenant, { ...someClient(), enabled: false }, NOW);
  await all.revokeClient(tenant, APP, NOW);
  await all.addKey(
    tenant,
    { use: 'seal', alg: '', publicJwk: '', sealedPrivate: new Uint8Array(1), createdAt: 1, activeAt: 1, retiredAt: 0, expiresAt: 0 },
    0,
  );
  await all.listKeys(tenant);
  await all.keysVersion(tenant);
  await all.retireKey(tenant, 1, 1, 1);
  await all.removeKey(tenant, 1);
  await all.recordDecisions(tenant, [{ id: 'd', at: 1, endpoint: '', status: 400, error: '', clientId: '', record: '[]' }], 1);
  await all.findDecision(tenant, 'd');
  await all.listDecisions(tenant, 1);
  await all.readRevocations(tenant, 0, 1);
  assert.equal(await all.findClient(tenant, clientId('nobody')), undefined);
  assert.equal(await all.findUser(tenant, userId(99)), undefined);
}

/** Every table has `count` rows of tenant 1, and the planner knows it. */
async function fill(count: number): Promise<void> {
  const tables: Readonly<Record<string, string>> = {
    tenants: `g, 't' || g`,
    counters: `g, 'grant', 1`,
    clients: `1, 'client-' || g, '{}', '[]', 1, 0, 1, 'config', 1, NULL, NULL`,
    users: `1, g, 's' || g, 'u' || g, 'u' || g, NULL, '{}', 1, 1, 1, 1`,
    sessions: `1, g, 1 + g % 16, 's', 1, '', 1, 2000000000 + g, NULL, '', 2000000000 + g`,
    consents: `1, 1 + g % 16, 'client-' || g, '', '', 1, 1`,
    revoked_tokens: `1, g, 'token', 2000000000 + g`,
    marks: `1, 'interaction', 2000000000 + g, 'value'`,
    keys: `1, g, 'seal', '', '', '', 1, 1, 0, 0`,
    decisions: `1, 'd' || g, 1, '', 400, '', '', ''`,
    revocations: `1, g, 'grant', 's', 'r', 1, 2000000000 + g`,
  };
  for (const [table, values] of Object.entries(tables)) {
    await looking.query(`DELETE FROM ${table}`);
    await looking.query(`INSERT INTO ${table} SELECT ${values} FROM generate_series(1, ${count}) AS g`);
    await looking.query(`ANALYZE ${table}`);
  }
  await looking.query('DELETE FROM grants');
  await looking.query(`INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject, client_id,
      client_epoch, session_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, secret_hash, access_hash, purge_at)
    SELECT 1, g, 1, 1, 1, 2000000000, 0, 0, 1 + g % 16, 's', 'client-' || g % 8, 0, 1 + g % 32, 'openid', '', 1, '', 0, 1, 1, 'a', 'b', 2000000000
    FROM generate_series(1, ${count}) AS g`);
  await looking.query('ANALYZE grants');
}

async function explain(text: string): Promise<string[]> {
  const lines = await db.transact(async (session) => {
    await session.run({ text: `PREPARE looked_at AS ${text}` }, []);
    const [prepared] = await session.run<{ types: string[] }>(
      { text: `SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'looked_at'` },
      [],
    );
    const values = (prepared?.types ?? []).map((type) => `NULL::${type}`).join(', ');
    const plan = await session.run<{ 'QUERY PLAN': string }>(
      { text: `EXPLAIN (COSTS OFF) EXECUTE looked_at${values === '' ? '' : `(${values})`}` },
      [],
    );
    await session.run({ text: 'DEALLOCATE looked_at' }, []);
    return plan;
  });
  return lines.map((line) => line['QUERY PLAN']);
}
