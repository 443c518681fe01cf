import type { Tries } from '../port.ts';
import { requireTry } from '../tries.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_TRIES, type Purge } from './purge.ts';

export function tries(db: Database, purge: Purge): Tries {
  return {
    async takeTry(tenant, kind, subject, max, windowSeconds, now) {
      const { endsAt } = requireTry(subject, max, windowSeconds, now);
      // The row may fall, or be given back to, between the two questions.
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const [taken] = await db.run<{ count: number }>(TAKE, [tenant, kind, subject, max, endsAt, now]);
        if (taken !== undefined) {
          if (taken.count === 1) purge.count(tenant, ENDED_TRIES, 1, now);
          return { kind: 'taken', count: taken.count };
        }
        const [full] = await db.run<{ ends_at: number }>(FIND, [tenant, kind, subject, max, now]);
        if (full !== undefined) return { kind: 'limited', retryAfterSeconds: Math.max(1, full.ends_at - now) };
      }
      return { kind: 'limited', retryAfterSeconds: 1 };
    },

    async giveBackTry(tenant, kind, subject, now) {
      await db.run(GIVE_BACK, [tenant, kind, subject, now]);
    },

    async forgetTries(tenant, kind, subject) {
      await db.run(FORGET, [tenant, kind, subject]);
    },
  };
}

const MAX_ROUNDS = 3;
const KEY = 'tenant = $1::bigint AND kind = $2::text AND subject = $3::text';

const TAKE: Statement = {
  name: 'take_try',
  text: `INSERT INTO tries AS t (tenant, kind, subject, count, ends_at) VALUES ($1::bigint, $2::text, $3::text, 1, $5::bigint)
    ON CONFLICT (tenant, kind, subject) DO UPDATE SET
      count = CASE WHEN t.ends_at <= $6::bigint THEN 1 ELSE t.count + 1 END,
      ends_at = CASE WHEN t.ends_at <= $6::bigint THEN excluded.ends_at ELSE t.ends_at END
    WHERE t.ends_at <= $6::bigint OR t.count < $4::bigint
    RETURNING count`,
};
const FIND: Statement = {
  name: 'find_tries',
  text: `SELECT ends_at FROM tries WHERE ${KEY} AND count >= $4::bigint AND ends_at > $5::bigint`,
};
const GIVE_BACK: Statement = {
  name: 'give_back_try',
  text: `UPDATE tries SET count = count - 1 WHERE ${KEY} AND count > 0 AND ends_at > $4::bigint`,
};
const FORGET: Statement = { text: `DELETE FROM tries WHERE ${KEY}` };
