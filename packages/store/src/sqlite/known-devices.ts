import type { TenantId, UserId } from '@hufu/protocol/ids';
import { DEVICE_COLUMNS, type DeviceRow, readDevice } from '../device-row.ts';
import type { DeviceRecord, DeviceType, NewSession } from '../port.ts';
import { MAX_DEVICES } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';

/** The devices that sign-ins see. All inside a write. */
export interface KnownDevices {
  find(tenant: TenantId, user: UserId, browserHash: string): DeviceRecord | undefined;
  typesOf(tenant: TenantId, user: UserId): ReadonlyMap<number, DeviceType>;
  /** The device of a session that begins, made where it is new. Answers its id. */
  see(tenant: TenantId, user: UserId, session: Pick<NewSession, 'device' | 'place'>, now: number): number;
  /** That a device is in use. */
  seeAgain(tenant: TenantId, user: UserId, id: number, place: string | undefined, now: number): void;
}

export function knownDevices(db: Connection, counters: Counters): KnownDevices {
  const findByBrowser = db.lazy(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE tenant = ? AND user_id = ? AND browser_hash = ?`);
  const findTypes = db.lazy('SELECT id, type FROM devices WHERE tenant = ? AND user_id = ?');
  const insert =
    db.lazy(`INSERT INTO devices (tenant, user_id, id, browser_hash, name, type, agent, place, created_at, seen_at, trusted_until, auth_version)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 0, 0)`);
  const update = db.lazy('UPDATE devices SET agent = ?, place = ?, seen_at = ? WHERE tenant = ? AND user_id = ? AND id = ?');
  const touch = db.lazy(
    'UPDATE devices SET place = coalesce(?, place), seen_at = max(seen_at, ?) WHERE tenant = ? AND user_id = ? AND id = ?',
  );
  const trim = db.lazy(`DELETE FROM devices WHERE tenant = ?1 AND user_id = ?2 AND id IN (
    SELECT id FROM devices d WHERE tenant = ?1 AND user_id = ?2 AND id <> ?3
    ORDER BY trusted_until > ?4 OR EXISTS (
        SELECT 1 FROM sessions s INDEXED BY sessions_by_user
        WHERE s.tenant = ?1 AND s.user_id = ?2 AND s.device_id = d.id AND s.ended_at IS NULL AND s.expires_at > ?4)
      OR id IN (
        SELECT device_id FROM grants INDEXED BY grants_by_user WHERE tenant = ?1 AND user_id = ?2 AND device_id IS NOT NULL AND revoked_at IS NULL
          AND parent_id IS NULL AND idle_seconds > 0 AND rotated_at + idle_seconds > ?4 AND expires_at > ?4) DESC,
      seen_at DESC, id DESC LIMIT -1 OFFSET ${MAX_DEVICES - 1})`);

  const find: KnownDevices['find'] = (tenant, user, browserHash) => {
    const row = findByBrowser().get(tenant, user, browserHash);
    return row === undefined ? undefined : readDevice(row as unknown as DeviceRow);
  };

  return {
    find,
    typesOf: (tenant, user) => new Map(findTypes().all(tenant, user) as unknown as [number, DeviceType][]),
    see(tenant, user, { device, place }, now) {
      const known = find(tenant, user, device.browserHash);
      if (known !== undefined) {
        update().run(device.agent, place ?? known.place ?? '', now, tenant, user, known.id);
        return known.id;
      }
      const id = counters.next(tenant, 'device');
      insert().run(tenant, user, id, device.browserHash, device.name, device.type, device.agent, place ?? '', now);
      trim().run(tenant, user, id, now);
      return id;
    },
    seeAgain: (tenant, user, id, place, now) => void touch().run(place ?? null, now, tenant, user, id),
  };
}
