import type { Decision } from '../algorithm.ts';
import type { Answer } from '../remote-store.ts';

/** Where it was taken, for what goes back. */
export type Place = 'redis' | 'process' | 'lease' | 'sync' | 'nowhere';

/** How long somebody waits whose rule lets nobody through while Redis is away. */
const CLOSED_RETRY_MS = 1_000;

export function counted(decision: Decision, taken: number, takenAtMs: number, receipt: Place): Answer {
  return { kind: 'counted', decision, taken, takenAtMs, receipt };
}

/** A refusal that took nothing. */
export function refused(retryAfterMs: number): Answer {
  const resetAfterMs = Number.isFinite(retryAfterMs) ? retryAfterMs : 0;
  const decision = { allowed: false, remaining: 0, retryAfterMs, resetAfterMs, delayMs: 0 };
  return { kind: 'counted', decision, taken: 0, takenAtMs: 0, receipt: 'nowhere' };
}

/** Of a rule that was not asked, because another had refused before: nothing is known of it. */
export const UNASKED: Answer = {
  kind: 'counted',
  decision: { allowed: true, remaining: 0, retryAfterMs: 0, resetAfterMs: 0, delayMs: 0 },
  taken: 0,
  takenAtMs: 0,
  receipt: 'nowhere',
};

/** The store did not answer, and the rule lets everybody through, or nobody. */
export function storeError(mode: 'open' | 'closed'): Answer {
  const retryAfterMs = mode === 'open' ? 0 : CLOSED_RETRY_MS;
  const decision = { allowed: mode === 'open', remaining: 0, retryAfterMs, resetAfterMs: retryAfterMs, delayMs: 0 };
  return { kind: 'store_error', decision, taken: 0, takenAtMs: 0, receipt: 'nowhere' };
}

/** The same answer of a request that another rule refused, or that only looked: nothing was taken. What it is charged later goes where it was decided. */
export function untaken(answer: Answer): Answer {
  return answer.taken === 0 ? answer : { ...answer, taken: 0, receipt: answer.receipt === 'process' ? 'process' : 'nowhere' };
}
