import type { AlgorithmRule } from '../rule.ts';

/**
 * What one process may allow alone while the store that all share is away: the same rule with its period longer by 1/share and its burst
 * smaller by as much, rounded up. A period of the calendar cannot be made longer: its limit is smaller.
 */
export function shareOf(algorithm: AlgorithmRule, share: number): AlgorithmRule {
  const longer = (ms: number): number => Math.ceil(ms / share);
  const part = (units: number): number => Math.ceil(units * share);
  switch (algorithm.kind) {
    case 'gcra':
    case 'warm_up':
      return { ...algorithm, periodMs: longer(algorithm.periodMs), burst: part(algorithm.burst) };
    case 'token_bucket': {
      // A batch is never more than there is room for.
      const capacity = Math.max(part(algorithm.capacity), algorithm.unit);
      return { ...algorithm, capacity, intervalMs: longer(algorithm.intervalMs) };
    }
    case 'quota':
      return { ...algorithm, limit: part(algorithm.limit) };
    // Lives in one process anyway.
    case 'sentinel_warm_up':
      return algorithm;
    default:
      return { ...algorithm, periodMs: longer(algorithm.periodMs) };
  }
}
