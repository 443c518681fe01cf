import type { AlgorithmRule } from './rule.ts';

/** Units that may come at once where nothing was used; where it paces, units that one request may cost. */
export function capacityOf(algorithm: AlgorithmRule): number {
  if ('burst' in algorithm) return algorithm.burst;
  if ('capacity' in algorithm) return algorithm.capacity;
  return 'limit' in algorithm ? algorithm.limit : Math.max(1, Math.floor(algorithm.count));
}
