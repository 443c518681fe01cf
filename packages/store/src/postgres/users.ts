import { type SessionId, type TenantId, type UserId, userId } from '@hufu/protocol/ids';
import { readObject } from '../encoding.ts';
import type { RevocationReason, UserRecord, Users } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import { foldUsername } from '../username.ts';
import { lockCounter, raiseCounter } from './counters.ts';
import type { Database, Session, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSessionsOf, revokeGrantsOf } from './endings.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import { type NewEntry, writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';

/** Users, and `revokeUser` with them. */
export interface PostgresUsers extends Users {
  revokeUser(tenant: TenantId, user: UserId, reason: RevocationReason, now: number): Promise<{ readonly revokedGrants: number }>;
}

export function users(db: Database, purge: Purge, statistics: Statistics): PostgresUsers {
  /** `change` touches the user's row, which locks it, and says whether the rest is to follow. */
  async function endUser<T>(
    tenant: TenantId,
    ending: Ending,
    now: number,
    change: (session: Session) => Promise<{ readonly isEnding: boolean; readonly answer: T }>,
  ): Promise<{ readonly answer: T; readonly revokedGrants: number }> {
    const done = await db.transact(async (session) => {
      const { isEnding, answer } = await change(session);
      const { told, deliveries } = isEnding ? await endEverything(session, tenant, ending, now) : { told: [], deliveries: 0 };
      return { answer, told, deliveries };
    });
    purge.count(tenant, ENDED_ENTRIES, done.told.length, now);
    purge.count(tenant, ENDED_DELIVERIES, done.deliveries, now);
    return { answer: done.answer, revokedGrants: done.told.filter((entry) => entry.kind === 'grant').length };
  }

  return {
    async createUser(tenant, user, now) {
      if (user.username.includes('\0') || user.sub.includes('\0')) throw new TypeError('PostgreSQL has no text with a NUL');
      const answer = await db.transact<Created>(async (session) => {
        await lockCounter(session, tenant, 'user');
        const folded = foldUsername(user.username);
        const holder =
          (await findOne(session, FIND_BY_NAME, [tenant, folded])) ?? (await findOne(session, FIND_BY_SUB, [tenant, user.sub]));
        if (holder !== undefined) return { kind: 'taken', user: holder };
        const id = await raiseCounter(session, tenant, 'user');
        const hash = user.passwordHash ?? null;
        const values = [tenant, id, user.sub, user.username, folded, hash, JSON.stringify(user.claims), now, user.source ?? null];
        const created = await findOne(session, INSERT, values);
        if (created === undefined) throw new Error('nothing was inserted');
        return { kind: 'created', user: created };
      });
      if (answer.kind === 'created') statistics.inserted('users', 1, now);
      return answer;
    },

    findUser: (tenant, id) => findOne(db, FIND, [tenant, id]),

    async findUserByName(tenant, username) {
      const folded = foldUsername(username);
      return folded.includes('\0') ? undefined : await findOne(db, FIND_BY_NAME, [tenant, folded]);
    },

    async listUsers(tenant, afterId, limit) {
      return (await db.run<UserRow>(LIST, [tenant, afterId, limit])).map(readUser);
    },

    async setClaims(tenant, id, claims, now) {
      const rows = await db.run(SET_CLAIMS, [tenant, id, JSON.stringify(claims), now]);
      return rows.length === 0 ? 'unknown' : 'done';
    },

    async upgradePasswordHash(tenant, id, oldHash, newHash) {
      const rows = await db.run(UPGRADE_HASH, [tenant, id, oldHash, newHash]);
      return rows.length === 0 ? 'changed' : 'done';
    },

    async changePassword(tenant, id, newHash, keepSession, now) {
      const { answer } = await endUser(tenant, { user: id, reason: 'password_changed', keepSession }, now, async (session) => {
        const rows = await session.run(SET_PASSWORD, [tenant, id, newHash, now]);
        return rows.length === 0 ? { isEnding: false, answer: 'unknown' as const } : { isEnding: true, answer: 'done' as const };
      });
      return answer;
    },

    async setUserEnabled(tenant, id, enabled, now) {
      const { answer } = await endUser(tenant, { user: id, reason: 'user_disabled', keepSession: undefined }, now, async (session) => {
        const [row] = await session.run<UserRow>(LOCK, [tenant, id]);
        if (row === undefined) return { isEnding: false, answer: 'unknown' as const };
        if ((row.enabled === 1) === enabled) return { isEnding: false, answer: 'done' as const };
        await session.run(SET_ENABLED, [tenant, id, enabled ? 1 : 0, now]);
        return { isEnding: !enabled, answer: 'done' as const };
      });
      return answer;
    },

    async revokeUser(tenant, user, reason, now) {
      const { revokedGrants } = await endUser(tenant, { user, reason, keepSession: undefined }, now, async (session) => {
        const [row] = await session.run<UserRow>(LOCK, [tenant, user]);
        return { isEnding: row !== undefined, answer: undefined };
      });
      return { revokedGrants };
    },
  };
}

type Created = Awaited<ReturnType<Users['createUser']>>;

interface Ending {
  readonly user: UserId;
  readonly reason: RevocationReason;
  readonly keepSession: SessionId | undefined;
}

async function endEverything(
  session: Session,
  tenant: TenantId,
  { user, reason, keepSession }: Ending,
  now: number,
): Promise<{ readonly told: readonly NewEntry[]; readonly deliveries: number }> {
  const { ended, entries } = await endSessionsOf(session, tenant, user, keepSession, reason, now);
  const told: NewEntry[] = [
    { kind: 'user', subject: String(user), reason, expiresAt: now + MAX_ACCESS_TOKEN_SECONDS },
    ...entries,
    ...(await revokeGrantsOf(session, tenant, user, reason, now)),
  ];
  const deliveries = await makeDeliveries(session, tenant, ended, now);
  await writeEntries(session, tenant, told, now);
  return { told, deliveries };
}

async function findOne(session: Session, statement: Statement, values: readonly unknown[]): Promise<UserRecord | undefined> {
  const [row] = await session.run<UserRow>(statement, values);
  return row === undefined ? undefined : readUser(row);
}

interface UserRow {
  readonly id: number;
  readonly sub: string;
  readonly username: string;
  readonly password_hash: string | null;
  readonly claims: string;
  readonly source: string | null;
  readonly enabled: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly password_changed_at: number;
}

function readUser(row: UserRow): UserRecord {
  return {
    id: userId(row.id),
    sub: row.sub,
    username: row.username,
    passwordHash: row.password_hash ?? undefined,
    claims: readObject(row.claims),
    source: row.source === 'sign_up' ? 'sign_up' : 'config',
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    passwordChangedAt: row.password_changed_at,
  };
}

const COLUMNS = 'id, sub, username, password_hash, claims, source, enabled, created_at, updated_at, password_changed_at';

const FIND: Statement = { name: 'find_user', text: `SELECT ${COLUMNS} FROM users WHERE tenant = $1::bigint AND id = $2::bigint` };
const FIND_BY_NAME: Statement = {
  name: 'find_user_by_name',
  text: `SELECT ${COLUMNS} FROM users WHERE tenant = $1::bigint AND username_folded = $2::text`,
};
const FIND_BY_SUB: Statement = { text: `SELECT ${COLUMNS} FROM users WHERE tenant = $1::bigint AND sub = $2::text` };
const LIST: Statement = { text: `SELECT ${COLUMNS} FROM users WHERE tenant = $1::bigint AND id > $2::bigint ORDER BY id LIMIT $3::bigint` };
const INSERT: Statement = {
  text: `INSERT INTO users (tenant, id, sub, username, username_folded, password_hash, claims, enabled, created_at, updated_at, password_changed_at, source)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::text, 1, $8::bigint, $8::bigint, $8::bigint, $9::text)
    RETURNING ${COLUMNS}`,
};
const LOCK: Statement = { text: `SELECT ${COLUMNS} FROM users WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE` };
const SET_CLAIMS: Statement = {
  text: 'UPDATE users SET claims = $3::text, updated_at = $4::bigint WHERE tenant = $1::bigint AND id = $2::bigint RETURNING id',
};
const UPGRADE_HASH: Statement = {
  text: 'UPDATE users SET password_hash = $4::text WHERE tenant = $1::bigint AND id = $2::bigint AND password_hash = $3::text RETURNING id',
};
const SET_PASSWORD: Statement = {
  text: `UPDATE users SET password_hash = $3::text, updated_at = $4::bigint, password_changed_at = $4::bigint
    WHERE tenant = $1::bigint AND id = $2::bigint RETURNING id`,
};
const SET_ENABLED: Statement = {
  text: 'UPDATE users SET enabled = $3::smallint, updated_at = $4::bigint WHERE tenant = $1::bigint AND id = $2::bigint',
};
