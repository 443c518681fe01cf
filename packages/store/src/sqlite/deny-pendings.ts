import type { TenantId, UserId } from '@hufu/protocol/ids';
import { isNotified, PENDING_COLUMNS } from '../pending.ts';
import type { Connection } from './connection.ts';
import { nameColumns, type PendingColumns } from './pending-authorizations.ts';

/** Refuses everything that a user is being asked (CIBA): their clients are told as by `denyPending`. Inside a write. */
export function pendingDenial(db: Connection): (tenant: TenantId, user: UserId, now: number) => void {
  const list = db.lazy(`SELECT ${PENDING_COLUMNS} FROM pending_authorizations p INDEXED BY pending_authorizations_by_user
    WHERE p.tenant = ? AND p.user_id = ? AND p.decision = 'pending' AND p.kind = 'backchannel'`);
  const deny = db.lazy(`UPDATE pending_authorizations SET decision = 'denied', due_at = ? WHERE tenant = ? AND id = ?`);
  return (tenant, user, now) => {
    for (const columns of list().all(tenant, user) as unknown as PendingColumns[]) {
      const row = nameColumns(columns);
      deny().run(isNotified(row) && row.expires_at > now ? now : null, tenant, row.id);
    }
  };
}
