import type { State, Verdict } from '../algorithm.ts';
import { algorithmOf } from '../algorithms.ts';
import type { ReferenceRule } from './reference.ts';

/** What tells two states apart for somebody who asks at that time; undefined: nothing. */
export function findDifference(one: State | undefined, other: State | undefined, nowMs: number, rule: ReferenceRule): string | undefined {
  const { decide } = algorithmOf(rule);
  for (const cost of [0, 1, 3]) {
    const [a, b] = [told(decide(one, nowMs, cost, rule), cost), told(decide(other, nowMs, cost, rule), cost)];
    if (a !== b) return `a cost of ${cost} at ${nowMs}: ${a}, and ${b}`;
  }
  return undefined;
}

/** What was taken nothing from may be written in more than one way. */
function told({ state, decision }: Verdict, cost: number): string {
  const { allowed, remaining, retryAfterMs, resetAfterMs, delayMs } = decision;
  const after = allowed && cost > 0 ? (state ?? []) : [];
  return [allowed, remaining, retryAfterMs, resetAfterMs, delayMs, ...after].join(' ');
}
