import type { StatementSync } from 'node:sqlite';
import { equalText } from '@hufu/protocol/equal-text';
import { AUDITED, type AuditedVerb } from '../audit/audited-verbs.ts';
import { AUDIT_GENESIS, sealAfter } from '../audit/chain.ts';
import {
  ENTRY_COLUMNS,
  type EntryRow,
  listedBy,
  readEntryRow,
  readSealedRow,
  SEALED_WITHIN_MS,
  type SealedRow,
  writeEntryRow,
} from '../audit/rows.ts';
import { entryOf, NOBODY, signEntry } from '../audit/write-entry.ts';
import type { Acting, Audit, AuditCheckpoint, SealedEntry, Store } from '../port.ts';
import type { Connection, Lazy } from './connection.ts';
import type { Counters } from './counters.ts';
import { eachKind } from './each-kind.ts';

const COLUMNS = ENTRY_COLUMNS.join(', ');
const MARKS = ENTRY_COLUMNS.map(() => '?').join(', ');

/** Reading, sealing and checkpoints. */
export function auditLog(db: Connection): Audit {
  const findWaiting = db.lazy('SELECT 1 FROM audit_inbox WHERE tenant = ? AND id > 0 LIMIT 1');
  const waiting = db.lazy(`SELECT ${COLUMNS} FROM audit_inbox WHERE tenant = ? AND id > 0 ORDER BY id LIMIT ?`);
  // Those that are sealed are all that waited up to there: nobody else writes meanwhile.
  const leave = db.lazy('DELETE FROM audit_inbox WHERE tenant = ? AND id > 0 AND id <= ?');
  const insert = db.lazy(`INSERT INTO audit_log (tenant, ${COLUMNS}, seq, hash) VALUES (?, ${MARKS}, ?, ?)`);
  const findHead = db.lazy('SELECT seq, hash FROM audit_heads WHERE tenant = ?');
  const putHead = db.lazy('INSERT INTO audit_heads (tenant, seq, hash) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET seq = ?2, hash = ?3');
  const findLast = db.lazy('SELECT seq, hash FROM audit_log WHERE tenant = ? AND seq > 0 ORDER BY seq DESC LIMIT 1');
  const findHash = db.lazy('SELECT hash FROM audit_log WHERE tenant = ? AND seq = ?');
  const read = db.lazy(`SELECT ${COLUMNS}, seq, hash FROM audit_log WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT ?`);
  const lastBefore = db.lazy(
    'SELECT seq FROM audit_log INDEXED BY audit_log_by_time WHERE tenant = ? AND at_ms < ? ORDER BY at_ms DESC, seq DESC LIMIT 1',
  );
  const firstAfter = db.lazy(
    'SELECT seq FROM audit_log INDEXED BY audit_log_by_time WHERE tenant = ? AND at_ms > ? ORDER BY at_ms, seq LIMIT 1',
  );
  const lists = new Map<string, Lazy>();
  const listOf = (index: string | undefined, columns: readonly string[]): StatementSync => {
    const key = columns.join(' ');
    const known = lists.get(key);
    if (known !== undefined) return known();
    const made = db.lazy(
      `SELECT ${COLUMNS}, seq, hash FROM audit_log ${index === undefined ? '' : `INDEXED BY ${index}`}
      WHERE tenant = ?1 AND seq < ?2 AND seq > ?3 AND at_ms >= ?4 AND at_ms < ?5${columns.map((column, at) => ` AND ${column} = ?${at + 7}`).join('')}
      ORDER BY seq DESC LIMIT ?6`,
    );
    lists.set(key, made);
    return made();
  };
  const actionsOf = eachKind(
    db,
    'action',
    'audit_log INDEXED BY audit_log_by_actor_and_target',
    'tenant = ? AND actor_kind = ? AND actor_id = ? AND target_kind = ? AND target_id = ?',
  );
  const putPoint = db.lazy(
    'INSERT INTO audit_checkpoints (tenant, seq, hash, at_ms, jws, jwk) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const points = 'SELECT seq, hash, at_ms, jws, jwk FROM audit_checkpoints WHERE tenant = ?';
  const lastPoint = db.lazy(`${points} AND seq > 0 ORDER BY seq DESC LIMIT 1`);
  const listPoints = db.lazy(`${points} AND seq >= ? ORDER BY seq LIMIT ?`);

  const head = (tenant: number): { readonly seq: number; readonly hash: string } => {
    const [seq, hash] = (findHead().get(tenant) as unknown as [number, string] | undefined) ?? [0, AUDIT_GENESIS];
    const last = findLast().get(tenant) as unknown as [number, string] | undefined;
    return last !== undefined && last[0] > seq ? { seq: last[0], hash: last[1] } : { seq, hash };
  };
  const stands = (tenant: number, at: { readonly seq: number; readonly hash: string }): boolean => {
    const row = findHash().get(tenant, at.seq) as unknown as [string] | undefined;
    return at.seq === 0 || (row !== undefined && equalText(row[0], at.hash));
  };

  return {
    async sealAudit(tenant, limit, expected) {
      if (await db.read(() => findWaiting().get(tenant) === undefined && (expected === undefined || stands(tenant, expected))))
        return { kind: 'sealed', entries: [], ...head(tenant) };
      return await db.write(() => {
        const there = head(tenant);
        if (expected !== undefined && !stands(tenant, expected)) return { kind: 'broken' };
        const rows = waiting().all(tenant, limit) as unknown as EntryRow[];
        const entries = sealAfter(there, tenant, rows.map(readEntryRow).sort(inTime));
        const last = rows.at(-1);
        const { seq, hash } = entries.at(-1) ?? there;
        if (last !== undefined) {
          for (const entry of entries) insert().run(tenant, ...writeEntryRow(entry), entry.seq, entry.hash);
          leave().run(tenant, last[0]);
          putHead().run(tenant, seq, hash);
        }
        return { kind: 'sealed', entries, seq, hash };
      });
    },

    readAuditHead: (tenant) =>
      db.read(() => {
        const row = lastPoint().get(tenant) as unknown as PointRow | undefined;
        return { ...head(tenant), checkpoint: row === undefined ? undefined : readPoint(row) };
      }),

    readAudit: (tenant, afterSeq, limit) =>
      db.read(() => (read().all(tenant, afterSeq, limit) as unknown as SealedRow[]).map(readSealedRow)),

    listAudit: (tenant, { sinceMs = 0, untilMs = MAX, before = MAX, ...filter }, limit) =>
      db.read(() => {
        const { index, columns, values, between } = listedBy(filter);
        const [from] = (lastBefore().get(tenant, sinceMs - SEALED_WITHIN_MS) as unknown as [number] | undefined) ?? [0];
        const [to] = (firstAfter().get(tenant, Math.min(untilMs + SEALED_WITHIN_MS, MAX)) as unknown as [number] | undefined) ?? [MAX];
        const range = [tenant, Math.min(before, to), from, sinceMs, untilMs, limit];
        const rows =
          between === undefined
            ? listOf(index, columns).all(...range, ...values)
            : actionsOf([tenant, ...values]).flatMap((kind) => listOf(index, [...columns, between]).all(...range, ...values, kind));
        return newest((rows as unknown as SealedRow[]).map(readSealedRow), limit);
      }),

    putAuditCheckpoint: (tenant, { seq, hash, atMs, jws, jwk }) => db.write(() => void putPoint().run(tenant, seq, hash, atMs, jws, jwk)),

    listAuditCheckpoints: (tenant, fromSeq, limit) =>
      db.read(() => (listPoints().all(tenant, fromSeq, limit) as unknown as PointRow[]).map(readPoint)),
  };
}

/** The audited verbs of a store, which write their entries; and how somebody takes them over. */
export function audited(db: Connection, counters: Counters, verbs: Omit<Store, 'actingAs'>): Store {
  const insert = db.lazy(`INSERT INTO audit_inbox (tenant, ${COLUMNS}) VALUES (?, ${MARKS})`);

  const call = (acting: Acting, name: AuditedVerb, args: readonly unknown[]): Promise<unknown> => {
    const note = {
      tells: (answer: unknown): boolean => entryOf(acting, name, args, answer) !== undefined,
      write: (answer: unknown): void => {
        const entry = entryOf(acting, name, args, answer);
        const tenant = Number(args[0]);
        if (entry !== undefined)
          insert().run(tenant, ...writeEntryRow(signEntry(acting, tenant, counters.nextOfBlock(tenant, 'audit'), entry)));
      },
    };
    return db.noting(note, () => Reflect.apply(verbs[name], verbs, args) as Promise<unknown>);
  };
  const actingAs = (acting: Acting): Store => {
    const noted = AUDITED.map((name) => [name, (...args: unknown[]) => call(acting, name, args)]);
    return { ...verbs, ...Object.fromEntries(noted), actingAs };
  };
  return actingAs(NOBODY);
}

function newest(entries: readonly SealedEntry[], limit: number): SealedEntry[] {
  return entries.toSorted((one, other) => other.seq - one.seq).slice(0, limit);
}

function inTime(one: { readonly atMs: number; readonly id: number }, other: { readonly atMs: number; readonly id: number }): number {
  return one.atMs - other.atMs || one.id - other.id;
}

type PointRow = readonly [number, string, number, string, string];

function readPoint([seq, hash, atMs, jws, jwk]: PointRow): AuditCheckpoint {
  return { seq, hash, atMs, jws, jwk };
}

const MAX = Number.MAX_SAFE_INTEGER;
