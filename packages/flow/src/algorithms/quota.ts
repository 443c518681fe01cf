import type { Algorithm, Chargeable, State, Verdict } from '../algorithm.ts';
import { isCount, MAX_TICKS } from '../rate.ts';
import { type CalendarPeriod, checkPeriod, checkZone, periodStartsAround } from './calendar.ts';
import { chargeInWindow, decideInWindow, refundInWindow, type Windows } from './window.ts';

/** `limit` units in each hour, day, week (from Monday), month or year, as the calendar of a place has them. */
export interface QuotaRule {
  readonly kind: 'quota';
  readonly limit: number;
  readonly period: CalendarPeriod;
  /** IANA time zone: `UTC`, `Asia/Shanghai`. */
  readonly zone: string;
}

/**
 * Counts anew in each period of the calendar: at most `limit` units in any of them, and twice that in any span as long.
 *
 * State: the moment at which the period began, in milliseconds since 1970, and what was used in it. Wants the clock of the wall.
 */
export const quota: Algorithm<QuotaRule> & Chargeable<QuotaRule> = {
  kind: 'quota',
  check(rule) {
    if (!isCount(rule.limit)) return 'limit must be a whole number of 1 or more';
    if (2 * rule.limit >= MAX_TICKS) return 'limit is too large';
    return checkPeriod(rule.period) ?? checkZone(rule.zone);
  },
  decide: (state, nowMs, cost, rule) => decideQuota(state, nowMs, cost, rule.limit, quotaStarts(rule, nowMs)),
  refund: (state, nowMs, cost, takenAtMs, rule) => refundQuota(state, nowMs, cost, takenAtMs, rule.limit, quotaStarts(rule, nowMs)),
  charge: (state, nowMs, cost, rule) => chargeQuota(state, nowMs, cost, rule.limit, quotaStarts(rule, nowMs)),
};

/**
 * What a place without a calendar must be handed: when nine periods begin. The third of them holds the moment, and whoever is no more than
 * one period behind or two ahead of it decides by them as here.
 */
export function quotaStarts(rule: QuotaRule, nowMs: number): readonly number[] {
  return periodStartsAround(rule.period, rule.zone, nowMs);
}

/**
 * `quota` by periods that were handed in.
 *
 * @param starts from `quotaStarts`; a `RangeError` where they do not reach
 */
export function decideQuota(state: State | undefined, nowMs: number, cost: number, limit: number, starts: readonly number[]): Verdict {
  return decideInWindow(state, nowMs, cost, limit, windowsIn(starts));
}

export function refundQuota(
  state: State | undefined,
  nowMs: number,
  cost: number,
  takenAtMs: number,
  limit: number,
  starts: readonly number[],
): State | undefined {
  return refundInWindow(state, nowMs, cost, takenAtMs, limit, windowsIn(starts));
}

export function chargeQuota(
  state: State | undefined,
  nowMs: number,
  cost: number,
  limit: number,
  starts: readonly number[],
): State | undefined {
  return chargeInWindow(state, nowMs, cost, limit, windowsIn(starts));
}

function windowsIn(starts: readonly number[]): Windows {
  return (atMs) => {
    const index = starts.findLastIndex((startMs) => startMs <= atMs);
    const [beforeMs, startMs, endMs, nextEndMs] = starts.slice(Math.max(0, index - 1), index + 3);
    if (index < 1 || beforeMs === undefined || startMs === undefined || endMs === undefined || nextEndMs === undefined) {
      throw new RangeError('the periods do not reach so far');
    }
    return { beforeMs, startMs, endMs, nextEndMs };
  };
}
