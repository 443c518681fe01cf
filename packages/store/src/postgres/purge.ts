import type { TenantId } from '@hufu/protocol/ids';
import {
  FALL_AFTER_SECONDS,
  MAIL_KEPT_SECONDS,
  PENDING_KEPT_SECONDS,
  PURGE_EVERY,
  PURGE_ROWS,
  PUSHED_REQUEST_SECONDS,
} from '../retention.ts';
import type { Database, Statement } from './database.ts';
import type { Statistics } from './statistics.ts';

/** Removes what has ended, a bounded number of rows a time, beside the work of the verbs that insert. */
export interface Purge {
  /**
   * Counts rows that were inserted. Once there are `PURGE_EVERY` of them, beginning with a process's first, it starts a removal. Nobody
   * waits for that, and what it fails to do is left to the next one.
   */
  count(tenant: TenantId, ended: Ended, inserted: number, now: number): void;
  /** Done when no removal is under way. */
  settle(): Promise<void>;
}

export function purge(db: Database, statistics: Statistics): Purge {
  /** Rows inserted since the last removal, by tenant and kind of row. */
  const inserts = new Map<string, number>();
  const running = new Set<Promise<unknown>>();
  return {
    count(tenant, { table, name, remove }, inserted, now) {
      if (inserted === 0) return;
      statistics.inserted(table, inserted, now);
      const key = `${tenant} ${name}`;
      const sum = (inserts.get(key) ?? PURGE_EVERY) + inserted;
      const isDue = sum > PURGE_EVERY;
      if (inserts.size >= MAX_COUNTS) inserts.clear();
      inserts.set(key, isDue ? 0 : sum);
      if (!isDue) return;
      // Several times what came, so that a backlog melts.
      const limit = Math.min(Math.max(PURGE_ROWS, 4 * inserted), MAX_ROWS);
      const removal = remove(db, tenant, now, limit)
        .catch(() => {})
        .finally(() => running.delete(removal));
      running.add(removal);
    },
    async settle() {
      await Promise.all(running);
    },
  };
}

const MAX_COUNTS = 10_000;
const MAX_ROWS = 4096;

/** Rows whose time is over, and how they are removed. */
export interface Ended {
  readonly table: string;
  readonly name: string;
  remove(db: Database, tenant: TenantId, now: number, limit: number): Promise<unknown>;
}

/** A row that somebody else holds is skipped, so a removal waits for nobody. Without a name: planned each time, for what the tables are like then. */
export function ended(
  table: string,
  column: string,
  lagSeconds: number,
  condition = 'true',
  statement: Statement = { text: removal(table, column, condition) },
): Ended {
  return {
    table,
    name: `${table} ${condition}`,
    // How much later than the time in its column a row goes.
    remove: (db, tenant, now, limit) => db.run(statement, [tenant, now - lagSeconds, limit]),
  };
}

function removal(table: string, column: string, condition: string): string {
  return `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table} WHERE tenant = $1::bigint AND ${column} <= $2::bigint AND ${condition}
    ORDER BY ${column} LIMIT $3::bigint FOR UPDATE SKIP LOCKED))`;
}

export const ENDED_GRANTS: Ended = ended('grants', 'purge_at', 0);
/** With those who took part in them. */
export const ENDED_SESSIONS: Ended = ended('sessions', 'purge_at', 0, 'true', {
  text: `WITH gone AS (${removal('sessions', 'purge_at', 'true')} RETURNING id)
      DELETE FROM participants WHERE tenant = $1::bigint AND session_id = ANY (ARRAY(SELECT id FROM gone))`,
});
export const ENDED_DELIVERIES: Ended = ended('deliveries', 'purge_at', 0);
export const ENDED_TOKENS: Ended = ended('revoked_tokens', 'expires_at', FALL_AFTER_SECONDS);
/** Those about keys never do; the version before gave them an end. */
export const ENDED_ENTRIES: Ended = ended('revocations', 'expires_at', FALL_AFTER_SECONDS, `kind <> 'key'`);
export const ENDED_PUSHED: Ended = ended('pushed_requests', 'expires_at', PUSHED_REQUEST_SECONDS + FALL_AFTER_SECONDS);
export const ENDED_PENDING: Ended = ended('pending_authorizations', 'expires_at', PENDING_KEPT_SECONDS);
export const ENDED_TRIES: Ended = ended('tries', 'ends_at', FALL_AFTER_SECONDS);
export const ENDED_CHALLENGES: Ended = ended('challenges', 'expires_at', FALL_AFTER_SECONDS);
export const ENDED_EDGE_RECORDS: Ended = ended('edge_records', 'purge_at', 0);
export const ENDED_EDGE_MARKS: Ended = ended('edge_marks', 'expires_at', FALL_AFTER_SECONDS);
export const ENDED_MAILS: Ended = ended('mails', 'expires_at', MAIL_KEPT_SECONDS);
export const ENDED_REPLIES: Ended = ended('kept_replies', 'expires_at', 0);
