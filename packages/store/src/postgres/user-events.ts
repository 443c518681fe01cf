import { readObject, requireText, writeData } from '../encoding.ts';
import type { UserEvents } from '../port.ts';
import { MAX_USER_EVENTS } from '../retention.ts';
import { lockThere } from './credentials.ts';
import type { Database, Statement } from './database.ts';
import type { ReservedIds } from './reserved-ids.ts';
import type { Statistics } from './statistics.ts';

export function userEvents(db: Database, ids: ReservedIds, statistics: Statistics): UserEvents {
  return {
    async addUserEvent(tenant, user, kind, detail, now) {
      requireText('the kind of an event', kind, 64);
      const json = writeData('an event', detail);
      const id = await ids.take(tenant, 'event');
      await db.transact(async (session) => {
        if ((await lockThere(session, tenant, user)) === undefined) return;
        await session.run(INSERT, [tenant, user, id, now, kind, json]);
        await session.run(PRUNE, [tenant, user]);
      });
      statistics.inserted('user_events', 1, now);
    },

    async listUserEvents(tenant, user, limit) {
      const rows = await db.run<EventRow>(LIST, [tenant, user, limit]);
      return rows.map(({ detail, ...row }) => ({ ...row, detail: readObject(detail) }));
    },
  };
}

interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly detail: string;
}

const OF_USER = 'tenant = $1::bigint AND user_id = $2::bigint';

const INSERT: Statement = {
  text: `INSERT INTO user_events (tenant, user_id, id, at, kind, detail)
    VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::text)`,
};
/** By time: ids are handed out in blocks, so that another node's may be smaller and later. */
const PRUNE: Statement = {
  text: `DELETE FROM user_events WHERE ${OF_USER} AND id = ANY (ARRAY(
    SELECT id FROM user_events WHERE ${OF_USER} ORDER BY at DESC, id DESC OFFSET ${MAX_USER_EVENTS}))`,
};
const LIST: Statement = {
  text: `SELECT id, at, kind, detail FROM user_events WHERE ${OF_USER} ORDER BY at DESC, id DESC LIMIT $3::bigint`,
};
