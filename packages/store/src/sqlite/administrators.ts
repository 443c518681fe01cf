import type { TenantId, UserId } from '@hufu/protocol/ids';
import type { AdministratorRecord, Administrators, LeastOwners } from '../port.ts';
import type { Connection } from './connection.ts';

const ROWS = `SELECT a.user_id, a.role, a.changed_at, a.changed_by FROM administrators a
  CROSS JOIN users u ON u.tenant = a.tenant AND u.id = a.user_id AND u.deleted_at IS NULL WHERE a.tenant = ?1`;

export function administrators(db: Connection): Administrators {
  const list = db.lazy(`${ROWS} ORDER BY a.user_id`);
  const find = db.lazy(`${ROWS} AND a.user_id = ?2`);
  const findUser = db.lazy('SELECT 1 FROM users WHERE tenant = ? AND id = ? AND deleted_at IS NULL');
  const count = db.lazy('SELECT count(*) FROM administrators WHERE tenant = ? AND user_id <> ?');
  const countOwners = db.lazy(`SELECT count(*) FROM administrators a CROSS JOIN users u ON u.tenant = a.tenant AND u.id = a.user_id
    WHERE a.tenant = ?1 AND a.user_id <> ?2 AND a.role = 'owner' AND u.enabled = 1 AND u.deleted_at IS NULL`);
  const put = db.lazy('INSERT OR REPLACE INTO administrators (tenant, user_id, role, changed_at, changed_by) VALUES (?, ?, ?, ?, ?)');
  const remove = db.lazy('DELETE FROM administrators WHERE tenant = ? AND user_id = ?');

  const readOne = (tenant: TenantId, user: UserId): AdministratorRecord | undefined => {
    const row = find().get(tenant, user) as unknown as Row | undefined;
    return row && readRow(row);
  };
  /** Inside a write. */
  const isLast = (tenant: TenantId, user: UserId, least: LeastOwners): boolean => {
    if (least === 'none' || readOne(tenant, user)?.role !== 'owner') return false;
    const [others] = countOwners().get(tenant, user) as unknown as [number];
    return others === 0;
  };

  return {
    listAdministrators: (tenant) => db.read(() => (list().all(tenant) as unknown as Row[]).map(readRow)),
    findAdministrator: (tenant, user) => db.read(() => readOne(tenant, user)),
    putAdministrator: (tenant, { userId, role, changedAt, changedBy }, least, most) =>
      db.write(() => {
        if (findUser().get(tenant, userId) === undefined) return 'unknown';
        if (role !== 'owner' && isLast(tenant, userId, least)) return 'last_owner';
        const [others] = count().get(tenant, userId) as unknown as [number];
        if (others >= most) return 'full';
        put().run(tenant, userId, role, changedAt, changedBy);
        return 'done';
      }),
    removeAdministrator: (tenant, user, least) =>
      db.write(() => {
        if (isLast(tenant, user, least)) return 'last_owner';
        return remove().run(tenant, user).changes === 0 ? 'unknown' : 'done';
      }),
  };
}

type Row = [UserId, string, number, string];

function readRow([userId, role, changedAt, changedBy]: Row): AdministratorRecord {
  return { userId, role, changedAt, changedBy };
}
