import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tenantId } from '@hufu/protocol/ids';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import { hashText, NOW } from '../contract/bench.ts';
import { useEveryVerb } from '../contract/every-verb.ts';
import { until } from '../contract/until.ts';
import { MIGRATIONS } from '../migrations/list.ts';
import { migrate } from '../migrations/migrate.ts';
import { openDatabase, type Statement } from './database.ts';
import { REMOVE_CONSENTS, REMOVE_OF_SOME, REMOVE_SOME } from './forgotten-consents.ts';
import { NEWEST_OF_CLIENTS } from './list-grants.ts';
import { migrationTarget } from './migration-target.ts';
import { postgresStore } from './store.ts';
import { tracedDatabase } from './traced-database.ts';

const cluster = await testPostgres();
const name = `hufu_plans_${process.pid}`;
const url = await createDatabase(name, cluster.url);
const db = openDatabase(url, { poolSize: 4, allowUnsafe: false, timeoutMs: 3000 });
const looking = new pg.Client({ connectionString: url });
const statements = new Map<string, Statement>();
const store = postgresStore(tracedDatabase(db, note));

/** Meant to walk over a tenant, because they end at a limit or because a tenant has few of them. */
const WALKS: readonly RegExp[] = [
  /FROM keys WHERE tenant = \$1::bigint/,
  /FROM limit_rules WHERE tenant = \$1::bigint (ORDER BY name|AND name <> )/,
  /FROM revocation_logs WHERE tenant = \$1::bigint/,
  /(FROM|UPDATE) audit_heads .*WHERE tenant = \$1::bigint/,
  /FROM administrators (a\s|WHERE tenant = \$1::bigint AND user_id <> )/,
  /FROM webhooks w WHERE w\.tenant = \$1::bigint( ORDER BY w\.id| AND w\.enabled|$)/,
  /FROM decisions WHERE tenant = \$1::bigint\s+ORDER BY id DESC/,
  // Over what is kept of one share, once for each sixteenth that it has grown.
  /DELETE FROM decisions WHERE tenant = \$1::bigint AND id = ANY/,
  /ORDER BY g\.id DESC/,
  /^SELECT id FROM grants WHERE tenant = \$1::bigint AND id < .*OFFSET/,
  /DELETE FROM history WHERE tenant = \$1::bigint AND \(minute, id\) <=/,
  /FROM mails WHERE tenant = \$1::bigint AND due_at IS NOT NULL ORDER BY due_at, id LIMIT/,
  /ORDER BY d\.died_at DESC, d\.id DESC LIMIT/,
  /FROM forgotten_consents WHERE tenant = \$1::bigint ORDER BY client_id LIMIT/,
  /FROM revocation_followers f\s.*ORDER BY f\.client_id, f\.node LIMIT/s,
  /FROM metric_nodes\s+WHERE tenant = \$1::bigint ORDER BY seen_at DESC/,
];

/** By what each list goes, in its order. */
const LIST_INDEXES: readonly (readonly [index: string, list: RegExp])[] = [
  ['users_by_name', /FROM users WHERE .*deleted_at IS NULL AND true ORDER BY username_folded/s],
  ['users_disabled', /FROM users WHERE .*deleted_at IS NULL AND enabled = 0 ORDER/s],
  ['users_locked', /FROM users WHERE .*locked_until > \$6/s],
  ['clients_pkey', /FROM clients WHERE .*client_id <> \$4::text\s+ORDER BY client_id LIMIT/s],
  ['clients_of_source', /FROM clients WHERE .*source = \$6::text.*ORDER BY client_id/s],
  ['grants_by_client', /FROM grants g .*AND g\.id < \$3::bigint AND g\.client_id = \$4.*ORDER BY g\.id DESC/s],
  ['revocations_pkey', /FROM revocations .*ORDER BY seq DESC/s],
  ['decisions_pkey', /FROM decisions WHERE tenant = \$1::bigint( AND id < \S+ AND id >= \S+)? ORDER BY id DESC LIMIT/],
  ['decisions_by_client', /FROM decisions WHERE tenant = \$1::bigint AND client_id = \S+ ORDER BY id/],
  ['decisions_by_error', /FROM decisions WHERE tenant = \$1::bigint AND error = \S+ ORDER BY id/],
  ['decisions_by_endpoint', /^SELECT id, made_at.* FROM decisions WHERE tenant = \$1::bigint AND endpoint = \S+ ORDER BY id/],
  ['decisions_by_error_and_endpoint', /FROM decisions WHERE tenant = \$1::bigint AND error = \S+ AND endpoint = \S+ ORDER BY id/],
  [
    'decisions_by_client_and_error',
    /FROM decisions WHERE tenant = \$1::bigint AND client_id = \S+ AND error = \S+ AND endpoint = \S+ ORDER BY id/,
  ],
  [
    'decisions_by_client_and_error',
    /WITH RECURSIVE kinds .*FROM decisions .*AND client_id = \S+ AND error = \S+ AND endpoint = kinds\.kind ORDER BY id/s,
  ],
  [
    'decisions_by_client_and_error',
    /WITH RECURSIVE kinds .*FROM decisions .*AND client_id = \S+ AND endpoint = \S+ AND error = kinds\.kind ORDER BY id/s,
  ],
  ['audit_log_pkey', /FROM audit_log\s+WHERE .*at_ms \+ 0 < \$5::bigint\s+ORDER BY seq DESC/s],
  ['audit_log_by_actor', /FROM audit_log\s+WHERE .*AND actor_id = \$8::text\s+ORDER BY seq DESC/s],
  ['audit_log_by_target', /FROM audit_log\s+WHERE .*AND target_kind = \$7::text AND target_id = \$8::text\s+ORDER BY seq DESC/s],
  ['audit_log_by_action', /FROM audit_log\s+WHERE .*AND action = \$7::text\s+ORDER BY seq DESC/s],
  ['audit_log_by_actor_and_action', /FROM audit_log\s+WHERE .*AND actor_id = \$8::text AND action = \$9::text\s+ORDER BY seq DESC/s],
  [
    'audit_log_by_target_and_action',
    /FROM audit_log\s+WHERE .*AND target_kind = \$7::text AND target_id = \$8::text AND action = \$9::text\s+ORDER BY seq DESC/s,
  ],
  ['audit_log_by_actor_and_target', /FROM audit_log\s+WHERE .*AND target_id = \$10::text AND action = \$11::text\s+ORDER BY seq DESC/s],
  ['audit_log_by_actor_and_target', /WITH RECURSIVE kinds .*FROM audit_log .*AND action = kinds\.kind\s+ORDER BY seq DESC/s],
  ['audit_log_by_time', /FROM audit_log WHERE .*ORDER BY at_ms/],
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
    assert.ok(statements.size > 65, `${statements.size} statements`);
    for (const statement of statements.values()) {
      for (const step of await explain(statement.text)) {
        if (WALKS.some((walk) => walk.test(statement.text))) continue;
        assert.ok(!/Seq Scan|Hash Join|Merge Join/.test(step), `${statement.text}\n${step}`);
        assert.ok(!/^ *(Index|Recheck) Cond: \(tenant = [^ ]+\)$/.test(step), `${statement.text}\n${step}`);
      }
    }
  });

  test('the newest dead deliveries and the most overdue living ones, notifications and mails, are read in order, without sorting all of them', async () => {
    const ordered = [...statements.values()].filter(({ text }) => /ORDER BY (d\.died_at DESC|due_at, id)/.test(text));
    assert.equal(ordered.length, 5);
    for (const { text } of ordered) {
      const plan = (await explain(text)).join('\n');
      assert.match(plan, /Index (Only )?Scan( Backward)? using (deliveries|pending_authorizations|mails)_(dead|due)/);
      assert.doesNotMatch(plan, /Sort/);
    }
  });

  test('every list that an administrator may ask for goes along an index in its own order, however many rows there are', async () => {
    await (filled ??= fillLists());
    for (const [index, list] of LIST_INDEXES) {
      const asked = [...statements.values()].filter(({ text }) => list.test(text));
      assert.ok(asked.length > 0, String(list));
      for (const { text } of asked) {
        const plan = (await explain(text)).join('\n');
        assert.match(plan, new RegExp(`Index (Only )?Scan( Backward)? using ${index}\\b`), `${text}\n${plan}`);
        // Of each kind one page is sorted with the others, and no more.
        const rest = plan.replace(/-> {2}Sort\n *Sort Key: [^\n]*\n *-> {2}Nested Loop\n *-> {2}CTE Scan on kinds\n/, '');
        assert.doesNotMatch(rest, /Sort|Seq Scan|Bitmap|Aggregate/, `${text}\n${plan}`);
      }
    }
  });

  test('the newest living grants are looked for in pages and client by client, never in all of them', async () => {
    await (filled ??= fillLists());
    const [end] = [...statements.values()].filter(({ text }) => /^SELECT id FROM grants .*OFFSET/.test(text));
    assert.ok(end !== undefined);
    assert.match((await explain(end.text)).join('\n'), /Index Only Scan Backward using grants_pkey/);
    const plan = (await explain(NEWEST_OF_CLIENTS.text)).join('\n');
    assert.match(plan, /Index (Only )?Scan Backward using grants_by_client/);
    assert.match(plan, /Index Cond: \(\(tenant = [^)]+\) AND \(client_id = o\.client_id\) AND \(client_epoch = o\.epoch\) AND \(id < /);
  });

  test('what comes from a grant is found parent by parent, and no more of it is read than is wanted', async () => {
    await (filled ??= fillLists());
    const trees = [...statements.values()].filter(({ text }) => text.startsWith('WITH RECURSIVE tree'));
    assert.equal(trees.length, 2);
    for (const { text } of trees) {
      const plan = (await explain(text)).join('\n');
      assert.match(
        plan,
        /Limit\s+-> +Index Scan using grants_by_parent on grants child\s+Index Cond: \(\(tenant = [^)]+\) AND \(parent_id = tree\S*\.id\)/,
        plan,
      );
      assert.match(plan, /Index Scan using grants_pkey on grants g\s+Index Cond: \(\(tenant = [^)]+\) AND \(id = tree\S*\.id\)\)/, plan);
    }
  });

  test('forgotten consents are found by their client and its epoch, past those that stand', async () => {
    await fill(64);
    for (const { text } of [REMOVE_CONSENTS, REMOVE_OF_SOME, REMOVE_SOME]) {
      const plan = (await explain(text)).join('\n');
      assert.match(
        plan,
        /Index (Only )?Scan using consents_by_epoch on consents.*\s+Index Cond: .*client_id = .*COALESCE\(client_epoch/,
        `${text}\n${plan}`,
      );
      assert.doesNotMatch(plan, /Seq Scan/, plan);
    }
  });

  test('the hot statements are prepared by name, once a connection', async () => {
    const names = [...statements.values()].flatMap((statement) => statement.name ?? []);
    assert.equal(new Set(names).size, names.length);
    for (const hot of [
      'find_grants',
      'rotate_grants',
      'exchange_codes',
      'find_client_versions',
      'find_own_grants',
      'take_marks',
      'create_grant',
      'admit',
      'push_request',
      'note_poll',
      'use_factor',
      'take_try',
      'answer_challenge',
    ])
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
    await until(async () => (await analysed()) >= first + 2);
    assert.equal(await analysed(), first + 2);
  });
});

function note(statement: Statement): void {
  const known = statements.get(statement.text);
  assert.ok(known === undefined || known.name === statement.name);
  if (!statement.text.startsWith('ANALYZE')) statements.set(statement.text, statement);
}

/** Every table has `count` rows of tenant 1 and no page that held others, and the planner knows it: nothing is left for autovacuum to find out meanwhile. */
async function fill(count: number): Promise<void> {
  const tables: Readonly<Record<string, string>> = {
    tenants: `g, 't' || g`,
    counters: `g, 'grant', 1`,
    clients: `1, 'client-' || g, '{}', '[]', 1, 0, 1, CASE WHEN g % 2 = 0 THEN 'config' ELSE 'registered' END, 1, NULL, NULL`,
    users: `1, g, 's' || g, 'u' || g, 'u' || g, NULL, '{}', 1, 1, 1, 1`,
    sessions: `1, g, 1 + g % 16, 's', 1, '', 1, 2000000000 + g, NULL, '', 2000000000 + g`,
    devices: `1, 1 + g % 16, g, 'b' || g, 'n', 'desktop', 'a', '', 1, 1, NULL, 0, 0, NULL`,
    consents: `1, 1 + g % 16, 'client-' || g, '', '', 1, 1, CASE WHEN g % 2 = 0 THEN 1 END`,
    forgotten_consents: `1, 'client-' || g, 1`,
    revoked_tokens: `1, g, 'token', 2000000000 + g`,
    participants: `1, 1 + g % 16, 'client-' || g, 'sid', 's', 1`,
    deliveries: `1, g, 'client-' || g % 8, 's', 'sid', 1, 0, CASE WHEN g % 2 = 0 THEN g END, CASE WHEN g % 2 = 1 THEN g END, '', 2000000000 + g`,
    pushed_requests: `1, g, 's', 'client-' || g % 8, 0, '', NULL, 1, 2000000000 + g`,
    pending_authorizations: `1, g, CASE WHEN g % 2 = 0 THEN 'device' ELSE 'backchannel' END, 'client-' || g % 8, 's', CASE WHEN g % 2 = 0 THEN 'c' || g END,
      1 + g % 16, '{}', 1, 2000000000 + g, 5, NULL, CASE WHEN g % 4 < 2 THEN 'pending' ELSE 'denied' END, NULL, 0, CASE WHEN g % 4 = 3 THEN g END`,
    marks: `1, 'interaction', 2000000000 + g, 'value'`,
    keys: `1, g, 'seal', '', '', '', 1, 1, 0, 0`,
    decisions: `1, 'd' || g, 1, '', 400, '', '', ''`,
    history: `1, g, g, '{}', 1`,
    edge_records: `1, 'e', 'i' || g, 1, '', 's' || g, 'd' || g, 1, 1, 1, 0, 2000000000 + g, CASE WHEN g % 2 = 0 THEN g END, 1, 'r', CASE WHEN g % 2 = 0 THEN g END, 2000000000 + g`,
    administrators: `1, g, 'read', 1, 'cli'`,
    webhooks: `1, 'w' || g, '', '', '[]', '[]', 1, '', 1, 1, g, 0, 0, 0, 0, 0, 1, 0, 0, 0`,
    webhook_deliveries: `1, 'w' || g % 16, g, '', '', CASE WHEN g % 2 = 0 THEN 'dead' ELSE 'due' END, 1, '', 1`,
    kept_replies: `1, 'n' || g, 'd', 1, NULL, 2000000000 + g`,
    edge_marks: `1, 'e', 'u' || g, 1, 2000000000 + g`,
    verified_emails: `1, 'a' || g, 1 + g % 16`,
    factors: `1, 1 + g % 16, g, 'passkey', '', 'l' || g, '{}', 0, 1, NULL`,
    recovery_codes: `1, 1 + g % 16, 'c' || g, 1`,
    tries: `1, 'second_factor', 's' || g, 1, 2000000000 + g`,
    challenges: `1, g, 'sign_in', CASE WHEN g % 2 = 0 THEN 1 + g % 16 END, 'a' || g % 16, '', '', '', 0, '{}', 0, g, 2000000000 + g, NULL`,
    mails: `1, g, '', 0, CASE WHEN g % 2 = 0 THEN g END, 1, 2000000000 + g, NULL`,
    identities: `1, 'corp', 'i', 's' || g, 1 + g % 16, '', 1, 1`,
    user_events: `1, 1 + g % 16, g, g, 'k', '{}'`,
    revocations: `1, g, 'grant', 's', 'r', 1, 2000000000 + g`,
    revocation_logs: `g, 'e'`,
    revocation_followers: `1, 'client-' || g % 8, 'n' || g, 'e', g, 1, 0`,
    revocation_points: `1, 'client-' || g % 8, 'n' || g, g, g`,
    limit_rules: `1, 'l' || g, '{}', 1, 'cli'`,
    metric_nodes: `1, 'i' || g, 'n', 'v', 1, g, 0, '{}'`,
    metric_rows: `1, 60, g, 'i' || g % 8, '{}'`,
    audit_heads: `g, 1, 'h'`,
    audit_checkpoints: `1, g, 'h', g, 'j', 'k'`,
    audit_inbox: `1, g, g, 'user', 'u' || g, '', '', 'a', 'user', 'u' || g, '{}', 'm'`,
  };
  for (const [table, values] of Object.entries(tables)) {
    await looking.query(`TRUNCATE ${table}`);
    await looking.query(`INSERT INTO ${table} SELECT ${values} FROM generate_series(1, ${count}) AS g`);
    await looking.query(`VACUUM ANALYZE ${table}`);
  }
  await looking.query('TRUNCATE grants');
  await looking.query(`INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject, client_id,
      client_epoch, session_id, parent_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, secret_hash, access_hash, purge_at)
    SELECT 1, g, 1, 1, 1, 2000000000, 0, 0, 1 + g % 16, 's', 'client-' || g % 8, 0, 1 + g % 32, CASE WHEN g % 4 = 0 THEN g - 1 END, 'openid', '', 1, '', 0, 1, 1, 'a', 'b', 2000000000
    FROM generate_series(1, ${count}) AS g`);
  await looking.query('VACUUM ANALYZE grants');
  await looking.query('TRUNCATE audit_log');
  await looking.query(`INSERT INTO audit_log (tenant, seq, id, at_ms, actor_kind, actor_id, via, request_id, action, target_kind, target_id, details, mac, hash)
    SELECT 1, g, g, g, 'user', 'u' || g % 8, '', '', 'a' || g % 8, 'user', 'u' || g, '{}', 'm', 'h' FROM generate_series(1, ${count}) AS g`);
  await looking.query('VACUUM ANALYZE audit_log');
  const { rows: left } = await looking.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples <> ${count} AND relname <> 'schema_migrations'`,
  );
  assert.deepEqual(left, [], 'every table has its line above');
}

let filled: Promise<void> | undefined;

/** What is listed is as skewed as it is with people: half is of one client, one error, one actor. The planner knows it. */
async function fillLists(): Promise<void> {
  const rows: Readonly<Record<string, string>> = {
    users: `INSERT INTO users (tenant, id, sub, username, username_folded, claims, enabled, created_at, updated_at, password_changed_at, locked_until)
      SELECT 1, g, 's' || g, 'u' || g, 'u' || g, '{}', CASE WHEN g % 100 = 0 THEN 0 ELSE 1 END, 1, 1, 1, CASE WHEN g % 50 = 1 THEN 2000000000 END FROM generate_series(1, 20000) AS g`,
    clients: `INSERT INTO clients SELECT 1, 'client-' || g, '{}', '[]', 1, 0, 1, CASE WHEN g % 50 = 0 THEN 'admin' ELSE 'registered' END, 1, NULL, NULL FROM generate_series(0, 2000) AS g`,
    revocations: `INSERT INTO revocations SELECT 1, g, 'grant', 's', 'r', 1, 2000000000 + g FROM generate_series(1, 20000) AS g`,
    decisions: `INSERT INTO decisions SELECT 1, lpad(g::text, 8, '0'), 1, CASE WHEN g % 2 = 0 THEN 'token' ELSE 'e' || g % 10 END, 400, CASE WHEN g % 2 = 0 THEN 'invalid_grant' ELSE 'x' || g % 20 END,
        CASE WHEN g % 2 = 0 THEN 'client-0' ELSE 'client-' || g % 1000 END, '{}' FROM generate_series(1, 30000) AS g`,
    audit_log: `INSERT INTO audit_log (tenant, seq, id, at_ms, actor_kind, actor_id, via, request_id, action, target_kind, target_id, details, mac, hash)
      SELECT 1, g, g, 1000 * g, 'user', CASE WHEN g % 2 = 0 THEN 'u0' ELSE 'u' || g % 500 END, '', '', 'a' || g % 50, 'user', CASE WHEN g % 3 = 0 THEN 'u1' ELSE 'u' || g % 500 END, '{}', 'm', 'h'
      FROM generate_series(1, 30000) AS g`,
    grants: `INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject, client_id,
        client_epoch, session_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, secret_hash, access_hash, purge_at)
      SELECT 1, g, 1, 1, 1, 2000000000, 0, 0, 1 + g % 5000, 's', CASE WHEN g % 2 = 0 THEN 'client-0' ELSE 'client-' || g % 2000 END, 0, g, 'openid', '', 1, '', 0, 1, 1, 'a', 'b', 2000000000
      FROM generate_series(1, 30000) AS g`,
  };
  for (const [table, insert] of Object.entries(rows)) {
    await looking.query(`TRUNCATE ${table}`);
    await looking.query(insert);
    await looking.query(`VACUUM ANALYZE ${table}`);
  }
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
