import type { Database } from './database.ts';

/**
 * Keeps plans right while a table grows. Plans are made once, and one that was made for an empty table reads all of it; autovacuum puts
 * that right, but looks once a minute. So a table is analysed after the first rows that this process has inserted, and again each time
 * when they are eight times as many; an hour later it begins anew, for the table may have been emptied.
 */
export interface Statistics {
  /** Nobody waits for it. `now` in seconds. */
  inserted(table: string, count: number, now: number): void;
  /** Done when nothing is being analysed. */
  settle(): Promise<void>;
}

export function statistics(db: Database): Statistics {
  const growths = new Map<string, Growth>();
  const running = new Set<Promise<unknown>>();
  return {
    inserted(table, count, now) {
      const growth = growths.get(table) ?? { rows: 0, due: FIRST_ROWS, analysedAt: now };
      growths.set(table, growth);
      if (now - growth.analysedAt >= AGAIN_SECONDS) growth.due = FIRST_ROWS;
      growth.rows += count;
      if (growth.rows < growth.due) return;
      growth.rows = 0;
      growth.due = Math.min(growth.due * FACTOR, MAX_ROWS);
      growth.analysedAt = now;
      // Somebody else who is at it already will do.
      const analysis = db
        .run({ text: `ANALYZE (SKIP_LOCKED) ${table}` }, [])
        .catch(() => {})
        .finally(() => running.delete(analysis));
      running.add(analysis);
    },
    async settle() {
      await Promise.all(running);
    },
  };
}

interface Growth {
  rows: number;
  due: number;
  analysedAt: number;
}

/** With fewer rows than this all plans cost the same. */
const FIRST_ROWS = 64;
const FACTOR = 8;
const MAX_ROWS = FIRST_ROWS * FACTOR ** 3;
const AGAIN_SECONDS = 3600;
