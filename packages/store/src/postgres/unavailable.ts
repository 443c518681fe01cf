import pg from 'pg';
import { StoreUnavailable } from '../port.ts';

/** SQLSTATE of a conflict that PostgreSQL resolved by throwing one side out: serialization_failure, deadlock_detected. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01']);

/**
 * Classes of SQLSTATE that mean our statement is wrong (PostgreSQL appendix A): feature not supported, cardinality, data, constraint,
 * with check, syntax or access rule. Everything else is the server's state: connection (08), authorization (28), transaction (25, 40),
 * resources (53), limits (54), object state and lock timeouts (55), operator intervention and statement timeouts (57), system (58, XX).
 */
const OUR_BUGS: ReadonlySet<string> = new Set(['0A', '21', '22', '23', '42', '44']);

/** Whether the same act may simply be tried again. */
export function isConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && CONFLICTS.has(error.code ?? '');
}

/** What a failed statement, connection attempt or wait for a connection becomes: a bug stays what it is, the rest is `StoreUnavailable`. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || error instanceof TypeError) return error;
  if (error instanceof pg.DatabaseError && OUR_BUGS.has((error.code ?? '').slice(0, 2))) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`PostgreSQL cannot answer: ${reason}`, { cause: error });
}
