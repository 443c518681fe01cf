import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Bench, bench, makeGrant, makeScene, mustFind, NOW } from '../contract/bench.ts';
import type { Store } from '../port.ts';
import { Checkpoints } from './checkpoints.ts';
import { openSqlite } from './open.ts';

const MIB = 1024 * 1024;

async function inDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  try {
    await run(join(directory, 'hufu.db'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Rewrites every page of 400 grants `rounds` times through the stores in turn, and answers the largest size of the log. */
async function writeSteadily(stores: readonly Store[], path: string, rounds: number): Promise<{ b: Bench; largest: number }> {
  const [store] = stores;
  assert.ok(store !== undefined);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const ids = await Promise.all(
    Array.from({ length: 400 }, async () => await makeGrant(b, scene, { maxCodes: 1000 }, { maxGrants: 1000 })),
  );
  let largest = 0;
  const rotateAll = async (round: number): Promise<void> => {
    await Promise.all(ids.map(async (id, index) => await stores[(round + index) % stores.length]?.rotate(b.tenant, id, round, 1, NOW)));
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  };
  for (let round = 1; round <= rounds; round += 1) await rotateAll(round);
  for (const id of ids.slice(0, 10)) assert.equal((await mustFind(b, id)).generation, rounds + 1);
  return { b, largest };
}

test('the write-ahead log stays bounded while somebody writes all the time', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path, { checkpointBytes: MIB / 2 });
    const { largest } = await writeSteadily([store], path, 100);
    assert.ok(largest > MIB / 2, 'enough was written to need a checkpoint');
    assert.ok(largest < 10 * MIB, `the log grew to ${largest} bytes`);
    await store.close();
  });
});

test('it stays bounded while two processes write all the time', async () => {
  await inDirectory(async (path) => {
    const stores = [await openSqlite(path, { checkpointBytes: MIB / 2 }), await openSqlite(path, { checkpointBytes: MIB / 2 })];
    const { largest } = await writeSteadily(stores, path, 100);
    assert.ok(largest > MIB / 2 && largest < 10 * MIB, `the log grew to ${largest} bytes`);
    for (const store of stores) await store.close();
  });
});

test('nothing on the event loop ever checkpoints: without the thread the log would grow', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path, { checkpointBytes: 1024 * MIB });
    const { largest } = await writeSteadily([store], path, 100);
    assert.ok(largest > 12 * MIB, `the log has ${largest} bytes`);
    await store.close();
  });
});

test('writes are held for the end of a checkpoint alone, after the bulk was done while they went on', async () => {
  await inDirectory(async (path) => {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(400000))');
    const steps: string[] = [];
    const released = new Promise<void>((resolve) => {
      const checkpoints = new Checkpoints(
        { path, frames: 50 },
        {
          holdWrites: () => {
            steps.push(`hold, ${toDo(db)} frames to do`);
            // What was written between the thread's word and ours.
            db.exec('INSERT INTO t VALUES (zeroblob(40000))');
            assert.ok(toDo(db) >= 10);
          },
          releaseWrites: () => {
            steps.push(`release, ${toDo(db)} frames to do`);
            void checkpoints.stop().then(resolve);
          },
          giveUp: () => steps.push('give up'),
        },
      );
      checkpoints.wrote(1);
      assert.deepEqual(steps, []);
      checkpoints.wrote(10_000);
    });
    await released;
    assert.deepEqual(steps, ['hold, 0 frames to do', 'release, 0 frames to do']);
    db.close();
  });
});

test('when no thread can be had, SQLite checkpoints by itself, and writes never stay held', async () => {
  const steps: string[] = [];
  await new Promise<void>((resolve) => {
    const checkpoints = new Checkpoints(
      { path: join(tmpdir(), 'hufu-missing', 'no.db'), frames: 1 },
      {
        holdWrites: () => steps.push('hold'),
        releaseWrites: () => {
          steps.push('release');
          setImmediate(() => checkpoints.wrote(10_000));
        },
        giveUp: () => {
          steps.push('give up');
          resolve();
        },
      },
    );
    checkpoints.wrote(10_000);
  });
  assert.deepEqual(steps, ['release', 'release', 'release', 'give up']);
});

test('the thread does not keep a process alive', async () => {
  await inDirectory(async (path) => {
    const source = `import { openSqlite } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      const store = await openSqlite(process.argv[1], { checkpointBytes: 4096 });
      for (let index = 0; index < 2000; index += 1) await Promise.all([store.keepTime(index), store.keepTime(index)]);
      console.log('written');`;
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', source, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.deepEqual([code, output], [0, 'written\n']);
  });
});

function toDo(db: DatabaseSync): number {
  const state = db.prepare('PRAGMA wal_checkpoint(NOOP)').get();
  return Number(state?.['log']) - Number(state?.['checkpointed']);
}
