import type { AlgorithmRule } from '../../rule.ts';
import { fixedWindowLua } from './fixed-window.ts';
import { gcraLua } from './gcra.ts';
import { leakyBucketLua } from './leaky-bucket.ts';
import type { LuaKind } from './lua-kind.ts';
import { quotaLua } from './quota.ts';
import { slidingCounterLua } from './sliding-counter.ts';
import { slidingLogLua } from './sliding-log.ts';
import { tokenBucketLua } from './token-bucket.ts';
import { warmUpLua } from './warm-up.ts';
import { warmUpPacingLua } from './warm-up-pacing.ts';

/** The algorithms that live in Redis: what is not here lives in one process alone. */
const KINDS: readonly LuaKind<never>[] = [
  fixedWindowLua,
  gcraLua,
  leakyBucketLua,
  quotaLua,
  slidingCounterLua,
  slidingLogLua,
  tokenBucketLua,
  warmUpLua,
  warmUpPacingLua,
];

export const LUA_KINDS: ReadonlyMap<string, LuaKind<never>> = new Map(KINDS.map((kind) => [kind.kind, kind]));

/** What gives a rule in numbers, for its script; undefined: this kind does not live in Redis. */
export function parametersOf(algorithm: AlgorithmRule): ((nowMs: number) => readonly number[]) | undefined {
  switch (algorithm.kind) {
    case 'fixed_window':
      return fixed(fixedWindowLua.parameters(algorithm, 0));
    case 'gcra':
      return fixed(gcraLua.parameters(algorithm, 0));
    case 'leaky_bucket':
      return fixed(leakyBucketLua.parameters(algorithm, 0));
    case 'quota':
      return (nowMs) => quotaLua.parameters(algorithm, nowMs);
    case 'sliding_counter':
      return fixed(slidingCounterLua.parameters(algorithm, 0));
    case 'sliding_log':
      return fixed(slidingLogLua.parameters(algorithm, 0));
    case 'token_bucket':
      return fixed(tokenBucketLua.parameters(algorithm, 0));
    case 'warm_up':
      return fixed(warmUpLua.parameters(algorithm, 0));
    case 'warm_up_pacing':
      return fixed(warmUpPacingLua.parameters(algorithm, 0));
    default:
      return undefined;
  }
}

function fixed(numbers: readonly number[]): () => readonly number[] {
  return () => numbers;
}
