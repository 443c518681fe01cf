import type { ClientId, SessionId, TenantId } from '@hufu/protocol/ids';
import { writeError } from '../encoding.ts';
import type { DeadDelivery, Deliveries, Delivery } from '../port.ts';
import { DELIVERY_KEPT_SECONDS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { purger } from './purge.ts';

const COLUMNS = 'id, client_id, subject, sid, created_at, attempt';

export interface SqliteDeliveries extends Deliveries {
  /** One for each participant of a session that is ending who wants to be told. Inside that write. */
  make(tenant: TenantId, session: SessionId, now: number): void;
  /** The same for one client alone, which the session no longer is of. */
  makeFor(tenant: TenantId, session: SessionId, client: ClientId, now: number): void;
}

export function deliveries(db: Connection, counters: Counters): SqliteDeliveries {
  const findTold = db.lazy(
    'SELECT client_id, subject, sid FROM participants WHERE tenant = ? AND session_id = ? AND backchannel = 1 ORDER BY client_id, sid',
  );
  const findToldOf = db.lazy(
    'SELECT client_id, subject, sid FROM participants WHERE tenant = ? AND session_id = ? AND client_id = ? AND backchannel = 1 ORDER BY sid',
  );
  const insert = db.lazy(`INSERT INTO deliveries (tenant, ${COLUMNS}, due_at, died_at, error, purge_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6, NULL, '', ?7)`);
  const isDue = db.lazy('SELECT 1 FROM deliveries INDEXED BY deliveries_due WHERE tenant = ? AND due_at <= ? LIMIT 1');
  const findDue = db.lazy(
    `SELECT ${COLUMNS} FROM deliveries INDEXED BY deliveries_due WHERE tenant = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
  );
  const lease = db.lazy('UPDATE deliveries SET attempt = ?, due_at = ? WHERE tenant = ? AND id = ?');
  const isLast = 'tenant = ? AND id = ? AND attempt = ? AND due_at IS NOT NULL';
  const remove = db.lazy(`DELETE FROM deliveries WHERE ${isLast}`);
  const postpone = db.lazy(`UPDATE deliveries SET error = ?, due_at = ? WHERE ${isLast}`);
  const bury = db.lazy(`UPDATE deliveries SET error = ?, due_at = NULL, died_at = ?, purge_at = ? WHERE ${isLast}`);
  const listDead = db.lazy(`SELECT ${COLUMNS}, error, died_at FROM deliveries INDEXED BY deliveries_dead
    WHERE tenant = ? AND died_at IS NOT NULL ORDER BY died_at DESC, id DESC LIMIT ?`);
  const purge = purger(
    db,
    'DELETE FROM deliveries WHERE tenant = ?1 AND id IN (SELECT id FROM deliveries WHERE tenant = ?1 AND purge_at <= ?2 ORDER BY purge_at LIMIT ?3)',
  );

  const makeAll = (tenant: TenantId, told: readonly Told[], now: number): void => {
    if (told.length === 0) return;
    let id = counters.next(tenant, 'delivery', told.length) - told.length;
    for (const [client, subject, sid] of told) {
      id += 1;
      insert().run(tenant, id, client, subject, sid, now, now + DELIVERY_KEPT_SECONDS);
    }
    purge(tenant, now, told.length);
  };

  return {
    make: (tenant, session, now) => makeAll(tenant, findTold().all(tenant, session) as unknown as Told[], now),
    makeFor: (tenant, session, client, now) => makeAll(tenant, findToldOf().all(tenant, session, client) as unknown as Told[], now),

    async takeDeliveries(tenant, limit, leaseSeconds, now) {
      // Asked again and again, and seldom is there anything: only then is the lock of writers worth it.
      if (await db.read(() => isDue().get(tenant, now) === undefined)) return [];
      return await db.write(() =>
        (findDue().all(tenant, now, limit) as unknown as Row[]).map((row) => {
          const delivery = readDelivery(row);
          const attempt = delivery.attempt + 1;
          lease().run(attempt, now + leaseSeconds, tenant, delivery.id);
          return { ...delivery, attempt };
        }),
      );
    },

    settleDelivery: (tenant, id, attempt, outcome, now) =>
      db.write(() => {
        if (outcome.kind === 'delivered') {
          remove().run(tenant, id, attempt);
          return;
        }
        const error = writeError(outcome.error);
        if (outcome.dueAt === undefined) bury().run(error, now, now + DELIVERY_KEPT_SECONDS, tenant, id, attempt);
        else postpone().run(error, outcome.dueAt, tenant, id, attempt);
      }),

    listDeadDeliveries: (tenant, limit) => db.read(() => (listDead().all(tenant, limit) as unknown as DeadRow[]).map(readDead)),
  };
}

type Told = [ClientId, subject: string, sid: string];
type Row = [number, ClientId, string, string, number, number];
type DeadRow = [...Row, error: string, diedAt: number];

function readDelivery([id, clientId, subject, sid, createdAt, attempt]: Row): Delivery {
  return { id, clientId, subject, sid, createdAt, attempt };
}

function readDead([id, clientId, subject, sid, createdAt, attempt, error, diedAt]: DeadRow): DeadDelivery {
  return { id, clientId, subject, sid, createdAt, attempt, error, diedAt };
}
