import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrationTarget } from '../sqlite/migration-target.ts';
import { MIGRATIONS } from './list.ts';
import { type Migration, migrate } from './migrate.ts';

const ONE: Migration = { version: 1, name: 'one', sqlite: ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (1)'], postgres: [] };
const TWO: Migration = { version: 2, name: 'two', sqlite: ['ALTER TABLE a ADD y', 'UPDATE a SET y = x + 1'], postgres: [] };
const BROKEN: Migration = {
  version: 3,
  name: 'broken',
  sqlite: ['INSERT INTO a (x) VALUES (9)', 'INSERT INTO nowhere VALUES (1)'],
  postgres: [],
};

test('migrations are numbered upwards from 1, each number once, and their files say the same', () => {
  const versions = MIGRATIONS.map((migration) => migration.version);
  assert.equal(versions[0], 1);
  // A number may be left out: it was somebody's whose work came by another way.
  assert.deepEqual(
    versions,
    [...new Set(versions)].toSorted((one, other) => one - other),
  );
  for (const migration of MIGRATIONS) assert.equal(migration.sqlite.length, migration.postgres.length);
});

test('what is missing is applied once, in order', async () => {
  const db = new DatabaseSync(':memory:');
  assert.deepEqual(await migrate(migrationTarget(db), [ONE]), [1]);
  assert.deepEqual(await migrate(migrationTarget(db), [ONE]), []);
  assert.deepEqual(await migrate(migrationTarget(db), [ONE, TWO]), [2]);
  assert.deepEqual(await migrate(migrationTarget(db), [ONE, TWO]), []);
  assert.deepEqual({ ...db.prepare('SELECT x, y FROM a').get() }, { x: 1, y: 2 });
  assert.deepEqual(
    db
      .prepare('SELECT version, name FROM schema_migrations ORDER BY version')
      .all()
      .map((row) => ({ ...row })),
    [
      { version: 1, name: 'one' },
      { version: 2, name: 'two' },
    ],
  );
});

test('one that fails leaves nothing of itself nor of those before it in the same run', async () => {
  const db = new DatabaseSync(':memory:');
  await migrate(migrationTarget(db), [ONE]);
  await assert.rejects(async () => await migrate(migrationTarget(db), [ONE, TWO, BROKEN]), /nowhere/);
  assert.deepEqual({ ...db.prepare('SELECT * FROM a').get() }, { x: 1 });
  assert.deepEqual(await migrate(migrationTarget(db), [ONE, TWO]), [2]);
});

test('a database of a later version is left alone', async () => {
  const db = new DatabaseSync(':memory:');
  await migrate(migrationTarget(db), [ONE, TWO]);
  assert.deepEqual(await migrate(migrationTarget(db), [ONE]), []);
});

test('every table of the schema is keyed by tenant first, but the tenants themselves', async () => {
  const db = new DatabaseSync(':memory:');
  await migrate(migrationTarget(db), MIGRATIONS);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('tenants', 'schema_migrations')").all();
  assert.ok(tables.length >= 11);
  for (const { name } of tables) {
    const first = db.prepare(`SELECT name FROM pragma_table_info('${name}') WHERE pk = 1`).get();
    assert.equal(first?.['name'], 'tenant', String(name));
    for (const index of db.prepare(`SELECT name FROM pragma_index_list('${name}')`).all()) {
      assert.equal(
        db.prepare(`SELECT name FROM pragma_index_info('${index['name']}') WHERE seqno = 0`).get()?.['name'],
        'tenant',
        String(index['name']),
      );
    }
  }
});
