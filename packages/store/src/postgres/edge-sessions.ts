import {
  EDGE_COLUMNS,
  type EdgeRow,
  markNames,
  markOf,
  readEdgeRow,
  requireEdgeName,
  requireEdgeRecord,
  requireEdgeText,
} from '../edge-record.ts';
import type { EdgeEnd, EdgeSessions } from '../port.ts';
import { EDGE_ENDED_KEPT_SECONDS, EDGE_MARK_SECONDS, EDGE_SETTLE_SECONDS, purgeTime } from '../retention.ts';
import { raiseCounter, readCounter } from './counters.ts';
import type { Database, Session, Statement } from './database.ts';
import { ENDED_EDGE_MARKS, ENDED_EDGE_RECORDS, type Purge } from './purge.ts';

/** Order of locks: names of subjects, rows in order of their ids, the counter of ends; it is held until the commit, so that numbers appear in their order. */
export function edgeSessions(db: Database, purge: Purge): EdgeSessions {
  const look = async (tenant: number, edge: string, id: string): Promise<EdgeRow | undefined> =>
    (await db.run<EdgeRow>(FIND, [tenant, edge, id]))[0];

  return {
    async putEdgeRecord(tenant, edge, record, now) {
      requireEdgeRecord(edge, record);
      const { id, sealed, subject, idleSeconds, expiresAt } = record;
      const { sub = null, sid = null, issuedAt = 0 } = subject ?? {};
      const values = [tenant, edge, id, sealed, sub, sid, issuedAt, now, idleSeconds, expiresAt, purgeTime(expiresAt)];
      const put = async (session: Session): Promise<'put' | 'there' | 'signed_out'> => {
        for (const name of subject === undefined ? [] : markNames(subject)) {
          await session.run(LOCK, [tenant, edge, name]);
          if ((await session.run(FIND_MARK, [tenant, edge, name, issuedAt, now])).length > 0) return 'signed_out';
        }
        return (await session.run(PUT, values)).length === 1 ? 'put' : 'there';
      };
      // What was there may fall between the two questions.
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        // What is there is told before a mark is.
        const before = subject === undefined ? undefined : await look(tenant, edge, id);
        if (before !== undefined && (before.end_seq !== null || before.expires_at > now))
          return { kind: 'there', record: readEdgeRow(before) };
        const done = subject === undefined ? await put(db) : await db.transact(put);
        if (done === 'put') purge.count(tenant, ENDED_EDGE_RECORDS, 1, now);
        if (done !== 'there') return { kind: done };
        const there = await look(tenant, edge, id);
        if (there !== undefined) return { kind: 'there', record: readEdgeRow(there) };
      }
      throw new Error('what is there falls again and again');
    },

    async findEdgeRecord(tenant, edge, id) {
      const row = await look(tenant, edge, id);
      return row === undefined ? undefined : readEdgeRow(row);
    },

    async replaceEdgeRecord(tenant, edge, id, version, { sealed, expiresAt }, now) {
      requireEdgeText(sealed);
      const done = await db.run(REPLACE, [now, tenant, edge, id, version, sealed, expiresAt, purgeTime(expiresAt)]);
      if (done.length === 1) return { kind: 'replaced', version: version + 1 };
      const row = await look(tenant, edge, id);
      return { kind: 'changed', record: row === undefined ? undefined : readEdgeRow(row) };
    },

    async touchEdgeRecord(tenant, edge, id, now) {
      await db.run(TOUCH, [now, tenant, edge, id]);
    },

    endEdgeRecord: (tenant, edge, id, reason, now) =>
      db.transact(async (session) => {
        const [row] = await session.run<EdgeRow>(LOCK_LIVE, [tenant, edge, id]);
        if (row === undefined) return undefined;
        await bury(session, tenant, edge, [id], reason, now);
        return readEdgeRow(row);
      }),

    async endEdgeSessions(tenant, edge, subject, reason, now) {
      const [name, issuedBy] = markOf(subject);
      requireEdgeName(edge, name.slice(1));
      const ended = await db.transact(async (session) => {
        await session.run(LOCK, [tenant, edge, name]);
        await session.run(MARK, [tenant, edge, name, issuedBy, now + EDGE_MARK_SECONDS]);
        const rows = await session.run<{ id: string }>(name.startsWith('s') ? LOCK_SID : LOCK_SUB, [tenant, edge, name.slice(1), issuedBy]);
        const ids = rows.map(({ id }) => id);
        if (ids.length > 0) await bury(session, tenant, edge, ids, reason, now);
        return ids.length;
      });
      purge.count(tenant, ENDED_EDGE_MARKS, 1, now);
      return ended;
    },

    async readEdgeEnds(tenant, edge, afterSeq, limit) {
      const rows = await db.run<EndRow>(ENDS, [tenant, edge, afterSeq, limit]);
      return rows.map(({ end_seq: seq, id, end_reason: reason, ended_at: at }) => ({ seq, id, reason, at }));
    },

    readEdgeHead: (tenant) => readCounter(db, tenant, 'edge_end'),

    async takeEdgeTombstones(tenant, edge, limit, leaseSeconds, now) {
      return (await db.run<EdgeRow>(TAKE, [tenant, edge, now, limit, now + leaseSeconds])).map(readEdgeRow);
    },

    async settleEdgeTombstone(tenant, edge, id) {
      await db.run(SETTLE, [tenant, edge, id]);
    },
  };
}

const MAX_ROUNDS = 3;

/** The rows are locked. */
async function bury(
  session: Session,
  tenant: Parameters<typeof raiseCounter>[1],
  edge: string,
  ids: readonly string[],
  reason: EdgeEnd,
  now: number,
): Promise<void> {
  const last = await raiseCounter(session, tenant, 'edge_end', ids.length);
  const seqs = ids.map((_, index) => last - ids.length + 1 + index);
  await session.run(BURY, [tenant, edge, ids, seqs, reason, now, now + EDGE_SETTLE_SECONDS, now + EDGE_ENDED_KEPT_SECONDS]);
}

interface EndRow {
  readonly end_seq: number;
  readonly id: string;
  readonly end_reason: EdgeEnd;
  readonly ended_at: number;
}

const KEY = 'tenant = $1::bigint AND edge = $2::text AND id = $3::text';
const LIVE = 'end_seq IS NULL AND expires_at > $1::bigint AND (idle_seconds = 0 OR last_seen_at + idle_seconds > $1::bigint)';
const MINE = 'tenant = $2::bigint AND edge = $3::text AND id = $4::text';

const FIND: Statement = { name: 'find_edge_record', text: `SELECT ${EDGE_COLUMNS} FROM edge_records WHERE ${KEY}` };
const LOCK: Statement = {
  name: 'lock_edge_subject',
  text: `SELECT pg_advisory_xact_lock(hashtextextended($1::bigint || ' ' || $2::text || ' ' || $3::text, 7)) IS NULL AS locked`,
};
const FIND_MARK: Statement = {
  name: 'find_edge_mark',
  text: `SELECT subject FROM edge_marks WHERE tenant = $1::bigint AND edge = $2::text AND subject = $3::text
    AND issued_by >= $4::bigint AND expires_at > $5::bigint`,
};
const PUT: Statement = {
  name: 'put_edge_record',
  text: `INSERT INTO edge_records AS r
      (tenant, edge, id, version, sealed, sub, sid, issued_at, created_at, last_seen_at, idle_seconds, expires_at, purge_at)
    VALUES ($1::bigint, $2::text, $3::text, 1, $4::text, $5::text, $6::text, $7::bigint, $8::bigint, $8::bigint, $9::bigint, $10::bigint, $11::bigint)
    ON CONFLICT (tenant, edge, id) DO UPDATE SET version = 1, sealed = excluded.sealed, sub = excluded.sub, sid = excluded.sid,
      issued_at = excluded.issued_at, created_at = excluded.created_at, last_seen_at = excluded.last_seen_at,
      idle_seconds = excluded.idle_seconds, expires_at = excluded.expires_at, purge_at = excluded.purge_at
    WHERE r.end_seq IS NULL AND r.expires_at <= $8::bigint
    RETURNING r.id`,
};
const REPLACE: Statement = {
  name: 'replace_edge_record',
  text: `UPDATE edge_records SET version = version + 1, sealed = $6::text, expires_at = $7::bigint, purge_at = $8::bigint
    WHERE ${MINE} AND version = $5::bigint AND ${LIVE} RETURNING id`,
};
const TOUCH: Statement = {
  name: 'touch_edge_record',
  text: `UPDATE edge_records SET last_seen_at = $1::bigint WHERE ${MINE} AND last_seen_at < $1::bigint AND ${LIVE}`,
};
const LOCK_LIVE: Statement = { text: `SELECT ${EDGE_COLUMNS} FROM edge_records WHERE ${KEY} AND end_seq IS NULL FOR UPDATE` };
const LOCK_SID: Statement = { text: lockOf('sid') };
const LOCK_SUB: Statement = { text: lockOf('sub') };
const BURY: Statement = {
  text: `UPDATE edge_records r SET end_seq = e.seq, end_reason = $5::text, ended_at = $6::bigint, due_at = $7::bigint, purge_at = $8::bigint
    FROM unnest($3::text[], $4::bigint[]) AS e (id, seq)
    WHERE r.tenant = $1::bigint AND r.edge = $2::text AND r.id = e.id`,
};
const MARK: Statement = {
  text: `INSERT INTO edge_marks AS m (tenant, edge, subject, issued_by, expires_at)
    VALUES ($1::bigint, $2::text, $3::text, $4::bigint, $5::bigint)
    ON CONFLICT (tenant, edge, subject) DO UPDATE SET
      issued_by = greatest(m.issued_by, excluded.issued_by), expires_at = greatest(m.expires_at, excluded.expires_at)`,
};
const ENDS: Statement = {
  name: 'read_edge_ends',
  text: `SELECT end_seq, id, end_reason, ended_at FROM edge_records
    WHERE tenant = $1::bigint AND edge = $2::text AND end_seq > $3::bigint ORDER BY end_seq LIMIT $4::bigint`,
};
/** As with mails: what another gateway is taking is left to it. */
const TAKE: Statement = {
  text: `UPDATE edge_records SET due_at = $5::bigint WHERE tenant = $1::bigint AND edge = $2::text AND id = ANY (ARRAY(
      SELECT id FROM edge_records WHERE tenant = $1::bigint AND edge = $2::text AND due_at <= $3::bigint
      ORDER BY due_at LIMIT $4::bigint FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING ${EDGE_COLUMNS}`,
};
const SETTLE: Statement = { text: `UPDATE edge_records SET sealed = '', due_at = NULL WHERE ${KEY} AND end_seq IS NOT NULL` };

function lockOf(column: 'sid' | 'sub'): string {
  return `SELECT id FROM edge_records WHERE tenant = $1::bigint AND edge = $2::text AND ${column} = $3::text
    AND end_seq IS NULL AND issued_at <= $4::bigint ORDER BY id FOR UPDATE`;
}
