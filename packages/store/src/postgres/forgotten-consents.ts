import type { ClientId, TenantId } from '@hufu/protocol/ids';
import { FORGOTTEN_CLIENTS, FORGOTTEN_ROWS } from '../retention.ts';
import type { Database, Session, Statement } from './database.ts';
import type { Ended } from './purge.ts';

/**
 * Forgets the consents that were given to a client before it had this epoch: all of them at once, their rows a bounded number at a time. Inside a transaction that holds the client's row, and so waited for whoever gave one.
 *
 * @returns whether there are more rows than have fallen
 */
export async function forgetConsents(session: Session, tenant: TenantId, client: ClientId, beforeEpoch: number): Promise<boolean> {
  const [fallen] = await session.run<{ count: number }>(REMOVE_CONSENTS, [tenant, client, beforeEpoch, FORGOTTEN_ROWS]);
  if (fallen === undefined || fallen.count < FORGOTTEN_ROWS) return false;
  await session.run(PUT, [tenant, client, beforeEpoch]);
  return true;
}

/** Rows of consents that are forgotten, and what says so once it has none left. It is held meanwhile: nobody forgets more of that client until then. */
export const FORGOTTEN: Ended = {
  table: 'consents',
  name: 'forgotten consents',
  remove: (db: Database, tenant, _, limit) =>
    db.transact(async (session) => {
      const some = await session.run<Forgotten>(LOCK_SOME, [tenant, FORGOTTEN_CLIENTS]);
      if (some.length === 0) return;
      const values = [tenant, some.map((one) => one.client_id), some.map((one) => one.before_epoch)];
      await session.run(REMOVE_OF_SOME, [...values, limit]);
      await session.run(REMOVE_SOME, values);
    }),
};

interface Forgotten {
  readonly client_id: ClientId;
  readonly before_epoch: number;
}

export const REMOVE_CONSENTS: Statement = {
  text: `WITH fallen AS (
      DELETE FROM consents WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM consents WHERE tenant = $1::bigint AND client_id = $2::text AND coalesce(client_epoch, -1) < $3::bigint
        LIMIT $4::bigint FOR UPDATE))
      RETURNING 1)
    SELECT count(*) AS count FROM fallen`,
};
const PUT: Statement = {
  text: `INSERT INTO forgotten_consents (tenant, client_id, before_epoch) VALUES ($1::bigint, $2::text, $3::bigint)
    ON CONFLICT (tenant, client_id) DO UPDATE SET before_epoch = greatest(forgotten_consents.before_epoch, excluded.before_epoch)`,
};
const LOCK_SOME: Statement = {
  text: `SELECT client_id, before_epoch FROM forgotten_consents WHERE tenant = $1::bigint ORDER BY client_id LIMIT $2::bigint FOR UPDATE SKIP LOCKED`,
};
const SOME = 'unnest($2::text[], $3::bigint[]) AS old (client_id, before_epoch)';
const DEAD = 'd.tenant = $1::bigint AND d.client_id = old.client_id AND coalesce(d.client_epoch, -1) < old.before_epoch';
/** What somebody holds is skipped, and goes the next time. */
export const REMOVE_OF_SOME: Statement = {
  text: `DELETE FROM consents WHERE ctid = ANY (ARRAY(
    SELECT dead.ctid FROM ${SOME} CROSS JOIN LATERAL (SELECT d.ctid FROM consents d WHERE ${DEAD} LIMIT $4::bigint FOR UPDATE SKIP LOCKED) AS dead
    LIMIT $4::bigint))`,
};
export const REMOVE_SOME: Statement = {
  text: `DELETE FROM forgotten_consents WHERE tenant = $1::bigint AND client_id = ANY (ARRAY(
    SELECT old.client_id FROM ${SOME} WHERE NOT EXISTS (SELECT FROM consents d WHERE ${DEAD})))`,
};
