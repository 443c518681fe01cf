import { isCount } from '../rate.ts';

/** So many at once. */
export interface ConcurrencyRule {
  readonly kind: 'concurrency';
  readonly limit: number;
  /** Whole milliseconds after which a place comes back from somebody who died with it. Who works longer renews. */
  readonly leaseMs: number;
}

/** A place that somebody holds. */
export interface Lease {
  readonly id: string;
  /** The first millisecond in which it is free again. */
  readonly untilMs: number;
}

export interface LeaseDecision {
  readonly allowed: boolean;
  readonly remaining: number;
  /** To the end of the lease that ends first; whoever lets go before makes it sooner. 0: allowed. */
  readonly retryAfterMs: number;
}

export interface LeaseVerdict {
  /** Those that are held, the first to end first. */
  readonly leases: readonly Lease[];
  readonly decision: LeaseDecision;
}

/** Why this is no rule; undefined: it is one. */
export function checkConcurrency({ limit, leaseMs }: ConcurrencyRule): string | undefined {
  if (!isCount(limit)) return 'limit must be a whole number of 1 or more';
  if (!isCount(leaseMs)) return 'the lease must be whole milliseconds, 1 or more';
  return undefined;
}

/**
 * Takes a place under a name of the caller's, which nobody else uses. Whoever asks again under a name that holds one has it renewed: an
 * answer that got lost costs no place.
 */
export function acquireLease(leases: readonly Lease[], nowMs: number, id: string, rule: ConcurrencyRule): LeaseVerdict {
  const held = heldAt(leases, nowMs, rule);
  const others = held.filter((lease) => lease.id !== id);
  const first = others[0];
  if (others.length >= rule.limit && first !== undefined) {
    return { leases: held, decision: { allowed: false, remaining: 0, retryAfterMs: first.untilMs - nowMs } };
  }
  const taken = [...others, { id, untilMs: nowMs + rule.leaseMs }];
  return { leases: taken, decision: { allowed: true, remaining: Math.max(0, rule.limit - taken.length), retryAfterMs: 0 } };
}

/** Holds it for another lease from now. A lease that is over stays over: `renewed` is false, and its place may be somebody else's. */
export function renewLease(
  leases: readonly Lease[],
  nowMs: number,
  id: string,
  rule: ConcurrencyRule,
): { readonly leases: readonly Lease[]; readonly renewed: boolean } {
  const held = heldAt(leases, nowMs, rule);
  const others = held.filter((lease) => lease.id !== id);
  if (others.length === held.length) return { leases: held, renewed: false };
  return { leases: [...others, { id, untilMs: nowMs + rule.leaseMs }], renewed: true };
}

/** Lets go. What is over, or was never held, changes nothing. */
export function releaseLease(leases: readonly Lease[], nowMs: number, id: string, rule: ConcurrencyRule): readonly Lease[] {
  return heldAt(leases, nowMs, rule).filter((lease) => lease.id !== id);
}

/** Where the clock was set back, no lease is longer than from now. */
function heldAt(leases: readonly Lease[], nowMs: number, { leaseMs }: ConcurrencyRule): readonly Lease[] {
  return leases.filter(({ untilMs }) => untilMs > nowMs).map(({ id, untilMs }) => ({ id, untilMs: Math.min(untilMs, nowMs + leaseMs) }));
}
