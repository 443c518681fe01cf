import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../session/place.ts';
import { testPlace } from '../testing/place-contract.ts';
import { tabPlace } from './tab.ts';

/** A `sessionStorage` of which `blocked` says what does not work. */
function area(): { readonly storage: Storage; readonly items: Map<string, string>; blocked: readonly string[] } {
  const items = new Map<string, string>();
  const allow = (what: string): void => {
    if (world.blocked.includes(what)) throw new DOMException('blocked', 'SecurityError');
  };
  const storage: Storage = {
    length: 0,
    key: () => null,
    clear: () => items.clear(),
    getItem(name) {
      allow('getItem');
      return items.get(name) ?? null;
    },
    setItem(name, text) {
      allow('setItem');
      items.set(name, text);
    },
    removeItem(name) {
      allow('removeItem');
      items.delete(name);
    },
  };
  const world = { storage, items, blocked: [] as readonly string[] };
  return world;
}

const place = tabPlace(area().storage);
testPlace('a tab', async () => place);

const RECORD = { v: 1, rev: 1, session: 'a', refresh: 'the refresh token', access: {} } as const;

test('a tab whose storage was blocked once is read again, and keeps no refresh token there', async () => {
  const world = area();
  const { storage } = tabPlace(world.storage);
  world.blocked = ['getItem'];
  await assert.rejects(storage.read('n'), StorageError);
  await assert.rejects(storage.read('n'), StorageError);
  world.blocked = [];
  assert.equal(await storage.read('n'), undefined);
  assert.equal((await storage.replace('n', undefined, RECORD)).kind, 'replaced');
  assert.doesNotMatch([...world.items.values()].join(), /the refresh token/);
  assert.equal((await tabPlace(world.storage).storage.read('n'))?.session, 'a');
});

test('a tab that may write nothing there keeps the session in memory', async () => {
  const world = area();
  const { storage } = tabPlace(world.storage);
  world.blocked = ['setItem', 'removeItem'];
  assert.equal((await storage.replace('n', undefined, RECORD)).kind, 'replaced');
  assert.deepEqual(await storage.read('n'), RECORD);
});
