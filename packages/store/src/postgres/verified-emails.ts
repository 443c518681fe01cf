import type { TenantId, UserId } from '@hufu/protocol/ids';
import { verifiedAddress } from '../email-address.ts';
import type { UserRecord } from '../port.ts';
import type { Session, Statement } from './database.ts';
import { readUser, USER_COLUMNS, type UserRow } from './user-row.ts';

/**
 * Whoever writes about an address is alone with it from here to the end of the transaction. Before the first user is locked: two who take one
 * address wait for each other here, and never in a circle.
 */
export async function lockAddress(session: Session, tenant: TenantId, address: string): Promise<void> {
  await session.run(LOCK_ADDRESS, [tenant, address]);
}

/** The user whose it is while their claims say so too: the version before changes claims and leaves the address. */
export async function findHolder(session: Session, tenant: TenantId, address: string): Promise<UserRecord | undefined> {
  const [row] = await session.run<UserRow>(FIND_HOLDER, [tenant, address]);
  const holder = row === undefined ? undefined : readUser(row);
  return holder !== undefined && verifiedAddress(holder.claims) === address ? holder : undefined;
}

/** It is theirs, and no other is; undefined: none is. Whoever asks is alone with the address and the user, and has looked that nobody else holds it. */
export async function putAddress(session: Session, tenant: TenantId, user: UserId, address: string | undefined): Promise<void> {
  await session.run(REMOVE_OTHERS, [tenant, user, address ?? '']);
  if (address !== undefined) await session.run(PUT, [tenant, user, address]);
}

const LOCK_ADDRESS: Statement = { text: `SELECT pg_advisory_xact_lock(hashtextextended('address ' || $1::bigint || ' ' || $2::text, 0))` };
const FIND_HOLDER: Statement = {
  name: 'find_user_by_email',
  text: `SELECT ${USER_COLUMNS.replaceAll(/\w+/g, 'u.$&')} FROM verified_emails v JOIN users u ON u.tenant = v.tenant AND u.id = v.user_id
    WHERE v.tenant = $1::bigint AND v.address = $2::text AND u.deleted_at IS NULL`,
};
const REMOVE_OTHERS: Statement = {
  text: 'DELETE FROM verified_emails WHERE tenant = $1::bigint AND user_id = $2::bigint AND address <> $3::text',
};
const PUT: Statement = {
  text: `INSERT INTO verified_emails (tenant, address, user_id) VALUES ($1::bigint, $3::text, $2::bigint)
    ON CONFLICT (tenant, address) DO UPDATE SET user_id = excluded.user_id`,
};
