import type { TenantId } from '@hufu/protocol/ids';
import type { Bell } from '../bell.ts';
import type { Revocation, RevocationReason, Revocations } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS, NEVER } from '../retention.ts';
import type { Database, Session, Statement } from './database.ts';

export type NewEntry = Omit<Revocation, 'seq' | 'at' | 'sub'>;

/** That a device is signed out. What ends with it has entries of its own. */
export function deviceEntry(id: number, reason: RevocationReason): NewEntry {
  return { kind: 'device', subject: String(id), reason, expiresAt: NEVER };
}

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
      SELECT kind, subject, reason, CASE kind WHEN 'key' THEN expires_at ELSE least(expires_at, $2::bigint + ${MAX_ACCESS_TOKEN_SECONDS}) END AS expires_at, row_number() OVER (ORDER BY rank) AS n
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

export const READ_ENTRIES: string = `SELECT seq, kind, subject, reason, revoked_at, expires_at,
    CASE kind WHEN 'user' THEN (SELECT u.sub FROM users u WHERE u.tenant = r.tenant AND u.id = r.subject::bigint) END AS sub
  FROM revocations r`;

export type RevocationReads = Pick<Revocations, 'readRevocations' | 'readRevocationHead' | 'renewRevocationEpoch' | 'watchRevocations'>;

export function revocations(db: Database, bell: Bell & { ready?(): Promise<void> }): RevocationReads {
  return {
    async readRevocations(tenant, afterSeq, limit) {
      const rows = await db.run<EntryRow>(READ, [tenant, afterSeq, limit]);
      return rows.map(readEntry);
    },
    async readRevocationHead(tenant) {
      const [row] = await db.run<HeadRow>(READ_HEAD, [tenant]);
      return { seq: row?.seq ?? 0, epoch: row?.epoch ?? undefined };
    },
    async renewRevocationEpoch(tenant, from, to) {
      const [renewed] = await db.run<{ epoch: string }>(RENEW_EPOCH, [tenant, from ?? '', to]);
      if (renewed !== undefined) return renewed.epoch;
      const [there] = await db.run<HeadRow>(READ_HEAD, [tenant]);
      return there?.epoch ?? to;
    },
    async watchRevocations(tenant, wake) {
      const stop = bell.on(tenant, wake);
      await bell.ready?.();
      return () => Promise.resolve(stop());
    },
  };
}

interface HeadRow {
  readonly seq: number | null;
  readonly epoch: string | null;
}

export function readEntry(row: EntryRow): Revocation {
  return {
    seq: row.seq,
    kind: row.kind,
    subject: row.subject,
    ...(row.sub === null ? {} : { sub: row.sub }),
    reason: row.reason,
    at: row.revoked_at,
    expiresAt: row.expires_at,
  };
}

export interface EntryRow {
  readonly seq: number;
  readonly kind: Revocation['kind'];
  readonly subject: string;
  readonly sub: string | null;
  readonly reason: string;
  readonly revoked_at: number;
  readonly expires_at: number;
}

const READ: Statement = {
  name: 'read_revocations',
  text: `${READ_ENTRIES} WHERE tenant = $1::bigint AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint`,
};
/** One statement, so one moment: whoever sees the counter sees every entry up to it. */
const READ_HEAD: Statement = {
  name: 'read_revocation_head',
  text: `SELECT (SELECT value FROM counters WHERE tenant = $1::bigint AND name = 'revocation') AS seq,
      (SELECT epoch FROM revocation_logs WHERE tenant = $1::bigint) AS epoch`,
};
const RENEW_EPOCH: Statement = {
  text: `INSERT INTO revocation_logs AS l (tenant, epoch) VALUES ($1::bigint, $3::text)
    ON CONFLICT (tenant) DO UPDATE SET epoch = excluded.epoch WHERE l.epoch = $2::text RETURNING epoch`,
};
