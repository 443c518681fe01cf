import type { Algorithm, Chargeable } from '../algorithm.ts';
import { checkRate, MAX_TICKS, type Rate } from '../rate.ts';
import { chargeInWindow, decideInWindow, refundInWindow, type Windows } from './window.ts';

/** `limit` units in each window of `periodMs`; the windows begin at whole multiples of it since 1970. */
export interface FixedWindowRule extends Rate {
  readonly kind: 'fixed_window';
}

/**
 * Counts anew in each window. At most `limit` units in any of its windows, and so twice that in any span as long: half at the end of one
 * and half at the start of the next.
 *
 * State: the start of the window in milliseconds since 1970, and what was used in it. Wants the clock of the wall.
 */
export const fixedWindow: Algorithm<FixedWindowRule> & Chargeable<FixedWindowRule> = {
  kind: 'fixed_window',
  check(rule) {
    const flaw = checkRate(rule);
    if (flaw !== undefined) return flaw;
    if (2 * rule.limit >= MAX_TICKS) return 'limit is too large';
    if (4 * rule.periodMs >= MAX_TICKS) return 'period is too long';
    return undefined;
  },
  decide: (state, nowMs, cost, rule) => decideInWindow(state, nowMs, cost, rule.limit, windowsOf(rule)),
  refund: (state, nowMs, cost, takenAtMs, rule) => refundInWindow(state, nowMs, cost, takenAtMs, rule.limit, windowsOf(rule)),
  charge: (state, nowMs, cost, rule) => chargeInWindow(state, nowMs, cost, rule.limit, windowsOf(rule)),
};

function windowsOf({ periodMs }: FixedWindowRule): Windows {
  return (atMs) => {
    const startMs = Math.floor(atMs / periodMs) * periodMs;
    return { beforeMs: startMs - periodMs, startMs, endMs: startMs + periodMs, nextEndMs: startMs + 2 * periodMs };
  };
}
