import type { Revocation, Revocations } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { purger } from './purge.ts';

/** The revocation log. One writer at a time, so the order of numbers is the order of commits. */
export interface RevocationLog extends Revocations {
  /** Inside a write. Entries that have expired already are left out. */
  append(tenant: number, entries: readonly Omit<Revocation, 'seq' | 'at'>[], now: number): void;
}

export function revocationLog(db: Connection, counters: Counters): RevocationLog {
  const insert = db.lazy(
    'INSERT INTO revocations (tenant, seq, kind, subject, reason, revoked_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const read = db.lazy(
    'SELECT seq, kind, subject, reason, revoked_at, expires_at FROM revocations WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const purge = purger(
    db,
    'DELETE FROM revocations WHERE tenant = ?1 AND seq IN (SELECT seq FROM revocations WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)',
  );
  return {
    append(tenant, entries, now) {
      const telling = entries.filter((entry) => entry.expiresAt > now);
      if (telling.length === 0) return;
      let seq = counters.next(tenant, 'revocation', telling.length) - telling.length;
      for (const entry of telling) {
        seq += 1;
        insert().run(tenant, seq, entry.kind, entry.subject, entry.reason, now, entry.expiresAt);
      }
      purge(tenant, now, telling.length);
    },
    readRevocations: (tenant, afterSeq, limit) =>
      db.read(() =>
        (read().all(tenant, afterSeq, limit) as unknown as Row[]).map(([seq, kind, subject, reason, at, expiresAt]) => ({
          seq,
          kind,
          subject,
          reason,
          at,
          expiresAt,
        })),
      ),
  };
}

type Row = [number, Revocation['kind'], string, string, number, number];
