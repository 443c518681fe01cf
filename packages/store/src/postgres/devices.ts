import type { SessionId } from '@hufu/protocol/ids';
import type { Devices } from '../port.ts';
import type { Database, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSessions, revokeGrantsAt } from './endings.ts';
import { evict, leaveSessions, lookAtPlaces } from './evict-devices.ts';
import { DEVICE_COLUMNS, type DeviceRow, findByBrowser, readDevice } from './known-devices.ts';
import { LOCK_USER } from './look-around.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import { deviceEntry, type NewEntry, writeEntries } from './revocation-log.ts';

export function devices(db: Database, purge: Purge): Devices {
  return {
    async listDevices(tenant, user) {
      return (await db.run<DeviceRow>(LIST, [tenant, user])).map(readDevice);
    },

    findDevice: (tenant, user, browserHash) => findByBrowser(db, tenant, user, browserHash),

    async renameDevice(tenant, user, id, name) {
      return (await db.run(RENAME, [tenant, user, id, name])).length === 0 ? 'unknown' : 'done';
    },

    async trustDevice(tenant, user, id, authVersion, trustHash, until, now) {
      return await db.transact(async (act) => {
        const [locked] = await act.run<{ auth_version: number }>(LOCK_VERSION, [tenant, user]);
        const [there] = await act.run(FIND, [tenant, user, id]);
        if (there === undefined) return 'unknown';
        if (locked?.auth_version !== authVersion) return 'changed';
        await act.run(TRUST, [tenant, user, id, trustHash, until, authVersion, now]);
        return 'done';
      });
    },

    async useTrust(tenant, user, browserHash, trustHash, nextHash, now) {
      return (await db.run(USE_TRUST, [tenant, user, browserHash, trustHash, nextHash, now])).length === 0 ? 'none' : 'used';
    },

    async removeDevice(tenant, user, id, now) {
      const told = await db.transact(async (act) => {
        await act.run(LOCK_USER, [tenant, user]);
        const sessions = (await act.run<{ id: SessionId }>(LOCK_SESSIONS, [tenant, user, id])).map((row) => row.id);
        if ((await act.run(REMOVE, [tenant, user, id])).length === 0) return undefined;
        const entries: NewEntry[] = [
          deviceEntry(id, 'revoked_by_user'),
          ...(await endSessions(act, tenant, sessions, 'revoked_by_user', undefined, now)),
          ...(await revokeGrantsAt(act, tenant, user, id, 'revoked_by_user', now)),
        ];
        const deliveries = await makeDeliveries(act, tenant, sessions, now);
        await writeEntries(act, tenant, entries, now);
        return { entries: entries.length, deliveries };
      });
      if (told === undefined) return 'unknown';
      purge.count(tenant, ENDED_ENTRIES, told.entries, now);
      purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
      return 'done';
    },

    async signOutClient(tenant, user, client, places, here, now) {
      const told = await db.transact(async (act) => {
        const leaving = await lookAtPlaces(act, tenant, { user, client }, { places, here }, now);
        const entries = await evict(act, tenant, leaving.plan, 'revoked_by_user', now);
        const deliveries = await leaveSessions(act, tenant, leaving, now);
        await writeEntries(act, tenant, entries, now);
        return { entries: entries.length, deliveries, revoked: leaving.plan.grants.length };
      });
      purge.count(tenant, ENDED_ENTRIES, told.entries, now);
      purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
      return { revoked: told.revoked };
    },

    async distrustDevices(tenant, user) {
      await db.run(DISTRUST, [tenant, user]);
    },

    async findSessionDevice(tenant, id) {
      const [row] = await db.run<DeviceRow>(OF_SESSION, [tenant, id]);
      return row === undefined ? undefined : readDevice(row);
    },
  };
}

const THIS = 'tenant = $1::bigint AND user_id = $2::bigint AND id = $3::bigint';
const LIST: Statement = {
  text: `SELECT ${DEVICE_COLUMNS} FROM devices WHERE tenant = $1::bigint AND user_id = $2::bigint ORDER BY seen_at DESC, id DESC`,
};
const FIND: Statement = { text: `SELECT id FROM devices WHERE ${THIS}` };
const RENAME: Statement = { text: `UPDATE devices SET name = $4::text WHERE ${THIS} RETURNING id` };
const LOCK_VERSION: Statement = {
  text: `SELECT coalesce(auth_version, 0) AS auth_version FROM users
    WHERE tenant = $1::bigint AND id = $2::bigint AND deleted_at IS NULL FOR NO KEY UPDATE`,
};
const TRUST: Statement = {
  text: `UPDATE devices SET trust_hash = $4::text, trusted_at = $7::bigint, trusted_until = $5::bigint, auth_version = $6::bigint WHERE ${THIS}`,
};
/** Of many with one secret the first changes it, and the others find another one. */
const USE_TRUST: Statement = {
  text: `UPDATE devices SET trust_hash = $5::text
    WHERE tenant = $1::bigint AND user_id = $2::bigint AND browser_hash = $3::text AND trust_hash = $4::text AND trusted_until > $6::bigint
      AND EXISTS (SELECT FROM users u WHERE u.tenant = $1::bigint AND u.id = $2::bigint AND u.enabled = 1 AND u.deleted_at IS NULL
        AND coalesce(u.auth_version, 0) = devices.auth_version
        AND (u.password_changed_at < coalesce(devices.trusted_at, 0) OR u.password_changed_at = u.created_at))
    RETURNING id`,
};
const DISTRUST: Statement = {
  text: `UPDATE devices SET trust_hash = NULL, trusted_until = 0 WHERE tenant = $1::bigint AND user_id = $2::bigint AND trusted_until > 0`,
};
const LOCK_SESSIONS: Statement = {
  text: `SELECT id FROM sessions WHERE tenant = $1::bigint AND user_id = $2::bigint AND device_id = $3::bigint AND ended_at IS NULL
    ORDER BY id FOR NO KEY UPDATE`,
};
const REMOVE: Statement = { text: `DELETE FROM devices WHERE ${THIS} RETURNING id` };
const OF_SESSION: Statement = {
  text: `SELECT ${DEVICE_COLUMNS.replaceAll(/\w+/g, 'd.$&')} FROM sessions s
    JOIN devices d ON d.tenant = s.tenant AND d.user_id = s.user_id AND d.id = s.device_id
    WHERE s.tenant = $1::bigint AND s.id = $2::bigint`,
};
