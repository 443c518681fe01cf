/** How a session stands in its table, in both engines. */
import type { SessionId, UserId } from '@hufu/protocol/ids';
import { readList, writeList } from './encoding.ts';
import type { NewSession, RevocationReason, SessionEnd, SessionRecord } from './port.ts';

/** A row of `sessions`, by the names of its columns. */
export interface SessionRow {
  readonly id: SessionId;
  readonly user_id: UserId;
  readonly secret_hash: string;
  readonly auth_time: number;
  readonly amr: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly user_agent: string;
  readonly methods: string | null;
  readonly auth_version: number | null;
  readonly turn: number | null;
  readonly device_id: number | null;
  readonly browser_hash: string | null;
  readonly ended_reason: string | null;
  readonly ended_by: SessionId | null;
  readonly last_seen_at: number | null;
  readonly fingerprint: string | null;
  readonly place: string | null;
}

export const SESSION_COLUMNS: readonly (keyof SessionRow)[] = [
  'id',
  'user_id',
  'secret_hash',
  'auth_time',
  'amr',
  'created_at',
  'expires_at',
  'ended_at',
  'user_agent',
  'methods',
  'auth_version',
  'turn',
  'device_id',
  'browser_hash',
  'ended_reason',
  'ended_by',
  'last_seen_at',
  'fingerprint',
  'place',
];

export function readSession(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    userId: row.user_id,
    secretHash: row.secret_hash,
    authTime: row.auth_time,
    amr: readList(row.amr),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at ?? undefined,
    userAgent: row.user_agent,
    methods: row.methods === null ? [] : (JSON.parse(row.methods) as unknown[]),
    authVersion: row.auth_version ?? 0,
    turn: row.turn ?? 0,
    deviceId: row.device_id ?? undefined,
    browserHash: row.browser_hash ?? undefined,
    // Older nodes write none.
    endedReason: (row.ended_reason ?? undefined) as SessionEnd | undefined,
    endedBy: row.ended_by ?? undefined,
    lastSeenAt: row.last_seen_at ?? row.created_at,
    fingerprint: row.fingerprint ?? undefined,
    place: row.place ?? undefined,
  };
}

/** The row of a session that begins now. */
export function writeSession(
  session: NewSession,
  made: { readonly id: SessionId; readonly authVersion: number; readonly turn: number; readonly deviceId: number },
  now: number,
): SessionRow {
  return {
    id: made.id,
    user_id: session.userId,
    secret_hash: session.secretHash,
    auth_time: session.authTime,
    amr: writeList(session.amr),
    created_at: now,
    expires_at: session.expiresAt,
    ended_at: null,
    user_agent: session.userAgent,
    methods: JSON.stringify(session.methods),
    auth_version: made.authVersion,
    turn: made.turn,
    device_id: made.deviceId,
    browser_hash: session.device.browserHash,
    ended_reason: null,
    ended_by: null,
    last_seen_at: now,
    fingerprint: session.fingerprint ?? null,
    place: session.place ?? null,
  };
}

/** What the log calls the end of a session: of a renewed one only the id has ended. */
export function entryReason(reason: RevocationReason | SessionEnd): string {
  return reason === 'renewed' ? 'session_renewed' : reason;
}

/** Why a session ends that nothing takes the place of; only a sign-in renews one. */
export function requireEnd(reason: SessionEnd): Exclude<SessionEnd, 'renewed'> {
  if (reason === 'renewed') throw new TypeError('only a sign-in renews a session');
  return reason;
}
