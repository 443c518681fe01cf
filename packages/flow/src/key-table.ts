import type { Decision } from './algorithm.ts';

/** What is counted of each key under one algorithm and its parameters. A limit that is under way is never forgotten. */
export interface KeyTable {
  /** Keys that have a place, used up or not. */
  readonly size: number;
  /** Keys that found no place and were counted together with others: they are held to less than their own. */
  readonly crowded: number;
  /** @param cost a whole number from 0 */
  take(key: string, nowMs: number, cost: number): Decision;
  /** What `take` would decide; takes nothing. */
  look(key: string, nowMs: number, cost: number): Decision;
  /** Whether nothing is known of the key. */
  isFresh(key: string, nowMs: number): boolean;
  refund(key: string, nowMs: number, cost: number, takenAtMs: number): void;
  charge(key: string, nowMs: number, cost: number): void;
}

/** States that keys without a place share, chosen by the key's hash. */
export const OVERFLOW_STATES = 4096;
