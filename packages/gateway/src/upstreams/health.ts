import { RecentCount } from './recent-count.ts';

/** When a target is left alone, and how it comes back. Times are milliseconds. */
export interface HealthRule {
  /** Over which results are counted. */
  readonly windowMs: number;
  /** Results below which nothing is concluded of their share; and so many failures in a row are enough, whatever was before. */
  readonly minimum: number;
  /** Above 0, at most 1: the share of failures with which it is left alone. */
  readonly ratio: number;
  /** Connections that fail in a row, with which it is left alone. */
  readonly connectFailures: number;
  /** For how long the first time; twice as long each time after, up to the most. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Being well for so long makes good for one time. */
  readonly forgiveMs: number;
  /** Requests that have to go well, one after the other, before it gets its share again. */
  readonly probes: number;
  /** A probe that said nothing in this time is given up. */
  readonly probeMs: number;
  /** Over which its share grows from a tenth to the whole, once it is back. */
  readonly slowStartMs: number;
}

/** Why a target is left alone: too many failures, no connections, or what its health checks say. */
export type OpenCause = 'errors' | 'connect' | 'checks';

export type HealthChange =
  | { readonly kind: 'opened'; readonly cause: OpenCause /** Infinite: until the checks say otherwise. */; readonly openMs: number }
  | { readonly kind: 'half_open' }
  | { readonly kind: 'closed' };

export interface HealthParts {
  readonly rule: HealthRule;
  /** From 0 to below 1: so that not all come back at one moment. */
  readonly chance: () => number;
  /** Whether one more of its tier may be left alone for its errors. */
  readonly mayOpenForErrors: () => boolean;
  readonly onChange: (change: HealthChange) => void;
}

/**
 * How one target does: the breaker, the ejection and the outcome of health checks are one state.
 *
 * `closed`: it gets its share. `open`: it is left alone for a time that grows. `half_open`: one request at a time tries it. Results come back with the epoch in
 * which their request went out; those of an earlier one say nothing of now.
 */
export class Health {
  readonly #parts: HealthParts;
  readonly #results: RecentCount;
  readonly #failures: RecentCount;
  #phase: 'closed' | 'open' | 'half_open' = 'closed';
  #epoch = 0;
  #cause: OpenCause | undefined;
  /** Since when it is in this phase. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #untilMs = 0;
  /** How often it was left alone, less what was made good for. */
  #times = 0;
  #connectFailures = 0;
  #failuresInRow = 0;
  /** Since it is not closed, in this epoch. */
  #succeeded = 0;
  /** When the probe went out that is under way. */
  #probeAtMs: number | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#results = new RecentCount(parts.rule.windowMs);
    this.#failures = new RecentCount(parts.rule.windowMs);
  }

  phase(nowMs: number): 'closed' | 'open' | 'half_open' {
    if (this.#phase === 'open' && nowMs >= this.#untilMs) {
      this.#enter('half_open', nowMs);
      this.#parts.onChange({ kind: 'half_open' });
    }
    return this.#phase;
  }

  /** Why it is not closed. */
  get cause(): OpenCause | undefined {
    return this.#cause;
  }

  /** Milliseconds for which it is in this phase. */
  sinceMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  /** From a tenth to 1: how much of its weight it gets. */
  share(nowMs: number): number {
    const { slowStartMs } = this.#parts.rule;
    const backMs = nowMs - this.#sinceMs;
    return backMs >= slowStartMs ? 1 : Math.max(0.1, backMs / slowStartMs);
  }

  /** Whether a request may try it: it is half open, and none does. */
  wantsProbe(nowMs: number): boolean {
    if (this.phase(nowMs) !== 'half_open') return false;
    return this.#probeAtMs === undefined || nowMs - this.#probeAtMs >= this.#parts.rule.probeMs;
  }

  /** A request goes to it. The epoch, to be handed back with what came of it. */
  admit(nowMs: number): number {
    if (this.phase(nowMs) === 'half_open') this.#probeAtMs = nowMs;
    return this.#epoch;
  }

  /** Whether nothing has changed since. */
  isCurrent(epoch: number): boolean {
    return epoch === this.#epoch;
  }

  /** It answered. */
  succeed(epoch: number, nowMs: number): void {
    if (epoch !== this.#epoch) return;
    this.#connectFailures = 0;
    this.#failuresInRow = 0;
    if (this.#phase === 'closed') return this.#results.add(nowMs);
    this.#probeAtMs = undefined;
    this.#succeeded += 1;
    // Also where nobody else was left and it was tried nevertheless. What checks have closed, checks open.
    if (this.#succeeded >= this.#parts.rule.probes && this.#cause !== 'checks') this.#close(nowMs);
  }

  /**
   * It did not, or answered that it cannot.
   *
   * @param worth how many failures this is; 0 where it says nothing, but for a probe
   */
  fail(epoch: number, nowMs: number, how: 'connect' | 'other', worth = 1): void {
    if (epoch !== this.#epoch || this.#phase === 'open') return;
    const { rule, mayOpenForErrors } = this.#parts;
    if (this.#phase === 'half_open') return this.#open(this.#cause ?? 'errors', nowMs);
    this.#results.add(nowMs, worth);
    this.#failures.add(nowMs, worth);
    this.#failuresInRow += worth;
    if (how === 'connect') {
      this.#connectFailures += 1;
      if (this.#connectFailures >= rule.connectFailures) return this.#open('connect', nowMs);
    } else {
      // It could be reached.
      this.#connectFailures = 0;
    }
    const results = this.#results.total(nowMs);
    const failures = this.#failures.total(nowMs);
    const isOften = results >= rule.minimum && failures >= rule.ratio * results;
    // It answers no more at all: that it did a moment ago is no reason to wait until that is long ago.
    const isAlways = failures >= rule.minimum && this.#failuresInRow >= rule.minimum;
    if ((isOften || isAlways) && mayOpenForErrors()) this.#open('errors', nowMs);
  }

  /** Nothing came of it that says anything: the client went, or the connection was one that had been left lying. */
  withdraw(epoch: number): void {
    if (epoch === this.#epoch) this.#probeAtMs = undefined;
  }

  /** What health checks have found, once enough in a row say the same. */
  check(found: 'well' | 'ill', nowMs: number): void {
    if (found === 'ill') {
      if (this.#cause !== 'checks') this.#open('checks', nowMs);
    } else if (this.#cause === 'checks' || this.#cause === 'connect') {
      // What was wrong with answers to real requests, a check does not see.
      this.#close(nowMs);
    }
  }

  #open(cause: OpenCause, nowMs: number): void {
    const { rule, chance, onChange } = this.#parts;
    if (this.#phase === 'closed') this.#times = Math.max(0, this.#times - Math.floor(this.sinceMs(nowMs) / rule.forgiveMs));
    const growing = Math.min(rule.maxOpenMs, rule.openMs * 2 ** Math.min(this.#times, 30));
    const openMs = cause === 'checks' ? Number.POSITIVE_INFINITY : growing * (0.9 + 0.2 * chance());
    this.#times += 1;
    this.#cause = cause;
    this.#untilMs = nowMs + openMs;
    this.#enter('open', nowMs);
    onChange({ kind: 'opened', cause, openMs });
  }

  #close(nowMs: number): void {
    this.#cause = undefined;
    this.#enter('closed', nowMs);
    this.#parts.onChange({ kind: 'closed' });
  }

  #enter(phase: 'closed' | 'open' | 'half_open', nowMs: number): void {
    this.#phase = phase;
    this.#epoch += 1;
    this.#sinceMs = nowMs;
    this.#results.clear();
    this.#failures.clear();
    this.#connectFailures = 0;
    this.#failuresInRow = 0;
    this.#succeeded = 0;
    this.#probeAtMs = undefined;
  }
}
