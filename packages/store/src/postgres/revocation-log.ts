import type { TenantId } from '@hufu/protocol/ids';
import type { Revocation, Revocations } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import type { Session, Statement } from './database.ts';

export type NewEntry = Omit<Revocation, 'seq' | 'at'>;

/**
 * Writes entries as the last thing of a transaction: from here to the commit it holds the tenant's counter, so that numbers become
 * visible in their order and none is lost. What is over already is left out.
 */
export async function writeEntries(session: Session, tenant: TenantId, entries: readonly NewEntry[], now: number): Promise<void> {
  if (entries.length === 0) return;
  await session.run(WRITE, [
    tenant,
    now,
    entries.map((entry) => entry.kind),
    entries.map((entry) => entry.subject),
    entries.map((entry) => entry.reason),
    entries.map((entry) => entry.expiresAt),
  ]);
}

/**
 * The same as part of one statement. `entry` is a query of `kind`, `subject`, `reason`, `expires_at` and `rank` (their order), `$1` the
 * tenant and `$2` now. Answers common table expressions that end in `logged`.
 */
export function entriesOf(entry: string): string {
  return `entry AS MATERIALIZED (
      SELECT kind, subject, reason, least(expires_at, $2::bigint + ${MAX_ACCESS_TOKEN_SECONDS}) AS expires_at, row_number() OVER (ORDER BY rank) AS n
      FROM (${entry}) AS all_entries WHERE expires_at > $2::bigint),
    counter AS (
      INSERT INTO counters AS n (tenant, name, value) SELECT $1::bigint, 'revocation', count(*) FROM entry HAVING count(*) > 0
      ON CONFLICT (tenant, name) DO UPDATE SET value = n.value + excluded.value
      RETURNING value),
    logged AS (
      INSERT INTO revocations (tenant, seq, kind, subject, reason, revoked_at, expires_at)
      SELECT $1::bigint, counter.value - (SELECT count(*) FROM entry) + entry.n, kind, subject, reason, $2::bigint, expires_at
      FROM counter CROSS JOIN entry)`;
}

const WRITE: Statement = {
  name: 'write_entries',
  text: `WITH ${entriesOf(
    `SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[]) WITH ORDINALITY AS e (kind, subject, reason, expires_at, rank)`,
  )} SELECT`,
};

export function revocations(session: Session): Revocations {
  return {
    async readRevocations(tenant, afterSeq, limit) {
      const rows = await session.run<EntryRow>(READ, [tenant, afterSeq, limit]);
      return rows.map((row) => ({
        seq: row.seq,
        kind: row.kind,
        subject: row.subject,
        reason: row.reason,
        at: row.revoked_at,
        expiresAt: row.expires_at,
      }));
    },
  };
}

interface EntryRow {
  readonly seq: number;
  readonly kind: Revocation['kind'];
  readonly subject: string;
  readonly reason: string;
  readonly revoked_at: number;
  readonly expires_at: number;
}

const READ: Statement = {
  name: 'read_revocations',
  text: `SELECT seq, kind, subject, reason, revoked_at, expires_at FROM revocations
    WHERE tenant = $1::bigint AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint`,
};
