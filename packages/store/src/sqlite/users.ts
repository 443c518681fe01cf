import type { TenantId, UserId } from '@hufu/protocol/ids';
import { foldAddress, leavesInvited, verifiedAddress } from '../email-address.ts';
import type { UserRecord, Users } from '../port.ts';
import { foldUsername } from '../username.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';
import type { UserDeletion } from './delete-user.ts';
import type { Endings } from './endings.ts';
import type { LinkedIdentities } from './identities.ts';
import { Memo } from './memo.ts';
import { readUser, USER_COLUMNS, type UserRow } from './user-row.ts';
import type { VerifiedEmails } from './verified-emails.ts';

/** The verbs that make users, find them and change what is said of them; what they prove themselves with is changed in `user-credentials.ts`. */
export function users(
  db: Connection,
  counters: Counters,
  credentials: Credentials,
  emails: VerifiedEmails,
  identities: LinkedIdentities,
  endings: Endings,
  deletion: UserDeletion,
): Omit<Users, 'changePassword' | 'verifyEmail'> {
  const isThere = 'deleted_at IS NULL';
  const find = db.lazy(`SELECT ${USER_COLUMNS} FROM users WHERE tenant = ? AND id = ? AND ${isThere}`);
  const findByName = db.lazy(`SELECT ${USER_COLUMNS} FROM users WHERE tenant = ? AND username_folded = ? AND ${isThere}`);
  // A deleted user's too: it never comes again.
  const findBySub = db.lazy(`SELECT ${USER_COLUMNS} FROM users WHERE tenant = ? AND sub = ?`);
  const list = db.lazy(`SELECT ${USER_COLUMNS} FROM users WHERE tenant = ? AND id > ? AND ${isThere} ORDER BY id LIMIT ?`);
  const insert = db.lazy(`INSERT INTO users (tenant, username_folded, ${USER_COLUMNS})
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?9, ?9, ?9, NULL, ?11)`);
  const setClaims = db.lazy('UPDATE users SET claims = ?, updated_at = ? WHERE tenant = ? AND id = ?');
  const upgrade = db.lazy('UPDATE users SET password_hash = ? WHERE tenant = ? AND id = ? AND password_hash = ?');
  const setEnabled = db.lazy('UPDATE users SET enabled = ?1, updated_at = ?2 WHERE tenant = ?3 AND id = ?4');
  const setLocked = db.lazy('UPDATE users SET locked_until = ?1, updated_at = ?2 WHERE tenant = ?3 AND id = ?4');

  const memo = new Memo<UserId, UserRecord>(db);
  const readOne = (row: unknown): UserRecord | undefined => (row === undefined ? undefined : readUser(row as UserRow));
  const readThere = (tenant: TenantId, id: UserId): UserRecord | undefined => readOne(find().get(tenant, id));
  const findHolder = (tenant: TenantId, address: string | undefined): UserRecord | undefined => {
    const holder = address === undefined ? undefined : emails.holderOf(tenant, address);
    return holder === undefined ? undefined : readThere(tenant, holder);
  };

  return {
    createUser: (tenant, user, now) =>
      db.write(() => {
        const folded = foldUsername(user.username);
        const address = verifiedAddress(user.claims);
        const holder =
          readOne(findByName().get(tenant, folded)) ?? readOne(findBySub().get(tenant, user.sub)) ?? findHolder(tenant, address);
        if (holder !== undefined) return { kind: 'taken', user: holder };
        const owner = user.identity === undefined ? undefined : identities.ownerOf(tenant, user.identity);
        const linked = owner === undefined ? undefined : readThere(tenant, owner);
        if (linked !== undefined) return { kind: 'identity_taken', user: linked };
        const id = counters.next(tenant, 'user') as UserId;
        const hash = user.passwordHash ?? null;
        const enabled = user.enabled === false ? 0 : 1;
        const claims = JSON.stringify(user.claims);
        const lockedUntil = user.lockedUntil ?? null;
        insert().run(tenant, folded, id, user.sub, user.username, hash, claims, user.source ?? null, now, enabled, lockedUntil);
        if (address !== undefined) emails.put(tenant, id, address);
        if (user.identity !== undefined) identities.link(tenant, id, user.identity, now);
        const created = readThere(tenant, id);
        if (created === undefined) throw new Error(`user ${id} is gone`);
        return { kind: 'created', user: created };
      }),

    findUser: (tenant, id) => db.read(() => memo.find(tenant, id, () => readThere(tenant, id))),
    findUserByName: (tenant, username) => db.read(() => readOne(findByName().get(tenant, foldUsername(username)))),
    findUserByEmail: (tenant, address) => db.read(() => findHolder(tenant, foldAddress(address))),
    listUsers: (tenant, afterId, limit) => db.read(() => (list().all(tenant, afterId, limit) as unknown as UserRow[]).map(readUser)),

    setClaims: (tenant, id, claims, now, authVersion) =>
      db.write(() => {
        memo.drop(tenant, id);
        const there = readThere(tenant, id);
        if (there === undefined) return 'unknown';
        if (authVersion !== undefined && there.authVersion !== authVersion) return 'changed';
        const [before, address] = [verifiedAddress(there.claims), verifiedAddress(claims)];
        const holder = address === undefined ? undefined : emails.holderOf(tenant, address);
        if (holder !== undefined && holder !== id) return 'email_taken';
        const isTheirs = before !== undefined && emails.holderOf(tenant, before) === id;
        setClaims().run(JSON.stringify(claims), now, tenant, id);
        const isSame = (isTheirs ? before : undefined) === address;
        if (isSame && !leavesInvited(there, claims)) return 'done';
        if (!isSame) emails.put(tenant, id, address);
        credentials.raise(tenant, id, there.authVersion, undefined);
        return 'done';
      }),

    upgradePasswordHash: (tenant, id, oldHash, newHash) =>
      db.write(() => {
        memo.drop(tenant, id);
        return upgrade().run(newHash, tenant, id, oldHash).changes === 0 ? 'changed' : 'done';
      }),

    setUserEnabled: (tenant, id, enabled, now) =>
      db.write(() => {
        const there = readThere(tenant, id);
        if (there === undefined) return 'unknown';
        if (there.enabled === enabled) {
          db.unchanged();
          return 'done';
        }
        memo.drop(tenant, id);
        setEnabled().run(enabled ? 1 : 0, now, tenant, id);
        if (enabled) return 'done';
        credentials.raise(tenant, id, there.authVersion, undefined);
        endings.tellUser(tenant, id, 'user_disabled', now);
        endings.endSessionsOf(tenant, id, undefined, 'user_disabled', now);
        endings.revokeGrantsOf(tenant, id, 'user_disabled', now);
        return 'done';
      }),

    lockUser: (tenant, id, until, now) =>
      db.write(() => {
        const there = readThere(tenant, id);
        if (there === undefined) return 'unknown';
        if (there.lockedUntil === until) {
          db.unchanged();
          return 'done';
        }
        memo.drop(tenant, id);
        setLocked().run(until ?? null, now, tenant, id);
        credentials.raise(tenant, id, there.authVersion, undefined);
        if (until !== undefined) endings.tellUser(tenant, id, 'user_locked', now, until);
        endings.suspendGrantsOf(tenant, id, until, now);
        return 'done';
      }),

    deleteUser: (tenant, id, now) =>
      db.write(() => {
        memo.drop(tenant, id);
        return deletion.run(tenant, id, now);
      }),
  };
}
