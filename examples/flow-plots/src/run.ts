/** What a rule does with requests, decided by the library. */
import type { State } from '@hufu/flow/algorithm';
import { algorithmOf } from '@hufu/flow/algorithms';
import type { AlgorithmRule } from '@hufu/flow/rule';
import type { Request } from './traffic.ts';

/** What became of a request. */
export interface Fate extends Request {
  /** When it went on: at once, or when it was released; undefined: it was refused. */
  readonly goesOnMs: number | undefined;
}

/** @param isApart each client has a key of its own */
export function run(rule: AlgorithmRule, requests: readonly Request[], isApart: boolean): readonly Fate[] {
  const algorithm = algorithmOf(rule);
  const states = new Map<number, State | undefined>();
  return requests.map((request) => {
    const key = isApart ? request.client : 0;
    const { state, decision } = algorithm.decide(states.get(key), request.atMs, 1, rule);
    states.set(key, state);
    return { ...request, goesOnMs: decision.allowed ? request.atMs + decision.delayMs : undefined };
  });
}

export interface Numbers {
  readonly requests: number;
  readonly allowed: number;
  readonly refused: number;
  readonly longestWaitMs: number;
  /** The most that went on in a half-open span of so many milliseconds, for one key. */
  worst(spanMs: number): number;
}

export function numbersOf(fates: readonly Fate[], isApart: boolean): Numbers {
  const keys = new Map<number, number[]>();
  let [allowed, longestWaitMs] = [0, 0];
  for (const { atMs, client, goesOnMs } of fates) {
    if (goesOnMs === undefined) continue;
    allowed++;
    longestWaitMs = Math.max(longestWaitMs, goesOnMs - atMs);
    const key = isApart ? client : 0;
    const times = keys.get(key);
    if (times === undefined) keys.set(key, [goesOnMs]);
    else times.push(goesOnMs);
  }
  const sorted = [...keys.values()].map((times) => times.toSorted((a, b) => a - b));
  return {
    requests: fates.length,
    allowed,
    refused: fates.length - allowed,
    longestWaitMs,
    worst: (spanMs) => Math.max(0, ...sorted.map((times) => mostWithin(times, spanMs))),
  };
}

function mostWithin(times: readonly number[], spanMs: number): number {
  let [first, most] = [0, 0];
  for (const [last, atMs] of times.entries()) {
    while (atMs - (times[first] ?? atMs) >= spanMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
