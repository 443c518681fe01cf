import type { AuditCheckpoint, AuditEntry, AuditFilter, SealedEntry } from '../port/audit.ts';

/** The columns of an entry, the same in both tables and both engines. */
export const ENTRY_COLUMNS = [
  'id',
  'at_ms',
  'actor_kind',
  'actor_id',
  'via',
  'request_id',
  'action',
  'target_kind',
  'target_id',
  'details',
  'mac',
] as const;

/** Of `ENTRY_COLUMNS` those that are numbers. */
export const isNumber = (column: string): boolean => column === 'id' || column === 'at_ms';

export type EntryRow = readonly [number, number, string, string, string, string, string, string, string, string, string];
export type SealedRow = readonly [...EntryRow, number, string];

export function writeEntryRow(entry: AuditEntry): EntryRow {
  const { id, atMs, actor, via, requestId, action, target, details, mac } = entry;
  return [id, atMs, actor.kind, actor.id, via, requestId, action, target.kind, target.id, details, mac];
}

export function readEntryRow([id, atMs, kind, name, via, requestId, action, targetKind, targetId, details, mac]: EntryRow): AuditEntry {
  return { id, atMs, actor: { kind, id: name }, via, requestId, action, target: { kind: targetKind, id: targetId }, details, mac };
}

export function readSealedRow([...row]: SealedRow): SealedEntry {
  const [id, at, kind, name, via, request, action, targetKind, targetId, details, mac, seq, hash] = row;
  return { ...readEntryRow([id, at, kind, name, via, request, action, targetKind, targetId, details, mac]), seq, hash };
}

export interface CheckpointRow {
  readonly seq: number;
  readonly hash: string;
  readonly at_ms: number;
  readonly jws: string;
  readonly jwk: string;
}

export function readCheckpoint({ seq, hash, at_ms: atMs, jws, jwk }: CheckpointRow): AuditCheckpoint {
  return { seq, hash, atMs, jws, jwk };
}

/** By what the entries of a list are found: an index that has them in the order of their numbers, and what it begins with after the tenant. */
export interface ListedBy {
  readonly index: (typeof INDEXES)[keyof typeof INDEXES] | undefined;
  /** Each is one value. */
  readonly columns: readonly string[];
  readonly values: readonly string[];
  /** Stands before the number as well, and is asked for by nobody: it has few values, each of which has its list. */
  readonly between: 'action' | undefined;
}

const INDEXES = {
  actor: 'audit_log_by_actor',
  target: 'audit_log_by_target',
  action: 'audit_log_by_action',
  'actor target': 'audit_log_by_actor_and_target',
  'actor action': 'audit_log_by_actor_and_action',
  'target action': 'audit_log_by_target_and_action',
  'actor target action': 'audit_log_by_actor_and_target',
} as const;

export function listedBy({ actor, action, target }: Pick<AuditFilter, 'actor' | 'action' | 'target'>): ListedBy {
  const parts = [
    ...(actor === undefined ? [] : [{ name: 'actor', columns: ['actor_kind', 'actor_id'], values: [actor.kind, actor.id] }]),
    ...(target === undefined ? [] : [{ name: 'target', columns: ['target_kind', 'target_id'], values: [target.kind, target.id] }]),
    ...(action === undefined ? [] : [{ name: 'action', columns: ['action'], values: [action] }]),
  ];
  const key = parts.map(({ name }) => name).join(' ');
  return {
    index: isIndexed(key) ? INDEXES[key] : undefined,
    columns: parts.flatMap(({ columns }) => columns),
    values: parts.flatMap(({ values }) => values),
    between: key === 'actor target' ? 'action' : undefined,
  };
}

function isIndexed(key: string): key is keyof typeof INDEXES {
  return Object.hasOwn(INDEXES, key);
}

/**
 * An entry has its number at most so long after its time, as good as always: what is asked for by time is looked for so much farther.
 */
export const SEALED_WITHIN_MS = 600_000;
