import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tenantId } from '@hufu/protocol/ids';
import { useEveryVerb } from '../contract/every-verb.ts';
import { MIGRATIONS } from '../migrations/list.ts';
import { migrate } from '../migrations/migrate.ts';
import { Connection, type Lazy } from './connection.ts';
import { GROUP_LIMITS } from './group-commit.ts';
import { migrationTarget } from './migration-target.ts';
import { sqliteStore } from './store.ts';

class Listening extends Connection {
  readonly statements: string[] = [];
  override lazy(sql: string): Lazy {
    this.statements.push(sql);
    return super.lazy(sql);
  }
}

/** Meant to walk over a tenant, because they end at a limit or because a tenant has few of them. */
const WALKS: readonly RegExp[] = [
  /FROM keys WHERE tenant = \? ORDER BY id$/,
  /FROM limit_rules WHERE tenant = \? (ORDER BY name|AND name <> \?)$/,
  /FROM revocation_logs WHERE tenant = \?$/,
  /FROM audit_heads WHERE tenant = \?$/,
  /^SELECT count\(\*\), count\(DISTINCT user_id\) FROM \(.* LIMIT \?4\)$/s,
  /FROM administrators (a\s|WHERE tenant = \? AND user_id <> \?$)/,
  /FROM webhooks w /,
  // Some clients at a time.
  /FROM forgotten_consents WHERE tenant = \?1 ORDER BY client_id LIMIT 16\) AS old/,
  // A look a client, where the newest grants are dead.
  /AS newest\s+FROM clients c WHERE c\.tenant = \?1 ORDER BY newest DESC LIMIT \?3$/,
  /FROM decisions\s+WHERE tenant = \?1 AND id < \?2 AND id >= \?3 ORDER BY id DESC LIMIT \?4$/,
  // Over what is kept of one share, once for each sixteenth that it has grown.
  /FROM decisions WHERE tenant = \?1 AND endpoint <> 'edge' ORDER BY id DESC LIMIT 1 OFFSET \?2$/,
  // As many of the oldest as came, and a few more.
  /FROM \(SELECT minute, id FROM history WHERE tenant = \?1 ORDER BY minute, id LIMIT \?4\) WHERE/s,
  /FROM \(SELECT 1 FROM \w+ INDEXED BY \w+\s.* LIMIT \?\)$/s,
];

async function listen(): Promise<{ handle: DatabaseSync; statements: readonly string[] }> {
  const handle = new DatabaseSync(':memory:');
  await migrate(migrationTarget(handle), MIGRATIONS);
  const db = new Listening(handle, GROUP_LIMITS, () => undefined);
  const store = sqliteStore('memory', db, async () => undefined);
  // Marks make their purge when a kind is first seen.
  await store.takeOnce(tenantId(1), 'interaction', 'x', 2, 1);
  // Lists prepare what they are asked for.
  await useEveryVerb(store);
  return { handle, statements: db.statements };
}

test('no statement looks through a whole tenant or table to find its rows', async () => {
  const { handle, statements } = await listen();
  assert.ok(statements.length > 50);
  for (const sql of statements) {
    if (sql.startsWith('PRAGMA')) continue;
    for (const { detail } of handle.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
      // `line` is the few grants that one comes from, `tree` those that come from one, which ends at a limit.
      const step = String(detail);
      const walks =
        (step.startsWith('SCAN') && !['SCAN CONSTANT ROW', 'SCAN line', 'SCAN tree'].includes(step)) ||
        /^SEARCH .*\(tenant=\?\)$/.test(step);
      assert.ok(!walks || WALKS.some((walk) => walk.test(sql)), `${step}: ${sql}`);
    }
  }
  handle.close();
});

/** By what each list goes, in its order. What is not here and ends at a limit goes by its table's own key. */
const LIST_INDEXES: readonly (readonly [index: string, list: RegExp])[] = [
  ['users_by_name', /FROM users .*username_folded <> \?4/s],
  ['users_disabled', /FROM users .*enabled = 0/s],
  ['users_locked', /FROM users .*locked_until > /s],
  ['clients_of_source', /FROM clients .*source = \?7/s],
  ['grants_by_client', /FROM grants g .*g\.client_id = \?.*ORDER BY g\.id DESC/s],
  ['grants_by_client', /SELECT id FROM grants .*client_epoch = \?/s],
  ['grants_by_client', /SELECT max\(id\) FROM grants/],
  ['decisions_by_client', /FROM decisions .*AND client_id = \?5 ORDER/s],
  ['decisions_by_error', /FROM decisions .*AND error = \?5 ORDER/s],
  ['decisions_by_endpoint', /FROM decisions .*AND endpoint = \?5 ORDER/s],
  ['decisions_by_error_and_endpoint', /FROM decisions .*AND error = \?5 AND endpoint = \?6 ORDER/s],
  ['decisions_by_client_and_error', /FROM decisions .*AND client_id = \?5 AND error = \?6 AND endpoint = \?7 ORDER/s],
  ['decisions_by_client_and_error', /SELECT min\(error\) FROM decisions/],
  ['decisions_by_client_and_error', /SELECT min\(endpoint\) FROM decisions/],
  ['audit_log_by_actor', /FROM audit_log .*AND actor_id = \?8\s+ORDER/s],
  ['audit_log_by_target', /FROM audit_log .*AND target_kind = \?7 AND target_id = \?8\s+ORDER/s],
  ['audit_log_by_action', /FROM audit_log .*AND action = \?7\s+ORDER/s],
  ['audit_log_by_actor_and_action', /FROM audit_log .*AND actor_id = \?8 AND action = \?9\s+ORDER/s],
  ['audit_log_by_target_and_action', /FROM audit_log .*AND target_kind = \?7 AND target_id = \?8 AND action = \?9\s+ORDER/s],
  ['audit_log_by_actor_and_target', /FROM audit_log .*AND target_id = \?10 AND action = \?11\s+ORDER/s],
  ['audit_log_by_actor_and_target', /SELECT min\(action\) FROM audit_log/],
  ['audit_log_by_time', /FROM audit_log .*at_ms [<>] \? ORDER BY at_ms/s],
];

test('every list that an administrator may ask for goes along an index in its own order', async () => {
  const { handle, statements } = await listen();
  const plan = (sql: string): string[] =>
    handle
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
  for (const [index, list] of LIST_INDEXES) {
    const asked = statements.filter((sql) => list.test(sql));
    assert.ok(asked.length > 0, String(list));
    assert.ok(
      asked.some((sql) => plan(sql).some((step) => step.includes(`INDEX ${index} (`))),
      `${index}: ${asked.map((sql) => `${sql}\n${plan(sql).join('\n')}`).join('\n')}`,
    );
  }
  const lists = statements.filter((sql) => /FROM (users|clients|grants|decisions|revocations|audit_\w+)\s.*ORDER BY.* LIMIT/s.test(sql));
  assert.ok(lists.length > 25, `${lists.length}`);
  const sorted = lists.filter((sql) => plan(sql).some((step) => step.includes('TEMP B-TREE')));
  // All grants of a user are looked at in the index, which has them by client; so are those of a subject, of whom there are a few; and a value of each client. What comes from a grant is found
  // parent by parent, and so many of it are sorted as are shown.
  for (const sql of sorted)
    assert.match(
      sql,
      /INDEXED BY grants_by_(user|subject)|ORDER BY newest DESC LIMIT \?3$|^WITH RECURSIVE tree .*LIMIT \?3 \+ 1\) AS tree/s,
    );
  handle.close();
});

test('what comes from a grant is found parent by parent, and no more of it is read than is wanted', async () => {
  const { handle, statements } = await listen();
  const trees = statements.filter((sql) => sql.startsWith('WITH RECURSIVE tree'));
  assert.equal(trees.length, 2);
  for (const sql of trees) {
    const steps = handle
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
    assert.ok(steps.includes('SEARCH child USING COVERING INDEX grants_by_parent (tenant=? AND parent_id=?)'), steps.join('\n'));
    assert.equal(steps.filter((step) => step.startsWith('SEARCH g USING PRIMARY KEY (tenant=? AND id=?)')).length, 2, steps.join('\n'));
    assert.match(sql, /ORDER BY child\.id LIMIT \?3\)/);
  }
  handle.close();
});

test('a rotation writes no column that an index names', async () => {
  const { handle, statements } = await listen();
  const rotation = statements.find((sql) => sql.startsWith('UPDATE grants SET generation = ?'));
  assert.ok(rotation !== undefined);
  const written = [...rotation.slice(0, rotation.indexOf('WHERE')).matchAll(/(\w+) = \?/g)].map((match) => match[1] ?? '');
  assert.deepEqual(written, ['generation', 'key_id', 'rotated_at']);
  for (const { sql } of handle
    .prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'grants' AND sql IS NOT NULL")
    .all()) {
    for (const column of written) assert.doesNotMatch(String(sql), new RegExp(`\\b${column}\\b`));
  }
  handle.close();
});
