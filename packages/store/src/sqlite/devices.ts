import type { SessionId, UserId } from '@hufu/protocol/ids';
import { DEVICE_COLUMNS, type DeviceRow, readDevice } from '../device-row.ts';
import type { Devices } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Credentials } from './credentials.ts';
import type { Endings, GrantEnd } from './endings.ts';
import type { Evictions } from './evict-devices.ts';
import type { KnownDevices } from './known-devices.ts';

export function devices(
  db: Connection,
  credentials: Pick<Credentials, 'findThere'>,
  endings: Endings,
  known: KnownDevices,
  evictions: Pick<Evictions, 'signOut'>,
): Devices {
  const list = db.lazy(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE tenant = ? AND user_id = ? ORDER BY seen_at DESC, id DESC`);
  const find = db.lazy(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE tenant = ? AND user_id = ? AND id = ?`);
  const rename = db.lazy('UPDATE devices SET name = ? WHERE tenant = ? AND user_id = ? AND id = ?');
  const trust = db.lazy(
    'UPDATE devices SET trust_hash = ?, trusted_at = ?, trusted_until = ?, auth_version = ? WHERE tenant = ? AND user_id = ? AND id = ?',
  );
  const useTrust = db.lazy(`UPDATE devices SET trust_hash = ?5 WHERE tenant = ?1 AND user_id = ?2 AND browser_hash = ?3 AND trust_hash = ?4
    AND trusted_until > ?6 AND EXISTS (SELECT 1 FROM users u WHERE u.tenant = ?1 AND u.id = ?2 AND u.enabled = 1 AND u.deleted_at IS NULL
      AND coalesce(u.auth_version, 0) = devices.auth_version
      AND (u.password_changed_at < coalesce(devices.trusted_at, 0) OR u.password_changed_at = u.created_at))`);
  const distrust = db.lazy(
    'UPDATE devices SET trust_hash = NULL, trusted_until = 0 WHERE tenant = ? AND user_id = ? AND trusted_until > 0',
  );
  const remove = db.lazy('DELETE FROM devices WHERE tenant = ? AND user_id = ? AND id = ?');
  const sessionsAt = db.lazy(`SELECT id, expires_at FROM sessions INDEXED BY sessions_by_user
    WHERE tenant = ? AND user_id = ? AND device_id = ? AND ended_at IS NULL ORDER BY id`);
  const grantsAt = db.lazy(`SELECT id, expires_at FROM grants INDEXED BY grants_by_user
    WHERE tenant = ? AND user_id = ? AND device_id = ? AND revoked_at IS NULL ORDER BY id`);
  const deviceOf = db.lazy('SELECT user_id, device_id FROM sessions WHERE tenant = ? AND id = ?');

  return {
    listDevices: (tenant, user) => db.read(() => (list().all(tenant, user) as unknown as DeviceRow[]).map(readDevice)),
    findDevice: (tenant, user, browserHash) => db.read(() => known.find(tenant, user, browserHash)),
    renameDevice: (tenant, user, id, name) => db.write(() => (rename().run(name, tenant, user, id).changes === 0 ? 'unknown' : 'done')),

    trustDevice: (tenant, user, id, authVersion, trustHash, until, now) =>
      db.write(() => {
        if (find().get(tenant, user, id) === undefined) return 'unknown';
        if (credentials.findThere(tenant, user)?.authVersion !== authVersion) return 'changed';
        trust().run(trustHash, now, until, authVersion, tenant, user, id);
        return 'done';
      }),

    useTrust: (tenant, user, browserHash, trustHash, nextHash, now) =>
      db.write(() => (useTrust().run(tenant, user, browserHash, trustHash, nextHash, now).changes === 0 ? 'none' : 'used')),

    removeDevice: (tenant, user, id, now) =>
      db.write(() => {
        if (remove().run(tenant, user, id).changes === 0) return 'unknown';
        endings.tellDevice(tenant, id, 'revoked_by_user', now);
        for (const [session, expiresAt] of sessionsAt().all(tenant, user, id) as unknown as [SessionId, number][])
          endings.endSession(tenant, session, expiresAt, 'revoked_by_user', now);
        endings.revokeGrants(tenant, grantsAt().all(tenant, user, id) as unknown as GrantEnd[], 'revoked_by_user', now);
        return 'done';
      }),

    signOutClient: (tenant, user, client, places, here, now) =>
      db.write(() => ({ revoked: evictions.signOut(tenant, user, client, places, here, now) })),

    distrustDevices: (tenant, user) => db.write(() => void distrust().run(tenant, user)),

    findSessionDevice: (tenant, id) =>
      db.read(() => {
        const session = deviceOf().get(tenant, id) as unknown as [UserId, number | null] | undefined;
        const row = session === undefined ? undefined : find().get(tenant, ...session);
        return row === undefined ? undefined : readDevice(row as unknown as DeviceRow);
      }),
  };
}
