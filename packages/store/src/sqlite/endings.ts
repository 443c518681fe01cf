import { type ClientId, type SessionId, sessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import type { RevocationReason, SessionEnd } from '../port.ts';
import { ENDED_SESSION_KEPT_SECONDS, entryExpiry, NEVER, revokedKeptSeconds } from '../retention.ts';
import { entryReason } from '../session-row.ts';
import type { Connection, Lazy } from './connection.ts';
import type { SqliteDeliveries } from './deliveries.ts';
import type { RevocationLog } from './revocation-log.ts';

/** What several verbs end: grants and sessions, told in the log by id, and sessions to who took part in them. All inside a write. */
export interface Endings {
  /** That everything of a user ends, or rests until then. What ends is told after it. */
  tellUser(tenant: TenantId, user: UserId, reason: RevocationReason | 'user_locked', now: number, until?: number): void;
  /** That a device is signed out. What ends with it is told after it. */
  tellDevice(tenant: TenantId, device: number, reason: RevocationReason, now: number): void;
  /** Rows are `[id, expires_at]`. */
  revokeGrants(tenant: TenantId, rows: readonly GrantEnd[], reason: RevocationReason, now: number): void;
  /** Every grant of a user, codes too, but those of the session `keep`. Answers how many. */
  revokeGrantsOf(tenant: TenantId, user: UserId, reason: RevocationReason, now: number, keep?: SessionId): number;
  /** Those that nobody revoked rest until then, and are told (`undefined`: no longer). */
  suspendGrantsOf(tenant: TenantId, user: UserId, until: number | undefined, now: number): void;
  /** Whether a session is there, the user's, and neither ended nor expired. */
  isLive(tenant: TenantId, user: UserId, session: SessionId | undefined, now: number): boolean;
  /** Every session of a user but one, and of those sessions their codes and what is not offline. Answers how many. */
  endWithGrants(tenant: TenantId, user: UserId, keep: SessionId | undefined, reason: RevocationReason, now: number): number;
  revokeGrantsBetween(tenant: TenantId, user: UserId, client: ClientId, reason: RevocationReason, now: number): number;
  /** Those of a session that are not offline, and its codes. */
  revokeGrantsBoundTo(tenant: TenantId, session: SessionId, user: UserId, reason: RevocationReason, now: number): number;
  /** `by`: the session that takes its place. */
  endSession(tenant: TenantId, session: SessionId, expiresAt: number, reason: SessionEnd, now: number, by?: SessionId): void;
  endSessionsOf(tenant: TenantId, user: UserId, keep: SessionId | undefined, reason: RevocationReason, now: number): void;
}

export type GrantEnd = readonly [id: number, expiresAt: number];

export function endings(db: Connection, log: RevocationLog, deliveries: Pick<SqliteDeliveries, 'make'>): Endings {
  const revoke = db.lazy(
    'UPDATE grants SET revoked_at = ?1, revoked_reason = ?2, own_key = NULL, purge_at = min(coalesce(purge_at, ?3), ?3) WHERE tenant = ?4 AND id = ?5',
  );
  const ofUser = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND session_id IS NOT ? AND revoked_at IS NULL ORDER BY id',
  );
  const suspend = db.lazy(
    'UPDATE grants INDEXED BY grants_by_user SET suspended_until = ? WHERE tenant = ? AND user_id = ? AND revoked_at IS NULL',
  );
  // Until when it has rested stays: no token begins before that.
  const resume = db.lazy(
    'UPDATE grants INDEXED BY grants_by_user SET suspended_until = ?1 WHERE tenant = ?2 AND user_id = ?3 AND revoked_at IS NULL AND suspended_until > ?1',
  );
  const isLive = db.lazy('SELECT 1 FROM sessions WHERE tenant = ? AND id = ? AND user_id = ? AND ended_at IS NULL AND expires_at > ?');
  const ofUserAndClient = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND client_id = ? AND revoked_at IS NULL ORDER BY id',
  );
  const ofSession = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND session_id = ? AND revoked_at IS NULL AND (offline = 0 OR redeemed = 0) ORDER BY id',
  );
  const end = db.lazy(
    'UPDATE sessions SET ended_at = ?1, purge_at = min(purge_at, ?2), ended_reason = ?5, ended_by = ?6 WHERE tenant = ?3 AND id = ?4',
  );
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
  const endSessions = (
    tenant: TenantId,
    rows: readonly GrantEnd[],
    reason: RevocationReason | 'renewed',
    now: number,
    by?: SessionId,
  ): void => {
    for (const [id] of rows) {
      end().run(now, now + ENDED_SESSION_KEPT_SECONDS, tenant, id, reason, by ?? null);
      deliveries.make(tenant, sessionId(id), now);
    }
    log.append(
      tenant,
      rows.map(([id, expiresAt]) => ({
        kind: 'session',
        subject: `${id}`,
        reason: entryReason(reason),
        expiresAt: entryExpiry(expiresAt, now),
      })),
      now,
    );
  };

  return {
    tellUser: (tenant, user, reason, now, until = NEVER) =>
      log.append(tenant, [{ kind: 'user', subject: `${user}`, reason, expiresAt: entryExpiry(until, now) }], now),
    tellDevice: (tenant, device, reason, now) =>
      log.append(tenant, [{ kind: 'device', subject: `${device}`, reason, expiresAt: entryExpiry(NEVER, now) }], now),
    revokeGrants,
    revokeGrantsOf: (tenant, user, reason, now, keep) => revokeFound(ofUser, [user, keep ?? 0], tenant, reason, now),
    suspendGrantsOf(tenant, user, until, now) {
      db.changed();
      if (until === undefined) {
        resume().run(now, tenant, user);
        return;
      }
      suspend().run(until, tenant, user);
      const rows = ofUser().all(tenant, user, 0) as unknown as GrantEnd[];
      log.append(
        tenant,
        rows.map(([id, expiresAt]) => ({
          kind: 'grant',
          subject: `${id}`,
          reason: 'user_locked',
          expiresAt: entryExpiry(Math.min(expiresAt, until), now),
        })),
        now,
      );
    },
    isLive: (tenant, user, session, now) => session !== undefined && isLive().get(tenant, session, user, now) !== undefined,
    revokeGrantsBetween: (tenant, user, client, reason, now) => revokeFound(ofUserAndClient, [user, client], tenant, reason, now),
    revokeGrantsBoundTo: (tenant, session, user, reason, now) => revokeFound(ofSession, [user, session], tenant, reason, now),
    endSession: (tenant, session, expiresAt, reason, now, by) => endSessions(tenant, [[session, expiresAt]], reason, now, by),
    endSessionsOf: (tenant, user, keep, reason, now) =>
      endSessions(tenant, sessionsOf().all(tenant, user, keep ?? 0) as unknown as GrantEnd[], reason, now),
    endWithGrants(tenant, user, keep, reason, now) {
      const rows = sessionsOf().all(tenant, user, keep ?? 0) as unknown as GrantEnd[];
      endSessions(tenant, rows, reason, now);
      for (const [id] of rows) revokeFound(ofSession, [user, id], tenant, reason, now);
      return rows.length;
    },
  };
}
