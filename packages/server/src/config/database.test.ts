import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from './config.ts';
import { readConfig } from './read-config.ts';

function read(database: string): Database {
  return readConfig({ text: JSON.stringify({ database }), file: 'f', env: {} }).database;
}

test('a database is a file of SQLite', () => {
  for (const path of ['data/hufu.db', './x', '/var/lib/hufu.db', ':memory:'])
    assert.deepEqual(read(`sqlite:${path}`), { kind: 'sqlite', path });
  for (const bad of ['sqlite:', 'sqlite', 'sqlite://data/hufu.db', 'sqlite:///data/hufu.db', 'SQLITE:x', 'sqlite:a\0b', 'hufu.db']) {
    assert.throws(() => read(bad), { name: 'ConfigError' }, bad);
  }
});

test('a database is a URL of PostgreSQL, which stays wrapped', () => {
  for (const url of ['postgres://u:p%40ss@db:5432/hufu?sslmode=require', 'postgresql://db/hufu', 'postgres:///hufu?host=/run/postgresql']) {
    const database = read(url);
    assert.equal(database.kind === 'postgres' && database.url.reveal(), url);
  }
  for (const bad of ['postgres:db', 'postgres://u:p@ss@[db/hufu', 'mysql://db/hufu', 'postgres//db'])
    assert.throws(() => read(bad), { name: 'ConfigError' }, bad);
});
