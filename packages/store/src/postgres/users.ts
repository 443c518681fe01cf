import { type TenantId, type UserId, userId } from '@hufu/protocol/ids';
import { foldAddress, leavesInvited, verifiedAddress } from '../email-address.ts';
import { requireIdentity } from '../identity.ts';
import { type RevocationReason, StoreUnavailable, type UserRecord, type Users } from '../port.ts';
import { foldUsername } from '../username.ts';
import { lockCounter, raiseCounter } from './counters.ts';
import { lockThere, raiseVersion } from './credentials.ts';
import type { Database, Session, Statement } from './database.ts';
import { deleteUser } from './delete-user.ts';
import { endUser, NOTHING, type Told } from './end-user.ts';
import { suspendGrantsOf } from './endings.ts';
import { findOwner, linkNew } from './identities.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import { type NewEntry, writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';
import { readUser, USER_COLUMNS, type UserRow } from './user-row.ts';
import { findHolder, lockAddress, putAddress } from './verified-emails.ts';

/** Users, and `revokeUser` with them. What they prove themselves with is changed in `user-credentials.ts`. */
export interface PostgresUsers extends Omit<Users, 'changePassword' | 'verifyEmail'> {
  revokeUser(tenant: TenantId, user: UserId, reason: RevocationReason, now: number): Promise<{ readonly revokedGrants: number }>;
}

export function users(db: Database, purge: Purge, statistics: Statistics): PostgresUsers {
  /** Beside a transaction that has ended things. */
  function count(tenant: TenantId, told: Told, now: number): void {
    purge.count(tenant, ENDED_ENTRIES, told.entries, now);
    purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
  }

  return {
    async createUser(tenant, user, now) {
      if (user.username.includes('\0') || user.sub.includes('\0')) throw new TypeError('PostgreSQL has no text with a NUL');
      if (user.identity !== undefined) requireIdentity(user.identity);
      const answer = await db.transact<Created>(async (session) => await create(session, tenant, user, now));
      if (answer.kind === 'created') statistics.inserted('users', 1, now);
      return answer;
    },

    findUser: (tenant, id) => findOne(db, FIND, [tenant, id]),

    async findUserByName(tenant, username) {
      const folded = foldUsername(username);
      return folded.includes('\0') ? undefined : await findOne(db, FIND_BY_NAME, [tenant, folded]);
    },

    async findUserByEmail(tenant, address) {
      const folded = foldAddress(address);
      return folded.includes('\0') ? undefined : await findHolder(db, tenant, folded);
    },

    async listUsers(tenant, afterId, limit) {
      return (await db.run<UserRow>(LIST, [tenant, afterId, limit])).map(readUser);
    },

    async setClaims(tenant, id, claims, now, authVersion) {
      const address = verifiedAddress(claims);
      return await db.transact(async (session) => {
        if (address !== undefined) await lockAddress(session, tenant, address);
        const there = await lockThere(session, tenant, id);
        if (there === undefined) return 'unknown';
        if (authVersion !== undefined && there.authVersion !== authVersion) return 'changed';
        const holder = address === undefined ? undefined : await findHolder(session, tenant, address);
        if (holder !== undefined && holder.id !== id) return 'email_taken';
        const said = verifiedAddress(there.claims);
        const before = said !== undefined && (await findHolder(session, tenant, said))?.id === id ? said : undefined;
        await session.run(SET_CLAIMS, [tenant, id, JSON.stringify(claims), now]);
        if (before === address && !leavesInvited(there, claims)) return 'done';
        if (before !== address) await putAddress(session, tenant, id, address);
        await raiseVersion(session, tenant, id, there.authVersion, undefined);
        return 'done';
      });
    },

    async upgradePasswordHash(tenant, id, oldHash, newHash) {
      const rows = await db.run(UPGRADE_HASH, [tenant, id, oldHash, newHash]);
      return rows.length === 0 ? 'changed' : 'done';
    },

    async setUserEnabled(tenant, id, enabled, now) {
      const told = await db.transact(async (session) => {
        const there = await lockThere(session, tenant, id);
        if (there === undefined) return undefined;
        if (there.enabled === enabled) {
          session.unchanged?.();
          return NOTHING;
        }
        await session.run(SET_ENABLED, [tenant, id, enabled ? 1 : 0, now]);
        if (enabled) return NOTHING;
        await raiseVersion(session, tenant, id, there.authVersion, undefined);
        return await endUser(session, tenant, { user: id, reason: 'user_disabled' }, now);
      });
      if (told === undefined) return 'unknown';
      count(tenant, told, now);
      return 'done';
    },

    async lockUser(tenant, id, until, now) {
      const told = await db.transact(async (session) => {
        const there = await lockThere(session, tenant, id);
        if (there === undefined) return undefined;
        if (there.lockedUntil === until) {
          session.unchanged?.();
          return NOTHING;
        }
        await session.run(SET_LOCKED, [tenant, id, until ?? null, now]);
        await raiseVersion(session, tenant, id, there.authVersion, undefined);
        const resting = await suspendGrantsOf(session, tenant, id, until, now);
        if (until === undefined) return NOTHING;
        const entries: NewEntry[] = [{ kind: 'user', subject: String(id), reason: 'user_locked', expiresAt: until }, ...resting];
        await writeEntries(session, tenant, entries, now);
        return { ...NOTHING, entries: entries.length };
      });
      if (told === undefined) return 'unknown';
      count(tenant, told, now);
      return 'done';
    },

    async deleteUser(tenant, id, now) {
      const told = await db.transact(async (session) => {
        const there = await lockThere(session, tenant, id);
        return there === undefined ? undefined : await deleteUser(session, tenant, there, now);
      });
      if (told === undefined) return 'unknown';
      count(tenant, told, now);
      return 'deleted';
    },

    async revokeUser(tenant, user, reason, now) {
      const told = await db.transact(async (session) => {
        const there = await lockThere(session, tenant, user);
        return there === undefined ? NOTHING : await endUser(session, tenant, { user, reason }, now);
      });
      count(tenant, told, now);
      return { revokedGrants: told.grants };
    },
  };
}

type Created = Awaited<ReturnType<Users['createUser']>>;

/** Nobody else makes a user meanwhile, nor writes about the address. */
async function create(session: Session, tenant: TenantId, user: Parameters<Users['createUser']>[1], now: number): Promise<Created> {
  const address = verifiedAddress(user.claims);
  if (address !== undefined) await lockAddress(session, tenant, address);
  await lockCounter(session, tenant, 'user');
  const folded = foldUsername(user.username);
  const holder =
    (await findOne(session, FIND_BY_NAME, [tenant, folded])) ??
    (await findOne(session, FIND_BY_SUB, [tenant, user.sub])) ??
    (address === undefined ? undefined : await findHolder(session, tenant, address));
  if (holder !== undefined) return { kind: 'taken', user: holder };
  const id = userId(await raiseCounter(session, tenant, 'user'));
  // The first that is written: where somebody else was faster, nothing has happened yet.
  if (user.identity !== undefined && !(await linkNew(session, tenant, id, user.identity, now))) {
    const owner = await findOwner(session, tenant, user.identity);
    const linked = owner === undefined ? undefined : await findOne(session, FIND, [tenant, owner]);
    // Unlinked at this very moment: whoever asks again has it.
    if (linked === undefined) throw new StoreUnavailable('the account at the upstream is changing hands');
    return { kind: 'identity_taken', user: linked };
  }
  const hash = user.passwordHash ?? null;
  const { sub, username, claims, source = null, enabled = true, lockedUntil = null } = user;
  const values = [tenant, id, sub, username, folded, hash, JSON.stringify(claims), now, source, enabled ? 1 : 0, lockedUntil];
  const created = await findOne(session, INSERT, values);
  if (created === undefined) throw new Error('nothing was inserted');
  if (address !== undefined) await putAddress(session, tenant, id, address);
  return { kind: 'created', user: created };
}

async function findOne(session: Session, statement: Statement, values: readonly unknown[]): Promise<UserRecord | undefined> {
  const [row] = await session.run<UserRow>(statement, values);
  return row === undefined ? undefined : readUser(row);
}

const FROM = `SELECT ${USER_COLUMNS} FROM users WHERE tenant = $1::bigint`;
const IS_THERE = 'deleted_at IS NULL';

const FIND: Statement = { name: 'find_user', text: `${FROM} AND id = $2::bigint AND ${IS_THERE}` };
const FIND_BY_NAME: Statement = { name: 'find_user_by_name', text: `${FROM} AND username_folded = $2::text AND ${IS_THERE}` };
/** A deleted user's too: it never comes again. */
const FIND_BY_SUB: Statement = { text: `${FROM} AND sub = $2::text` };
const LIST: Statement = { text: `${FROM} AND id > $2::bigint AND ${IS_THERE} ORDER BY id LIMIT $3::bigint` };
const INSERT: Statement = {
  text: `INSERT INTO users (tenant, id, sub, username, username_folded, password_hash, claims, enabled, created_at, updated_at, password_changed_at, source, locked_until)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::text, $10::smallint, $8::bigint, $8::bigint, $8::bigint, $9::text, $11::bigint)
    RETURNING ${USER_COLUMNS}`,
};
const SET_CLAIMS: Statement = {
  text: 'UPDATE users SET claims = $3::text, updated_at = $4::bigint WHERE tenant = $1::bigint AND id = $2::bigint',
};
const UPGRADE_HASH: Statement = {
  text: 'UPDATE users SET password_hash = $4::text WHERE tenant = $1::bigint AND id = $2::bigint AND password_hash = $3::text RETURNING id',
};
const SET_ENABLED: Statement = {
  text: 'UPDATE users SET enabled = $3::smallint, updated_at = $4::bigint WHERE tenant = $1::bigint AND id = $2::bigint',
};
const SET_LOCKED: Statement = {
  text: 'UPDATE users SET locked_until = $3::bigint, updated_at = $4::bigint WHERE tenant = $1::bigint AND id = $2::bigint',
};
