import type { TenantId, UserId } from '@hufu/protocol/ids';
import type { DeviceRecord, DeviceType, NewSession } from '../port.ts';
import { MAX_DEVICES } from '../retention.ts';
import type { Session, Statement } from './database.ts';

/** A row of `devices`, without what only a trusted one has. */
export interface DeviceRow {
  readonly id: number;
  readonly user_id: UserId;
  readonly name: string;
  readonly type: DeviceType;
  readonly agent: string;
  readonly place: string;
  readonly created_at: number;
  readonly seen_at: number;
  readonly trusted_until: number;
  readonly auth_version: number;
}

export const DEVICE_COLUMNS = 'id, user_id, name, type, agent, place, created_at, seen_at, trusted_until, auth_version';

export function readDevice(row: DeviceRow): DeviceRecord {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    type: row.type,
    agent: row.agent,
    place: row.place === '' ? undefined : row.place,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    trustedUntil: row.trusted_until,
    authVersion: row.auth_version,
  };
}

export async function findByBrowser(
  session: Session,
  tenant: TenantId,
  user: UserId,
  browserHash: string,
): Promise<DeviceRecord | undefined> {
  const [row] = await session.run<DeviceRow>(FIND_BY_BROWSER, [tenant, user, browserHash]);
  return row === undefined ? undefined : readDevice(row);
}

export async function typesOf(session: Session, tenant: TenantId, user: UserId): Promise<ReadonlyMap<number, DeviceType>> {
  const rows = await session.run<Pick<DeviceRow, 'id' | 'type'>>(TYPES, [tenant, user]);
  return new Map(rows.map(({ id, type }) => [id, type]));
}

/** That a session begins at a device, which gets the id `spare` where it is new. In a transaction that has locked the user and their sessions. Answers its id. */
export async function seeDevice(
  session: Session,
  tenant: TenantId,
  user: UserId,
  { device, place }: Pick<NewSession, 'device' | 'place'>,
  known: DeviceRecord | undefined,
  spare: number,
  now: number,
): Promise<number> {
  if (known !== undefined) {
    await session.run(SEE, [tenant, user, known.id, device.agent, place ?? known.place ?? '', now]);
    return known.id;
  }
  await session.run(INSERT, [tenant, user, spare, device.browserHash, device.name, device.type, device.agent, place ?? '', now]);
  await session.run(TRIM, [tenant, user, spare, now]);
  return spare;
}

const FIND_BY_BROWSER: Statement = {
  name: 'find_device',
  text: `SELECT ${DEVICE_COLUMNS} FROM devices WHERE tenant = $1::bigint AND user_id = $2::bigint AND browser_hash = $3::text`,
};
const TYPES: Statement = { text: 'SELECT id, type FROM devices WHERE tenant = $1::bigint AND user_id = $2::bigint' };
const SEE: Statement = {
  name: 'see_device',
  text: `UPDATE devices SET agent = $4::text, place = $5::text, seen_at = $6::bigint
    WHERE tenant = $1::bigint AND user_id = $2::bigint AND id = $3::bigint`,
};
const INSERT: Statement = {
  name: 'insert_device',
  text: `INSERT INTO devices (tenant, user_id, id, browser_hash, name, type, agent, place, created_at, seen_at, trusted_until, auth_version)
    VALUES ($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text, $6::text, $7::text, $8::text, $9::bigint, $9::bigint, 0, 0)`,
};
/** Those fall first that nobody trusts, is signed in at, or has a grant at that can be refreshed; the longest unseen before. */
const TRIM: Statement = {
  name: 'trim_devices',
  text: `DELETE FROM devices WHERE tenant = $1::bigint AND user_id = $2::bigint AND id = ANY (ARRAY(
    SELECT d.id FROM devices d WHERE d.tenant = $1::bigint AND d.user_id = $2::bigint AND d.id <> $3::bigint
    ORDER BY d.trusted_until > $4::bigint OR d.id = ANY (ARRAY(
        SELECT s.device_id FROM sessions s
        WHERE s.tenant = $1::bigint AND s.user_id = $2::bigint AND s.ended_at IS NULL AND s.expires_at > $4::bigint AND s.device_id IS NOT NULL))
      OR d.id = ANY (ARRAY(
        SELECT g.device_id FROM grants g
        WHERE g.tenant = $1::bigint AND g.user_id = $2::bigint AND g.device_id IS NOT NULL AND g.revoked_at IS NULL AND g.parent_id IS NULL
          AND g.idle_seconds > 0 AND g.rotated_at + g.idle_seconds > $4::bigint AND g.expires_at > $4::bigint)) DESC,
      d.seen_at DESC, d.id DESC OFFSET ${MAX_DEVICES - 1}))`,
};
