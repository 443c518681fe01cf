import { type TenantId, type UserId, userId } from '@hufu/protocol/ids';
import type { AdministratorRecord, Administrators, LeastOwners } from '../port.ts';
import { lockCounter } from './counters.ts';
import { lockThere } from './credentials.ts';
import type { Database, Session, Statement } from './database.ts';

export function administrators(db: Database): Administrators {
  return {
    async listAdministrators(tenant) {
      return (await db.run<Row>(LIST, [tenant])).map(readRow);
    },
    findAdministrator: (tenant, user) => findOne(db, tenant, user),
    putAdministrator: (tenant, { userId: user, role, changedAt, changedBy }, least, most) =>
      db.transact(async (session) => {
        // Nobody deletes them meanwhile: a row that came after that would stay for ever.
        if ((await lockThere(session, tenant, user)) === undefined) return 'unknown';
        // Alone with it, so that nobody takes a role away beside.
        await lockCounter(session, tenant, 'administrators');
        if (role !== 'owner' && (await isLast(session, tenant, user, least))) return 'last_owner';
        const [others] = await session.run<{ others: number }>(COUNT_OTHERS, [tenant, user]);
        if ((others?.others ?? 0) >= most) return 'full';
        await session.run(PUT, [tenant, user, role, changedAt, changedBy]);
        return 'done';
      }),
    removeAdministrator: (tenant, user, least) =>
      db.transact(async (session) => {
        await lockCounter(session, tenant, 'administrators');
        if (await isLast(session, tenant, user, least)) return 'last_owner';
        return (await session.run(REMOVE, [tenant, user])).length === 0 ? 'unknown' : 'done';
      }),
  };
}

async function findOne(session: Session, tenant: TenantId, user: UserId): Promise<AdministratorRecord | undefined> {
  const [row] = await session.run<Row>(FIND, [tenant, user]);
  return row && readRow(row);
}

async function isLast(session: Session, tenant: TenantId, user: UserId, least: LeastOwners): Promise<boolean> {
  if (least === 'none' || (await findOne(session, tenant, user))?.role !== 'owner') return false;
  const [others] = await session.run<{ others: number }>(COUNT_OWNERS, [tenant, user]);
  return others?.others === 0;
}

interface Row {
  readonly user_id: number;
  readonly role: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

function readRow({ user_id, role, changed_at, changed_by }: Row): AdministratorRecord {
  return { userId: userId(user_id), role, changedAt: changed_at, changedBy: changed_by };
}

const ROWS = `SELECT a.user_id, a.role, a.changed_at, a.changed_by FROM administrators a
  JOIN users u ON u.tenant = a.tenant AND u.id = a.user_id AND u.deleted_at IS NULL WHERE a.tenant = $1::bigint`;
const LIST: Statement = { text: `${ROWS} ORDER BY a.user_id` };
const FIND: Statement = { text: `${ROWS} AND a.user_id = $2::bigint` };
const COUNT_OTHERS: Statement = {
  text: 'SELECT count(*)::bigint AS others FROM administrators WHERE tenant = $1::bigint AND user_id <> $2::bigint',
};
const COUNT_OWNERS: Statement = {
  text: `SELECT count(*)::bigint AS others FROM administrators a JOIN users u ON u.tenant = a.tenant AND u.id = a.user_id
    WHERE a.tenant = $1::bigint AND a.user_id <> $2::bigint AND a.role = 'owner' AND u.enabled = 1 AND u.deleted_at IS NULL`,
};
const PUT: Statement = {
  text: `INSERT INTO administrators (tenant, user_id, role, changed_at, changed_by)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::bigint, $5::text)
    ON CONFLICT (tenant, user_id) DO UPDATE SET role = excluded.role, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
};
const REMOVE: Statement = { text: 'DELETE FROM administrators WHERE tenant = $1::bigint AND user_id = $2::bigint RETURNING user_id' };
