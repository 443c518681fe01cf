import { ID_BLOCK } from '../retention.ts';
import type { Connection } from './connection.ts';

/** Numbers that only grow, each kept in one row. */
export class Counters {
  readonly #add;
  readonly #raise;
  readonly #find;
  /** By name, then tenant: what this process has reserved and not used. */
  readonly #blocks = new Map<string, Map<number, Block>>();

  constructor(db: Connection) {
    this.#add = db.lazy(
      'INSERT INTO counters (tenant, name, value) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = value + ?3 RETURNING value',
    );
    this.#raise = db.lazy(
      'INSERT INTO counters (tenant, name, value) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = max(value, ?3)',
    );
    this.#find = db.lazy('SELECT value FROM counters WHERE tenant = ? AND name = ?');
    // A reservation that was rolled back is somebody else's.
    db.onRollback(() => this.#blocks.clear());
  }

  /** The last of `count` new numbers. Inside a write. */
  next(tenant: number, name: string, count = 1): number {
    const [value] = this.#add().get(tenant, name, count) as unknown as [number];
    return value;
  }

  /** At least `value` from now on. Inside a write. */
  raise(tenant: number, name: string, value: number): void {
    this.#raise().run(tenant, name, value);
  }

  /** A new number from the block of this process: in order, with gaps where a process stopped. Inside a write. */
  nextOfBlock(tenant: number, name: string): number {
    let blocks = this.#blocks.get(name);
    if (blocks === undefined) this.#blocks.set(name, (blocks = new Map()));
    let block = blocks.get(tenant);
    if (block === undefined || block.next > block.last) {
      if (blocks.size >= MAX_BLOCKS) blocks.clear();
      const last = this.next(tenant, name, ID_BLOCK);
      block = { next: last - ID_BLOCK + 1, last };
      blocks.set(tenant, block);
    }
    block.next += 1;
    return block.next - 1;
  }

  /** 0 where nothing was counted yet. */
  find(tenant: number, name: string): number {
    const row = this.#find().get(tenant, name) as unknown as [number] | undefined;
    return row?.[0] ?? 0;
  }
}

interface Block {
  next: number;
  readonly last: number;
}

/** Tenants whose blocks are kept. Beyond that all are dropped, and their ids with them. */
const MAX_BLOCKS = 10_000;
