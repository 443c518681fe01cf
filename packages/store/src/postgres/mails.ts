import { requireText, writeError } from '../encoding.ts';
import type { Mails } from '../port.ts';
import { MAX_MAIL, MAX_WAITING_MAILS } from '../retention.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_MAILS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';

export function mails(db: Database, ids: ReservedIds, purge: Purge): Mails {
  return {
    async putMail(tenant, sealed, expiresAt, now) {
      requireText('a mail', sealed, MAX_MAIL);
      const rows = await db.run(PUT, [tenant, await ids.take(tenant, 'mail'), sealed, now, expiresAt]);
      purge.count(tenant, ENDED_MAILS, rows.length, now);
      return rows.length === 0 ? 'full' : 'put';
    },

    async takeMails(tenant, limit, leaseSeconds, now) {
      const rows = await db.run<TakenRow>(TAKE, [tenant, now, limit, now + leaseSeconds]);
      const sorted = rows.toSorted((one, other) => one.was_due_at - other.was_due_at || one.id - other.id);
      return sorted
        .filter((row) => row.expires_at > now)
        .map(({ id, sealed, attempt, created_at: createdAt, expires_at: expiresAt }) => ({ id, sealed, attempt, createdAt, expiresAt }));
    },

    async settleMail(tenant, id, attempt, outcome, now) {
      if (outcome.kind === 'sent') {
        await db.run(REMOVE, [tenant, id, attempt]);
        return;
      }
      const { dueAt } = outcome;
      await db.run(FAIL, [tenant, id, attempt, writeError(outcome.error), dueAt ?? null, now]);
    },
  };
}

interface TakenRow {
  readonly id: number;
  readonly sealed: string;
  readonly attempt: number;
  readonly created_at: number;
  readonly expires_at: number;
  readonly was_due_at: number;
}

/** Of many at once a few may come in beyond the bound: each counts what was committed before it. */
const PUT: Statement = {
  name: 'put_mail',
  text: `INSERT INTO mails (tenant, id, sealed, attempt, due_at, created_at, expires_at, error)
    SELECT $1::bigint, $2::bigint, $3::text, 0, $4::bigint, $4::bigint, $5::bigint, NULL
    WHERE (SELECT count(*) FROM (
      SELECT FROM mails WHERE tenant = $1::bigint AND due_at IS NOT NULL ORDER BY due_at, id LIMIT ${MAX_WAITING_MAILS}) AS waiting) < ${MAX_WAITING_MAILS}
    RETURNING id`,
};
/** As with deliveries: what another node is taking is left to it. What came too late is not worth sending, and stays without its text. */
const TAKE: Statement = {
  name: 'take_mails',
  text: `WITH due AS MATERIALIZED (
      SELECT id, due_at FROM mails WHERE tenant = $1::bigint AND due_at <= $2::bigint ORDER BY due_at, id LIMIT $3::bigint
      FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE mails m SET
      attempt = CASE WHEN m.expires_at > $2::bigint THEN m.attempt + 1 ELSE m.attempt END,
      due_at = CASE WHEN m.expires_at > $2::bigint THEN $4::bigint END,
      sealed = CASE WHEN m.expires_at > $2::bigint THEN m.sealed ELSE '' END,
      error = CASE WHEN m.expires_at > $2::bigint THEN m.error ELSE coalesce(m.error, 'too late') END
    FROM due WHERE m.tenant = $1::bigint AND m.id = due.id
    RETURNING m.id, m.sealed, m.attempt, m.created_at, m.expires_at, due.due_at AS was_due_at`,
};
const LAST = 'tenant = $1::bigint AND id = $2::bigint AND attempt = $3::bigint AND due_at IS NOT NULL';
const REMOVE: Statement = { text: `DELETE FROM mails WHERE ${LAST}` };
const FAIL: Statement = {
  text: `UPDATE mails SET error = $4::text,
      due_at = CASE WHEN greatest($5::bigint, $6::bigint) < expires_at THEN $5::bigint END,
      sealed = CASE WHEN $5::bigint IS NOT NULL AND greatest($5::bigint, $6::bigint) < expires_at THEN sealed ELSE '' END
    WHERE ${LAST}`,
};
