import type { LatencyView, MetricName, MetricSeries, MetricsView } from '@hufu/protocol/admin/metrics';

/** What the API tells of what took longer than every bound. */
export const LONGER_MS = 3_600_000;

/** The windows that one can look at; their steps are the server's choice. */
export const WINDOWS = [
  { name: '15m', seconds: 900 },
  { name: '1h', seconds: 3_600 },
  { name: '6h', seconds: 21_600 },
  { name: '24h', seconds: 86_400 },
  { name: '7d', seconds: 604_800 },
] as const;

export type Window = (typeof WINDOWS)[number];

export const USUAL_WINDOW: Window = WINDOWS[1];

/** The window that an address asks for; the usual one where it asks for none of ours. */
export function windowOf(text: string | undefined): Window {
  return WINDOWS.find(({ name }) => name === text) ?? USUAL_WINDOW;
}

/** The series of a metric whose labels are these. */
export function seriesOf(view: MetricsView, metric: MetricName, labels: Readonly<Record<string, string>> = {}): readonly MetricSeries[] {
  return view.series.filter((one) => one.metric === metric && Object.entries(labels).every(([name, value]) => one.labels[name] === value));
}

export function totalOf(series: readonly MetricSeries[]): number {
  return series.reduce((sum, { total }) => sum + total, 0);
}

/** All of them together, step by step; as many points as there are steps, also where there is no series. */
export function pointsOf(series: readonly MetricSeries[], steps: number): readonly number[] {
  return Array.from({ length: steps }, (_, step) => series.reduce((sum, { points }) => sum + (points[step] ?? 0), 0));
}

export interface Ranked {
  readonly name: string;
  readonly total: number;
}

/** Totals by one label, the largest first. */
export function rankedBy(series: readonly MetricSeries[], label: string): readonly Ranked[] {
  const totals = new Map<string, number>();
  for (const { labels, total } of series) totals.set(labels[label] ?? '', (totals.get(labels[label] ?? '') ?? 0) + total);
  return [...totals].map(([name, total]) => ({ name, total })).toSorted((a, b) => b.total - a.total);
}

/** How many steps the window has: each latency has a point for each of them. */
export function stepsOf({ latency }: MetricsView): number {
  return latency[0]?.points.length ?? 0;
}

/** Milliseconds as people write a bound; undefined for what is longer than every bound. */
export function boundText(ms: number, language: string): string | undefined {
  if (ms >= LONGER_MS) return undefined;
  const [value, unit] = ms >= 1_000 ? [ms / 1_000, 'second'] : [ms, 'millisecond'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
}

/** A bound as a height: each bucket is as high as the one before and one more, as bounds grow by factors. */
export function heightOf(ms: number | null): number {
  return ms === null ? 0 : Math.max(1, 1 + 3 * Math.log10(Math.min(ms, 20_000)));
}

/** Whether it is told of any request. */
export function hasRequests({ count }: Pick<LatencyView, 'count'>): boolean {
  return count > 0;
}
