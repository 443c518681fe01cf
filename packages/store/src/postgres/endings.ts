import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { RevocationReason, SessionEnd } from '../port.ts';
import { ENDED_SESSION_KEPT_SECONDS, revokedKeptSeconds } from '../retention.ts';
import { entryReason } from '../session-row.ts';
import type { Session, Statement } from './database.ts';
import type { NewEntry } from './revocation-log.ts';

/**
 * What several verbs end, inside a transaction that has locked the row above (user, session or consent) in an earlier statement: only
 * then does a statement's snapshot show every grant that was created under it. Rows are locked in the order user, client, session, consent,
 * grants by id, participants, devices, factors and what else is a user's, deliveries, counters; an address (`lockAddress`) before all of them; whoever keeps to it cannot deadlock. All answer the entries to write in the end.
 */
export async function endSessionsOf(
  session: Session,
  tenant: TenantId,
  user: UserId,
  keep: SessionId | undefined,
  reason: RevocationReason,
  now: number,
): Promise<{ readonly ended: readonly SessionId[]; readonly entries: readonly NewEntry[] }> {
  const rows = await session.run<EndedRow>(END_SESSIONS_OF, [tenant, now, now + ENDED_SESSION_KEPT_SECONDS, reason, user, keep ?? 0]);
  return { ended: rows.map(({ id }) => id), entries: entries('session', rows, reason) };
}

/** Those with these ids; `by` is the session that takes their place. */
export async function endSessions(
  session: Session,
  tenant: TenantId,
  ids: readonly SessionId[],
  reason: SessionEnd,
  by: SessionId | undefined,
  now: number,
): Promise<NewEntry[]> {
  if (ids.length === 0) return [];
  const rows = await session.run<EndedRow>(END_SESSIONS, [tenant, now, now + ENDED_SESSION_KEPT_SECONDS, reason, ids, by ?? null]);
  return entries('session', rows, entryReason(reason));
}

/** Every grant of a user, codes too, but those of the session `keep`. */
export async function revokeGrantsOf(
  session: Session,
  tenant: TenantId,
  user: UserId,
  reason: RevocationReason,
  now: number,
  keep?: SessionId,
): Promise<NewEntry[]> {
  return await revoke(session, OF_USER, tenant, reason, now, [user, keep ?? 0]);
}

/**
 * What goes with the sessions `ended` of a user (`revokeGrantsBoundToAny`), and every other grant of theirs but those of the session `keep` and of its device, and those that come from others, which go
 * with them. In one statement, as two could lock them in another order than whoever locks them by id.
 */
export async function revokeOtherGrants(
  session: Session,
  tenant: TenantId,
  user: UserId,
  ended: readonly SessionId[],
  keep: { readonly session: SessionId; readonly device: number | null },
  reason: RevocationReason,
  now: number,
): Promise<NewEntry[]> {
  return await revoke(session, OF_OTHERS, tenant, reason, now, [user, ended, keep.session, keep.device]);
}

/** Those that nobody revoked rest until then (`undefined`: no longer; until when they have rested stays, as no token begins before that). */
export async function suspendGrantsOf(
  session: Session,
  tenant: TenantId,
  user: UserId,
  until: number | undefined,
  now: number,
): Promise<NewEntry[]> {
  if (until === undefined) {
    await session.run(RESUME, [tenant, user, now]);
    return [];
  }
  const rows = await session.run<GrantEnd>(SUSPEND, [tenant, user, until]);
  const resting = rows.map((row) => ({ id: row.id, expires_at: Math.min(row.expires_at, until) }));
  return entries('grant', resting, 'user_locked');
}

/** Those of any of these sessions of `user` that are not offline, and their codes. */
export async function revokeGrantsBoundToAny(
  session: Session,
  tenant: TenantId,
  user: UserId,
  ids: readonly SessionId[],
  reason: RevocationReason,
  now: number,
): Promise<NewEntry[]> {
  return ids.length === 0 ? [] : await revoke(session, OF_SESSIONS, tenant, reason, now, [user, ids]);
}

export async function revokeGrantsBetween(
  session: Session,
  tenant: TenantId,
  user: UserId,
  client: ClientId,
  reason: RevocationReason,
  now: number,
): Promise<NewEntry[]> {
  return await revoke(session, OF_USER_AND_CLIENT, tenant, reason, now, [user, client]);
}

/** Those of a user that were given at a device. */
export async function revokeGrantsAt(
  session: Session,
  tenant: TenantId,
  user: UserId,
  device: number,
  reason: RevocationReason,
  now: number,
): Promise<NewEntry[]> {
  return await revoke(session, OF_DEVICE, tenant, reason, now, [user, device]);
}

/** Those with these ids. */
export async function revokeGrants(
  session: Session,
  tenant: TenantId,
  ids: readonly GrantId[],
  reason: RevocationReason,
  now: number,
): Promise<NewEntry[]> {
  return ids.length === 0 ? [] : await revoke(session, BY_ID, tenant, reason, now, [ids]);
}

/** Own grants beyond the newest `keep` of a client's current epoch. */
export async function revokeOldestOwnGrants(
  session: Session,
  tenant: TenantId,
  client: ClientId,
  epoch: number,
  keep: number,
  now: number,
): Promise<NewEntry[]> {
  return await revoke(session, OLDEST_OWN, tenant, 'too_many_grants', now, [client, epoch, keep]);
}

async function revoke(
  session: Session,
  statement: Statement,
  tenant: TenantId,
  reason: RevocationReason,
  now: number,
  which: readonly unknown[],
): Promise<NewEntry[]> {
  const rows = await session.run<GrantEnd>(statement, [tenant, now, reason, now + revokedKeptSeconds(reason), ...which]);
  return entries('grant', rows, reason);
}

interface EndedRow {
  readonly id: SessionId;
  readonly expires_at: number;
}

interface GrantEnd {
  readonly id: GrantId;
  readonly expires_at: number;
}

function entries(kind: 'grant' | 'session', rows: readonly (GrantEnd | EndedRow)[], reason: string): NewEntry[] {
  const sorted = rows.toSorted((one, other) => one.id - other.id);
  return sorted.map((row) => ({ kind, subject: String(row.id), reason, expiresAt: row.expires_at }));
}

/**
 * Revokes the grants that `which` finds by id. `$1` tenant, `$2` now, `$3` reason, `$4` when they fall at the latest. (`least` leaves out
 * NULL.) For statements of a transaction, and a common table expression of others.
 */
export function revokeText(which: string): string {
  return `UPDATE grants g SET revoked_at = $2::bigint, revoked_reason = $3::text, own_key = NULL, purge_at = least(g.purge_at, $4::bigint)
    WHERE g.tenant = $1::bigint AND g.id = ANY (ARRAY(${which})) AND g.revoked_at IS NULL
    RETURNING g.id, g.expires_at`;
}

/** Locked in the order of their ids before the first of them changes. */
function revokeLocked(condition: string): Statement {
  return {
    text: `WITH dying AS MATERIALIZED (
        SELECT id FROM grants WHERE tenant = $1::bigint AND revoked_at IS NULL AND ${condition} ORDER BY id FOR NO KEY UPDATE)
      ${revokeText('SELECT id FROM dying')}`,
  };
}

const OF_USER = revokeLocked('user_id = $5::bigint AND session_id IS DISTINCT FROM $6::bigint');
const OF_USER_AND_CLIENT = revokeLocked('user_id = $5::bigint AND client_id = $6::text');
const GOES_WITH_SESSION = 'session_id = ANY ($6::bigint[]) AND (offline = 0 OR redeemed = 0)';
const OF_SESSIONS = revokeLocked(`user_id = $5::bigint AND ${GOES_WITH_SESSION}`);
const OF_OTHERS = revokeLocked(`user_id = $5::bigint AND (${GOES_WITH_SESSION} OR parent_id IS NULL
    AND session_id IS DISTINCT FROM $7::bigint AND (device_id IS NULL OR device_id IS DISTINCT FROM $8::bigint))`);
const OF_DEVICE = revokeLocked('user_id = $5::bigint AND device_id = $6::bigint');
const BY_ID = revokeLocked('id = ANY ($5::bigint[])');
const SUSPEND: Statement = {
  text: `WITH resting AS MATERIALIZED (
      SELECT id FROM grants WHERE tenant = $1::bigint AND user_id = $2::bigint AND revoked_at IS NULL ORDER BY id FOR NO KEY UPDATE)
    UPDATE grants g SET suspended_until = $3::bigint WHERE g.tenant = $1::bigint AND g.id = ANY (ARRAY(SELECT id FROM resting)) RETURNING g.id, g.expires_at`,
};
/** Those that rest by now. */
const RESUME: Statement = {
  text: `WITH resting AS MATERIALIZED (
      SELECT id FROM grants WHERE tenant = $1::bigint AND user_id = $2::bigint AND revoked_at IS NULL AND suspended_until > $3::bigint
      ORDER BY id FOR NO KEY UPDATE)
    UPDATE grants g SET suspended_until = $3::bigint WHERE g.tenant = $1::bigint AND g.id = ANY (ARRAY(SELECT id FROM resting))`,
};
const OLDEST_OWN: Statement = {
  text: revokeText(`SELECT id FROM grants
    WHERE tenant = $1::bigint AND client_id = $5::text AND client_epoch = $6::bigint AND own_key IS NOT NULL
    ORDER BY id DESC OFFSET $7::bigint`),
};

function endText(which: string, by: string): string {
  return `UPDATE sessions SET ended_at = $2::bigint, purge_at = least(purge_at, $3::bigint), ended_reason = $4::text, ended_by = ${by}
    WHERE tenant = $1::bigint AND ended_at IS NULL AND ${which} RETURNING id, expires_at`;
}
const END_SESSIONS: Statement = { text: endText('id = ANY ($5::bigint[])', '$6::bigint') };
const END_SESSIONS_OF: Statement = { text: endText('user_id = $5::bigint AND id <> $6::bigint', 'NULL') };
