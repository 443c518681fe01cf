import type { ClientId, GrantId, TenantId, UserId } from '@hufu/protocol/ids';
import type { Connection } from './connection.ts';
import type { Endings, GrantEnd } from './endings.ts';

/** A grant that has just come. */
export interface Newcomer {
  readonly id: GrantId;
  /** The grant that it comes from. */
  readonly parentId: GrantId | undefined;
  /** Whether it has refresh tokens; only those of its own sort stand beside it. */
  readonly isRefreshable: boolean;
  readonly maxGrants: number;
}

/** Revokes the oldest live grants of one user and client beyond the limit of a newcomer, of its own sort, never itself nor the one that it comes from; answers how many. Inside a write. */
export function liveGrantLimit(
  db: Connection,
  endings: Endings,
): (tenant: TenantId, user: UserId, client: ClientId, newcomer: Newcomer, now: number) => number {
  const redeemed =
    'FROM grants INDEXED BY grants_by_user WHERE tenant = ?1 AND user_id = ?2 AND client_id = ?3 AND redeemed = 1 AND revoked_at IS NULL AND (idle_seconds > 0) = ?5 AND id IS NOT ?6';
  const present = 'client_epoch = (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?3) AND expires_at > ?4';
  const live = `${redeemed} AND ${present} AND (idle_seconds = 0 OR rotated_at + idle_seconds > ?4)`;
  // From the index alone, which does not know `rotated_at`: surely alive is what began less than its idle time ago.
  const count = db.lazy(
    `SELECT count(*), count(CASE WHEN ${present} AND (idle_seconds = 0 OR created_at + idle_seconds > ?4) THEN 1 END) ${redeemed}`,
  );
  const countLive = db.lazy(`SELECT count(*) ${live}`);
  const findOldest = db.lazy(`SELECT id, expires_at ${live} AND id <> ?7 ORDER BY id LIMIT ?8`);
  return (tenant, user, client, { id, parentId, isRefreshable, maxGrants }, now) => {
    const whose = [tenant, user, client, now, isRefreshable ? 1 : 0, parentId ?? null] as const;
    const [all, surely] = count().get(...whose) as unknown as [number, number];
    if (all <= maxGrants) return 0;
    const [alive] = surely === all ? [all] : (countLive().get(...whose) as unknown as [number]);
    if (alive <= maxGrants) return 0;
    const oldest = findOldest().all(...whose, id, alive - maxGrants) as unknown as GrantEnd[];
    endings.revokeGrants(tenant, oldest, 'too_many_grants', now);
    return oldest.length;
  };
}

/** The same for a subject who is nobody of ours: grants that nothing refreshes, so their idle time is nothing. */
export function subjectLimit(
  db: Connection,
  endings: Endings,
): (tenant: TenantId, client: ClientId, subject: string, made: GrantId, maxGrants: number, now: number) => void {
  const live = `FROM grants INDEXED BY grants_by_subject
    WHERE tenant = ?1 AND client_id = ?2 AND subject = ?3 AND user_id IS NULL AND access_hash IS NOT NULL AND revoked_at IS NULL
      AND client_epoch = (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?2) AND expires_at > ?4`;
  const count = db.lazy(`SELECT count(*) ${live}`);
  const findOldest = db.lazy(`SELECT id, expires_at ${live} AND id <> ?5 ORDER BY id LIMIT ?6`);
  return (tenant, client, subject, made, maxGrants, now) => {
    const [alive] = count().get(tenant, client, subject, now) as unknown as [number];
    if (alive <= maxGrants) return;
    const oldest = findOldest().all(tenant, client, subject, now, made, alive - maxGrants) as unknown as GrantEnd[];
    endings.revokeGrants(tenant, oldest, 'too_many_grants', now);
  };
}
