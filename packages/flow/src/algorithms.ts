import type { Algorithm, Chargeable } from './algorithm.ts';
import { fixedWindow } from './algorithms/fixed-window.ts';
import { gcra } from './algorithms/gcra.ts';
import { leakyBucket } from './algorithms/leaky-bucket.ts';
import { quota } from './algorithms/quota.ts';
import { sentinelWarmUp } from './algorithms/sentinel-warm-up.ts';
import { slidingCounter } from './algorithms/sliding-counter.ts';
import { slidingLog } from './algorithms/sliding-log.ts';
import { tokenBucket } from './algorithms/token-bucket.ts';
import { warmUp } from './algorithms/warm-up.ts';
import { warmUpPacing } from './algorithms/warm-up-pacing.ts';
import type { AlgorithmRule } from './rule.ts';

/** Any of the algorithms: what it is handed must be of its own kind. */
export type AnyAlgorithm = Algorithm<AlgorithmRule> & Partial<Chargeable<AlgorithmRule>>;

/** By the kind of their rules. */
export const algorithms: Readonly<Record<AlgorithmRule['kind'], AnyAlgorithm>> = {
  fixed_window: fixedWindow,
  gcra,
  leaky_bucket: leakyBucket,
  quota,
  sentinel_warm_up: sentinelWarmUp,
  sliding_counter: slidingCounter,
  sliding_log: slidingLog,
  token_bucket: tokenBucket,
  warm_up: warmUp,
  warm_up_pacing: warmUpPacing,
};

export function algorithmOf(rule: AlgorithmRule): AnyAlgorithm {
  return algorithms[rule.kind];
}

/** Why the rule cannot be kept to the letter; undefined: it can. */
export function checkAlgorithm(rule: AlgorithmRule): string | undefined {
  return Object.hasOwn(algorithms, rule.kind) ? algorithmOf(rule).check(rule) : 'there is no such algorithm';
}
