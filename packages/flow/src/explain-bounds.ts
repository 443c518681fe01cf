import { describeAlgorithm, duration } from './explain.ts';
import { shareOf } from './redis/share.ts';
import type { AlgorithmRule, Rule } from './rule.ts';

/** How the limiter of a rule counts. */
export interface Counting {
  /** Whether it has a store that processes share. */
  readonly isShared: boolean;
  /** Processes at most. */
  readonly processes: number;
}

/**
 * The most that a rule lets through of one key, and what adds to it where processes share a store, in lines that a person can read: first the bound of its algorithm, which no clock and no
 * order of requests passes (but that of a process which begins anew), then what each exception costs. For whoever chooses a rule.
 */
export function explainBounds(rule: Rule, { isShared, processes }: Counting): readonly string[] {
  const own = mostOf(rule.algorithm);
  const several = processes > 1 ? `${processes} processes` : 'one process';
  if (!isShared || rule.scope === 'process')
    return [processes > 1 ? `each of ${several} by itself: ${own}` : own, 'a process that begins anew knows nothing of before'];
  return [
    `${several} together: ${own}`,
    `where the store loses its data: ${oneBurst(rule.algorithm)} more each time`,
    whileAway(rule, processes),
    ...heldBack(rule, processes),
  ];
}

/** Each algorithm's own worst case, for one key. */
function mostOf(algorithm: AlgorithmRule): string {
  switch (algorithm.kind) {
    case 'gcra':
    case 'warm_up':
      return `at most ${algorithm.burst} units, and ${algorithm.limit} in each ${duration(algorithm.periodMs)} that passes`;
    case 'token_bucket':
      return `at most ${algorithm.capacity} units, and ${algorithm.unit} in each ${duration(algorithm.intervalMs)} that begins`;
    case 'fixed_window':
      return `at most ${algorithm.limit} units in each window of ${duration(algorithm.periodMs)}: ${2 * algorithm.limit} around the end of one`;
    case 'sliding_counter':
      return `at most ${2 * algorithm.limit - 1} units in any ${duration(algorithm.periodMs)}, and ${algorithm.limit} in a window`;
    case 'sliding_log':
      return `at most ${algorithm.limit} units in any ${duration(algorithm.periodMs)}`;
    case 'quota':
      return `at most ${algorithm.limit} units in each ${algorithm.period} of the calendar: ${2 * algorithm.limit} around the end of one`;
    case 'leaky_bucket':
    case 'warm_up_pacing':
      return `one unit after the other, ${algorithm.limit} in any ${duration(algorithm.periodMs)}; a request of several goes on as one`;
    case 'sentinel_warm_up':
      return `${algorithm.count} units in each second, about: it is as exact as what it imitates`;
  }
}

function oneBurst(algorithm: AlgorithmRule): string {
  if ('burst' in algorithm) return `${algorithm.burst} units`;
  if ('capacity' in algorithm) return `${algorithm.capacity} units`;
  return 'limit' in algorithm ? `${algorithm.limit} units` : 'a second’s units';
}

function whileAway({ algorithm, onStoreError = 'local', share = 0.5 }: Rule, processes: number): string {
  if (onStoreError === 'open') return 'while the store does not answer: everybody';
  if (onStoreError === 'closed') return 'while the store does not answer: nobody';
  const alone = shareOf(algorithm, share);
  const times = processes > 1 ? `each of ${processes} processes lets through more, ` : '';
  return `while the store does not answer: ${times}${mostOf(alone)} (${describeAlgorithm(alone)})`;
}

function heldBack({ lease, sync }: Rule, processes: number): readonly string[] {
  if (lease !== undefined)
    return [`leases: ${processes * lease.units} units more (${lease.units} for each process, for ${duration(lease.forMs)})`];
  if (sync !== undefined)
    return [
      `told later: as much more as the other processes let through in ${duration(sync.everyMs)} and a round trip, and what one that is killed had not told`,
    ];
  return [];
}
