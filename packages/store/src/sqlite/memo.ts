import type { Connection } from './connection.ts';

/**
 * Rows that are read again and again and hardly ever change: what was read stands until another connection has committed anything, or one
 * of our own writes has said `changed`. A look at `PRAGMA data_version` is a quarter of a look-up.
 */
export class Memo<T> {
  readonly #db: Connection;
  readonly #kept = new Map<string, T>();
  #dataVersion = -1;
  #changes = -1;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** What `read` answers now; what it has no answer to is not remembered. */
  find(key: string, read: () => T | undefined): T | undefined {
    const dataVersion = this.#db.dataVersion();
    if (dataVersion !== this.#dataVersion || this.#db.changes !== this.#changes) {
      this.#kept.clear();
      this.#dataVersion = dataVersion;
      this.#changes = this.#db.changes;
    }
    const there = this.#kept.get(key);
    if (there !== undefined) return there;
    const found = read();
    if (found !== undefined) {
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
      this.#kept.set(key, found);
    }
    return found;
  }
}

const MAX_KEPT = 10_000;
