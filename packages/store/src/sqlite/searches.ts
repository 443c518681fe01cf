import type { ClientRecord, Revocation, Searches } from '../port.ts';
import { FIRST_NAME, prefixEnd } from '../prefix.ts';
import { CLIENT_COLUMNS, type ClientRow, readClient } from './clients.ts';
import type { Connection, Lazy } from './connection.ts';
import { READ_REVOCATIONS, type RevocationRow, toRevocation } from './revocation-log.ts';
import { readUser, USER_COLUMNS, type UserRow } from './user-row.ts';

export function searches(db: Connection): Searches {
  const findBySub = db.lazy(`SELECT ${USER_COLUMNS} FROM users WHERE tenant = ? AND sub = ? AND deleted_at IS NULL`);
  const usersIn = (index: string, where: string): Lazy =>
    db.lazy(`SELECT ${USER_COLUMNS} FROM users INDEXED BY ${index} WHERE tenant = ?1 AND username_folded >= ?2 AND username_folded < ?3
      AND username_folded <> ?4 AND deleted_at IS NULL AND ${where} ORDER BY username_folded LIMIT ?5`);
  const users: Readonly<Record<'any' | 'disabled' | 'locked', Lazy>> = {
    any: usersIn('users_by_name', '?6 = ?6'),
    disabled: usersIn('users_disabled', 'enabled = 0 AND ?6 = ?6'),
    locked: usersIn('users_locked', 'locked_until IS NOT NULL AND locked_until > ?6'),
  };
  const clientsIn = (index: string, where: string): Lazy =>
    db.lazy(`SELECT ${CLIENT_COLUMNS} FROM clients ${index} WHERE tenant = ?1 AND ${where} AND client_id >= ?2 AND client_id < ?3
      AND client_id <> ?4 AND enabled = coalesce(?6, enabled) ORDER BY client_id LIMIT ?5`);
  const clients = clientsIn('', '?7 IS NULL');
  const clientsOfSource = clientsIn('INDEXED BY clients_of_source', 'source = ?7');
  const countOf = (index: string, where: string): Lazy =>
    db.lazy(`SELECT count(*), count(DISTINCT user_id) FROM (SELECT g.user_id FROM grants g INDEXED BY ${index}
      CROSS JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
      WHERE g.tenant = ?1 AND ${where} AND g.revoked_at IS NULL AND g.expires_at > ?3 LIMIT ?4)`);
  const countOfUser = countOf('grants_by_user', 'g.user_id = ?2 AND g.client_epoch = c.epoch');
  const countOfClient = countOf(
    'grants_by_client',
    'g.client_id = ?2 AND g.client_epoch = (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?2)',
  );
  const revocations = db.lazy(`${READ_REVOCATIONS} WHERE tenant = ? AND seq < ? ORDER BY seq DESC LIMIT ?`);

  return {
    findUserBySub: (tenant, sub) =>
      db.read(() => {
        const row = findBySub().get(tenant, sub) as unknown as UserRow | undefined;
        return row && readUser(row);
      }),
    searchUsers: (tenant, { prefix = '', state, after = '' }, limit, now) =>
      db.read(() => {
        const from = after > prefix ? after : prefix;
        const rows = users[state ?? 'any']().all(tenant, from > FIRST_NAME ? from : FIRST_NAME, prefixEnd(prefix), after, limit, now);
        return (rows as unknown as UserRow[]).map(readUser);
      }),
    searchClients: (tenant, { prefix = '', source, enabled, after = '' }, limit) =>
      db.read((): ClientRecord[] => {
        const values = [tenant, after > prefix ? after : prefix, prefixEnd(prefix), after, limit];
        const flag = enabled === undefined ? null : enabled ? 1 : 0;
        const statement = source === undefined ? clients : clientsOfSource;
        return (statement().all(...values, flag, source ?? null) as unknown as ClientRow[]).map(readClient);
      }),
    countGrants: (tenant, of, limit, now) =>
      db.read(() => {
        const row =
          'userId' in of ? countOfUser().get(tenant, of.userId, now, limit) : countOfClient().get(tenant, of.clientId, now, limit);
        const [grants, users] = row as unknown as [number, number];
        return { grants, users };
      }),
    listRevocations: (tenant, before, limit) =>
      db.read((): Revocation[] => (revocations().all(tenant, before, limit) as unknown as RevocationRow[]).map(toRevocation)),
  };
}
