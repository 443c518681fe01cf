import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { findMasterKey, MasterKeyError, masterKey } from './master-key.ts';

function inFolder(act: (folder: string) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hufu-master-'));
    try {
      await act(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

test(
  'the first start makes a key for its owner alone, and the next start finds it',
  inFolder((folder) => {
    const data = join(folder, 'data');
    const sealed = findMasterKey(undefined, data, false).seal(Buffer.from('plain'), 'here');
    assert.equal(statSync(join(data, 'master.key')).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(data), ['master.key']);
    const again = findMasterKey(undefined, data, true);
    assert.equal(Buffer.from(again.open(sealed, 'here')).toString(), 'plain');
    assert.throws(() => again.open(sealed, 'elsewhere'), MasterKeyError);
  }),
);

test('no two seals have one nonce, also where chance is drawn anew, and all of them open', () => {
  const master = masterKey(new Uint8Array(32));
  const sealed = Array.from({ length: 1_000 }, (_, at) => master.seal(Buffer.from(String(at)), 'here'));
  assert.equal(new Set(sealed.map((one) => Buffer.from(one.subarray(0, 12)).toString('hex'))).size, sealed.length);
  for (const [at, one] of sealed.entries()) assert.equal(Buffer.from(master.open(one, 'here')).toString(), String(at));
});

test(
  'a missing key beside a database that has keys is refused: new keys would orphan every token (attacks CRY-06)',
  inFolder((folder) => {
    assert.throws(() => findMasterKey(undefined, folder, true), MasterKeyError);
    assert.deepEqual(readdirSync(folder), []);
  }),
);

test(
  'of many that start together in one folder each has the same key',
  inFolder(async (folder) => {
    const racers = 6;
    const gate = new Int32Array(new SharedArrayBuffer(8));
    for (let round = 0; round < 3; round += 1) {
      gate.fill(0);
      const data = join(folder, `data-${round}`);
      const code = `
        const { parentPort, workerData: { gate, data, racers, module } } = require('node:worker_threads');
        import(module).then(({ findMasterKey }) => {
          if (Atomics.add(gate, 0, 1) + 1 === racers) {
            Atomics.store(gate, 1, 1);
            Atomics.notify(gate, 1);
          } else Atomics.wait(gate, 1, 0);
          try {
            const sealed = findMasterKey(undefined, data, false).seal(Buffer.from('plain'), 'here');
            parentPort.postMessage(Buffer.from(sealed).toString('base64url'));
          } catch (error) {
            parentPort.postMessage(String(error));
          }
        });`;
      const module = new URL('./master-key.ts', import.meta.url).href;
      const workers = Array.from({ length: racers }, () => new Worker(code, { eval: true, workerData: { gate, data, racers, module } }));
      const sealed = await Promise.all(workers.map(async (worker) => String((await once(worker, 'message'))[0])));
      await Promise.all(workers.map((worker) => worker.terminate()));
      const key = findMasterKey(undefined, data, true);
      for (const text of sealed) assert.equal(Buffer.from(key.open(Buffer.from(text, 'base64url'), 'here')).toString(), 'plain', text);
      assert.match(readFileSync(join(data, 'master.key'), 'utf8'), /^[\w-]{43}\n$/);
    }
  }),
);
