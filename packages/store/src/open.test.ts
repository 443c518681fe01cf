import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from './open.ts';

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
