/** The same limit in the words of each algorithm, and the bound of each. */
import type { AlgorithmRule } from '@hufu/flow/rule';
import { type Bound, boundOf } from '@hufu/flow/testing/bounds';

export const KINDS = [
  'fixed_window',
  'sliding_counter',
  'sliding_log',
  'token_bucket',
  'gcra',
  'leaky_bucket',
  'warm_up',
  'warm_up_pacing',
  'sentinel_warm_up',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Parameters {
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
  readonly maxQueueMs: number;
  readonly warmUpMs: number;
}

const COLD_FACTOR = 3;

export function ruleOf(kind: Kind, { limit, periodMs, burst, maxQueueMs, warmUpMs }: Parameters): AlgorithmRule {
  switch (kind) {
    case 'fixed_window':
    case 'sliding_counter':
    case 'sliding_log':
      return { kind, limit, periodMs };
    case 'token_bucket':
      return { kind, capacity: Math.max(limit, burst), unit: limit, intervalMs: periodMs };
    case 'gcra':
      return { kind, limit, periodMs, burst };
    case 'leaky_bucket':
      return { kind, limit, periodMs, maxQueueMs };
    case 'warm_up':
      return { kind, limit, periodMs, burst, warmUpMs, coldFactor: COLD_FACTOR };
    case 'warm_up_pacing':
      return { kind, limit, periodMs, maxQueueMs, warmUpMs, coldFactor: COLD_FACTOR };
    case 'sentinel_warm_up':
      return {
        kind,
        count: (limit * 1000) / periodMs,
        warmUpSeconds: Math.max(1, Math.round(warmUpMs / 1000)),
        coldFactor: COLD_FACTOR,
      };
  }
}

/** The most that a half-open span may see, wherever it begins; undefined: none is stated. It is the one that the library's tests hold it to. */
export function mostIn(rule: AlgorithmRule, periodMs: number): ((spanMs: number) => number) | undefined {
  const bound = spanBound(rule);
  if (bound === undefined) return undefined;
  // What counts by windows bears most where a span begins with the last millisecond of one.
  return (spanMs) => bound(periodMs - 1, periodMs - 1 + spanMs);
}

function spanBound(rule: AlgorithmRule): Bound | undefined {
  switch (rule.kind) {
    case 'sentinel_warm_up':
      return undefined;
    case 'warm_up':
      return boundOf({ kind: 'gcra', limit: rule.limit, periodMs: rule.periodMs, burst: rule.burst });
    case 'warm_up_pacing':
      return boundOf({ kind: 'leaky_bucket', limit: rule.limit, periodMs: rule.periodMs, maxQueueMs: rule.maxQueueMs });
    default:
      return boundOf(rule);
  }
}
