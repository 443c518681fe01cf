import { StorageError } from '../session/place.ts';

/** The stores of the database: what is kept in each is said where it is used. */
export type StoreName = 'keys' | 'sessions' | 'leases';

const STORES: readonly StoreName[] = ['keys', 'sessions', 'leases'];

/** A database of IndexedDB, opened when it is needed, and again after the browser has closed it. */
export class SessionDatabase {
  readonly #name: string;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * One transaction, whole or not at all, on the disk when this resolves. `work` asks; what it puts into `answer` counts once the
   * transaction is complete. Rejects with `StorageError`.
   */
  async run<Answer>(
    store: StoreName,
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore, answer: (value: Answer) => void) => void,
  ): Promise<Answer> {
    try {
      return await this.#attempt(await this.#open(), store, mode, work);
    } catch (cause) {
      if (!(cause instanceof DOMException) || cause.name !== 'InvalidStateError') throw toStorageError(cause);
      // The browser has closed it in between.
      this.#opening = undefined;
      return await this.#attempt(await this.#open(), store, mode, work).catch((again: unknown) => {
        throw toStorageError(again);
      });
    }
  }

  #attempt<Answer>(
    database: IDBDatabase,
    name: StoreName,
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore, answer: (value: Answer) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answers: Answer[] = [];
      const transaction = database.transaction(name, mode, { durability: 'strict' });
      transaction.oncomplete = () => {
        const [answer] = answers;
        if (answers.length === 0) reject(new StorageError('the database did not answer'));
        else resolve(answer as Answer);
      };
      transaction.onabort = () => reject(transaction.error ?? new StorageError('the database gave up'));
      work(transaction.objectStore(name), (answer) => void answers.splice(0, 1, answer));
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= openDatabase(this.#name, () => {
      this.#opening = undefined;
    });
    this.#opening.catch(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }
}

function openDatabase(name: string, closed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onerror = () => reject(toStorageError(request.error));
    request.onblocked = () => reject(new StorageError('another tab holds the database'));
    request.onsuccess = () => {
      const database = request.result;
      database.onclose = closed;
      // Whoever deletes it must not wait for us.
      database.onversionchange = () => {
        database.close();
        closed();
      };
      resolve(database);
    };
  });
}

function toStorageError(cause: unknown): StorageError {
  return cause instanceof StorageError ? cause : new StorageError('the database of the browser cannot be used now', cause);
}
