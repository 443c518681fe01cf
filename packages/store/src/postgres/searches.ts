import type { Searches } from '../port.ts';
import { FIRST_NAME, prefixEnd } from '../prefix.ts';
import { CLIENT_COLUMNS, type ClientRow, readClient } from './clients.ts';
import type { Database, Statement } from './database.ts';
import { type EntryRow, READ_ENTRIES, readEntry } from './revocation-log.ts';
import { readUser, USER_COLUMNS, type UserRow } from './user-row.ts';

export function searches(db: Database): Searches {
  return {
    async findUserBySub(tenant, sub) {
      if (sub.includes('\0')) return undefined;
      const [row] = await db.run<UserRow>(FIND_BY_SUB, [tenant, sub]);
      return row && readUser(row);
    },
    async searchUsers(tenant, { prefix = '', state, after = '' }, limit, now) {
      if (prefix.includes('\0')) return [];
      const from = after > prefix ? after : prefix;
      const values: unknown[] = [tenant, from > FIRST_NAME ? from : FIRST_NAME, prefixEnd(prefix), after, limit];
      if (state === 'locked') values.push(now);
      return (await db.run<UserRow>(USERS[state ?? 'any'], values)).map(readUser);
    },
    async searchClients(tenant, { prefix = '', source, enabled, after = '' }, limit) {
      if (prefix.includes('\0')) return [];
      const values: unknown[] = [tenant, after > prefix ? after : prefix, prefixEnd(prefix), after, limit];
      let where = '';
      if (source !== undefined) where += ` AND source = $${values.push(source)}::text`;
      if (enabled !== undefined) where += ` AND enabled = $${values.push(enabled ? 1 : 0)}::smallint`;
      return (await db.run<ClientRow>(clientsWhere(where), values)).map(readClient);
    },
    async countGrants(tenant, of, limit, now) {
      const [statement, id] = 'userId' in of ? [COUNT_OF_USER, of.userId] : [COUNT_OF_CLIENT, of.clientId];
      const [row] = await db.run<{ grants: number; users: number }>(statement, [tenant, id, now, limit]);
      return { grants: row?.grants ?? 0, users: row?.users ?? 0 };
    },
    async listRevocations(tenant, before, limit) {
      return (await db.run<EntryRow>(LIST_REVOCATIONS, [tenant, before, limit])).map(readEntry);
    },
  };
}

const FIND_BY_SUB: Statement = {
  text: `SELECT ${USER_COLUMNS} FROM users WHERE tenant = $1::bigint AND sub = $2::text AND deleted_at IS NULL`,
};
const USERS: Readonly<Record<'any' | 'disabled' | 'locked', Statement>> = {
  any: usersWhere('true'),
  disabled: usersWhere('enabled = 0'),
  locked: usersWhere('locked_until IS NOT NULL AND locked_until > $6::bigint'),
};
const COUNT_OF_USER: Statement = countWhere('g.user_id = $2::bigint AND g.user_id IS NOT NULL AND g.client_epoch = c.epoch');
const COUNT_OF_CLIENT: Statement = countWhere(
  'g.client_id = $2::text AND g.client_epoch = (SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = $2::text)',
);
const LIST_REVOCATIONS: Statement = {
  text: `${READ_ENTRIES} WHERE tenant = $1::bigint AND seq < $2::bigint ORDER BY seq DESC LIMIT $3::bigint`,
};

function usersWhere(where: string): Statement {
  return {
    text: `SELECT ${USER_COLUMNS} FROM users WHERE tenant = $1::bigint AND username_folded >= $2::text AND username_folded < $3::text
      AND username_folded <> $4::text AND deleted_at IS NULL AND ${where} ORDER BY username_folded LIMIT $5::bigint`,
  };
}

/** Without a name, as those above: planned for what the tables are like now. */
function clientsWhere(where: string): Statement {
  return {
    text: `SELECT ${CLIENT_COLUMNS} FROM clients WHERE tenant = $1::bigint AND client_id >= $2::text AND client_id < $3::text AND client_id <> $4::text${where}
      ORDER BY client_id LIMIT $5::bigint`,
  };
}

function countWhere(where: string): Statement {
  return {
    text: `SELECT count(*)::bigint AS grants, count(DISTINCT user_id)::bigint AS users FROM (
      SELECT g.user_id FROM grants g JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
      WHERE g.tenant = $1::bigint AND ${where} AND g.revoked_at IS NULL AND g.expires_at > $3::bigint LIMIT $4::bigint) AS counted`,
  };
}
