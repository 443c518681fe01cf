import type { Tries } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import { requireTry } from '../tries.ts';
import type { Connection } from './connection.ts';
import { purger } from './purge.ts';

export function tries(db: Connection): Tries {
  const find = db.lazy('SELECT count, ends_at FROM tries WHERE tenant = ? AND kind = ? AND subject = ?');
  const put = db.lazy(`INSERT INTO tries (tenant, kind, subject, count, ends_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = excluded.count, ends_at = excluded.ends_at`);
  const giveBack = db.lazy(
    'UPDATE tries SET count = count - 1 WHERE tenant = ? AND kind = ? AND subject = ? AND count > 0 AND ends_at > ?',
  );
  const forget = db.lazy('DELETE FROM tries WHERE tenant = ? AND kind = ? AND subject = ?');
  const purge = purger(
    db,
    `DELETE FROM tries WHERE (tenant, kind, subject) IN
      (SELECT tenant, kind, subject FROM tries INDEXED BY tries_by_end WHERE tenant = ?1 AND ends_at <= ?2 ORDER BY ends_at LIMIT ?3)`,
  );
  return {
    async takeTry(tenant, kind, subject, max, windowSeconds, now) {
      const { endsAt } = requireTry(subject, max, windowSeconds, now);
      return await db.write(() => {
        const [count, until] = (find().get(tenant, kind, subject) as unknown as [number, number] | undefined) ?? [0, 0];
        if (until <= now) {
          put().run(tenant, kind, subject, 1, endsAt);
          purge(tenant, now - FALL_AFTER_SECONDS, 1);
          return { kind: 'taken', count: 1 };
        }
        if (count >= max) return { kind: 'limited', retryAfterSeconds: Math.max(1, until - now) };
        put().run(tenant, kind, subject, count + 1, until);
        return { kind: 'taken', count: count + 1 };
      });
    },
    giveBackTry: (tenant, kind, subject, now) => db.write(() => void giveBack().run(tenant, kind, subject, now)),
    forgetTries: (tenant, kind, subject) => db.write(() => void forget().run(tenant, kind, subject)),
  };
}
