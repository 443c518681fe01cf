import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tenantId } from '@hufu/protocol/ids';
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
  /FROM decisions .*ORDER BY id DESC LIMIT/,
  /FROM \(SELECT 1 FROM \w+ INDEXED BY \w+\s.* LIMIT \?\)$/s,
  /g\.client_epoch = c\.epoch {2}AND g\.id < \? ORDER BY g\.id DESC LIMIT \?$/,
];

async function listen(): Promise<{ handle: DatabaseSync; statements: readonly string[] }> {
  const handle = new DatabaseSync(':memory:');
  await migrate(migrationTarget(handle), MIGRATIONS);
  const db = new Listening(handle, GROUP_LIMITS, () => undefined);
  const store = sqliteStore('memory', db, async () => undefined);
  // Marks make their purge when a kind is first seen.
  await store.takeOnce(tenantId(1), 'interaction', 'x', 2, 1);
  return { handle, statements: db.statements };
}

test('no statement looks through a whole tenant or table to find its rows', async () => {
  const { handle, statements } = await listen();
  assert.ok(statements.length > 50);
  for (const sql of statements) {
    if (sql.startsWith('PRAGMA')) continue;
    for (const { detail } of handle.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
      // `line` is the few grants that one comes from.
      const step = String(detail);
      const walks =
        (step.startsWith('SCAN') && !['SCAN CONSTANT ROW', 'SCAN line'].includes(step)) || /^SEARCH .*\(tenant=\?\)$/.test(step);
      assert.ok(!walks || WALKS.some((walk) => walk.test(sql)), `${step}: ${sql}`);
    }
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
