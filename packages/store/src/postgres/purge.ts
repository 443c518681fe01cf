import type { TenantId } from '@hufu/protocol/ids';
import { FALL_AFTER_SECONDS, PURGE_EVERY, PURGE_ROWS } from '../retention.ts';
import type { Database, Statement } from './database.ts';

/** Removes what has ended, a bounded number of rows a time, beside the work of the verbs that insert. */
export interface Purge {
  /**
   * Counts rows that were inserted. Once there are `PURGE_EVERY` of them (and at the first of a process) it starts a removal, or several
   * after a big act, so that as many rows may fall as were inserted. Nobody waits for it, and what it fails to do is left to the next one.
   */
  count(tenant: TenantId, table: PurgedTable, inserted: number, now: number): void;
}

export type PurgedTable = keyof typeof ENDS;

export function purge(db: Database): Purge {
  /** Rows inserted since the last removal, by tenant and table. */
  const inserts = new Map<string, number>();
  return {
    count(tenant, table, inserted, now) {
      if (inserted === 0) return;
      const key = `${tenant} ${table}`;
      const before = inserts.get(key);
      const sum = (before ?? 0) + inserted;
      const isDue = before === undefined || sum >= PURGE_EVERY;
      if (inserts.size >= MAX_COUNTS) inserts.clear();
      inserts.set(key, isDue ? 0 : sum);
      if (isDue) void remove(db, tenant, table, Math.ceil(sum / PURGE_ROWS), now);
    },
  };
}

async function remove(db: Database, tenant: TenantId, table: PurgedTable, times: number, now: number): Promise<void> {
  const { statement, lagSeconds } = REMOVALS[table];
  try {
    for (let done = 0; done < Math.min(times, MAX_REMOVALS); done++) await db.run(statement, [tenant, now - lagSeconds]);
  } catch {
    // The database is away, or closed: the rows can wait.
  }
}

const MAX_COUNTS = 10_000;
const MAX_REMOVALS = 16;

/** The column with the time from which a row may go, and how much later than that it does. */
const ENDS = {
  grants: { column: 'purge_at', lagSeconds: 0 },
  sessions: { column: 'purge_at', lagSeconds: 0 },
  revoked_tokens: { column: 'expires_at', lagSeconds: FALL_AFTER_SECONDS },
  revocations: { column: 'expires_at', lagSeconds: FALL_AFTER_SECONDS },
  marks: { column: 'expires_at', lagSeconds: FALL_AFTER_SECONDS },
} as const;

const REMOVALS: Readonly<Record<PurgedTable, { readonly statement: Statement; readonly lagSeconds: number }>> = {
  grants: removal('grants'),
  sessions: removal('sessions'),
  revoked_tokens: removal('revoked_tokens'),
  revocations: removal('revocations'),
  marks: removal('marks'),
};

/**
 * A row that somebody else holds is skipped, so a removal waits for nobody. Without a name: it is planned each time, as the tables are
 * then. (The kinds of marks share one index; there are few.)
 */
function removal(table: PurgedTable): { readonly statement: Statement; readonly lagSeconds: number } {
  const { column, lagSeconds } = ENDS[table];
  const kinds = table === 'marks' ? `AND kind = ANY ('{interaction}')` : '';
  return {
    lagSeconds,
    statement: {
      text: `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE tenant = $1::bigint ${kinds} AND ${column} <= $2::bigint
        ORDER BY ${column} LIMIT ${PURGE_ROWS} FOR UPDATE SKIP LOCKED))`,
    },
  };
}
