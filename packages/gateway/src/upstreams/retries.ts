import type { Outcome } from '../proxy/upstream.ts';
import { RecentCount } from './recent-count.ts';

export interface RetryRule {
  /** Tries after the first, at most. */
  readonly attempts: number;
  /** Answers after which another target is asked. */
  readonly statuses: readonly number[];
  /** Of the requests of the last ten seconds, how many may be retries: from 0 to 1. */
  readonly share: number;
  /** So many more, so that there are any where little is going on. */
  readonly spare: number;
}

/** What a retry depends on. */
export interface Retried {
  readonly method: string;
  /** The whole request can be sent once more. */
  readonly replayable: boolean;
  /** Tries before this one. */
  readonly tries: number;
}

const WINDOW_MS = 10_000;

/** What is the same, done once or twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** Whether it may be sent a second time after it, or a part of it, may have arrived (RFC 9110 §9.2.2). */
export function isRepeatable({ method, replayable }: Pick<Retried, 'method' | 'replayable'>): boolean {
  return replayable && IDEMPOTENT.has(method);
}

/** Retries of one upstream. All together they are never more than a share of what is going on: who is down because of too much gets no more by them. */
export class Retries {
  readonly #rule: RetryRule;
  readonly #requests: RecentCount = new RecentCount(WINDOW_MS);
  readonly #retries: RecentCount = new RecentCount(WINDOW_MS);

  constructor(rule: RetryRule) {
    this.#rule = rule;
  }

  /** A request that is new. */
  note(nowMs: number): void {
    this.#requests.add(nowMs);
  }

  /** Whether a try that failed so is made again; if so, it is paid for. */
  takeAfterFailure(failure: Extract<Outcome, { kind: 'failed' }>, retried: Retried, nowMs: number): boolean {
    const wasLost = !failure.sent || (failure.phase === 'head' && failure.cause === 'reset' && isRepeatable(retried));
    return wasLost && this.#take(retried, nowMs);
  }

  /** Whether this answer is worth another try; nothing is paid yet, since there may be nobody to ask. */
  mightAfterStatus(status: number, retried: Retried): boolean {
    return this.#rule.statuses.includes(status) && retried.tries < this.#rule.attempts && isRepeatable(retried);
  }

  /** Whether there is a try left for it; if so, it is paid for. */
  takeAfterStatus(retried: Retried, nowMs: number): boolean {
    return this.#take(retried, nowMs);
  }

  #take({ tries }: Retried, nowMs: number): boolean {
    const { attempts, share, spare } = this.#rule;
    if (tries >= attempts) return false;
    if (this.#retries.total(nowMs) >= Math.floor(share * this.#requests.total(nowMs)) + spare) return false;
    this.#retries.add(nowMs);
    return true;
  }
}
