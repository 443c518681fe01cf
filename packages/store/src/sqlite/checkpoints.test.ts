import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { Checkpoints } from './checkpoints.ts';
import { bench, makeGrant, makeScene, NOW } from '../contract/bench.ts';
import { openSqlite } from './open.ts';

test('the write-ahead log stays bounded while somebody writes all the time, and no checkpoint runs on the event loop', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const checkpointBytes = 1024 * 1024;
  const store = await openSqlite(path, { checkpointBytes });
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const ids = await Promise.all(Array.from({ length: 1000 }, async () => await makeGrant(b, scene, { maxCodes: 1000 }, { maxGrants: 1000 })));
  const sizes: number[] = [];
  // A thousand pages of grants are rewritten sixty times: some 100 MB of log.
  const rounds = 60;
  for (let round = 1; round <= rounds; round += 1) {
    await Promise.all(ids.map(async (id) => await store.rotate(b.tenant, id, round, 1, NOW)));
    sizes.push(statSync(`${path}-wal`).size);
  }
  const largest = Math.max(...sizes);
  assert.ok(largest < 8 * checkpointBytes, `the log grew to ${largest} bytes`);
  assert.ok(largest > checkpointBytes, 'enough was written to need a checkpoint');
  const rewritten = rounds * ids.length * 80;
  assert.ok(largest < rewritten, 'more was written than the log ever held');
  for (const id of ids.slice(0, 10)) assert.equal((await store.findGrant(b.tenant, id))?.generation, rounds + 1);
  await store.close();
  rmSync(directory, { recursive: true });
});
