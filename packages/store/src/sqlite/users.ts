import { type UserId, userId } from '@hufu/protocol/ids';
import { readObject } from '../encoding.ts';
import type { UserRecord, Users } from '../port.ts';
import { foldUsername } from '../username.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings } from './endings.ts';
import { Memo } from './memo.ts';

const COLUMNS = 'id, sub, username, password_hash, claims, source, enabled, created_at, updated_at, password_changed_at';

export function users(db: Connection, counters: Counters, endings: Endings): Users {
  const find = db.lazy(`SELECT ${COLUMNS} FROM users WHERE tenant = ? AND id = ?`);
  const findByName = db.lazy(`SELECT ${COLUMNS} FROM users WHERE tenant = ? AND username_folded = ?`);
  const findBySub = db.lazy(`SELECT ${COLUMNS} FROM users WHERE tenant = ? AND sub = ?`);
  const list = db.lazy(`SELECT ${COLUMNS} FROM users WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?`);
  const insert = db.lazy(`INSERT INTO users (tenant, username_folded, ${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, ?9, ?9)`);
  const setClaims = db.lazy('UPDATE users SET claims = ?, updated_at = ? WHERE tenant = ? AND id = ?');
  const upgrade = db.lazy('UPDATE users SET password_hash = ? WHERE tenant = ? AND id = ? AND password_hash = ?');
  const setPassword = db.lazy(
    'UPDATE users SET password_hash = ?1, updated_at = ?2, password_changed_at = ?2 WHERE tenant = ?3 AND id = ?4',
  );
  const setEnabled = db.lazy('UPDATE users SET enabled = ?1, updated_at = ?2 WHERE tenant = ?3 AND id = ?4 AND enabled <> ?1');

  const memo = new Memo<UserId, UserRecord>(db);
  const readOne = (row: unknown): UserRecord | undefined => (row === undefined ? undefined : readUser(row as Row));

  return {
    createUser: (tenant, user, now) =>
      db.write(() => {
        const folded = foldUsername(user.username);
        const holder = readOne(findByName().get(tenant, folded)) ?? readOne(findBySub().get(tenant, user.sub));
        if (holder !== undefined) return { kind: 'taken', user: holder };
        const id = counters.next(tenant, 'user');
        const hash = user.passwordHash ?? null;
        insert().run(tenant, folded, id, user.sub, user.username, hash, JSON.stringify(user.claims), user.source ?? null, now);
        const created = readOne(find().get(tenant, id));
        if (created === undefined) throw new Error(`user ${id} is gone`);
        return { kind: 'created', user: created };
      }),

    findUser: (tenant, id) => db.read(() => memo.find(tenant, id, () => readOne(find().get(tenant, id)))),
    findUserByName: (tenant, username) => db.read(() => readOne(findByName().get(tenant, foldUsername(username)))),
    listUsers: (tenant, afterId, limit) => db.read(() => (list().all(tenant, afterId, limit) as unknown as Row[]).map(readUser)),

    setClaims: (tenant, id, claims, now) =>
      db.write(() => {
        memo.drop(tenant, id);
        return setClaims().run(JSON.stringify(claims), now, tenant, id).changes === 0 ? 'unknown' : 'done';
      }),

    upgradePasswordHash: (tenant, id, oldHash, newHash) =>
      db.write(() => {
        memo.drop(tenant, id);
        return upgrade().run(newHash, tenant, id, oldHash).changes === 0 ? 'changed' : 'done';
      }),

    changePassword: (tenant, id, newHash, keepSession, now) =>
      db.write(() => {
        memo.drop(tenant, id);
        if (setPassword().run(newHash, now, tenant, id).changes === 0) return 'unknown';
        endings.tellUser(tenant, id, 'password_changed', now);
        endings.endSessionsOf(tenant, id, keepSession, 'password_changed', now);
        endings.revokeGrantsOf(tenant, id, 'password_changed', now);
        return 'done';
      }),

    setUserEnabled: (tenant, id, enabled, now) =>
      db.write(() => {
        memo.drop(tenant, id);
        if (setEnabled().run(enabled ? 1 : 0, now, tenant, id).changes === 0)
          return find().get(tenant, id) === undefined ? 'unknown' : 'done';
        if (enabled) return 'done';
        endings.tellUser(tenant, id, 'user_disabled', now);
        endings.endSessionsOf(tenant, id, undefined, 'user_disabled', now);
        endings.revokeGrantsOf(tenant, id, 'user_disabled', now);
        return 'done';
      }),
  };
}

type Row = [number, string, string, string | null, string, string | null, number, number, number, number];

function readUser([id, sub, username, passwordHash, claims, source, enabled, createdAt, updatedAt, passwordChangedAt]: Row): UserRecord {
  return {
    id: userId(id),
    sub,
    username,
    passwordHash: passwordHash ?? undefined,
    claims: readObject(claims),
    source: source === 'sign_up' ? 'sign_up' : 'config',
    enabled: enabled === 1,
    createdAt,
    updatedAt,
    passwordChangedAt,
  };
}
