import type { TenantId } from '@hufu/protocol/ids';

/** What one process counted in one span of time. */
export interface MetricRow {
  /** Of the process: another one after each start. */
  readonly instance: string;
  /** Its length in seconds. */
  readonly span: number;
  /** When it began; a multiple of `span`. */
  readonly at: number;
  /** JSON, at most `MAX_METRIC_ROW` characters. */
  readonly counts: string;
}

/** A process, as it told of itself the last time. */
export interface MetricNode {
  readonly instance: string;
  readonly name: string;
  readonly version: string;
  readonly startedAt: number;
  readonly seenAt: number;
  /** It has stopped, and said so. */
  readonly stopped: boolean;
  /** JSON: how it fares. */
  readonly about: string;
}

export interface Metrics {
  /**
   * Writes what a process has counted over what it wrote before of the same spans, and that it was there. Rows fall `METRICS_KEPT_SECONDS` after their span began, and processes that
   * were last heard of as long ago, a bounded number a time; of more than `MAX_METRIC_NODES` processes those not heard of for longest fall.
   */
  writeMetrics(tenant: TenantId, node: MetricNode, rows: readonly MetricRow[], now: number): Promise<void>;
  /** Rows of one span that began in [`from`, `to`), by time and instance. */
  readMetrics(tenant: TenantId, span: number, from: number, to: number, limit: number): Promise<MetricRow[]>;
  /** Those heard of last first. */
  listMetricNodes(tenant: TenantId, limit: number): Promise<MetricNode[]>;
}
