import { PURGE_EVERY, PURGE_ROWS } from '../retention.ts';
import type { Connection } from './connection.ts';

/**
 * Lets ended rows of one table fall as part of inserting new ones. `sql` deletes at most `?3` rows of tenant `?1` that have ended at `?2`.
 * `more` are its further parameters. `before` takes what hangs on the same rows, with the same parameters. The answer is told of inserted rows, inside their write: it removes some every `PURGE_EVERY` rows, beginning with a process's first.
 */
export function purger(
  db: Connection,
  sql: string,
  more: readonly string[] = [],
  before?: string,
): (tenant: number, now: number, inserted: number) => void {
  const remove = db.lazy(sql);
  const removeBefore = before === undefined ? undefined : db.lazy(before);
  const inserts = new Map<number, number>();
  return (tenant, now, inserted) => {
    const due = (inserts.get(tenant) ?? PURGE_EVERY) + inserted;
    if (due < PURGE_EVERY) {
      inserts.set(tenant, due);
      return;
    }
    if (inserts.size >= MAX_TENANTS) inserts.clear();
    inserts.set(tenant, 0);
    // Several times what came, so that a backlog melts.
    const values = [tenant, now, Math.max(PURGE_ROWS, 4 * inserted), ...more];
    removeBefore?.().run(...values);
    if (remove().run(...values).changes > 0) db.changed();
  };
}

const MAX_TENANTS = 10_000;
