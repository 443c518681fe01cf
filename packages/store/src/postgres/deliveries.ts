import type { ClientId, SessionId, TenantId } from '@hufu/protocol/ids';
import { writeError } from '../encoding.ts';
import type { Deliveries, Delivery } from '../port.ts';
import { DELIVERY_KEPT_SECONDS } from '../retention.ts';
import type { Database, Session, Statement } from './database.ts';

/**
 * Makes a delivery for each participant of sessions that are ending who wants to be told, and whose client is still there. In the transaction
 * that has locked the sessions (or their user) in an earlier statement: nobody can have joined since. The tenant's counter is held from
 * here to the commit, so this is the last thing before the entries of the log. Answers how many.
 */
export async function makeDeliveries(act: Session, tenant: TenantId, sessions: readonly SessionId[], now: number): Promise<number> {
  if (sessions.length === 0) return 0;
  const [row] = await act.run<{ made: number }>(MAKE, [tenant, now, sessions, now + DELIVERY_KEPT_SECONDS]);
  return row?.made ?? 0;
}

/** The same for one client alone, which the sessions no longer are of. */
export async function makeDeliveriesFor(
  act: Session,
  tenant: TenantId,
  sessions: readonly SessionId[],
  client: ClientId,
  now: number,
): Promise<number> {
  if (sessions.length === 0) return 0;
  const [row] = await act.run<{ made: number }>(MAKE_FOR, [tenant, now, sessions, now + DELIVERY_KEPT_SECONDS, client]);
  return row?.made ?? 0;
}

export function deliveries(db: Database): Deliveries {
  return {
    async takeDeliveries(tenant, limit, leaseSeconds, now) {
      const rows = await db.run<TakenRow>(TAKE, [tenant, now, limit, now + leaseSeconds]);
      const sorted = rows.toSorted((one, other) => one.was_due_at - other.was_due_at || one.id - other.id);
      return sorted.map((row) => readDelivery(row));
    },

    async settleDelivery(tenant, id, attempt, outcome, now) {
      if (outcome.kind === 'delivered') {
        await db.run(REMOVE, [tenant, id, attempt]);
        return;
      }
      const error = writeError(outcome.error);
      if (outcome.dueAt === undefined) await db.run(BURY, [tenant, id, attempt, error, now, now + DELIVERY_KEPT_SECONDS]);
      else await db.run(POSTPONE, [tenant, id, attempt, error, outcome.dueAt]);
    },

    async listDeadDeliveries(tenant, limit) {
      const rows = await db.run<DeadRow>(LIST_DEAD, [tenant, limit]);
      return rows.map((row) => ({ ...readDelivery(row), error: row.error, diedAt: row.died_at }));
    },
  };
}

interface DeliveryRow {
  readonly id: number;
  readonly client_id: ClientId;
  readonly subject: string;
  readonly sid: string;
  readonly created_at: number;
  readonly attempt: number;
}

interface TakenRow extends DeliveryRow {
  readonly was_due_at: number;
}

interface DeadRow extends DeliveryRow {
  readonly error: string;
  readonly died_at: number;
}

function readDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    clientId: row.client_id,
    subject: row.subject,
    sid: row.sid,
    createdAt: row.created_at,
    attempt: row.attempt,
  };
}

const COLUMNS = 'd.id, d.client_id, d.subject, d.sid, d.created_at, d.attempt';

/** The client's row is asked for as a scalar, so that it stays one lookup a participant. */
function makeText(which: string): string {
  return `WITH told AS MATERIALIZED (
      SELECT p.client_id, p.subject, p.sid, row_number() OVER (ORDER BY p.session_id, p.client_id, p.sid) AS n
      FROM participants p
      WHERE p.tenant = $1::bigint AND p.session_id = ANY ($3::bigint[]) AND p.backchannel = 1 ${which}
        AND (SELECT true FROM clients c WHERE c.tenant = p.tenant AND c.client_id = p.client_id)),
    counter AS (
      INSERT INTO counters AS n (tenant, name, value) SELECT $1::bigint, 'delivery', count(*) FROM told HAVING count(*) > 0
      ON CONFLICT (tenant, name) DO UPDATE SET value = n.value + excluded.value
      RETURNING value),
    made AS (
      INSERT INTO deliveries (tenant, id, client_id, subject, sid, created_at, attempt, due_at, died_at, error, purge_at)
      SELECT $1::bigint, counter.value - (SELECT count(*) FROM told) + told.n, client_id, subject, sid, $2::bigint, 0, $2::bigint, NULL, '', $4::bigint
      FROM counter CROSS JOIN told)
    SELECT count(*) AS made FROM told`;
}
const MAKE: Statement = { name: 'make_deliveries', text: makeText('') };
const MAKE_FOR: Statement = { text: makeText('AND p.client_id = $5::text') };

/** What another node is taking is left to it; what it has taken since this statement began is no longer due when it is looked at again. */
const TAKE: Statement = {
  name: 'take_deliveries',
  text: `WITH due AS MATERIALIZED (
      SELECT id, due_at FROM deliveries WHERE tenant = $1::bigint AND due_at <= $2::bigint ORDER BY due_at, id LIMIT $3::bigint
      FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE deliveries d SET attempt = d.attempt + 1, due_at = $4::bigint FROM due WHERE d.tenant = $1::bigint AND d.id = due.id
    RETURNING ${COLUMNS}, due.due_at AS was_due_at`,
};

const LAST = 'tenant = $1::bigint AND id = $2::bigint AND attempt = $3::bigint AND due_at IS NOT NULL';
const REMOVE: Statement = { text: `DELETE FROM deliveries WHERE ${LAST}` };
const POSTPONE: Statement = { text: `UPDATE deliveries SET error = $4::text, due_at = $5::bigint WHERE ${LAST}` };
const BURY: Statement = {
  text: `UPDATE deliveries SET error = $4::text, due_at = NULL, died_at = $5::bigint, purge_at = $6::bigint WHERE ${LAST}`,
};
const LIST_DEAD: Statement = {
  text: `SELECT ${COLUMNS}, d.error, d.died_at FROM deliveries d WHERE d.tenant = $1::bigint AND d.died_at IS NOT NULL
    ORDER BY d.died_at DESC, d.id DESC LIMIT $2::bigint`,
};
