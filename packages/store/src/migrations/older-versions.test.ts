/**
 * While nodes are replaced one by one, the version before works on the schema of this one. What it asked its database, and was told, is kept
 * in `traces/`; here it asks a database of today. Whoever adds a migration records the version before first, with its own code:
 * `HUFU_RECORD=1` and this file.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import { useEveryVerb } from '../contract/every-verb.ts';
import { openDatabase } from '../postgres/database.ts';
import { migrationTarget as postgresTarget } from '../postgres/migration-target.ts';
import { postgresStore } from '../postgres/store.ts';
import { tracedDatabase } from '../postgres/traced-database.ts';
import { GROUP_LIMITS } from '../sqlite/group-commit.ts';
import { migrationTarget } from '../sqlite/migration-target.ts';
import { sqliteStore } from '../sqlite/store.ts';
import { TracedConnection } from '../sqlite/traced-connection.ts';
import { MIGRATIONS } from './list.ts';
import { type Dialect, migrate } from './migrate.ts';
import { isSameAnswer, readTrace, type Step, writeTrace } from './trace.ts';

const BEFORE = MIGRATIONS.length - 1;
const cluster = await testPostgres();

describe('the version before', () => {
  after(async () => await cluster.stop());

  test(`finds on SQLite what it found on its own schema`, async () => {
    const handle = await newSqlite();
    const steps = readTrace(readFileSync(file('sqlite', BEFORE), 'utf8'));
    for (const [sql, method, values, answer] of steps) {
      const statement = handle.prepare(sql);
      statement.setReturnArrays(true);
      const given = values as SQLInputValue[];
      const got = method === 'run' ? statement.run(...given).changes : method === 'get' ? statement.get(...given) : statement.all(...given);
      assert.ok(isSameAnswer(got, answer), `${sql}\n${JSON.stringify(values)}: ${JSON.stringify(got)}`);
    }
    assert.ok(steps.length > 100);
    handle.close();
  });

  test('finds on PostgreSQL what it found on its own schema', async () => {
    await withPostgres(async (url) => {
      const client = new pg.Client({ connectionString: url, types: { getTypeParser } });
      await client.connect();
      const steps = readTrace(readFileSync(file('postgres', BEFORE), 'utf8'));
      for (const [text, , values, answer] of steps) {
        const { rows } = await client.query(text, [...values]);
        assert.ok(isSameAnswer(rows, answer), `${text}\n${JSON.stringify(values)}: ${JSON.stringify(rows)}`);
      }
      assert.ok(steps.length > 100);
      await client.end();
    });
  });

  test('finds every column and every table as it was: migrations only add, and what they add may be left out', () => {
    const additive = /^(CREATE TABLE \w+ \(|CREATE INDEX \w+ ON |ALTER TABLE \w+ ADD COLUMN \w+ \w+$)/;
    for (const { sqlite, postgres } of MIGRATIONS.slice(1)) {
      for (const statements of [sqlite, postgres]) {
        const made = statements.flatMap((sql) => /^CREATE TABLE (\w+)/.exec(sql)?.[1] ?? []);
        for (const sql of statements) {
          // The version before writes no table of this one, so one of these may have a rule of its own.
          const table = /^CREATE UNIQUE INDEX \w+ ON (\w+)/.exec(sql)?.[1];
          if (table === undefined) assert.match(sql, additive);
          else assert.ok(made.includes(table), sql);
        }
      }
    }
  });

  test('a trace is read as it was written, and an answer that differs is seen', async () => {
    const steps: Step[] = [
      ['SELECT\n  1', 'all', [1, 'a', null, new Uint8Array([1, 255])], [{ a: 1 }, { a: 2 }]],
      ['SELECT 1', 'get', [], null],
      ['UPDATE t', 'run', [], 3],
    ];
    const read = readTrace(writeTrace(steps));
    assert.deepEqual(read, [['SELECT 1', ...(steps[0] ?? []).slice(1)], ...steps.slice(1)]);
    assert.ok(isSameAnswer([{ a: 2 }, { a: 1 }], read[0]?.[3]));
    assert.ok(isSameAnswer(undefined, read[1]?.[3]));
    for (const other of [[{ a: 2 }], [{ a: 1 }, { a: 1 }], [], 3, undefined]) assert.ok(!isSameAnswer(other, read[0]?.[3]));
    assert.ok(!isSameAnswer([Buffer.from([1])], [Buffer.from([2])]));
    assert.ok(isSameAnswer([Buffer.from([1])], [new Uint8Array([1])]));
  });

  test('everything can be recorded', async () => {
    const handle = await newSqlite();
    const db = new TracedConnection(handle, GROUP_LIMITS, () => undefined);
    await useEveryVerb(sqliteStore('memory', db, async () => undefined));
    keep('sqlite', db.steps);
    handle.close();
    const steps: Step[] = [];
    await withPostgres(async (url) => {
      const database = openDatabase(url, { poolSize: 4, allowUnsafe: false, timeoutMs: 3000 });
      const store = postgresStore(
        tracedDatabase(database, ({ text }, values, rows) => {
          if (!/^ANALYZE|clock_timestamp/.test(text)) steps.push([text, 'all', values, rows]);
        }),
      );
      await useEveryVerb(store);
      await store.close();
    });
    keep('postgres', steps);
  });
});

async function newSqlite(): Promise<DatabaseSync> {
  const handle = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  await migrate(migrationTarget(handle), MIGRATIONS);
  return handle;
}

async function withPostgres(act: (url: string) => Promise<void>): Promise<void> {
  const name = `hufu_before_${process.pid}`;
  const url = await createDatabase(name, cluster.url);
  await migrate(postgresTarget(url), MIGRATIONS);
  await act(url);
  await dropDatabase(name, cluster.url);
}

function keep(dialect: Dialect, steps: readonly Step[]): void {
  assert.ok(steps.length > 150, `${steps.length} steps`);
  if (process.env['HUFU_RECORD'] === '1') writeFileSync(file(dialect, MIGRATIONS.length), writeTrace(steps));
}

function file(dialect: Dialect, version: number): URL {
  return new URL(`traces/version-${version}.${dialect}.jsonl`, import.meta.url);
}

const INT8 = 20;
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: string) =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text');
