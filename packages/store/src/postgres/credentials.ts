import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { UserRecord } from '../port.ts';
import type { WaysIn } from '../ways-in.ts';
import type { Session, Statement } from './database.ts';
import { readUser, USER_COLUMNS, type UserRow } from './user-row.ts';

/** What verbs about what a user proves themselves with have in common: each locks the user's row before it reads or writes anything else of theirs. */
export async function lockThere(session: Session, tenant: TenantId, user: UserId): Promise<UserRecord | undefined> {
  const [row] = await session.run<UserRow>(LOCK_THERE, [tenant, user]);
  return row === undefined ? undefined : readUser(row);
}

/** The same, if they are enabled and not locked. */
export async function lockActive(session: Session, tenant: TenantId, user: UserId, now: number): Promise<UserRecord | undefined> {
  const there = await lockThere(session, tenant, user);
  return there?.enabled === true && (there.lockedUntil ?? 0) <= now ? there : undefined;
}

/** From here on it is `version` + 1, for the user and for `keep` if that was not behind; answers it. */
export async function raiseVersion(
  session: Session,
  tenant: TenantId,
  user: UserId,
  version: number,
  keep: SessionId | undefined,
): Promise<number> {
  await session.run(RAISE, [tenant, user, version + 1]);
  if (keep !== undefined) await session.run(CARRY, [tenant, user, version + 1, keep, version]);
  return version + 1;
}

/** What a user would have without the factor `but` and the identity at `butUpstream`, of identities those at `upstreams`. */
export async function countWaysIn(
  session: Session,
  tenant: TenantId,
  user: UserId,
  but: number,
  butUpstream: string,
  upstreams: readonly string[],
): Promise<WaysIn> {
  const [row] = await session.run<WaysIn & Record<string, number>>(COUNT_WAYS_IN, [tenant, user, but, butUpstream, upstreams]);
  if (row === undefined) throw new Error('nothing was counted');
  return row;
}

const LOCK_THERE: Statement = {
  name: 'lock_user_there',
  text: `SELECT ${USER_COLUMNS} FROM users WHERE tenant = $1::bigint AND id = $2::bigint AND deleted_at IS NULL FOR NO KEY UPDATE`,
};
const RAISE: Statement = { text: 'UPDATE users SET auth_version = $3::bigint WHERE tenant = $1::bigint AND id = $2::bigint' };
const CARRY: Statement = {
  text: `UPDATE sessions SET auth_version = $3::bigint
    WHERE tenant = $1::bigint AND id = $4::bigint AND user_id = $2::bigint AND ended_at IS NULL AND coalesce(auth_version, 0) = $5::bigint`,
};
const COUNT_WAYS_IN: Statement = {
  text: `SELECT
    (SELECT count(*) FROM factors WHERE tenant = $1::bigint AND user_id = $2::bigint AND id <> $3::bigint) AS factors,
    (SELECT count(*) FROM factors WHERE tenant = $1::bigint AND user_id = $2::bigint AND id <> $3::bigint AND kind = 'passkey') AS passkeys,
    (SELECT count(*) FROM identities
      WHERE tenant = $1::bigint AND user_id = $2::bigint AND upstream <> $4::text AND upstream = ANY ($5::text[])) AS identities`,
};
