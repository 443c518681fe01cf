import { type ClientId, type SessionId, sessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import type { RevocationReason } from '../port.ts';
import { ENDED_SESSION_KEPT_SECONDS, entryExpiry, MAX_ACCESS_TOKEN_SECONDS, revokedKeptSeconds } from '../retention.ts';
import type { Connection, Lazy } from './connection.ts';
import type { SqliteDeliveries } from './deliveries.ts';
import type { RevocationLog } from './revocation-log.ts';

/** What several verbs end: grants and sessions, told in the log by id, and sessions to who took part in them. All inside a write. */
export interface Endings {
  /** That everything of a user ends. What ends is told after it. */
  tellUser(tenant: TenantId, user: UserId, reason: RevocationReason, now: number): void;
  /** Rows are `[id, expires_at]`. */
  revokeGrants(tenant: TenantId, rows: readonly GrantEnd[], reason: RevocationReason, now: number): void;
  /** Every grant of a user, codes too. Answers how many. */
  revokeGrantsOf(tenant: TenantId, user: UserId, reason: RevocationReason, now: number): number;
  revokeGrantsBetween(tenant: TenantId, user: UserId, client: ClientId, reason: RevocationReason, now: number): number;
  /** Those of a session that are not offline, and its codes. */
  revokeGrantsBoundTo(tenant: TenantId, session: SessionId, user: UserId, now: number): number;
  endSession(tenant: TenantId, session: SessionId, expiresAt: number, reason: string, now: number): void;
  endSessionsOf(tenant: TenantId, user: UserId, keep: SessionId | undefined, reason: RevocationReason, now: number): void;
}

export type GrantEnd = readonly [id: number, expiresAt: number];

export function endings(db: Connection, log: RevocationLog, deliveries: Pick<SqliteDeliveries, 'make'>): Endings {
  const revoke = db.lazy(
    'UPDATE grants SET revoked_at = ?1, revoked_reason = ?2, own_key = NULL, purge_at = min(coalesce(purge_at, ?3), ?3) WHERE tenant = ?4 AND id = ?5',
  );
  const ofUser = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND revoked_at IS NULL ORDER BY id',
  );
  const ofUserAndClient = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND client_id = ? AND revoked_at IS NULL ORDER BY id',
  );
  const ofSession = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND session_id = ? AND revoked_at IS NULL AND (offline = 0 OR redeemed = 0) ORDER BY id',
  );
  const end = db.lazy('UPDATE sessions SET ended_at = ?1, purge_at = min(purge_at, ?2) WHERE tenant = ?3 AND id = ?4');
  const sessionsOf = db.lazy(
    'SELECT id, expires_at FROM sessions INDEXED BY sessions_by_user WHERE tenant = ? AND user_id = ? AND ended_at IS NULL AND id <> ? ORDER BY id',
  );

  const revokeGrants = (tenant: TenantId, rows: readonly GrantEnd[], reason: RevocationReason, now: number): void => {
    const purgeAt = now + revokedKeptSeconds(reason);
    db.changed();
    for (const [id] of rows) revoke().run(now, reason, purgeAt, tenant, id);
    log.append(
      tenant,
      rows.map(([id, expiresAt]) => ({ kind: 'grant', subject: `${id}`, reason, expiresAt: entryExpiry(expiresAt, now) })),
      now,
    );
  };
  const revokeFound = (
    found: Lazy,
    keys: readonly (number | string)[],
    tenant: TenantId,
    reason: RevocationReason,
    now: number,
  ): number => {
    const rows = found().all(tenant, ...keys) as unknown as GrantEnd[];
    revokeGrants(tenant, rows, reason, now);
    return rows.length;
  };
  const endSessions = (tenant: TenantId, rows: readonly GrantEnd[], reason: string, now: number): void => {
    for (const [id] of rows) {
      end().run(now, now + ENDED_SESSION_KEPT_SECONDS, tenant, id);
      deliveries.make(tenant, sessionId(id), now);
    }
    log.append(
      tenant,
      rows.map(([id, expiresAt]) => ({ kind: 'session', subject: `${id}`, reason, expiresAt: entryExpiry(expiresAt, now) })),
      now,
    );
  };

  return {
    tellUser: (tenant, user, reason, now) =>
      log.append(tenant, [{ kind: 'user', subject: `${user}`, reason, expiresAt: now + MAX_ACCESS_TOKEN_SECONDS }], now),
    revokeGrants,
    revokeGrantsOf: (tenant, user, reason, now) => revokeFound(ofUser, [user], tenant, reason, now),
    revokeGrantsBetween: (tenant, user, client, reason, now) => revokeFound(ofUserAndClient, [user, client], tenant, reason, now),
    revokeGrantsBoundTo: (tenant, session, user, now) => revokeFound(ofSession, [user, session], tenant, 'signed_out', now),
    endSession: (tenant, session, expiresAt, reason, now) => endSessions(tenant, [[session, expiresAt]], reason, now),
    endSessionsOf: (tenant, user, keep, reason, now) =>
      endSessions(tenant, sessionsOf().all(tenant, user, keep ?? 0) as unknown as GrantEnd[], reason, now),
  };
}
