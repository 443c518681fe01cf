import type { TenantId } from '@hufu/protocol/ids';
import type { HistoryRecord, Store } from '@hufu/store/port';
import type { Log } from '../log.ts';
import { type Facts, writeFacts } from './facts.ts';

/** How long what was asked is kept. */
export const HISTORY_SECONDS = 86_400;
/** Rows of a tenant at most, of all processes together. */
const MOST_ROWS = 150_000;
/** Kinds of requests between two writes that are told apart: those that were refused anybody can make. Of others there is one count. */
const MAX_ALLOWED = 4_000;
const MAX_REFUSED = 1_000;
/** How often it is written. */
export const FLUSH_MS = 60_000;
const LOST = writeFacts({ kind: 'lost' });

/** What was asked, for replays against another configuration (docs/decisions/0040): counted in memory, and written once a minute. */
export interface RequestHistory {
  /** Counts one. Never waits, never throws. */
  note(facts: Facts, nowMs: number): void;
  /** Writes what was counted; what the store does not take is dropped, and logged. */
  flush(nowMs: number): Promise<void>;
}

export function requestHistory(store: Pick<Store, 'recordHistory'>, tenant: TenantId, log: Log): RequestHistory {
  let minutes = new Map<number, Map<string, number>>();
  let allowed = 0;
  let refused = 0;

  /** Whether one more kind of request can be told apart. */
  function hasRoom(facts: Facts): boolean {
    if (facts.kind === 'lost') return true;
    return facts.refused === undefined ? ++allowed <= MAX_ALLOWED : ++refused <= MAX_REFUSED;
  }

  return {
    note(facts, nowMs) {
      const minute = Math.floor(nowMs / 60_000) * 60;
      let counts = minutes.get(minute);
      if (counts === undefined) minutes.set(minute, (counts = new Map()));
      const text = writeFacts(facts);
      const before = counts.get(text);
      if (before !== undefined) counts.set(text, before + 1);
      else if (hasRoom(facts)) counts.set(text, 1);
      else counts.set(LOST, (counts.get(LOST) ?? 0) + 1);
    },
    async flush(nowMs) {
      const records: HistoryRecord[] = [];
      for (const [minute, counts] of minutes) for (const [facts, times] of counts) records.push({ minute, facts, times });
      if (records.length === 0) return;
      minutes = new Map();
      allowed = 0;
      refused = 0;
      try {
        await store.recordHistory(tenant, records, Math.floor(nowMs / 1000) - HISTORY_SECONDS, MOST_ROWS);
      } catch (error) {
        log.error('history.dropped', error, { dropped: records.length });
      }
    },
  };
}
