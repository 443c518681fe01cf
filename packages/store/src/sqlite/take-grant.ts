import type { ClientId, GrantId, TenantId, UserId } from '@hufu/protocol/ids';
import { isOver } from '../encoding.ts';
import type { GrantRecord, Grants } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Endings, GrantEnd } from './endings.ts';
import type { FindGrant } from './grant-row.ts';
import type { Memo } from './memo.ts';

/**
 * The guarded increments. A write is alone while it runs, so to look and then to change is one act; the row is changed in place, and a
 * rotation touches no index.
 */
export function rotate(db: Connection, find: FindGrant, memo: Memo<GrantId, GrantRecord>): Grants['rotate'] {
  const update = db.lazy(
    `UPDATE grants SET generation = ?, key_id = ?, rotated_at = ? WHERE tenant = ? AND id = ? AND generation = ? AND revoked_at IS NULL
     AND expires_at > ?7 AND (idle_seconds = 0 OR rotated_at + idle_seconds > ?7)
     AND client_epoch = (SELECT epoch FROM clients c WHERE c.tenant = grants.tenant AND c.client_id = grants.client_id AND c.enabled = 1)`,
  );
  return (tenant, id, generation, keyId, now) =>
    db.write(() => {
      // The statement decides; of what was read before only that counts which never changes.
      const there = memo.peek(tenant, id) ?? find(tenant, id);
      memo.drop(tenant, id);
      if (there === undefined || generation < 1) return { kind: 'lost', grant: there };
      const taken = update().run(generation + 1, keyId, now, tenant, id, generation, now).changes === 1;
      if (!taken) return { kind: 'lost', grant: find(tenant, id) };
      return { kind: 'taken', grant: { ...there, generation: generation + 1, keyId, rotatedAt: now } };
    });
}

export function exchangeCode(db: Connection, endings: Endings, find: FindGrant, memo: Memo<GrantId, GrantRecord>): Grants['exchangeCode'] {
  const update = db.lazy(
    `UPDATE grants SET generation = 1, redeemed = 1, key_id = ?, rotated_at = ?, secret_hash = ?, access_hash = ?, code_request = NULL, expires_at = ?,
     idle_seconds = ?, purge_at = ? WHERE tenant = ? AND id = ?`,
  );
  const limit = liveGrantLimit(db, endings);
  return (tenant, id, redemption, now) =>
    db.write(() => {
      const there = find(tenant, id);
      if (there === undefined || there.generation !== 0 || isOver(there, now)) return { kind: 'lost', grant: there };
      memo.drop(tenant, id);
      const { secretHash, accessHash, keyId, expiresAt, idleSeconds } = redemption;
      update().run(keyId, now, secretHash, accessHash, expiresAt, idleSeconds, purgeTime(expiresAt), tenant, id);
      const grant: GrantRecord = {
        ...there,
        generation: 1,
        keyId,
        rotatedAt: now,
        secretHash,
        accessHash,
        expiresAt,
        idleSeconds,
        codeRequest: undefined,
      };
      if (there.userId !== undefined) limit(tenant, there.userId, there.clientId, id, redemption.maxGrants, now);
      return { kind: 'taken', grant };
    });
}

/** Revokes the oldest live grants of one user and client beyond `maxGrants`, never `taken`. */
function liveGrantLimit(
  db: Connection,
  endings: Endings,
): (tenant: TenantId, user: UserId, client: ClientId, taken: GrantId, maxGrants: number, now: number) => void {
  const redeemed =
    'FROM grants INDEXED BY grants_by_user WHERE tenant = ?1 AND user_id = ?2 AND client_id = ?3 AND redeemed = 1 AND revoked_at IS NULL';
  const present = 'client_epoch = (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?3) AND expires_at > ?4';
  const live = `${redeemed} AND ${present} AND (idle_seconds = 0 OR rotated_at + idle_seconds > ?4)`;
  // From the index alone, which does not know `rotated_at`: surely alive is what began less than its idle time ago.
  const count = db.lazy(
    `SELECT count(*), count(CASE WHEN ${present} AND (idle_seconds = 0 OR created_at + idle_seconds > ?4) THEN 1 END) ${redeemed}`,
  );
  const countLive = db.lazy(`SELECT count(*) ${live}`);
  const findOldest = db.lazy(`SELECT id, expires_at ${live} AND id <> ?5 ORDER BY id LIMIT ?6`);
  return (tenant, user, client, taken, maxGrants, now) => {
    const [all, surely] = count().get(tenant, user, client, now) as unknown as [number, number];
    if (all <= maxGrants) return;
    const [alive] = surely === all ? [all] : (countLive().get(tenant, user, client, now) as unknown as [number]);
    if (alive <= maxGrants) return;
    const oldest = findOldest().all(tenant, user, client, now, taken, alive - maxGrants) as unknown as GrantEnd[];
    endings.revokeGrants(tenant, oldest, 'too_many_grants', now);
  };
}
