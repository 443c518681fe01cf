import type { AlgorithmRule } from './rule.ts';

/** Whether it delays what it allows. */
export function isPacing({ kind }: AlgorithmRule): boolean {
  return KINDS.has(kind);
}

const KINDS: ReadonlySet<string> = new Set(['leaky_bucket', 'warm_up_pacing']);
