import type { TenantId } from '@hufu/protocol/ids';
import type { WebhookRecord, Webhooks } from '../port.ts';
import { MAX_REDELIVERIES } from '../retention.ts';
import {
  DELIVERY_COLUMNS,
  type DeliveryRow,
  KEPT,
  PROGRESS_COLUMNS,
  readDelivery,
  readWebhook,
  SETTING_COLUMNS,
  WEBHOOK_COLUMNS,
  type WebhookRow,
  writeDelivery,
  writeProgress,
  writeSettings,
} from '../webhook-row.ts';
import { lockCounter } from './counters.ts';
import type { Database, Session, Statement } from './database.ts';

export function webhooks(db: Database): Webhooks {
  return {
    async listWebhooks(tenant) {
      return (await db.run<WebhookRow>(LIST, [tenant])).map(readWebhook);
    },
    findWebhook: (tenant, id) => findOne(db, tenant, id),

    createWebhook: (tenant, { id, ...settings }, most, now) =>
      db.transact(async (session) => {
        await lockCounter(session, tenant, 'webhooks');
        const [there] = await session.run<{ there: number }>(COUNT, [tenant]);
        if ((there?.there ?? 0) >= most) {
          session.unchanged?.();
          return { kind: 'full' };
        }
        const [row] = await session.run<WebhookRow>(INSERT, [tenant, id, now, ...writeSettings(settings)]);
        return { kind: 'created', webhook: readOne(row) };
      }),

    changeWebhook: (tenant, id, settings, version, now, passedTo) =>
      db.transact(async (session) => {
        const [row] = await session.run<WebhookRow>(CHANGE, [tenant, id, now, version, ...writeSettings(settings), passedTo]);
        if (row !== undefined) return { kind: 'done', webhook: readOne(row) };
        return (await findOne(session, tenant, id)) === undefined ? { kind: 'unknown' } : { kind: 'changed' };
      }),

    removeWebhook: (tenant, id) =>
      db.transact(async (session) => {
        if ((await session.run(REMOVE, [tenant, id])).length === 0) return 'unknown';
        await session.run(REMOVE_DELIVERIES, [tenant, id]);
        return 'removed';
      }),

    async dueWebhooks(tenant, now) {
      const rows = await db.run<WebhookRow & { asked: boolean; log_end: number }>(DUE, [tenant, now]);
      return rows.map((row) => ({ webhook: readWebhook(row), isAsked: row.asked, end: row.log_end }));
    },

    takeWebhook: (tenant, id, leaseSeconds, now) =>
      db.transact(async (session) => {
        const [row] = await session.run<WebhookRow & { lease: number }>(TAKE, [tenant, id, now, now + leaseSeconds]);
        if (row === undefined) return undefined;
        const due = await session.run<DeliveryRow>(LIST_OF_STATE, [tenant, id, MAX, MAX_REDELIVERIES, 'due']);
        return { webhook: readWebhook(row), lease: row.lease, redeliveries: due.map(readDelivery) };
      }),

    settleWebhook: (tenant, id, lease, { version, progress, delivery, leasedUntil }) =>
      db.transact(async (session) => {
        const whose = [tenant, id, lease, leasedUntil];
        const [row] =
          progress === undefined
            ? await session.run<WebhookRow>(KEEP, whose)
            : await session.run<WebhookRow>(SETTLE, [...whose, ...writeProgress(progress), version]);
        if (row === undefined) {
          const [there] = await session.run<WebhookRow>(HELD, [tenant, id, lease]);
          return there === undefined ? { kind: 'lost' } : { kind: 'changed', webhook: readWebhook(there) };
        }
        if (progress !== undefined) await session.run(FORGET, [tenant, id, progress.headSeq]);
        if (delivery !== undefined) {
          await session.run(PUT_DELIVERY, [tenant, id, ...writeDelivery(delivery)]);
          const kept = KEPT[delivery.state];
          if (kept !== undefined) await session.run(PRUNE, [tenant, id, delivery.state, kept]);
        }
        return { kind: 'kept', webhook: readWebhook(row) };
      }),

    async listWebhookDeliveries(tenant, id, { state, before = MAX }, limit) {
      const rows =
        state === undefined
          ? await db.run<DeliveryRow>(LIST_DELIVERIES, [tenant, id, before, limit])
          : await db.run<DeliveryRow>(LIST_OF_STATE, [tenant, id, before, limit, state]);
      return rows.map(readDelivery);
    },

    async redeliverWebhook(tenant, id, seq) {
      return (await db.run(REDELIVER, [tenant, id, seq])).length === 0 ? 'unknown' : 'done';
    },
  };
}

async function findOne(session: Session, tenant: TenantId, id: string): Promise<WebhookRecord | undefined> {
  const [row] = await session.run<WebhookRow>(FIND, [tenant, id]);
  return row && readWebhook(row);
}

function readOne(row: WebhookRow | undefined): WebhookRecord {
  if (row === undefined) throw new Error('no webhook');
  return readWebhook(row);
}

const MAX = Number.MAX_SAFE_INTEGER;
const COLUMNS = WEBHOOK_COLUMNS.map((column) => `w.${column}`).join(', ');
const DELIVERY = DELIVERY_COLUMNS.join(', ');
const ONE = 'w.tenant = $1::bigint AND w.id = $2::text';
const END = 'coalesce((SELECT seq FROM audit_log WHERE tenant = $1::bigint AND seq > 0 ORDER BY seq DESC LIMIT 1), 0)';
const IS_ASKED = `EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tenant = w.tenant AND d.webhook_id = w.id AND d.state = 'due')`;

/** Of the columns, as parameters from the number `first` on. */
function params(columns: readonly string[], first: number): readonly string[] {
  return columns.map((column, index) => `$${first + index}::${TEXTS.has(column) ? 'text' : 'bigint'}`);
}

const TEXTS: ReadonlySet<string> = new Set([
  'url',
  'description',
  'actions',
  'secrets',
  'ended_by',
  'message_id',
  'action',
  'state',
  'reason',
]);

function assignments(columns: readonly string[], first: number): string {
  const values = params(columns, first);
  return columns.map((column, index) => `${column} = ${values[index]}`).join(', ');
}

const LIST: Statement = { text: `SELECT ${COLUMNS} FROM webhooks w WHERE w.tenant = $1::bigint ORDER BY w.id` };
const FIND: Statement = { text: `SELECT ${COLUMNS} FROM webhooks w WHERE ${ONE}` };
const COUNT: Statement = { text: 'SELECT count(*)::bigint AS there FROM webhooks w WHERE w.tenant = $1::bigint' };
const INSERT: Statement = {
  text: `INSERT INTO webhooks AS w (tenant, id, created_at, ${SETTING_COLUMNS.join(', ')}, version, cursor_seq, failures, failing_since, head_seq,
      head_attempts, head_since, due_at, delivered_at, lease, leased_until)
    VALUES ($1::bigint, $2::text, $3::bigint, ${params(SETTING_COLUMNS, 4).join(', ')}, 1, ${END}, 0, 0, 0, 0, 0, $3::bigint, 0, 0, 0)
    RETURNING ${COLUMNS}`,
};
/** The new value of a column stands beside the old one here: `enabled` is what it was. */
const CHANGE: Statement = {
  text: `UPDATE webhooks w SET ${assignments(SETTING_COLUMNS, 5)}, version = w.version + 1,
      cursor_seq = greatest(w.cursor_seq, $${5 + SETTING_COLUMNS.length}::bigint),
      failures = CASE WHEN w.enabled = 0 AND $9::bigint = 1 THEN 0 ELSE w.failures END,
      failing_since = CASE WHEN w.enabled = 0 AND $9::bigint = 1 THEN 0 ELSE w.failing_since END,
      head_since = CASE WHEN w.enabled = 0 AND $9::bigint = 1 THEN $3::bigint ELSE w.head_since END,
      due_at = CASE WHEN w.enabled = 0 AND $9::bigint = 1 THEN $3::bigint ELSE w.due_at END
    WHERE ${ONE} AND w.version = $4::bigint RETURNING ${COLUMNS}`,
};
const REMOVE: Statement = { text: `DELETE FROM webhooks w WHERE ${ONE} RETURNING w.id` };
const REMOVE_DELIVERIES: Statement = { text: 'DELETE FROM webhook_deliveries WHERE tenant = $1::bigint AND webhook_id = $2::text' };
const DUE: Statement = {
  name: 'due_webhooks',
  text: `SELECT ${COLUMNS}, ${IS_ASKED} AS asked, ${END} AS log_end FROM webhooks w WHERE w.tenant = $1::bigint AND w.enabled = 1 AND w.leased_until <= $2::bigint
    AND ((w.due_at <= $2::bigint AND w.cursor_seq <> ${END}) OR ${IS_ASKED})`,
};
/** Whoever waits for the row sees it as it has become, and takes nothing then. */
const TAKE: Statement = {
  text: `UPDATE webhooks w SET lease = w.lease + 1, leased_until = $4::bigint
    WHERE ${ONE} AND w.enabled = 1 AND w.leased_until <= $3::bigint AND (w.due_at <= $3::bigint OR ${IS_ASKED})
    RETURNING ${COLUMNS}, w.lease`,
};
const KEEP: Statement = {
  text: `UPDATE webhooks w SET leased_until = $4::bigint WHERE ${ONE} AND w.lease = $3::bigint RETURNING ${COLUMNS}`,
};
const SETTLE: Statement = {
  text: `UPDATE webhooks w SET leased_until = $4::bigint, ${assignments(PROGRESS_COLUMNS, 5)}
    WHERE ${ONE} AND w.lease = $3::bigint AND w.version = $${5 + PROGRESS_COLUMNS.length}::bigint RETURNING ${COLUMNS}`,
};
const HELD: Statement = { text: `SELECT ${COLUMNS} FROM webhooks w WHERE ${ONE} AND w.lease = $3::bigint` };
const FORGET: Statement = {
  text: `DELETE FROM webhook_deliveries WHERE tenant = $1::bigint AND webhook_id = $2::text AND state = 'waiting' AND seq <> $3::bigint`,
};
const PUT_DELIVERY: Statement = {
  text: `INSERT INTO webhook_deliveries (tenant, webhook_id, ${DELIVERY}) VALUES ($1::bigint, $2::text, ${params(DELIVERY_COLUMNS, 3).join(', ')})
    ON CONFLICT (tenant, webhook_id, seq) DO UPDATE SET ${DELIVERY_COLUMNS.slice(1)
      .map((column) => `${column} = excluded.${column}`)
      .join(', ')}`,
};
const PRUNE: Statement = {
  text: `DELETE FROM webhook_deliveries WHERE tenant = $1::bigint AND webhook_id = $2::text AND state = $3::text AND seq <= (
      SELECT seq FROM webhook_deliveries WHERE tenant = $1::bigint AND webhook_id = $2::text AND state = $3::text
      ORDER BY seq DESC LIMIT 1 OFFSET $4::bigint)`,
};
const LIST_DELIVERIES: Statement = {
  text: `SELECT ${DELIVERY} FROM webhook_deliveries WHERE tenant = $1::bigint AND webhook_id = $2::text AND seq < $3::bigint
    ORDER BY seq DESC LIMIT $4::bigint`,
};
const LIST_OF_STATE: Statement = {
  text: `SELECT ${DELIVERY} FROM webhook_deliveries WHERE tenant = $1::bigint AND webhook_id = $2::text AND seq < $3::bigint AND state = $5::text
    ORDER BY seq DESC LIMIT $4::bigint`,
};
const REDELIVER: Statement = {
  text: `UPDATE webhook_deliveries SET state = 'due'
    WHERE tenant = $1::bigint AND webhook_id = $2::text AND seq = $3::bigint AND state IN ('delivered', 'dead') RETURNING seq`,
};
