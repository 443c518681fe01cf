import type { TenantId } from '@hufu/protocol/ids';
import { ID_BLOCK } from '../retention.ts';
import { raiseCounter } from './counters.ts';
import type { Database } from './database.ts';

/** Ids out of blocks that this process has reserved: one write to `counters` for `ID_BLOCK` of them. What is not used is never used. */
export interface ReservedIds {
  take(tenant: TenantId, name: ReservedName): Promise<number>;
}

export type ReservedName = 'grant' | 'session' | 'pushed' | 'pending' | 'device' | 'factor' | 'challenge' | 'mail' | 'event' | 'audit';

export function reservedIds(db: Database): ReservedIds {
  const blocks = new Map<string, Block>();
  return {
    async take(tenant, name) {
      const key = `${tenant} ${name}`;
      let block = blocks.get(key);
      if (block === undefined) {
        block = { next: 1, last: 0, reserving: undefined };
        if (blocks.size >= MAX_BLOCKS) blocks.clear();
        blocks.set(key, block);
      }
      // Each round another caller may have taken the whole new block; the number of rounds is bounded by the number of callers.
      while (block.next > block.last) {
        block.reserving ??= reserve(db, tenant, name, block);
        await block.reserving;
      }
      const id = block.next;
      block.next += 1;
      return id;
    },
  };
}

interface Block {
  next: number;
  last: number;
  reserving: Promise<void> | undefined;
}

async function reserve(db: Database, tenant: TenantId, name: ReservedName, block: Block): Promise<void> {
  try {
    block.last = await raiseCounter(db, tenant, name, ID_BLOCK);
    block.next = block.last - ID_BLOCK + 1;
  } finally {
    block.reserving = undefined;
  }
}

/** A process that serves more tenants than this reserves again for some of them. */
const MAX_BLOCKS = 10_000;
