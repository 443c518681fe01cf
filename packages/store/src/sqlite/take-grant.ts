import type { GrantId, TenantId } from '@hufu/protocol/ids';
import { isOver } from '../encoding.ts';
import type { GrantRecord, Grants } from '../port.ts';
import { NEVER, purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Endings } from './endings.ts';
import type { Eviction } from './evict-devices.ts';
import type { FindGrant } from './grant-row.ts';
import { liveGrantLimit } from './limit-grants.ts';
import type { Memo } from './memo.ts';

/**
 * The guarded increments. A write is alone while it runs, so to look and then to change is one act; the row is changed in place, and a
 * rotation touches no index.
 */
export function rotate(db: Connection, find: FindGrant, memo: Memo<GrantId, GrantRecord>): Grants['rotate'] {
  const update = db.lazy(
    `UPDATE grants SET generation = ?, key_id = ?, rotated_at = ? WHERE tenant = ? AND id = ? AND generation = ? AND revoked_at IS NULL
     AND expires_at > ?7 AND coalesce(suspended_until, 0) <= ?7 AND (idle_seconds = 0 OR rotated_at + idle_seconds > ?7)
     AND client_epoch = (SELECT epoch FROM clients c WHERE c.tenant = grants.tenant AND c.client_id = grants.client_id AND c.enabled = 1)`,
  );
  return (tenant, id, generation, keyId, now) =>
    db.write(() => {
      // The statement decides; of what was read before only that counts which never changes.
      const there = memo.peek(tenant, id) ?? find(tenant, id);
      memo.drop(tenant, id);
      if (there === undefined || generation < 1) return { kind: 'lost', grant: there };
      // What it comes from is not in the statement; nothing else writes meanwhile.
      const isInLine = there.parentId === undefined || find(tenant, id)?.dead === undefined;
      const taken = isInLine && update().run(generation + 1, keyId, now, tenant, id, generation, now).changes === 1;
      if (!taken) return { kind: 'lost', grant: find(tenant, id) };
      return { kind: 'taken', grant: { ...there, generation: generation + 1, keyId, rotatedAt: now } };
    });
}

export function exchangeCode(
  db: Connection,
  endings: Endings,
  evict: Eviction,
  find: FindGrant,
  memo: Memo<GrantId, GrantRecord>,
): Grants['exchangeCode'] {
  const update = db.lazy(
    `UPDATE grants SET generation = 1, redeemed = 1, key_id = ?, rotated_at = ?, secret_hash = ?, access_hash = ?, code_request = NULL, expires_at = ?,
     idle_seconds = ?, purge_at = ?, bound_key = ?, redeemed_at = ? WHERE tenant = ? AND id = ?`,
  );
  const findEnd = db.lazy('SELECT expires_at FROM grants WHERE tenant = ? AND id = ?');
  const endOfParent = ({ parentId }: GrantRecord, tenant: TenantId): number => {
    const row = parentId === undefined ? undefined : (findEnd().get(tenant, parentId) as unknown as [number] | undefined);
    return row?.[0] ?? NEVER;
  };
  const limit = liveGrantLimit(db, endings);
  return (tenant, id, redemption, now) =>
    db.write(() => {
      const there = find(tenant, id);
      if (there === undefined || there.generation !== 0 || isOver(there, now)) return { kind: 'lost', grant: there };
      const { secretHash, accessHash, keyId, idleSeconds, boundKey, devices } = redemption;
      if (devices !== undefined && there.userId !== undefined && !evict(tenant, there.userId, there, { limit: devices, boundKey }, now))
        return { kind: 'refused', reason: 'too_many_devices' };
      memo.drop(tenant, id);
      const expiresAt = Math.min(redemption.expiresAt, endOfParent(there, tenant));
      update().run(keyId, now, secretHash, accessHash, expiresAt, idleSeconds, purgeTime(expiresAt), boundKey ?? null, now, tenant, id);
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
        boundKey,
        redeemedAt: now,
      };
      const newcomer = { id, parentId: there.parentId, isRefreshable: idleSeconds > 0, maxGrants: redemption.maxGrants };
      const fell = there.userId === undefined ? 0 : limit(tenant, there.userId, there.clientId, newcomer, now);
      return { kind: 'taken', grant, fell };
    });
}
