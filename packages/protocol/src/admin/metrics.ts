import type { Operation } from './operation.ts';
import { METRICS_SCOPE } from './roles.ts';
import { choice, flag, list, maybe, object, type Shape, text, time, whole } from './shape.ts';

/** The counters that `metrics.get` tells of. */
export const METRIC_NAMES = ['requests', 'tokens', 'sign_ins', 'refusals', 'revocations', 'mails'] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

/** What is longer than every bound of a bucket is told as so many milliseconds. */
export const LONGER_MS = 3_600_000;

/** Seconds back that can be asked for at most. */
export const MAX_METRICS_WINDOW: number = 7 * 86_400;

export interface MetricsQuery {
  /** 3,600 where it is left out. */
  readonly window?: number;
  readonly step?: number;
}

export interface MetricSeries {
  readonly metric: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly total: number;
  /** One for each step. */
  readonly points: readonly number[];
}

/** Bounds that so many requests of a hundred stayed below; null where there was none. */
export interface LatencyView {
  /** `''` for all of them together. */
  readonly endpoint: string;
  readonly count: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  /** `p95_ms` of each step. */
  readonly points: readonly (number | null)[];
}

export interface LimitTotals {
  readonly name: string;
  readonly refused: number;
  readonly shadow_refused: number;
}

export interface NodeView {
  readonly instance: string;
  readonly name: string;
  readonly version: string;
  readonly started_at: number;
  readonly seen_at: number;
  readonly state: 'live' | 'silent' | 'stopped';
  readonly requests: number;
  readonly rss_bytes?: number;
  readonly loop_delay_ms?: number;
}

export interface MetricsView {
  readonly now: number;
  /** The beginning of the first step. */
  readonly since: number;
  readonly step: number;
  /** The earliest that anything was counted; null where nothing was. */
  readonly held_since: number | null;
  /** There were more rows than are read at once: the newest are not in it. */
  readonly partial: boolean;
  /** Who answered. */
  readonly instance: string;
  readonly series: readonly MetricSeries[];
  readonly latency: readonly LatencyView[];
  readonly store_latency: LatencyView;
  readonly limits: readonly LimitTotals[];
  readonly nodes: readonly NodeView[];
}

const bound = (description: string): Shape<number | null> => ({
  type: ['number', 'null'],
  minimum: 0,
  description: `${description} In milliseconds: the bound of a bucket. null: there was none. ${LONGER_MS}: longer than the last bound.`,
});
const labels: Shape<Readonly<Record<string, string>>> = {
  type: 'object',
  description: 'What it is of.',
  additionalProperties: { type: 'string' },
};
const series: Shape<MetricSeries> = object<MetricSeries>('MetricSeries', {
  metric: choice('What is counted.', METRIC_NAMES),
  labels,
  total: whole('In the whole window.'),
  points: list('In each step.', whole('A count.')),
});
const latency: Shape<LatencyView> = object<LatencyView>('Latency', {
  endpoint: text('Of which endpoint; empty for all of them.'),
  count: whole('How many.'),
  p50_ms: bound('Half of them were not longer than this.'),
  p95_ms: bound('95 of 100 were not longer than this.'),
  p99_ms: bound('99 of 100 were not longer than this.'),
  points: list('`p95_ms` of each step.', bound('95 of 100 in this step.')),
});

export interface MetricOperations {
  readonly 'metrics.get': Operation<never, MetricsQuery, undefined, MetricsView>;
}

export const METRIC_OPERATIONS: MetricOperations = {
  'metrics.get': {
    method: 'GET',
    path: '/metrics',
    summary:
      'What all nodes have counted: requests, tokens, sign-ins, refusals, latency, limits; and how the nodes are. A node tells what it has counted once a minute.',
    role: 'read',
    scopes: [METRICS_SCOPE],
    effect: 'read',
    params: {},
    query: object<MetricsQuery>('', {
      window: maybe(whole('Seconds back; an hour where it is left out.', { min: 300, max: MAX_METRICS_WINDOW })),
      step: maybe(
        whole('Seconds of one step: whole minutes, and quarters of an hour where the window is longer than six hours. At most 400 steps.', {
          min: 60,
          max: 86_400,
        }),
      ),
    }),
    reply: {
      status: 200,
      body: object<MetricsView>('Metrics', {
        now: time('When this was true.'),
        since: time('The beginning of the first step.'),
        step: whole('Seconds of one step.', { min: 60 }),
        held_since: { ...time('The earliest that anything was counted in the window; null where nothing was.'), type: ['integer', 'null'] },
        partial: flag('Whether there was more than is read at once: the newest are not in it.'),
        instance: text('Which process answered.'),
        series: list('What was counted. What never was is not in it.', series),
        latency: list('How long requests took, all of them first.', latency),
        store_latency: latency,
        limits: list(
          'What limits turned away, the most first.',
          object<LimitTotals>('LimitTotals', {
            name: text('The limit.'),
            refused: whole('Requests that it refused.'),
            shadow_refused: whole('Requests that it would have refused.'),
          }),
        ),
        nodes: list(
          'Processes that were heard of in the window, those last heard of first.',
          object<NodeView>('Node', {
            instance: text('Of one process, as long as it lives.'),
            name: text('Its host and port.'),
            version: text('What it runs.'),
            started_at: time('Since when.'),
            seen_at: time('When it was last heard of.'),
            state: choice('`silent`: it was not heard of for more than two minutes, and has not said that it stops.', [
              'live',
              'silent',
              'stopped',
            ]),
            requests: whole('That it answered in the window.'),
            rss_bytes: maybe(whole('Memory that it holds.')),
            loop_delay_ms: maybe({
              type: 'number',
              minimum: 0,
              description: 'How late its event loop was in its last minute, in 99 of 100 looks.',
            }),
          }),
        ),
      }),
    },
  },
};
