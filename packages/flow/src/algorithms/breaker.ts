import { isCount } from '../rate.ts';

/** When to leave somebody alone who fails, and for how long. */
export interface BreakerRule {
  readonly kind: 'breaker';
  /** Whole milliseconds over which results are counted, in ten parts. */
  readonly windowMs: number;
  /** Results below which nothing is concluded. */
  readonly minimum: number;
  /** Above 0, at most 1: the share of failures with which it opens. */
  readonly ratio: number;
  /** Whole milliseconds for which nobody passes, and after which a probe that said nothing is given up. */
  readonly openMs: number;
  /** That many must succeed, one failing, before all may pass again. */
  readonly probes: number;
}

interface Part {
  /** Of the time since the clock's 0. */
  readonly index: number;
  readonly total: number;
  readonly failed: number;
}

/** What is remembered. `epoch` grows with each change of kind: results of an earlier one are nothing to a later one. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly epoch: number; readonly parts: readonly Part[] }
  | { readonly kind: 'open'; readonly epoch: number; readonly untilMs: number }
  /** When each probe went out that has not come back, and how many succeeded. */
  | { readonly kind: 'half_open'; readonly epoch: number; readonly probesAt: readonly number[]; readonly succeeded: number };

export interface BreakerDecision {
  readonly allowed: boolean;
  /** To the end of the time in which nobody passes, or in which a probe may still answer: it may be longer then, and sooner with its answer. */
  readonly retryAfterMs: number;
  /** To be handed back with the result. */
  readonly epoch: number;
}

export const NEW_BREAKER: BreakerState = { kind: 'closed', epoch: 0, parts: [] };

/** Why this is no rule; undefined: it is one. */
export function checkBreaker({ windowMs, minimum, ratio, openMs, probes }: BreakerRule): string | undefined {
  if (!isCount(windowMs) || windowMs < PARTS) return `the window must be whole milliseconds, ${PARTS} or more`;
  if (!isCount(minimum)) return 'minimum must be a whole number of 1 or more';
  if (!(ratio > 0 && ratio <= 1)) return 'ratio must be above 0, and 1 at most';
  if (!isCount(openMs)) return 'the time open must be whole milliseconds, 1 or more';
  if (!isCount(probes) || probes > MAX_PROBES) return `probes must be a whole number from 1 to ${MAX_PROBES}`;
  return undefined;
}

/** Whether somebody may pass. Each who may hands in one result, or `withdrawProbe`. */
export function askBreaker(
  state: BreakerState,
  nowMs: number,
  rule: BreakerRule,
): { readonly state: BreakerState; readonly decision: BreakerDecision } {
  const pass = (next: BreakerState) => ({ state: next, decision: { allowed: true, retryAfterMs: 0, epoch: next.epoch } });
  const refuse = (next: BreakerState, untilMs: number) => ({
    state: next,
    decision: { allowed: false, retryAfterMs: Math.ceil(untilMs - nowMs), epoch: next.epoch },
  });
  if (state.kind === 'closed') return pass(state);
  if (state.kind === 'open') {
    // Where the clock was set back, for no longer than from now.
    const untilMs = Math.min(state.untilMs, nowMs + rule.openMs);
    if (untilMs > nowMs) return refuse({ ...state, untilMs }, untilMs);
    return pass({ kind: 'half_open', epoch: state.epoch + 1, probesAt: [nowMs], succeeded: 0 });
  }
  const probesAt = state.probesAt.filter((at) => at <= nowMs && nowMs - at < rule.openMs);
  const [oldest] = probesAt;
  if (oldest !== undefined && probesAt.length + state.succeeded >= rule.probes) return refuse({ ...state, probesAt }, oldest + rule.openMs);
  return pass({ ...state, probesAt: [...probesAt, nowMs] });
}

/** Counts what came of a request that passed. Too slow, or wrong: the caller says what a failure is. */
export function tellBreaker(
  state: BreakerState,
  nowMs: number,
  result: { readonly epoch: number; readonly failed: boolean },
  rule: BreakerRule,
): BreakerState {
  if (result.epoch !== state.epoch || state.kind === 'open') return state;
  if (state.kind === 'half_open') {
    if (result.failed) return opened(state, nowMs, rule);
    const succeeded = state.succeeded + 1;
    if (succeeded >= rule.probes) return { kind: 'closed', epoch: state.epoch + 1, parts: [] };
    return { ...state, probesAt: state.probesAt.slice(1), succeeded };
  }
  const parts = counted(state.parts, nowMs, result.failed, rule);
  let [total, failed] = [0, 0];
  for (const part of parts) {
    total += part.total;
    failed += part.failed;
  }
  return total >= rule.minimum && failed >= rule.ratio * total && failed > 0 ? opened(state, nowMs, rule) : { ...state, parts };
}

/** For who was let through, and did not go: stopped by another rule, or cancelled. A probe's place is free again. */
export function withdrawProbe(state: BreakerState, epoch: number): BreakerState {
  return state.kind === 'half_open' && state.epoch === epoch ? { ...state, probesAt: state.probesAt.slice(1) } : state;
}

const PARTS = 10;
const MAX_PROBES = 100;

function opened({ epoch }: BreakerState, nowMs: number, { openMs }: BreakerRule): BreakerState {
  return { kind: 'open', epoch: epoch + 1, untilMs: nowMs + openMs };
}

/** The parts that are in the window, the last of them with one more. A clock that was set back counts into the last there is. */
function counted(parts: readonly Part[], nowMs: number, failed: boolean, { windowMs }: BreakerRule): readonly Part[] {
  const last = parts.at(-1);
  const now = Math.floor((nowMs * PARTS) / windowMs);
  const index = last !== undefined && last.index > now && last.index - now < PARTS ? last.index : now;
  const isLast = last !== undefined && last.index === index;
  const part: Part = { index, total: (isLast ? last.total : 0) + 1, failed: (isLast ? last.failed : 0) + (failed ? 1 : 0) };
  return [...parts.filter((other) => other.index < index && other.index > index - PARTS), part];
}
