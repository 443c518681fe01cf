import type { AlgorithmRule } from './rule.ts';

/** The same for the same parameters, in whatever order they are written. */
export function tagOf(algorithm: AlgorithmRule): string {
  return JSON.stringify(Object.entries(algorithm).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
