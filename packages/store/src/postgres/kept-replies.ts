import type { KeptReplies } from '../port.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_REPLIES, type Purge } from './purge.ts';

export function keptReplies(db: Database, purge: Purge): KeptReplies {
  return {
    async beginReply(tenant, name, digest, expiresAt, now) {
      const answer = await db.transact(async (session) => {
        const begun = await session.run(BEGIN, [tenant, name, digest, expiresAt, now]);
        return begun.length > 0 ? undefined : (await session.run<Row>(FIND, [tenant, name]))[0];
      });
      if (answer === undefined) {
        purge.count(tenant, ENDED_REPLIES, 1, now);
        return { kind: 'begun' };
      }
      if (answer.digest !== digest) return { kind: 'other' };
      return answer.reply === null ? { kind: 'running', at: answer.began_at } : { kind: 'kept', reply: answer.reply };
    },
    async keepReply(tenant, name, reply) {
      if (reply === undefined) await db.run(DROP, [tenant, name]);
      else await db.run(KEEP, [tenant, name, reply]);
    },
  };
}

interface Row {
  readonly digest: string;
  readonly began_at: number;
  readonly reply: string | null;
}

/** Whoever comes second waits for the first one's row, which then is locked until the end of the transaction. */
const BEGIN: Statement = {
  text: `INSERT INTO kept_replies AS k (tenant, name, digest, began_at, reply, expires_at)
    VALUES ($1::bigint, $2::text, $3::text, $5::bigint, NULL, $4::bigint)
    ON CONFLICT (tenant, name) DO UPDATE SET digest = excluded.digest, began_at = excluded.began_at, reply = NULL, expires_at = excluded.expires_at
      WHERE k.expires_at <= excluded.began_at
    RETURNING name`,
};
const FIND: Statement = {
  text: 'SELECT digest, began_at, reply FROM kept_replies WHERE tenant = $1::bigint AND name = $2::text',
};
const KEEP: Statement = { text: 'UPDATE kept_replies SET reply = $3::text WHERE tenant = $1::bigint AND name = $2::text' };
const DROP: Statement = { text: 'DELETE FROM kept_replies WHERE tenant = $1::bigint AND name = $2::text' };
