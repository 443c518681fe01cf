import { readObject, requireText, writeData } from '../encoding.ts';
import type { UserEvents } from '../port.ts';
import { MAX_USER_EVENTS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';

export function userEvents(db: Connection, counters: Counters, credentials: Credentials): UserEvents {
  const insert = db.lazy('INSERT INTO user_events (tenant, user_id, id, at, kind, detail) VALUES (?, ?, ?, ?, ?, ?)');
  const list = db.lazy('SELECT id, at, kind, detail FROM user_events WHERE tenant = ? AND user_id = ? ORDER BY at DESC, id DESC LIMIT ?');
  const prune = db.lazy(`DELETE FROM user_events WHERE tenant = ?1 AND user_id = ?2 AND id IN
    (SELECT id FROM user_events WHERE tenant = ?1 AND user_id = ?2 ORDER BY at DESC, id DESC LIMIT -1 OFFSET ${MAX_USER_EVENTS})`);
  return {
    async addUserEvent(tenant, user, kind, detail, now) {
      requireText('the kind of an event', kind, 64);
      const json = writeData('an event', detail);
      await db.write(() => {
        if (credentials.findThere(tenant, user) === undefined) return;
        insert().run(tenant, user, counters.nextOfBlock(tenant, 'event'), now, kind, json);
        prune().run(tenant, user);
      });
    },
    listUserEvents: (tenant, user, limit) =>
      db.read(() =>
        (list().all(tenant, user, limit) as unknown as [number, number, string, string][]).map(([id, at, kind, detail]) => ({
          id,
          at,
          kind,
          detail: readObject(detail),
        })),
      ),
  };
}
