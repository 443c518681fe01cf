import type { TenantId } from '@hufu/protocol/ids';
import type { DecisionRecord, Store } from '@hufu/store/port';
import type { Log } from '../log.ts';

/** How many wait for the store at most; when it is slower than the refusals, newer ones are dropped and counted. */
const MAX_WAITING = 2_000;
const BATCH = 200;

/** Hands records to the store; nobody waits for it. */
export interface DecisionQueue {
  /** False: there is no room, and it is dropped. */
  add(record: DecisionRecord): boolean;
  /** Resolves when what was added so far is stored (or dropped). */
  settled(): Promise<void>;
}

/** @param keep how many of their kind are kept; the oldest fall. */
export function decisionQueue(store: Pick<Store, 'recordDecisions'>, tenant: TenantId, keep: number, log: Log): DecisionQueue {
  let waiting: DecisionRecord[] = [];
  let dropped = 0;
  let toldOf = 0;
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    // Refusals of one turn are written together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      try {
        await store.recordDecisions(tenant, batch, keep);
      } catch (error) {
        dropped += batch.length;
        toldOf = dropped;
        log.error('decisions.dropped', error, { dropped });
      }
    }
    // Those that found no room; once for each flood, not once for each of them.
    if (dropped > toldOf) log.warn('decisions.dropped', { dropped });
    toldOf = dropped;
    flushing = undefined;
  }

  return {
    add(record) {
      if (waiting.length >= MAX_WAITING) {
        dropped++;
        return false;
      }
      waiting.push(record);
      flushing ??= flush();
      return true;
    },
    settled: () => flushing ?? Promise.resolve(),
  };
}
