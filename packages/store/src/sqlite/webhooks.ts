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
import type { Connection } from './connection.ts';

const COLUMNS = WEBHOOK_COLUMNS.join(', ');
const END = 'coalesce((SELECT seq FROM audit_log WHERE tenant = ?1 AND seq > 0 ORDER BY seq DESC LIMIT 1), 0)';
const IS_ASKED = `EXISTS (SELECT 1 FROM webhook_deliveries d INDEXED BY webhook_deliveries_by_state
  WHERE d.tenant = w.tenant AND d.webhook_id = w.id AND d.state = 'due')`;

export function webhooks(db: Connection): Webhooks {
  const list = db.lazy(`SELECT ${COLUMNS} FROM webhooks w WHERE tenant = ? ORDER BY id`);
  const find = db.lazy(`SELECT ${COLUMNS} FROM webhooks WHERE tenant = ? AND id = ?`);
  const count = db.lazy('SELECT count(*) FROM webhooks w WHERE tenant = ?');
  const insert = db.lazy(`INSERT INTO webhooks (tenant, id, ${SETTING_COLUMNS.join(', ')}, created_at, version, cursor_seq, failures,
      failing_since, head_seq, head_attempts, head_since, due_at, delivered_at, lease, leased_until)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ${END}, 0, 0, 0, 0, 0, ?9, 0, 0, 0)`);
  const change = db.lazy(
    `UPDATE webhooks SET ${SETTING_COLUMNS.map((column) => `${column} = ?`).join(', ')}, version = version + 1, cursor_seq = max(cursor_seq, ?)
      WHERE tenant = ? AND id = ?`,
  );
  const begin = db.lazy('UPDATE webhooks SET failures = 0, failing_since = 0, head_since = ?1, due_at = ?1 WHERE tenant = ?2 AND id = ?3');
  const remove = db.lazy('DELETE FROM webhooks WHERE tenant = ? AND id = ?');
  const removeDeliveries = db.lazy('DELETE FROM webhook_deliveries WHERE tenant = ? AND webhook_id = ?');
  const due =
    db.lazy(`SELECT ${COLUMNS}, ${IS_ASKED} AS asked, ${END} FROM webhooks w WHERE tenant = ?1 AND enabled = 1 AND leased_until <= ?2
    AND ((due_at <= ?2 AND cursor_seq <> ${END}) OR ${IS_ASKED})`);
  const take = db.lazy(`UPDATE webhooks AS w SET lease = lease + 1, leased_until = ?4
    WHERE tenant = ?1 AND id = ?2 AND enabled = 1 AND leased_until <= ?3 AND (due_at <= ?3 OR ${IS_ASKED}) RETURNING lease`);
  const ofState = db.lazy(`SELECT ${DELIVERY_COLUMNS.join(', ')} FROM webhook_deliveries INDEXED BY webhook_deliveries_by_state
    WHERE tenant = ? AND webhook_id = ? AND state = ? AND seq < ? ORDER BY seq DESC LIMIT ?`);
  const ofAny = db.lazy(`SELECT ${DELIVERY_COLUMNS.join(', ')} FROM webhook_deliveries
    WHERE tenant = ? AND webhook_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?`);
  const holds = db.lazy('SELECT lease FROM webhooks WHERE tenant = ? AND id = ? AND lease = ?');
  const settle = db.lazy('UPDATE webhooks SET leased_until = ? WHERE tenant = ? AND id = ?');
  const progress = db.lazy(
    `UPDATE webhooks SET ${PROGRESS_COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE tenant = ? AND id = ?`,
  );
  const putDelivery = db.lazy(`INSERT OR REPLACE INTO webhook_deliveries (tenant, webhook_id, ${DELIVERY_COLUMNS.join(', ')})
    VALUES (?, ?, ${DELIVERY_COLUMNS.map(() => '?').join(', ')})`);
  const forget = db.lazy(`DELETE FROM webhook_deliveries WHERE tenant = ?1 AND webhook_id = ?2 AND state = 'waiting' AND seq <> ?3`);
  const prune = db.lazy(`DELETE FROM webhook_deliveries WHERE tenant = ?1 AND webhook_id = ?2 AND state = ?3 AND seq <= (
    SELECT seq FROM webhook_deliveries INDEXED BY webhook_deliveries_by_state WHERE tenant = ?1 AND webhook_id = ?2 AND state = ?3
    ORDER BY seq DESC LIMIT 1 OFFSET ?4)`);
  const redeliver = db.lazy(
    `UPDATE webhook_deliveries SET state = 'due' WHERE tenant = ? AND webhook_id = ? AND seq = ? AND state IN ('delivered', 'dead')`,
  );

  const findOne = (tenant: TenantId, id: string): WebhookRecord | undefined => {
    const row = find().get(tenant, id) as unknown as Row | undefined;
    return row && readRow(row);
  };
  const mustFind = (tenant: TenantId, id: string): WebhookRecord => {
    const webhook = findOne(tenant, id);
    if (webhook === undefined) throw new Error(`no webhook ${id}`);
    return webhook;
  };

  return {
    listWebhooks: (tenant) => db.read(() => (list().all(tenant) as unknown as Row[]).map(readRow)),
    findWebhook: (tenant, id) => db.read(() => findOne(tenant, id)),

    createWebhook: (tenant, { id, ...settings }, most, now) =>
      db.write(() => {
        const [there] = count().get(tenant) as unknown as [number];
        if (there >= most) return { kind: 'full' };
        insert().run(tenant, id, ...writeSettings(settings), now);
        return { kind: 'created', webhook: mustFind(tenant, id) };
      }),

    changeWebhook: (tenant, id, settings, version, now, passedTo) =>
      db.write(() => {
        const there = findOne(tenant, id);
        if (there === undefined) return { kind: 'unknown' };
        if (there.version !== version) return { kind: 'changed' };
        change().run(...writeSettings(settings), passedTo, tenant, id);
        if (settings.enabled && !there.enabled) begin().run(now, tenant, id);
        return { kind: 'done', webhook: mustFind(tenant, id) };
      }),

    removeWebhook: (tenant, id) =>
      db.write(() => {
        if (remove().run(tenant, id).changes === 0) return 'unknown';
        removeDeliveries().run(tenant, id);
        return 'removed';
      }),

    dueWebhooks: (tenant, now) =>
      db.read(() => {
        const rows = due().all(tenant, now) as unknown as Row[];
        return rows.map((row) => ({ webhook: readRow(row), isAsked: row.at(-2) === 1, end: Number(row.at(-1)) }));
      }),

    takeWebhook: (tenant, id, leaseSeconds, now) =>
      db.write(() => {
        const taken = take().get(tenant, id, now, now + leaseSeconds) as unknown as [number] | undefined;
        if (taken === undefined) return undefined;
        const redeliveries = ofState().all(tenant, id, 'due', MAX, MAX_REDELIVERIES) as unknown as DeliveryCells[];
        return { webhook: mustFind(tenant, id), lease: taken[0], redeliveries: redeliveries.map(readDeliveryRow) };
      }),

    settleWebhook: (tenant, id, lease, settlement) =>
      db.write(() => {
        if (holds().get(tenant, id, lease) === undefined) return { kind: 'lost' };
        const there = mustFind(tenant, id);
        if (settlement.progress !== undefined && there.version !== settlement.version) return { kind: 'changed', webhook: there };
        settle().run(settlement.leasedUntil, tenant, id);
        if (settlement.progress !== undefined) {
          progress().run(...writeProgress(settlement.progress), tenant, id);
          forget().run(tenant, id, settlement.progress.headSeq);
        }
        if (settlement.delivery !== undefined) {
          const { state } = settlement.delivery;
          putDelivery().run(tenant, id, ...writeDelivery(settlement.delivery));
          const kept = KEPT[state];
          if (kept !== undefined) prune().run(tenant, id, state, kept);
        }
        return { kind: 'kept', webhook: mustFind(tenant, id) };
      }),

    listWebhookDeliveries: (tenant, id, { state, before = MAX }, limit) =>
      db.read(() => {
        const rows = state === undefined ? ofAny().all(tenant, id, before, limit) : ofState().all(tenant, id, state, before, limit);
        return (rows as unknown as DeliveryCells[]).map(readDeliveryRow);
      }),

    redeliverWebhook: (tenant, id, seq) => db.write(() => (redeliver().run(tenant, id, seq).changes === 0 ? 'unknown' : 'done')),
  };
}

const MAX = Number.MAX_SAFE_INTEGER;

type Row = readonly (string | number)[];
type DeliveryCells = readonly (string | number)[];

/** Rows are arrays here. */
function readRow(row: Row): WebhookRecord {
  return readWebhook(Object.fromEntries(WEBHOOK_COLUMNS.map((column, index) => [column, row[index]])) as unknown as WebhookRow);
}

function readDeliveryRow(row: DeliveryCells): ReturnType<typeof readDelivery> {
  return readDelivery(Object.fromEntries(DELIVERY_COLUMNS.map((column, index) => [column, row[index]])) as unknown as DeliveryRow);
}
