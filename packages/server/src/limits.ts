import { type GcraRule, gcra, gcraRefund } from '@hufu/flow/gcra';

/** What is counted, and how much of it there may be. */
export type Limit = readonly [key: string, rule: GcraRule];

/** Rates by key, in the memory of this process: a restart forgives, several nodes multiply. */
export interface Limits {
  /** Takes one from each, or from none where one of them is used up: then the seconds to wait, else 0. */
  take(limits: readonly Limit[], nowMs: number): number;
  /** Whether nothing of it is used up. */
  isFresh(limit: Limit, nowMs: number): boolean;
  /** Gives one back to each. */
  refund(limits: readonly Limit[]): void;
}

/** @param maxKeys held at once; beyond it the one that was used longest ago is forgiven. */
export function newLimits(maxKeys: number): Limits {
  const states = new Map<string, number>();
  return {
    take(limits, nowMs) {
      const taken: (readonly [string, number])[] = [];
      for (const [key, rule] of limits) {
        const decision = gcra(states.get(key) ?? 0, nowMs, 1, rule);
        if (decision.kind === 'limited') return Math.ceil(decision.retryAfterMs / 1000);
        taken.push([key, decision.state]);
      }
      for (const [key, state] of taken) {
        states.delete(key);
        states.set(key, state);
      }
      while (states.size > maxKeys) {
        const [oldest] = states.keys();
        if (oldest === undefined) break;
        states.delete(oldest);
      }
      return 0;
    },
    isFresh: ([key], nowMs) => (states.get(key) ?? 0) <= nowMs,
    refund(limits) {
      for (const [key, rule] of limits) {
        const state = states.get(key);
        if (state !== undefined) states.set(key, gcraRefund(state, 1, rule));
      }
    },
  };
}
