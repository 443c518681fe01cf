import type { Marks } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import type { Connection } from './connection.ts';
import { purger } from './purge.ts';

export function marks(db: Connection): Marks {
  const take = db.lazy('INSERT INTO marks (tenant, kind, expires_at, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  // The key begins with tenant and kind: an index by end would cost more than asking once for each kind.
  const purges = new Map<string, ReturnType<typeof purger>>();
  const purgerOf = (kind: string): ReturnType<typeof purger> => {
    const known = purges.get(kind);
    if (known !== undefined) return known;
    const made = purger(db, PURGE, [kind]);
    purges.set(kind, made);
    return made;
  };
  return {
    takeOnce: (tenant, kind, value, expiresAt, now) =>
      expiresAt <= now
        ? Promise.resolve(false)
        : db.write(() => {
            const taken = take().run(tenant, kind, expiresAt, value).changes === 1;
            if (taken) purgerOf(kind)(tenant, now - FALL_AFTER_SECONDS, 1);
            return taken;
          }),
  };
}

const PURGE = `DELETE FROM marks WHERE (tenant, kind, expires_at, value) IN
  (SELECT tenant, kind, expires_at, value FROM marks WHERE tenant = ?1 AND kind = ?4 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`;
