import { type QuotaRule, quotaStarts } from '../algorithms/quota.ts';
import type { ReferenceRule } from './reference.ts';

/** What was let through, and when: for pacing, when it went on. */
export interface Admission {
  readonly atMs: number;
  readonly units: number;
}

/** The most that may be let through in the half-open span [from, to). */
export type Bound = (fromMs: number, toMs: number) => number;

/** @param dearest the highest cost of one request: by what of it is beyond 1, pacing may pass its bound */
export function boundOf(rule: ReferenceRule, dearest = 1): Bound {
  switch (rule.kind) {
    case 'gcra':
      return (fromMs, toMs) => rule.burst + ceilDivide((toMs - fromMs) * rule.limit, rule.periodMs) - 1;
    case 'fixed_window':
      return (fromMs, toMs) => rule.limit * windowsTouched(fromMs, toMs, rule.periodMs);
    case 'quota':
      return quotaBound(rule);
    case 'sliding_log':
      return (fromMs, toMs) => rule.limit * ceilDivide(toMs - fromMs, rule.periodMs);
    case 'sliding_counter':
      return (fromMs, toMs) => {
        const windows = windowsTouched(fromMs, toMs, rule.periodMs);
        return windows === 2 && toMs - fromMs <= rule.periodMs ? 2 * rule.limit - 1 : windows * rule.limit;
      };
    case 'token_bucket':
      return (fromMs, toMs) => rule.capacity + rule.unit * ceilDivide(toMs - fromMs - 1, rule.intervalMs);
    case 'leaky_bucket':
      return (fromMs, toMs) => ceilDivide((toMs - fromMs) * rule.limit, rule.periodMs) - 1 + dearest;
  }
}

/** The first span that saw more than it may, told for a person; undefined: none did. Looks at every span that begins and ends with an admission. */
export function findExcess(admissions: readonly Admission[], bound: Bound): string | undefined {
  const sorted = admissions.toSorted((a, b) => a.atMs - b.atMs);
  for (let first = 0; first < sorted.length; first++) {
    let units = 0;
    const fromMs = sorted[first]?.atMs ?? 0;
    for (const { atMs, units: more } of sorted.slice(first)) {
      units += more;
      const most = bound(fromMs, atMs + 1);
      if (units > most) return `${units} units from ${fromMs} to ${atMs}, and ${most} may be`;
    }
  }
  return undefined;
}

function windowsTouched(fromMs: number, toMs: number, periodMs: number): number {
  return Math.floor((toMs - 1) / periodMs) - Math.floor(fromMs / periodMs) + 1;
}

function quotaBound(rule: QuotaRule): Bound {
  const ends = new Map<number, number>();
  const endOf = (atMs: number): number => {
    const endMs = ends.get(atMs) ?? quotaStarts(rule, atMs)[3] ?? Number.POSITIVE_INFINITY;
    ends.set(atMs, endMs);
    return endMs;
  };
  return (fromMs, toMs) => {
    let periods = 1;
    for (let endMs = endOf(fromMs); endMs < toMs; endMs = endOf(endMs)) periods++;
    return periods * rule.limit;
  };
}

/** Of whole numbers, exactly. */
function ceilDivide(dividend: number, divisor: number): number {
  return Number((BigInt(dividend) + BigInt(divisor) - 1n) / BigInt(divisor));
}
