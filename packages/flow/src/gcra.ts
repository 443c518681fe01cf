/**
 * The generic cell rate algorithm: a token bucket whose whole state is one number, the theoretical arrival time.
 * Admits at most `burst` at once and one each `intervalMs` in the long run: in any span of T ms at most burst + T / intervalMs.
 */
export interface GcraRule {
  /** Milliseconds in which one unit flows back. */
  readonly intervalMs: number;
  /** Units that may come at once. */
  readonly burst: number;
}

/** Milliseconds since 1970 at which the bucket is full again; 0 = never used. */
export type GcraState = number;

export type GcraDecision =
  | { readonly kind: 'allowed'; readonly state: GcraState }
  | { readonly kind: 'limited'; readonly retryAfterMs: number };

/** Takes `cost` units, or says how long to wait until they are there. A refusal costs nothing. */
export function gcra(state: GcraState, nowMs: number, cost: number, rule: GcraRule): GcraDecision {
  const depth = rule.burst * rule.intervalMs;
  // No state is further ahead than the bucket is deep, unless the clock was set back: then nothing is known of it.
  const known = state > nowMs + depth ? nowMs : Math.max(state, nowMs);
  const next = known + cost * rule.intervalMs;
  const early = next - nowMs - depth;
  return early > 0 ? { kind: 'limited', retryAfterMs: early } : { kind: 'allowed', state: next };
}

/** Gives `cost` units back. */
export function gcraRefund(state: GcraState, cost: number, rule: GcraRule): GcraState {
  return state - cost * rule.intervalMs;
}
