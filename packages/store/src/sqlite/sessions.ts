import type { SessionId, TenantId } from '@hufu/protocol/ids';
import type { SessionRecord, Sessions } from '../port.ts';
import { SEEN_EVERY_SECONDS } from '../retention.ts';
import { readSession, requireEnd, SESSION_COLUMNS, type SessionRow } from '../session-row.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';
import type { Endings, GrantEnd } from './endings.ts';
import type { KnownDevices } from './known-devices.ts';
import { openSession } from './open-session.ts';
import type { Participants } from './participants.ts';

const COLUMNS = SESSION_COLUMNS.join(', ');

export function sessions(
  db: Connection,
  counters: Counters,
  credentials: Pick<Credentials, 'findActive'>,
  endings: Endings,
  participants: Participants,
  devices: KnownDevices,
): Sessions {
  const find = db.lazy(`SELECT ${COLUMNS} FROM sessions WHERE tenant = ? AND id = ?`);
  const list = db.lazy(`SELECT ${COLUMNS} FROM sessions INDEXED BY sessions_by_user
    WHERE tenant = ? AND user_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY id DESC LIMIT ?`);
  const see = db.lazy('UPDATE sessions SET last_seen_at = ?, place = coalesce(?, place) WHERE tenant = ? AND id = ?');

  const deviceOf = db.lazy('SELECT device_id FROM sessions WHERE tenant = ? AND id = ? AND user_id = ?');
  const otherGrants =
    db.lazy(`SELECT id, expires_at FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND revoked_at IS NULL
    AND parent_id IS NULL AND session_id IS NOT ? AND (device_id IS NULL OR device_id IS NOT ?) ORDER BY id`);
  const forget = db.lazy('DELETE FROM devices WHERE tenant = ? AND user_id = ? AND id IS NOT ? RETURNING id');

  const readThere = (tenant: TenantId, id: SessionId): SessionRecord | undefined => {
    const row = find().get(tenant, id);
    return row === undefined ? undefined : readSession(nameColumns(row));
  };
  const isSeen = (session: SessionRecord | undefined, now: number): boolean =>
    session === undefined || session.endedAt !== undefined || session.lastSeenAt + SEEN_EVERY_SECONDS > now;

  return {
    openSession: openSession(db, counters, credentials, endings, participants, devices),

    findSession: (tenant, id) => db.read(() => readThere(tenant, id)),

    listSessions: (tenant, user, limit, now) =>
      db.read(() =>
        list()
          .all(tenant, user, now, limit)
          .map((row) => readSession(nameColumns(row))),
      ),

    async endSession(tenant, id, reason, now) {
      const why = requireEnd(reason);
      return await db.write(() => {
        const session = readThere(tenant, id);
        if (session === undefined) return 'unknown';
        if (session.endedAt !== undefined) {
          db.unchanged();
          return 'ended';
        }
        endings.endSession(tenant, id, session.expiresAt, why, now);
        endings.revokeGrantsBoundTo(tenant, id, session.userId, why, now);
        return 'ended';
      });
    },

    async endOtherSessions(tenant, user, keep, reason, now) {
      const why = requireEnd(reason);
      return await db.write(() => {
        const [device] = (deviceOf().get(tenant, keep, user) as unknown as [number | null] | undefined) ?? [null];
        const forgotten = forget().all(tenant, user, device) as unknown as [number][];
        for (const id of forgotten.flat().sort((a, b) => a - b)) endings.tellDevice(tenant, id, why, now);
        const ended = endings.endWithGrants(tenant, user, keep, why, now);
        endings.revokeGrants(tenant, otherGrants().all(tenant, user, keep, device) as unknown as GrantEnd[], why, now);
        return { ended };
      });
    },

    async seeSession(tenant, id, place, now) {
      // Asked with each page, and seldom is there anything to write.
      if (await db.read(() => isSeen(readThere(tenant, id), now))) return;
      await db.write(() => {
        const session = readThere(tenant, id);
        if (session === undefined || isSeen(session, now)) return;
        see().run(now, place ?? null, tenant, id);
        if (session.deviceId !== undefined) devices.seeAgain(tenant, session.userId, session.deviceId, place, now);
      });
    },

    listParticipants: participants.listParticipants,
  };
}

function nameColumns(row: unknown): SessionRow {
  const values = row as readonly unknown[];
  return Object.fromEntries(SESSION_COLUMNS.map((name, index) => [name, values[index]])) as unknown as SessionRow;
}
