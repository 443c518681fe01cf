import { equalText } from '@hufu/protocol/equal-text';
import { AUDIT_GENESIS, sealAfter } from '../audit/chain.ts';
import {
  type CheckpointRow,
  ENTRY_COLUMNS,
  isNumber,
  type ListedBy,
  listedBy,
  readCheckpoint,
  SEALED_WITHIN_MS,
  writeEntryRow,
} from '../audit/rows.ts';
import type { Audit, AuditEntry, SealedEntry } from '../port.ts';
import type { Database, Session, Statement } from './database.ts';
import { ofEachKind } from './each-kind.ts';
import type { Statistics } from './statistics.ts';

/** Reading, sealing and checkpoints. */
export function auditLog(db: Database, statistics: Statistics): Audit {
  return {
    async sealAudit(tenant, limit, expected) {
      const [waits] = await db.run(FIND_WAITING, [tenant]);
      if (waits === undefined && (expected === undefined || (await stands(db, tenant, expected))))
        return { kind: 'sealed', entries: [], ...(await readHead(db, tenant)) };
      const sealed = await db.transact(async (session): ReturnType<Audit['sealAudit']> => {
        await session.run(ENSURE_HEAD, [tenant, AUDIT_GENESIS]);
        const [locked] = await session.run<Head>(LOCK_HEAD, [tenant]);
        if (locked === undefined) return { kind: 'busy' };
        const there = await readHead(session, tenant);
        if (expected !== undefined && !(await stands(session, tenant, expected))) return { kind: 'broken' };
        const rows = await session.run<Row>(WAITING, [tenant, limit]);
        const entries = sealAfter(there, tenant, rows.map(readEntry).sort(inTime));
        const last = entries.at(-1);
        if (last === undefined) return { kind: 'sealed', entries, ...there };
        const ids = entries.map(({ id }) => id);
        const places = [entries.map(({ seq }) => seq), entries.map(({ hash }) => hash)];
        // What is sealed does not come back to where it was read.
        await session.run(MOVE, [tenant, Math.min(...ids), Math.max(...ids), ids, ...places, last.seq, last.hash]);
        return { kind: 'sealed', entries, seq: last.seq, hash: last.hash };
      });
      const [first] = sealed.kind === 'sealed' ? sealed.entries : [];
      if (sealed.kind === 'sealed' && first !== undefined)
        statistics.inserted('audit_log', sealed.entries.length, Math.floor(first.atMs / 1000));
      return sealed;
    },

    async readAuditHead(tenant) {
      const [row] = await db.run<EndRow>(FIND_END, [tenant]);
      return {
        seq: row?.end_seq ?? 0,
        hash: row?.end_hash ?? AUDIT_GENESIS,
        checkpoint: row === undefined || row.seq === null ? undefined : readCheckpoint(row),
      };
    },

    async readAudit(tenant, afterSeq, limit) {
      return (await db.run<SealedRow>(READ, [tenant, afterSeq, limit])).map(readSealed);
    },

    async listAudit(tenant, { sinceMs = 0, untilMs = MAX, before = MAX, ...filter }, limit) {
      const by = listedBy(filter);
      const [from] = sinceMs === 0 ? [] : await db.run<{ seq: number }>(LAST_BEFORE, [tenant, sinceMs - SEALED_WITHIN_MS]);
      const [to] = untilMs === MAX ? [] : await db.run<{ seq: number }>(FIRST_AFTER, [tenant, Math.min(untilMs + SEALED_WITHIN_MS, MAX)]);
      const range = [tenant, Math.min(before, to?.seq ?? MAX), from?.seq ?? 0, sinceMs, untilMs, limit];
      return (await db.run<SealedRow>(listOf(by), [...range, ...by.values])).map(readSealed);
    },

    async putAuditCheckpoint(tenant, { seq, hash, atMs, jws, jwk }) {
      await db.run(PUT_POINT, [tenant, seq, hash, atMs, jws, jwk]);
    },

    async listAuditCheckpoints(tenant, fromSeq, limit) {
      return (await db.run<CheckpointRow>(LIST_POINTS, [tenant, fromSeq, limit])).map(readCheckpoint);
    },
  };
}

/** Inside the transaction that an entry tells of. */
export async function insertEntry(session: Session, tenant: number, entry: AuditEntry): Promise<void> {
  await session.run(INSERT_WAITING, [tenant, ...writeEntryRow(entry)]);
}

/** The columns of several entries, each as an array. */
export function columnsOf(entries: readonly AuditEntry[]): unknown[][] {
  const rows = entries.map(writeEntryRow);
  return ENTRY_COLUMNS.map((_, index) => rows.map((row) => row[index]));
}

/** `unnest` of what `columnsOf` makes, from the parameter `first` on. */
export function unnestText(
  first: number,
  { before = [], after = [] }: { readonly before?: readonly string[]; readonly after?: readonly string[] },
): string {
  const types = [...before, ...ENTRY_COLUMNS.map((column) => (isNumber(column) ? 'bigint' : 'text')), ...after];
  return `unnest(${types.map((type, index) => `$${first + index}::${type}[]`).join(', ')})`;
}

export const INBOX_COLUMNS: string = ENTRY_COLUMNS.join(', ');

interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Of the head and the last entry the later one: they are the same, unless somebody has meddled with them. */
async function readHead(session: Session, tenant: number): Promise<Head> {
  const [head] = await session.run<Head>(FIND_HEAD, [tenant]);
  return head ?? { seq: 0, hash: AUDIT_GENESIS };
}

async function stands(session: Session, tenant: number, { seq, hash }: Head): Promise<boolean> {
  if (seq === 0) return true;
  const [row] = await session.run<{ hash: string }>(FIND_HASH, [tenant, seq]);
  return row !== undefined && equalText(row.hash, hash);
}

interface Row {
  readonly id: number;
  readonly at_ms: number;
  readonly actor_kind: string;
  readonly actor_id: string;
  readonly via: string;
  readonly request_id: string;
  readonly action: string;
  readonly target_kind: string;
  readonly target_id: string;
  readonly details: string;
  readonly mac: string;
}

type SealedRow = Row & Head;

/** The head, and the last checkpoint. */
type EndRow = { readonly end_seq: number | null; readonly end_hash: string | null } & (CheckpointRow | { readonly seq: null });

function readEntry(row: Row): AuditEntry {
  return {
    id: row.id,
    atMs: row.at_ms,
    actor: { kind: row.actor_kind, id: row.actor_id },
    via: row.via,
    requestId: row.request_id,
    action: row.action,
    target: { kind: row.target_kind, id: row.target_id },
    details: row.details,
    mac: row.mac,
  };
}

function readSealed(row: SealedRow): SealedEntry {
  return { ...readEntry(row), seq: row.seq, hash: row.hash };
}

function inTime(one: AuditEntry, other: AuditEntry): number {
  return one.atMs - other.atMs || one.id - other.id;
}

const FIND_WAITING: Statement = {
  name: 'find_waiting_audit',
  text: 'SELECT id FROM audit_inbox WHERE tenant = $1::bigint AND id > 0 ORDER BY id LIMIT 1',
};
const INSERT_WAITING: Statement = {
  name: 'insert_audit',
  text: `INSERT INTO audit_inbox (tenant, ${INBOX_COLUMNS})
    VALUES ($1::bigint, ${ENTRY_COLUMNS.map((column, index) => `$${index + 2}::${isNumber(column) ? 'bigint' : 'text'}`).join(', ')})`,
};
const WAITING: Statement = {
  text: `SELECT ${INBOX_COLUMNS} FROM audit_inbox WHERE tenant = $1::bigint AND id > 0 ORDER BY id LIMIT $2::bigint`,
};
/** From where they wait into the log, each with its place, and the head behind them. */
const MOVE: Statement = {
  text: `WITH gone AS (DELETE FROM audit_inbox WHERE tenant = $1::bigint AND id >= $2::bigint AND id <= $3::bigint AND id = ANY ($4::bigint[])),
    head AS (UPDATE audit_heads SET seq = $7::bigint, hash = $8::text WHERE tenant = $1::bigint)
    INSERT INTO audit_log (tenant, ${INBOX_COLUMNS}, seq, hash)
    SELECT $1::bigint, ${ENTRY_COLUMNS.map((column) => `e.${column}`).join(', ')}, place.seq, place.hash
    FROM unnest($4::bigint[], $5::bigint[], $6::text[]) AS place (id, seq, hash) CROSS JOIN LATERAL (
      SELECT * FROM audit_inbox i WHERE i.tenant = $1::bigint AND i.id = place.id LIMIT 1) AS e`,
};
const ENSURE_HEAD: Statement = {
  text: 'INSERT INTO audit_heads (tenant, seq, hash) VALUES ($1::bigint, 0, $2::text) ON CONFLICT DO NOTHING',
};
const LOCK_HEAD: Statement = { text: 'SELECT seq, hash FROM audit_heads WHERE tenant = $1::bigint FOR UPDATE SKIP LOCKED' };
const HEAD = `SELECT seq, hash FROM (SELECT seq, hash FROM audit_heads WHERE tenant = $1::bigint
      UNION ALL (SELECT seq, hash FROM audit_log WHERE tenant = $1::bigint AND seq > 0 ORDER BY seq DESC LIMIT 1)) AS ends
    ORDER BY seq DESC LIMIT 1`;
const FIND_HEAD: Statement = { name: 'find_audit_head', text: HEAD };
const FIND_HASH: Statement = {
  name: 'find_audit_hash',
  text: 'SELECT hash FROM audit_log WHERE tenant = $1::bigint AND seq = $2::bigint',
};
const READ: Statement = {
  text: `SELECT ${INBOX_COLUMNS}, seq, hash FROM audit_log WHERE tenant = $1::bigint AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint`,
};
const LAST_BEFORE: Statement = {
  text: 'SELECT seq FROM audit_log WHERE tenant = $1::bigint AND at_ms < $2::bigint ORDER BY at_ms DESC, seq DESC LIMIT 1',
};
const FIRST_AFTER: Statement = {
  text: 'SELECT seq FROM audit_log WHERE tenant = $1::bigint AND at_ms > $2::bigint ORDER BY at_ms, seq LIMIT 1',
};

/**
 * Without a name: planned for what the table is like now. It is not to go by the time (`+ 0`), which it would have to sort.
 */
function listOf({ columns, between }: ListedBy): Statement {
  const exact = columns.map((column, at) => ` AND ${column} = $${at + 7}::text`).join('');
  const list = (more: string): string => `SELECT ${INBOX_COLUMNS}, seq, hash FROM audit_log
      WHERE tenant = $1::bigint AND seq < $2::bigint AND seq > $3::bigint AND at_ms + 0 >= $4::bigint AND at_ms + 0 < $5::bigint${exact}${more}
      ORDER BY seq DESC LIMIT $6::bigint`;
  return {
    text:
      between === undefined ? list('') : ofEachKind('audit_log', between, `tenant = $1::bigint${exact}`, list, 'seq DESC', '$6::bigint'),
  };
}

const POINTS = 'SELECT seq, hash, at_ms, jws, jwk FROM audit_checkpoints WHERE tenant = $1::bigint';
/** Both of one moment: no checkpoint is of more than its head. */
const FIND_END: Statement = {
  name: 'find_audit_end',
  text: `SELECT head.seq AS end_seq, head.hash AS end_hash, point.seq, point.hash, point.at_ms, point.jws, point.jwk
    FROM (VALUES (1)) AS one LEFT JOIN (${HEAD}) AS head ON true LEFT JOIN (${POINTS} AND seq > 0 ORDER BY seq DESC LIMIT 1) AS point ON true`,
};
const LIST_POINTS: Statement = { text: `${POINTS} AND seq >= $2::bigint ORDER BY seq LIMIT $3::bigint` };
const PUT_POINT: Statement = {
  text: `INSERT INTO audit_checkpoints (tenant, seq, hash, at_ms, jws, jwk)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::bigint, $5::text, $6::text) ON CONFLICT DO NOTHING`,
};
const MAX = Number.MAX_SAFE_INTEGER;
