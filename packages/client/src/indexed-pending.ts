import { findOutdated, type PendingSignIn, type PendingStore } from './pending-sign-in.ts';

const DATABASE = 'hufu-sign-in';
const STORE = 'pending';

/**
 * Keeps sign-ins under way in this browser's IndexedDB: all tabs of the origin reach them, and keys that cannot be read out stay so. Rejects
 * where the browser has none, or its user blocks it.
 */
export function indexedPending(): PendingStore {
  return {
    async put(pending) {
      await within('readwrite', (store, done) => {
        store.put(pending);
        const all = store.getAll();
        all.onsuccess = () => {
          const entries: readonly PendingSignIn[] = all.result;
          for (const { state } of findOutdated(entries, pending.createdAtMs)) store.delete(state);
        };
        done(undefined);
      });
    },
    take: (state) =>
      within('readwrite', (store, done: (found: PendingSignIn | undefined) => void) => {
        const found = store.get(state);
        found.onsuccess = () => done(found.result);
        store.delete(state);
      }),
  };
}

/** Runs within one transaction, and resolves when it is on the disk. */
async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore, done: (value: T) => void) => void): Promise<T | undefined> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      let value: T | undefined;
      transaction.oncomplete = () => resolve(value);
      transaction.onabort = () => reject(transaction.error);
      act(transaction.objectStore(STORE), (given) => {
        value = given;
      });
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'state' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(request.error);
  });
}
