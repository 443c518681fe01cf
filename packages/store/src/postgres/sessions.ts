import type { Sessions } from '../port.ts';
import { SEEN_EVERY_SECONDS } from '../retention.ts';
import { readSession, requireEnd, SESSION_COLUMNS, type SessionRow } from '../session-row.ts';
import type { Database, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSessions, endSessionsOf, revokeGrantsBoundToAny, revokeOtherGrants } from './endings.ts';
import { LOCK_USER } from './look-around.ts';
import { openSession } from './open-session.ts';
import { listParticipants } from './participants.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { deviceEntry, writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';

export function sessions(db: Database, ids: ReservedIds, purge: Purge, statistics: Statistics): Sessions {
  return {
    openSession: openSession(db, ids, purge, statistics),

    async findSession(tenant, id) {
      const [row] = await db.run<SessionRow>(FIND, [tenant, id]);
      return row === undefined ? undefined : readSession(row);
    },

    async listSessions(tenant, user, limit, now) {
      return (await db.run<SessionRow>(LIST, [tenant, user, now, limit])).map(readSession);
    },

    async endSession(tenant, id, reason, now) {
      const why = requireEnd(reason);
      const told = await db.transact(async (act) => {
        const [session] = await act.run<SessionRow>(LOCK, [tenant, id]);
        if (session === undefined) return undefined;
        if (session.ended_at !== null) {
          act.unchanged?.();
          return { entries: 0, deliveries: 0 };
        }
        const entries = [
          ...(await endSessions(act, tenant, [id], why, undefined, now)),
          ...(await revokeGrantsBoundToAny(act, tenant, session.user_id, [id], why, now)),
        ];
        const deliveries = await makeDeliveries(act, tenant, [id], now);
        await writeEntries(act, tenant, entries, now);
        return { entries: entries.length, deliveries };
      });
      if (told === undefined) return 'unknown';
      purge.count(tenant, ENDED_ENTRIES, told.entries, now);
      purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
      return 'ended';
    },

    async endOtherSessions(tenant, user, keep, reason, now) {
      const why = requireEnd(reason);
      const told = await db.transact(async (act) => {
        await act.run(LOCK_USER, [tenant, user]);
        const device = (await act.run<{ device_id: number | null }>(DEVICE_OF, [tenant, keep, user]))[0]?.device_id ?? null;
        const { ended, entries } = await endSessionsOf(act, tenant, user, keep, why, now);
        const grants = await revokeOtherGrants(act, tenant, user, ended, { session: keep, device }, why, now);
        const forgotten = (await act.run<{ id: number }>(FORGET, [tenant, user, device])).map(({ id }) => id).sort((a, b) => a - b);
        const all = [...forgotten.map((id) => deviceEntry(id, why)), ...entries, ...grants];
        const deliveries = await makeDeliveries(act, tenant, ended, now);
        await writeEntries(act, tenant, all, now);
        return { entries: all.length, deliveries, ended: ended.length };
      });
      purge.count(tenant, ENDED_ENTRIES, told.entries, now);
      purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
      return { ended: told.ended };
    },

    async seeSession(tenant, id, place, now) {
      await db.run(SEE, [tenant, id, place ?? null, now]);
    },

    ...listParticipants(db),
  };
}

const COLUMNS = SESSION_COLUMNS.join(', ');
const FIND: Statement = { name: 'find_session', text: `SELECT ${COLUMNS} FROM sessions WHERE tenant = $1::bigint AND id = $2::bigint` };
const LIST: Statement = {
  text: `SELECT ${COLUMNS} FROM sessions
    WHERE tenant = $1::bigint AND user_id = $2::bigint AND ended_at IS NULL AND expires_at > $3::bigint ORDER BY id DESC LIMIT $4::bigint`,
};
const LOCK: Statement = {
  name: 'lock_session',
  text: `SELECT ${COLUMNS} FROM sessions WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE`,
};
const DEVICE_OF: Statement = {
  text: 'SELECT device_id FROM sessions WHERE tenant = $1::bigint AND id = $2::bigint AND user_id = $3::bigint',
};
const FORGET: Statement = {
  text: 'DELETE FROM devices WHERE tenant = $1::bigint AND user_id = $2::bigint AND id IS DISTINCT FROM $3::bigint RETURNING id',
};
/** The device is asked for as a scalar, so that it stays one lookup. */
const SEE: Statement = {
  name: 'see_session',
  text: `WITH seen AS (
      UPDATE sessions SET last_seen_at = $4::bigint, place = coalesce($3::text, place)
      WHERE tenant = $1::bigint AND id = $2::bigint AND ended_at IS NULL AND coalesce(last_seen_at, created_at) + ${SEEN_EVERY_SECONDS} <= $4::bigint
      RETURNING user_id, device_id)
    UPDATE devices SET seen_at = greatest(seen_at, $4::bigint), place = coalesce($3::text, place)
    WHERE tenant = $1::bigint AND user_id = (SELECT user_id FROM seen) AND id = (SELECT device_id FROM seen)`,
};
