import type { KeptReplies } from '../port.ts';
import type { Connection } from './connection.ts';
import { purger } from './purge.ts';

export function keptReplies(db: Connection): KeptReplies {
  const find = db.lazy('SELECT digest, began_at, reply, expires_at FROM kept_replies WHERE tenant = ? AND name = ?');
  const put = db.lazy(
    'INSERT OR REPLACE INTO kept_replies (tenant, name, digest, began_at, reply, expires_at) VALUES (?, ?, ?, ?, NULL, ?)',
  );
  const keep = db.lazy('UPDATE kept_replies SET reply = ? WHERE tenant = ? AND name = ?');
  const drop = db.lazy('DELETE FROM kept_replies WHERE tenant = ? AND name = ?');
  const purge = purger(
    db,
    `DELETE FROM kept_replies WHERE (tenant, name) IN
      (SELECT tenant, name FROM kept_replies INDEXED BY kept_replies_by_end WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );
  return {
    beginReply: (tenant, name, digest, expiresAt, now) =>
      db.write(() => {
        const there = find().get(tenant, name) as unknown as [string, number, string | null, number] | undefined;
        if (there === undefined || there[3] <= now) {
          put().run(tenant, name, digest, now, expiresAt);
          purge(tenant, now, 1);
          return { kind: 'begun' };
        }
        const [known, at, reply] = there;
        if (known !== digest) return { kind: 'other' };
        return reply === null ? { kind: 'running', at } : { kind: 'kept', reply };
      }),
    keepReply: (tenant, name, reply) =>
      db.write(() => void (reply === undefined ? drop().run(tenant, name) : keep().run(reply, tenant, name))),
  };
}
