import type { TenantId } from '@hufu/protocol/ids';
import type { Connection } from './connection.ts';

/**
 * Rows that are read again and again and seldom change: what was read stands until another connection has committed anything, or one of
 * our own writes has said `changed` (of everything) or `drop` (of one). A row that is remembered costs a tenth of a look-up.
 */
export class Memo<K, T> {
  readonly #db: Connection;
  readonly #tenants = new Map<TenantId, Map<K, T>>();
  #size = 0;
  #dataVersion = -1;
  #changes = -1;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** What `read` answers now; what it has no answer to is not remembered. */
  find(tenant: TenantId, key: K, read: () => T | undefined): T | undefined {
    const there = this.peek(tenant, key);
    if (there !== undefined) return there;
    const found = read();
    if (found !== undefined) this.#keep(tenant, key, found);
    return found;
  }

  /** What is remembered and still stands. */
  peek(tenant: TenantId, key: K): T | undefined {
    const dataVersion = this.#db.dataVersion();
    if (dataVersion !== this.#dataVersion || this.#db.changes !== this.#changes) {
      this.#clear();
      this.#dataVersion = dataVersion;
      this.#changes = this.#db.changes;
    }
    return this.#tenants.get(tenant)?.get(key);
  }

  /** Inside the write that changes the row: nothing reads before that write has ended. */
  drop(tenant: TenantId, key: K): void {
    if (this.#tenants.get(tenant)?.delete(key) === true) this.#size -= 1;
  }

  #keep(tenant: TenantId, key: K, row: T): void {
    if (this.#size >= MAX_KEPT) this.#clear();
    let rows = this.#tenants.get(tenant);
    if (rows === undefined) {
      rows = new Map();
      this.#tenants.set(tenant, rows);
    }
    rows.set(key, row);
    this.#size += 1;
  }

  #clear(): void {
    this.#tenants.clear();
    this.#size = 0;
  }
}

const MAX_KEPT = 10_000;
