import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { SessionRecord } from '../session/record.ts';
import { IndexedDbStorage } from './indexed-db.ts';
import type { SessionDatabase } from './session-database.ts';

const Channel = globalThis.BroadcastChannel;
afterEach(() => {
  globalThis.BroadcastChannel = Channel;
});

/** As much of a database as one object store is asked for. */
function database(): SessionDatabase {
  const rows = new Map<string, unknown>();
  const ask = (result: unknown): { result: unknown; onsuccess?: () => void } => {
    const request: { result: unknown; onsuccess?: () => void } = { result };
    queueMicrotask(() => request.onsuccess?.());
    return request;
  };
  const stand = {
    async run(store: string, _mode: string, work: (store: unknown, answer: (value: unknown) => void) => void): Promise<unknown> {
      let answered: unknown;
      const put = (value: unknown, name: string): unknown => ask(rows.set(store + name, value));
      work({ get: (name: string) => ask(rows.get(store + name)), put, add: put }, (value) => {
        answered = value;
      });
      // oxlint-disable-next-line hufu/time-and-chance -- it waits for no time
      await new Promise((resolve) => setImmediate(resolve));
      return answered;
    },
  };
  return stand as unknown as SessionDatabase;
}

const RECORD: SessionRecord = { v: 1, rev: 1, session: 'a', refresh: 'r', access: {} };

test('where a browser has no BroadcastChannel, sessions are stored, and nothing that was read is believed', async () => {
  Reflect.set(globalThis, 'BroadcastChannel', undefined);
  const storage = new IndexedDbStorage(database());
  assert.equal(storage.watch, undefined);
  assert.deepEqual(await storage.replace('n', undefined, RECORD), { kind: 'replaced' });
  assert.deepEqual(await storage.read('n'), RECORD);
});

test('what is stored is stored, whether or not others can be told', async () => {
  class Broken extends Channel {
    override postMessage(): void {
      throw new DOMException('closed', 'InvalidStateError');
    }
  }
  globalThis.BroadcastChannel = Broken;
  const storage = new IndexedDbStorage(database());
  const told: string[] = [];
  const end = storage.watch?.('n', () => told.push('n'));
  assert.deepEqual(await storage.replace('n', undefined, RECORD), { kind: 'replaced' });
  assert.deepEqual(told, ['n']);
  end?.();
});
