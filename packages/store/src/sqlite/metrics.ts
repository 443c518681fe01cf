import type { MetricNode, MetricRow, Metrics } from '../port.ts';
import { MAX_METRIC_NODES, METRIC_SPANS, METRICS_KEPT_SECONDS, PURGE_ROWS } from '../retention.ts';
import type { Connection } from './connection.ts';

const NODE = 'instance, name, version, started_at, seen_at, stopped, about';

export function metrics(db: Connection): Metrics {
  const putNode = db.lazy(`INSERT OR REPLACE INTO metric_nodes (tenant, ${NODE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const putRow = db.lazy('INSERT OR REPLACE INTO metric_rows (tenant, span, began_at, instance, counts) VALUES (?, ?, ?, ?, ?)');
  const dropRows = db.lazy(
    `DELETE FROM metric_rows WHERE (tenant, span, began_at, instance) IN (
      SELECT tenant, span, began_at, instance FROM metric_rows WHERE tenant = ? AND span = ? AND began_at < ? LIMIT ?)`,
  );
  const dropNodes = db.lazy(
    `DELETE FROM metric_nodes WHERE (tenant, instance) IN (
      SELECT tenant, instance FROM metric_nodes INDEXED BY metric_nodes_by_seen WHERE tenant = ? AND seen_at < ? LIMIT ?)`,
  );
  const dropMore = db.lazy(
    `DELETE FROM metric_nodes WHERE (tenant, instance) IN (
      SELECT tenant, instance FROM metric_nodes INDEXED BY metric_nodes_by_seen WHERE tenant = ? AND seen_at > 0 ORDER BY seen_at DESC, instance DESC LIMIT ? OFFSET ?)`,
  );
  const read = db.lazy(
    'SELECT instance, span, began_at, counts FROM metric_rows WHERE tenant = ? AND span = ? AND began_at >= ? AND began_at < ? ORDER BY began_at, instance LIMIT ?',
  );
  const list = db.lazy(
    `SELECT ${NODE} FROM metric_nodes INDEXED BY metric_nodes_by_seen WHERE tenant = ? AND seen_at > 0 ORDER BY seen_at DESC, instance DESC LIMIT ?`,
  );

  return {
    writeMetrics: (tenant, node, rows, now) =>
      db.write(() => {
        const { instance, name, version, startedAt, seenAt, stopped, about } = node;
        putNode().run(tenant, instance, name, version, startedAt, seenAt, stopped ? 1 : 0, about);
        for (const row of rows) putRow().run(tenant, row.span, row.at, row.instance, row.counts);
        for (const span of METRIC_SPANS) dropRows().run(tenant, span, now - METRICS_KEPT_SECONDS[span], PURGE_ROWS);
        dropNodes().run(tenant, now - METRICS_KEPT_SECONDS[900], PURGE_ROWS);
        dropMore().run(tenant, PURGE_ROWS, MAX_METRIC_NODES);
      }),
    readMetrics: (tenant, span, from, to, limit) =>
      db.read(() => (read().all(tenant, span, from, to, limit) as unknown as RowTuple[]).map(readRow)),
    listMetricNodes: (tenant, limit) => db.read(() => (list().all(tenant, limit) as unknown as NodeTuple[]).map(readNode)),
  };
}

type RowTuple = [string, number, number, string];

function readRow([instance, span, at, counts]: RowTuple): MetricRow {
  return { instance, span, at, counts };
}

type NodeTuple = [string, string, string, number, number, number, string];

function readNode([instance, name, version, startedAt, seenAt, stopped, about]: NodeTuple): MetricNode {
  return { instance, name, version, startedAt, seenAt, stopped: stopped === 1, about };
}
