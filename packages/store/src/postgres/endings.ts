import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { RevocationReason } from '../port.ts';
import { ENDED_SESSION_KEPT_SECONDS, revokedKeptSeconds } from '../retention.ts';
import type { Session, Statement } from './database.ts';
import type { NewEntry } from './revocation-log.ts';

/**
 * What several verbs end, inside a transaction that has locked the row above (user, session or consent) in an earlier statement: only
 * then does a statement's snapshot show every grant that was created under it. Rows are locked in the order user, client, session, consent,
 * grants by id, participants, deliveries, counters; whoever keeps to it cannot deadlock. All answer the entries to write in the end.
 */
export async function endSessionsOf(
  session: Session,
  tenant: TenantId,
  user: UserId,
  keep: SessionId | undefined,
  reason: RevocationReason,
  now: number,
): Promise<{ readonly ended: readonly SessionId[]; readonly entries: readonly NewEntry[] }> {
  const rows = await session.run<SessionEnd>(END_SESSIONS_OF, [tenant, now, now + ENDED_SESSION_KEPT_SECONDS, user, keep ?? 0]);
  return { ended: rows.map(({ id }) => id), entries: entries('session', rows, reason) };
}

export async function endSession(session: Session, tenant: TenantId, id: SessionId, reason: string, now: number): Promise<NewEntry[]> {
  const rows = await session.run<SessionEnd>(END_SESSION, [tenant, now, now + ENDED_SESSION_KEPT_SECONDS, id]);
  return entries('session', rows, reason);
}

/** Every grant of a user, codes too. */
export async function revokeGrantsOf(
  session: Session,
  tenant: TenantId,
  user: UserId,
  reason: RevocationReason,
  now: number,
): Promise<NewEntry[]> {
  return await revoke(session, OF_USER, tenant, reason, now, [user]);
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

/** Those of a session of `user` that are not offline, and its codes. */
export async function revokeGrantsBoundTo(
  session: Session,
  tenant: TenantId,
  id: SessionId,
  user: UserId,
  now: number,
): Promise<NewEntry[]> {
  return await revoke(session, OF_SESSION, tenant, 'signed_out', now, [user, id]);
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

interface SessionEnd {
  readonly id: SessionId;
  readonly expires_at: number;
}

interface GrantEnd {
  readonly id: GrantId;
  readonly expires_at: number;
}

function entries(kind: 'grant' | 'session', rows: readonly (GrantEnd | SessionEnd)[], reason: string): NewEntry[] {
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

const OF_USER = revokeLocked('user_id = $5::bigint');
const OF_USER_AND_CLIENT = revokeLocked('user_id = $5::bigint AND client_id = $6::text');
const OF_SESSION = revokeLocked('user_id = $5::bigint AND session_id = $6::bigint AND (offline = 0 OR redeemed = 0)');
const OLDEST_OWN: Statement = {
  text: revokeText(`SELECT id FROM grants
    WHERE tenant = $1::bigint AND client_id = $5::text AND client_epoch = $6::bigint AND own_key IS NOT NULL
    ORDER BY id DESC OFFSET $7::bigint`),
};

const END =
  'UPDATE sessions SET ended_at = $2::bigint, purge_at = least(purge_at, $3::bigint) WHERE tenant = $1::bigint AND ended_at IS NULL';
const END_SESSION: Statement = { text: `${END} AND id = $4::bigint RETURNING id, expires_at` };
const END_SESSIONS_OF: Statement = { text: `${END} AND user_id = $4::bigint AND id <> $5::bigint RETURNING id, expires_at` };
