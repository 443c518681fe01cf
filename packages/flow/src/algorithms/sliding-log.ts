import { type Algorithm, type Decision, requireCost, type State } from '../algorithm.ts';
import { checkRate, MAX_TICKS, type Rate } from '../rate.ts';

/** `limit` units, 1,000 at most, in any half-open span of `periodMs`. */
export interface SlidingLogRule extends Rate {
  readonly kind: 'sliding_log';
}

/**
 * Keeps when everything was taken: no half-open span of `periodMs` ever sees more than `limit`, and nothing else is refused. For small
 * limits: the state grows with them.
 *
 * State: milliseconds and units, in turn, oldest first; what was taken in the same millisecond is one entry.
 */
export const slidingLog: Algorithm<SlidingLogRule> = {
  kind: 'sliding_log',
  check(rule) {
    const flaw = checkRate(rule);
    if (flaw !== undefined) return flaw;
    if (rule.limit > MAX_LIMIT) return `limit may be ${MAX_LIMIT} at most`;
    if (4 * rule.periodMs >= MAX_TICKS) return 'period is too long';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const { limit, periodMs } = rule;
    const log = logAt(state, nowMs, periodMs);
    const used = usedIn(log.entries);
    if (used + cost <= limit) {
      const entries = cost === 0 ? log.entries : [...log.entries, { atMs: log.atMs, units: cost }];
      return { state: cost === 0 ? untouched(state, log) : stateOf(entries), decision: decisionOf(entries, used + cost, nowMs, rule, 0) };
    }
    const retryAfterMs = cost > limit ? Number.POSITIVE_INFINITY : whenGone(log.entries, used + cost - limit) + periodMs - nowMs;
    return { state: untouched(state, log), decision: decisionOf(log.entries, used, nowMs, rule, retryAfterMs) };
  },
  refund(state, nowMs, cost, takenAtMs, rule) {
    requireCost(cost);
    const log = logAt(state, nowMs, rule.periodMs);
    if (!log.entries.some(({ atMs }) => atMs === takenAtMs)) return untouched(state, log);
    const left = log.entries.map(({ atMs, units }) => ({ atMs, units: atMs === takenAtMs ? units - cost : units }));
    return stateOf(left.filter(({ units }) => units > 0));
  },
};

const MAX_LIMIT = 1_000;

interface Entry {
  readonly atMs: number;
  readonly units: number;
}

interface Log {
  /** What still counts, oldest first. */
  readonly entries: readonly Entry[];
  /** Now, or the time of the youngest entry where the clock was set back a little. */
  readonly atMs: number;
  /** The clock was set back too far to wait for it: all entries were moved by as much as brings the youngest to now. */
  readonly moved: boolean;
}

function logAt(state: State | undefined, nowMs: number, periodMs: number): Log {
  if (state === undefined) return { entries: [], atMs: nowMs, moved: false };
  const lastMs = state[state.length - 2] ?? nowMs;
  const moved = lastMs - nowMs > periodMs;
  const backMs = moved ? lastMs - nowMs : 0;
  const atMs = moved ? nowMs : Math.max(lastMs, nowMs);
  const entries: Entry[] = [];
  for (let i = 0; i + 1 < state.length; i += 2) {
    const entry = { atMs: (state[i] ?? 0) - backMs, units: state[i + 1] ?? 0 };
    if (entry.atMs + periodMs > atMs) entries.push(entry);
  }
  return { entries, atMs, moved };
}

function usedIn(entries: readonly Entry[]): number {
  return entries.reduce((sum, { units }) => sum + units, 0);
}

/** When the entry was made with which `units` are gone, oldest first. */
function whenGone(entries: readonly Entry[], units: number): number {
  let gone = 0;
  for (const entry of entries) {
    gone += entry.units;
    if (gone >= units) return entry.atMs;
  }
  return Number.POSITIVE_INFINITY;
}

function stateOf(entries: readonly Entry[]): State | undefined {
  const numbers: number[] = [];
  for (const { atMs, units } of entries) {
    if (numbers.at(-2) === atMs) numbers[numbers.length - 1] = (numbers.at(-1) ?? 0) + units;
    else numbers.push(atMs, units);
  }
  return numbers.length === 0 ? undefined : numbers;
}

function untouched(state: State | undefined, log: Log): State | undefined {
  return log.moved ? stateOf(log.entries) : state;
}

function decisionOf(entries: readonly Entry[], used: number, nowMs: number, rule: SlidingLogRule, retryAfterMs: number): Decision {
  const last = entries.at(-1);
  return {
    allowed: retryAfterMs === 0,
    remaining: rule.limit - used,
    retryAfterMs,
    resetAfterMs: last === undefined ? 0 : last.atMs + rule.periodMs - nowMs,
    delayMs: 0,
  };
}
