import type { LatencyView, LimitTotals, MetricSeries, MetricsView, NodeView } from '@hufu/protocol/admin/metrics';
import { LONGER_MS, METRIC_NAMES } from '@hufu/protocol/admin/metrics';
import type { MetricNode, MetricRow } from '@hufu/store/port';
import { LATENCY_BOUNDS_MS } from '@hufu/store/port/latency';
import { atEndOfTurn } from '../clock.ts';
import type { Context } from '../context.ts';
import { COUNTERS, FAMILIES, slotAt, valuesAt } from './families.ts';
import { readRow } from './row.ts';

/** Rows that are read for one answer: twenty nodes for six hours, or for a week. */
const MAX_ROWS = 15_000;
/** Reads of one answer. */
const PARTS = 16;
const MAX_NODES = 100;
/** A node writes each minute. */
const SILENT_SECONDS = 130;
/** Longer windows are read from quarters of an hour. */
export const MINUTES_WINDOW: number = 6 * 3600;
const MAX_LIMITS = 20;

/** What is asked for. */
export interface Asked {
  readonly window: number;
  readonly step: number;
}

/** All that the nodes have told, and what this one has counted since it last wrote. */
export async function viewMetrics(ctx: Context, { window, step }: Asked, now: number): Promise<MetricsView> {
  const { metrics, store, tenant } = ctx;
  const span = window > MINUTES_WINDOW ? 900 : 60;
  const steps = Math.ceil(window / step);
  const since = (Math.floor(now / step) - steps + 1) * step;
  const until = since + steps * step;
  const own = metrics.unwritten(span).filter(({ at }) => at >= since && at < until);
  const newer = new Set(own.map(({ at }) => at));
  const sums = new Sums(since, step, steps);
  for (const row of own) sums.add(row);
  let held = Math.min(Number.POSITIVE_INFINITY, ...newer);
  let left = MAX_ROWS;
  // The newest first: where there are more than are read, those that are missing are the oldest. In parts, between which others have their turn.
  const part = Math.ceil((until - since) / PARTS / span) * span;
  for (let to = until; to > since && left > 0; to -= part) {
    const rows = await store.readMetrics(tenant, span, Math.max(since, to - part), to, left);
    left -= rows.length;
    for (const row of rows) {
      held = Math.min(held, row.at);
      if (row.instance !== metrics.instance || !newer.has(row.at)) sums.add(row);
    }
    await new Promise<void>((resolve) => atEndOfTurn(resolve));
  }
  return {
    now,
    since,
    step,
    held_since: Number.isFinite(held) ? held : null,
    partial: left === 0,
    instance: metrics.instance,
    series: sums.series(),
    latency: sums.latency(),
    store_latency: sums.storeLatency(),
    limits: sums.limits(),
    nodes: nodesOf(await listNodes(ctx), sums, { since, now }),
  };
}

/** Rows added up, step by step. */
class Sums {
  readonly #since: number;
  readonly #step: number;
  readonly #steps: number;
  readonly #counters = new Map<number, Float64Array>();
  /**
   * Every node learns of every revocation, so each is told by all: of each span the one who learned of most has them. Not of each step, in which one node may have taken the place of another. What some learn of just
   * before the end of a span and others after it is told twice.
   */
  readonly #revocations = new Map<number, Map<number, number>>();
  readonly #limits = new Map<string, { refused: number; shadow: number }>();
  readonly requests = new Map<string, number>();

  constructor(since: number, step: number, steps: number) {
    this.#since = since;
    this.#step = step;
    this.#steps = steps;
  }

  add({ instance, at, counts }: MetricRow): void {
    const step = Math.floor((at - this.#since) / this.#step);
    const { revocations, requests } = FAMILIES;
    readRow(
      counts,
      (slot, amount) => {
        const isRevocation = slot >= revocations.base && slot < revocations.base + revocations.size;
        if (isRevocation) this.#atMost(slot, at, amount);
        else bump(this.#counters, slot, step, amount, this.#steps);
        if (slot >= requests.base && slot < requests.base + requests.size)
          this.requests.set(instance, (this.requests.get(instance) ?? 0) + amount);
      },
      (name, { refused, shadow }) => {
        const sum = this.#limits.get(name) ?? { refused: 0, shadow: 0 };
        this.#limits.set(name, { refused: sum.refused + refused, shadow: sum.shadow + shadow });
      },
    );
  }

  #atMost(slot: number, at: number, amount: number): void {
    const there = this.#revocations.get(slot) ?? new Map<number, number>();
    this.#revocations.set(slot, there);
    there.set(at, Math.max(there.get(at) ?? 0, amount));
  }

  series(): readonly MetricSeries[] {
    const all = new Map(this.#counters);
    for (const [slot, most] of this.#revocations)
      for (const [at, count] of most) bump(all, slot, Math.floor((at - this.#since) / this.#step), count, this.#steps);
    return METRIC_NAMES.flatMap((metric) => {
      const family = FAMILIES[metric];
      return [...all]
        .filter(([slot]) => slot >= family.base && slot < family.base + family.size)
        .map(([slot, points]): MetricSeries => {
          const values = valuesAt(family, slot);
          const labels = Object.fromEntries(family.labels.map(({ name }, index) => [name, values[index] ?? '']));
          return { metric, labels, total: total(points), points: [...points] };
        })
        .toSorted((a, b) => b.total - a.total);
    });
  }

  latency(): readonly LatencyView[] {
    const { request_time } = FAMILIES;
    const endpoints = request_time.labels[0]?.values ?? [];
    const each = endpoints.map((endpoint, index) => this.#latencyOf(endpoint, [slotAt(request_time, index)]));
    const all = this.#latencyOf(
      '',
      endpoints.map((_, index) => slotAt(request_time, index)),
    );
    return [all, ...each.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count)];
  }

  storeLatency(): LatencyView {
    return this.#latencyOf('', [FAMILIES.store_time.base]);
  }

  /** @param firsts the first bucket of each. */
  #latencyOf(endpoint: string, firsts: readonly number[]): LatencyView {
    const buckets = Array.from({ length: BUCKETS }, (_, bucket) => {
      const points = new Float64Array(this.#steps);
      for (const first of firsts) {
        const more = this.#counters.get(first + bucket);
        if (more !== undefined) for (const [index, count] of more.entries()) points[index] = (points[index] ?? 0) + count;
      }
      return points;
    });
    const sums = buckets.map(total);
    return {
      endpoint,
      count: sums.reduce((sum, count) => sum + count, 0),
      p50_ms: boundOf(sums, 0.5),
      p95_ms: boundOf(sums, 0.95),
      p99_ms: boundOf(sums, 0.99),
      points: Array.from({ length: this.#steps }, (_, index) =>
        boundOf(
          buckets.map((points) => points[index] ?? 0),
          0.95,
        ),
      ),
    };
  }

  limits(): readonly LimitTotals[] {
    return [...this.#limits]
      .map(([name, { refused, shadow }]) => ({ name, refused, shadow_refused: shadow }))
      .toSorted((a, b) => b.refused - a.refused || b.shadow_refused - a.shadow_refused)
      .slice(0, MAX_LIMITS);
  }
}

const BUCKETS = LATENCY_BOUNDS_MS.length + 1;

/** The bound of the bucket in which that part of all is reached; null where there is nothing. */
export function boundOf(buckets: readonly number[], part: number): number | null {
  const all = buckets.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let sum = 0;
  for (const [bucket, count] of buckets.entries()) {
    sum += count;
    if (sum >= all * part) return LATENCY_BOUNDS_MS[bucket] ?? LONGER_MS;
  }
  return LONGER_MS;
}

function bump(into: Map<number, Float64Array>, slot: number, step: number, amount: number, steps: number): void {
  if (slot < 0 || slot >= COUNTERS || step < 0 || step >= steps) return;
  const points = into.get(slot) ?? new Float64Array(steps);
  points[step] = (points[step] ?? 0) + amount;
  into.set(slot, points);
}

function total(points: Float64Array): number {
  return points.reduce((sum, count) => sum + count, 0);
}

/** This one first, as it is now, whether it has told of itself yet or not. */
async function listNodes({ metrics, store, tenant }: Context): Promise<readonly MetricNode[]> {
  const stored = await store.listMetricNodes(tenant, MAX_NODES);
  return [metrics.node(), ...stored.filter(({ instance }) => instance !== metrics.instance)];
}

function nodesOf(
  nodes: readonly MetricNode[],
  { requests }: Sums,
  { since, now }: { readonly since: number; readonly now: number },
): readonly NodeView[] {
  const names = new Set<string>();
  const views: NodeView[] = [];
  for (const { instance, name, version, startedAt, seenAt, stopped, about } of nodes) {
    // Of a host and port the process that was there last: one that was replaced is not missed.
    if (seenAt < since || names.has(name)) continue;
    names.add(name);
    const { rss, loop_ms } = readAbout(about);
    views.push({
      instance,
      name,
      version,
      started_at: startedAt,
      seen_at: seenAt,
      state: stopped ? 'stopped' : now - seenAt > SILENT_SECONDS ? 'silent' : 'live',
      requests: requests.get(instance) ?? 0,
      ...(rss === undefined ? {} : { rss_bytes: rss }),
      ...(loop_ms === undefined ? {} : { loop_delay_ms: loop_ms }),
    });
  }
  return views;
}

function readAbout(text: string): { readonly rss?: number; readonly loop_ms?: number } {
  try {
    const { rss, loop_ms }: Readonly<Record<string, unknown>> = Object(JSON.parse(text));
    return { ...(isAmount(rss) && { rss: Math.round(rss) }), ...(isAmount(loop_ms) && { loop_ms }) };
  } catch {
    return {};
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
