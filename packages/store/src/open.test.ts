import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openStore, SchemaBehind } from './open.ts';

test('a database setting names its adapter', async () => {
  const memory = await openStore('sqlite::memory:');
  assert.equal(memory.kind, 'memory');
  await memory.close();
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const file = await openStore(`sqlite:${path}`);
  assert.equal(file.kind, 'sqlite');
  assert.ok(existsSync(path));
  await file.close();
  rmSync(directory, { recursive: true });
});

test('any other setting is refused', async () => {
  for (const url of ['', 'sqlite:', 'mysql://x', '/data/hufu.db', 'postgres:x'])
    await assert.rejects(async () => await openStore(url), TypeError);
});

test('whoever is to keep a schema makes one where there is none, and refuses one that is behind: others may be using it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  await (await openStore(`sqlite:${path}`, 'keep')).close();
  await (await openStore(`sqlite:${path}`, 'keep')).close();
  const handle = new DatabaseSync(path);
  const count = (): unknown => handle.prepare('SELECT count(*) AS n FROM schema_migrations').get()?.['n'];
  const all = count();
  handle.exec('DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)');
  await assert.rejects(openStore(`sqlite:${path}`, 'keep'), SchemaBehind);
  assert.equal(count(), Number(all) - 1);
  handle.close();
  rmSync(directory, { recursive: true });
});
