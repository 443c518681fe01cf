import type { TenantId } from '@hufu/protocol/ids';
import type { Bell } from '../bell.ts';
import type { Revocation, Revocations } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { purger } from './purge.ts';

/** The revocation log. One writer at a time, so the order of numbers is the order of commits. */
export interface RevocationLog {
  /** Inside a write. Entries that have expired already are left out. */
  append(tenant: TenantId, entries: readonly Omit<Revocation, 'seq' | 'at' | 'sub'>[], now: number): void;
}

export const READ_REVOCATIONS: string = `SELECT seq, kind, subject, reason, revoked_at, expires_at,
    CASE kind WHEN 'user' THEN (SELECT sub FROM users u WHERE u.tenant = r.tenant AND u.id = CAST(r.subject AS INTEGER)) END
  FROM revocations r`;

export type RevocationReads = Pick<Revocations, 'readRevocations' | 'readRevocationHead' | 'renewRevocationEpoch' | 'watchRevocations'>;

export function revocationLog(db: Connection, counters: Counters, bell: Bell): RevocationLog & RevocationReads {
  const insert = db.lazy(
    'INSERT INTO revocations (tenant, seq, kind, subject, reason, revoked_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const read = db.lazy(`${READ_REVOCATIONS} WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT ?`);
  const readEpoch = db.lazy('SELECT epoch FROM revocation_logs WHERE tenant = ?');
  const writeEpoch = db.lazy('INSERT INTO revocation_logs (tenant, epoch) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET epoch = ?2');
  // Entries about keys have no end; those of the version before have one.
  const purge = purger(
    db,
    `DELETE FROM revocations WHERE tenant = ?1 AND kind <> 'key'
      AND seq IN (SELECT seq FROM revocations WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );
  const findEpoch = (tenant: TenantId): string | undefined => (readEpoch().get(tenant) as unknown as [string] | undefined)?.[0];
  return {
    append(tenant, entries, now) {
      const telling = entries.filter((entry) => entry.expiresAt > now);
      if (telling.length === 0) return;
      let seq = counters.next(tenant, 'revocation', telling.length) - telling.length;
      for (const entry of telling) {
        seq += 1;
        insert().run(tenant, seq, entry.kind, entry.subject, entry.reason, now, entry.expiresAt);
      }
      purge(tenant, now - FALL_AFTER_SECONDS, telling.length);
      // A group commits without a pause, so this comes right after it. Where it was rolled back, somebody looks for nothing.
      queueMicrotask(() => bell.ring(tenant));
    },
    readRevocations: (tenant, afterSeq, limit) =>
      db.read(() => (read().all(tenant, afterSeq, limit) as unknown as RevocationRow[]).map(toRevocation)),
    readRevocationHead: (tenant) => db.read(() => ({ seq: counters.find(tenant, 'revocation'), epoch: findEpoch(tenant) })),
    renewRevocationEpoch: (tenant, from, to) =>
      db.write(() => {
        const there = findEpoch(tenant);
        if (there !== undefined && there !== from) return there;
        writeEpoch().run(tenant, to);
        return to;
      }),
    watchRevocations(tenant, wake) {
      const stop = bell.on(tenant, wake);
      return Promise.resolve(() => Promise.resolve(stop()));
    },
  };
}

export function toRevocation([seq, kind, subject, reason, at, expiresAt, sub]: RevocationRow): Revocation {
  return { seq, kind, subject, ...(sub === null ? {} : { sub }), reason, at, expiresAt };
}

export type RevocationRow = [
  seq: number,
  kind: Revocation['kind'],
  subject: string,
  reason: string,
  revokedAt: number,
  expiresAt: number,
  sub: string | null,
];
