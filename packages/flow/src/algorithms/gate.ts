import { isCount } from '../rate.ts';

/** While there is overload, as many at once as were ever served at once: Little's law, by what was measured. */
export interface GateRule {
  readonly kind: 'gate';
  /** Whole milliseconds that are remembered, in ten parts: 10,000 is usual. */
  readonly windowMs: number;
}

/** What was served. */
export interface GateState {
  readonly parts: readonly GatePart[];
}

interface GatePart {
  /** Of the time since the clock's 0. */
  readonly index: number;
  readonly answers: number;
  readonly sumMs: number;
}

export const NEW_GATE: GateState = { parts: [] };

/** Why this is no rule; undefined: it is one. */
export function checkGate({ windowMs }: GateRule): string | undefined {
  return isCount(windowMs) && windowMs >= PARTS ? undefined : `the window must be whole milliseconds, ${PARTS} or more`;
}

/**
 * How many are served at once: the most answers of a part by the least mean time of one; 1 at least, as somebody must go for anything to be
 * measured. `Infinity` where nothing is known yet.
 *
 * It is for a sign of overload from outside (the processor, the delay of the event loop) and holds nobody back without one. An overload
 * longer than the window is all it remembers then: a limit that must find itself is `adaptive`.
 */
export function gateLimit({ parts }: GateState, nowMs: number, rule: GateRule): number {
  const now = indexAt(nowMs, rule);
  // The part that is not over yet would be measured too small.
  const whole = parts.filter(({ index }) => index < now && index >= now - PARTS);
  if (whole.length === 0) return Number.POSITIVE_INFINITY;
  const most = Math.max(...whole.map(({ answers }) => answers)) / (rule.windowMs / PARTS);
  const least = Math.min(...whole.map(({ answers, sumMs }) => sumMs / answers));
  return Math.max(1, Math.ceil(most * least));
}

/** Learns from an answer that took so long. */
export function learnGate({ parts }: GateState, nowMs: number, takenMs: number, rule: GateRule): GateState {
  const last = parts.at(-1);
  // A clock that was set back counts into the last part there is.
  const index = Math.max(indexAt(nowMs, rule), last?.index ?? 0);
  const isLast = last?.index === index;
  const part = { index, answers: (isLast ? last.answers : 0) + 1, sumMs: (isLast ? last.sumMs : 0) + Math.max(0, takenMs) };
  return { parts: [...parts.filter((other) => other.index < index && other.index >= index - PARTS), part] };
}

const PARTS = 10;

function indexAt(nowMs: number, { windowMs }: GateRule): number {
  return Math.floor((nowMs * PARTS) / windowMs);
}
