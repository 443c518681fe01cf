/** What is remembered of one key: a few finite numbers. A key that was never seen, or is as if, has none. */
export type State = readonly number[];

/** What came of one request. */
export interface Decision {
  readonly allowed: boolean;
  /** Whole units that could be taken at once after this. */
  readonly remaining: number;
  /** Whole milliseconds after which the same cost passes if nobody else comes, and not one earlier; 0: allowed; `Infinity`: it never does. */
  readonly retryAfterMs: number;
  /** Whole milliseconds after which the key is as if it was never used. */
  readonly resetAfterMs: number;
  /** Pacing alone: whole milliseconds to wait before going on; else 0. */
  readonly delayMs: number;
}

export interface Verdict {
  /**
   * The very state that was handed in, where nothing was taken; but where the clock was set back by more than the time in which a key is
   * forgotten, what was used, counted from now on: to be kept after a refusal too, else nobody ever got in again.
   */
  readonly state: State | undefined;
  readonly decision: Decision;
}

/**
 * One way to limit: pure, so that a model can be held beside it, and another language.
 *
 * Time is whole milliseconds of one clock; cost whole units up to `MAX_COST`, 0 to look without taking. Where that clock was set back by no
 * more than the time in which a key is forgotten, it stands still until it has caught up; by more, what was used is kept and counted from
 * now: nothing is given twice, and nobody waits for ever.
 */
export interface Algorithm<Rule> {
  readonly kind: string;
  /** Why the arithmetic cannot keep this rule to the letter; undefined: it can. */
  check(rule: Rule): string | undefined;
  /** Throws a `TypeError` for a cost that is none. */
  decide(state: State | undefined, nowMs: number, cost: number, rule: Rule): Verdict;
  /**
   * Gives back what was taken at `takenAtMs`, but for what time may have given back since: whatever is given back, the requests that were
   * not keep the bound.
   */
  refund(state: State | undefined, nowMs: number, cost: number, takenAtMs: number, rule: Rule): State | undefined;
}

/** Takes without asking, for what was known only afterwards. What is owed is one burst at most; more is dropped. */
export interface Chargeable<Rule> {
  charge(state: State | undefined, nowMs: number, cost: number, rule: Rule): State | undefined;
}

/** The largest cost of one request. */
export const MAX_COST: number = 2 ** 31;

export function requireCost(cost: number): void {
  if (!Number.isInteger(cost) || cost < 0 || cost > MAX_COST) throw new TypeError(`a cost is a whole number from 0 to ${MAX_COST}`);
}
