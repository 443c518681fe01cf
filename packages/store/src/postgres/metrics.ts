import type { MetricNode, MetricRow, Metrics } from '../port.ts';
import { MAX_METRIC_NODES, METRIC_SPANS, METRICS_KEPT_SECONDS, PURGE_ROWS } from '../retention.ts';
import type { Database, Statement } from './database.ts';

export function metrics(db: Database): Metrics {
  return {
    async writeMetrics(tenant, node, rows, now) {
      const { instance, name, version, startedAt, seenAt, stopped, about } = node;
      await db.runTogether([
        { statement: PUT_NODE, values: [tenant, instance, name, version, startedAt, seenAt, stopped ? 1 : 0, about] },
        {
          statement: PUT_ROWS,
          values: [
            tenant,
            rows.map((row) => row.span),
            rows.map((row) => row.at),
            rows.map((row) => row.instance),
            rows.map((row) => row.counts),
          ],
        },
      ]);
      // Whoever removes the same rows at the same time passes over each other's.
      for (const span of METRIC_SPANS) await db.run(DROP_ROWS, [tenant, span, now - METRICS_KEPT_SECONDS[span], PURGE_ROWS]);
      await db.run(DROP_NODES, [tenant, now - METRICS_KEPT_SECONDS[900], PURGE_ROWS]);
      await db.run(DROP_MORE, [tenant, MAX_METRIC_NODES, PURGE_ROWS]);
    },
    async readMetrics(tenant, span, from, to, limit) {
      return (await db.run<RowColumns>(READ, [tenant, span, from, to, limit])).map(readRow);
    },
    async listMetricNodes(tenant, limit) {
      return (await db.run<NodeColumns>(LIST, [tenant, limit])).map(readNode);
    },
  };
}

interface RowColumns {
  readonly instance: string;
  readonly span: number;
  readonly began_at: number;
  readonly counts: string;
}

function readRow({ instance, span, began_at, counts }: RowColumns): MetricRow {
  return { instance, span, at: began_at, counts };
}

interface NodeColumns {
  readonly instance: string;
  readonly name: string;
  readonly version: string;
  readonly started_at: number;
  readonly seen_at: number;
  readonly stopped: number;
  readonly about: string;
}

function readNode({ instance, name, version, started_at, seen_at, stopped, about }: NodeColumns): MetricNode {
  return { instance, name, version, startedAt: started_at, seenAt: seen_at, stopped: stopped === 1, about };
}

const NODE = 'instance, name, version, started_at, seen_at, stopped, about';

const PUT_NODE: Statement = {
  text: `INSERT INTO metric_nodes (tenant, ${NODE})
    VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint, $8::text)
    ON CONFLICT (tenant, instance) DO UPDATE SET name = excluded.name, version = excluded.version, started_at = excluded.started_at,
      seen_at = excluded.seen_at, stopped = excluded.stopped, about = excluded.about`,
};
const PUT_ROWS: Statement = {
  text: `INSERT INTO metric_rows (tenant, span, began_at, instance, counts)
    SELECT $1::bigint, w.* FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[]) AS w (span, began_at, instance, counts)
    ON CONFLICT (tenant, span, began_at, instance) DO UPDATE SET counts = excluded.counts`,
};
const DROP_ROWS: Statement = {
  text: `DELETE FROM metric_rows WHERE ctid = ANY (ARRAY(SELECT ctid FROM metric_rows
    WHERE tenant = $1::bigint AND span = $2::bigint AND began_at < $3::bigint ORDER BY began_at LIMIT $4::bigint FOR UPDATE SKIP LOCKED))`,
};
const DROP_NODES: Statement = {
  text: `DELETE FROM metric_nodes WHERE ctid = ANY (ARRAY(SELECT ctid FROM metric_nodes
    WHERE tenant = $1::bigint AND seen_at < $2::bigint ORDER BY seen_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED))`,
};
const DROP_MORE: Statement = {
  text: `DELETE FROM metric_nodes WHERE ctid = ANY (ARRAY(SELECT ctid FROM metric_nodes
    WHERE tenant = $1::bigint ORDER BY seen_at DESC, instance DESC OFFSET $2::bigint LIMIT $3::bigint FOR UPDATE SKIP LOCKED))`,
};
const READ: Statement = {
  text: `SELECT instance, span, began_at, counts FROM metric_rows
    WHERE tenant = $1::bigint AND span = $2::bigint AND began_at >= $3::bigint AND began_at < $4::bigint ORDER BY began_at, instance LIMIT $5::bigint`,
};
const LIST: Statement = {
  text: `SELECT ${NODE} FROM metric_nodes WHERE tenant = $1::bigint ORDER BY seen_at DESC, instance DESC LIMIT $2::bigint`,
};
