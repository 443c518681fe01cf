import type { TenantId } from '@hufu/protocol/ids';
import { EDGE_COLUMNS, markNames, markOf, readEdgeRow, requireEdgeName, requireEdgeRecord, requireEdgeText } from '../edge-record.ts';
import type { EdgeEnd, EdgeEnding, EdgeRecord, EdgeSessions, NewEdgeRecord } from '../port.ts';
import { EDGE_ENDED_KEPT_SECONDS, EDGE_MARK_SECONDS, EDGE_SETTLE_SECONDS, FALL_AFTER_SECONDS, purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { purger } from './purge.ts';

const LIVE = 'end_seq IS NULL AND expires_at > ?1 AND (idle_seconds = 0 OR last_seen_at + idle_seconds > ?1)';

export function edgeSessions(db: Connection, counters: Counters): EdgeSessions {
  const find = db.lazy(`SELECT ${EDGE_COLUMNS} FROM edge_records WHERE tenant = ? AND edge = ? AND id = ?`);
  const put = db.lazy(`INSERT OR REPLACE INTO edge_records
      (tenant, edge, id, version, sealed, sub, sid, issued_at, created_at, last_seen_at, idle_seconds, expires_at, purge_at)
    VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11)`);
  const replace = db.lazy(`UPDATE edge_records SET version = version + 1, sealed = ?6, expires_at = ?7, purge_at = ?8
    WHERE tenant = ?2 AND edge = ?3 AND id = ?4 AND version = ?5 AND ${LIVE}`);
  const touch = db.lazy(
    `UPDATE edge_records SET last_seen_at = ?1 WHERE tenant = ?2 AND edge = ?3 AND id = ?4 AND last_seen_at < ?1 AND ${LIVE}`,
  );
  const end = db.lazy(`UPDATE edge_records SET end_seq = ?, end_reason = ?, ended_at = ?, due_at = ?, purge_at = ?
    WHERE tenant = ? AND edge = ? AND id = ?`);
  const ofSid = db.lazy(`SELECT id FROM edge_records INDEXED BY edge_records_by_sid
    WHERE tenant = ? AND edge = ? AND sid = ? AND sid IS NOT NULL AND end_seq IS NULL AND issued_at <= ? ORDER BY id`);
  const ofSub = db.lazy(`SELECT id FROM edge_records INDEXED BY edge_records_by_sub
    WHERE tenant = ? AND edge = ? AND sub = ? AND sub IS NOT NULL AND end_seq IS NULL AND issued_at <= ? ORDER BY id`);
  const findMark = db.lazy('SELECT 1 FROM edge_marks WHERE tenant = ? AND edge = ? AND subject = ? AND issued_by >= ? AND expires_at > ?');
  const mark = db.lazy(`INSERT INTO edge_marks (tenant, edge, subject, issued_by, expires_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET issued_by = max(issued_by, excluded.issued_by), expires_at = max(expires_at, excluded.expires_at)`);
  const ends = db.lazy(`SELECT end_seq, id, end_reason, ended_at FROM edge_records INDEXED BY edge_records_by_end
    WHERE tenant = ? AND edge = ? AND end_seq > ? ORDER BY end_seq LIMIT ?`);
  const due = db.lazy(`SELECT ${EDGE_COLUMNS} FROM edge_records INDEXED BY edge_records_due
    WHERE tenant = ? AND edge = ? AND due_at <= ? ORDER BY due_at LIMIT ?`);
  const lease = db.lazy('UPDATE edge_records SET due_at = ? WHERE tenant = ? AND edge = ? AND id = ?');
  const settle = db.lazy(
    "UPDATE edge_records SET sealed = '', due_at = NULL WHERE tenant = ? AND edge = ? AND id = ? AND end_seq IS NOT NULL",
  );
  const purge = purger(
    db,
    `DELETE FROM edge_records WHERE (tenant, edge, id) IN
      (SELECT tenant, edge, id FROM edge_records INDEXED BY edge_records_by_purge WHERE tenant = ?1 AND purge_at <= ?2 ORDER BY purge_at LIMIT ?3)`,
  );
  const purgeMarks = purger(
    db,
    `DELETE FROM edge_marks WHERE (tenant, edge, subject) IN
      (SELECT tenant, edge, subject FROM edge_marks INDEXED BY edge_marks_by_end WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );

  function look(tenant: TenantId, edge: string, id: string): EdgeRecord | undefined {
    const row = find().get(tenant, edge, id) as unknown as Row | undefined;
    return row === undefined ? undefined : readRow(row);
  }

  function isMarked(tenant: TenantId, edge: string, { subject }: NewEdgeRecord, now: number): boolean {
    if (subject === undefined) return false;
    return markNames(subject).some((name) => findMark().get(tenant, edge, name, subject.issuedAt, now) !== undefined);
  }

  /** Inside a write. */
  function bury(tenant: TenantId, edge: string, id: string, reason: EdgeEnd, now: number): void {
    const seq = counters.next(tenant, 'edge_end');
    end().run(seq, reason, now, now + EDGE_SETTLE_SECONDS, now + EDGE_ENDED_KEPT_SECONDS, tenant, edge, id);
  }

  return {
    async putEdgeRecord(tenant, edge, record, now) {
      requireEdgeRecord(edge, record);
      const { id, sealed, subject, idleSeconds, expiresAt } = record;
      return await db.write(() => {
        const there = look(tenant, edge, id);
        if (there !== undefined && (there.ended !== undefined || there.expiresAt > now)) return { kind: 'there', record: there };
        if (isMarked(tenant, edge, record, now)) return { kind: 'signed_out' };
        const { sub = null, sid = null, issuedAt = 0 } = subject ?? {};
        put().run(tenant, edge, id, sealed, sub, sid, issuedAt, now, idleSeconds, expiresAt, purgeTime(expiresAt));
        purge(tenant, now, 1);
        return { kind: 'put' };
      });
    },

    findEdgeRecord: (tenant, edge, id) => db.read(() => look(tenant, edge, id)),

    async replaceEdgeRecord(tenant, edge, id, version, { sealed, expiresAt }, now) {
      requireEdgeText(sealed);
      return await db.write(() => {
        const { changes } = replace().run(now, tenant, edge, id, version, sealed, expiresAt, purgeTime(expiresAt));
        return changes === 1 ? { kind: 'replaced', version: version + 1 } : { kind: 'changed', record: look(tenant, edge, id) };
      });
    },

    touchEdgeRecord: (tenant, edge, id, now) => db.write(() => void touch().run(now, tenant, edge, id)),

    endEdgeRecord: (tenant, edge, id, reason, now) =>
      db.write(() => {
        const there = look(tenant, edge, id);
        if (there === undefined || there.ended !== undefined) return undefined;
        bury(tenant, edge, id, reason, now);
        return there;
      }),

    async endEdgeSessions(tenant, edge, subject, reason, now) {
      const [name, issuedBy] = markOf(subject);
      requireEdgeName(edge, name.slice(1));
      return await db.write(() => {
        mark().run(tenant, edge, name, issuedBy, now + EDGE_MARK_SECONDS);
        purgeMarks(tenant, now - FALL_AFTER_SECONDS, 1);
        const rows = (name.startsWith('s') ? ofSid() : ofSub()).all(tenant, edge, name.slice(1), issuedBy) as unknown as [string][];
        for (const [id] of rows) bury(tenant, edge, id, reason, now);
        return rows.length;
      });
    },

    readEdgeEnds: (tenant, edge, afterSeq, limit) =>
      db.read(() =>
        (ends().all(tenant, edge, afterSeq, limit) as unknown as [number, string, EdgeEnd, number][]).map(
          ([seq, id, reason, at]): EdgeEnding => ({ seq, id, reason, at }),
        ),
      ),

    readEdgeHead: (tenant) => db.read(() => counters.find(tenant, 'edge_end')),

    async takeEdgeTombstones(tenant, edge, limit, leaseSeconds, now) {
      // The lock of writers only where there is something.
      if (await db.read(() => due().get(tenant, edge, now, 1) === undefined)) return [];
      return await db.write(() =>
        (due().all(tenant, edge, now, limit) as unknown as Row[]).map((row) => {
          const record = readRow(row);
          lease().run(now + leaseSeconds, tenant, edge, record.id);
          return record;
        }),
      );
    },

    settleEdgeTombstone: (tenant, edge, id) => db.write(() => void settle().run(tenant, edge, id)),
  };
}

type Row = [string, number, string, number, number, number, number, number | null, number | null, EdgeEnd | null];

function readRow([
  id,
  version,
  sealed,
  created_at,
  last_seen_at,
  idle_seconds,
  expires_at,
  end_seq,
  ended_at,
  end_reason,
]: Row): EdgeRecord {
  return readEdgeRow({ id, version, sealed, created_at, last_seen_at, idle_seconds, expires_at, end_seq, ended_at, end_reason });
}
