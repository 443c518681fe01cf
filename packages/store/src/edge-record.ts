import { requireText } from './encoding.ts';
import type { EdgeEnd, EdgeRecord, EdgeSubject, EndedSubject, NewEdgeRecord } from './port.ts';
import { MAX_EDGE_RECORD } from './retention.ts';

/** What both engines make of what is handed in. */
export function requireEdgeRecord(edge: string, { id, sealed, subject }: NewEdgeRecord): void {
  requireEdgeName(edge, id);
  requireEdgeText(sealed);
  if (subject !== undefined) for (const text of [subject.sub, subject.sid ?? '']) requireText('a subject', text, MAX_NAME);
}

export function requireEdgeName(...names: readonly string[]): void {
  for (const name of names) requireText('a name', name, MAX_NAME);
}

export function requireEdgeText(sealed: string): void {
  requireText('what is sealed', sealed, MAX_EDGE_RECORD);
}

const MAX_NAME = 64;

/** Under which names a subject is marked, in the order in which they are locked. */
export function markNames(subject: EdgeSubject): string[] {
  return subject.sid === undefined ? [`u${subject.sub}`] : [`s${subject.sid}`, `u${subject.sub}`];
}

/** The mark that an end leaves; the second is up to which second it counts. */
export function markOf(subject: EndedSubject): readonly [name: string, issuedBy: number] {
  return 'sid' in subject ? [`s${subject.sid}`, Number.MAX_SAFE_INTEGER] : [`u${subject.sub}`, subject.issuedBy];
}

/** The columns of a row, as they stand in both engines. */
export interface EdgeRow {
  readonly id: string;
  readonly version: number;
  readonly sealed: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly idle_seconds: number;
  readonly expires_at: number;
  readonly end_seq: number | null;
  readonly ended_at: number | null;
  readonly end_reason: EdgeEnd | null;
}

export const EDGE_COLUMNS = 'id, version, sealed, created_at, last_seen_at, idle_seconds, expires_at, end_seq, ended_at, end_reason';

export function readEdgeRow(row: EdgeRow): EdgeRecord {
  const { end_seq: seq, ended_at: at, end_reason: reason } = row;
  return {
    id: row.id,
    version: row.version,
    sealed: row.sealed,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    idleSeconds: row.idle_seconds,
    expiresAt: row.expires_at,
    ended: seq === null || at === null || reason === null ? undefined : { seq, at, reason },
  };
}
