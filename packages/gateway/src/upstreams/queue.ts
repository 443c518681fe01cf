import { type Acquire, type Lease, UpstreamAway, type Waiting } from '../proxy/upstream.ts';

export interface QueueRule {
  /** Who waits at most. */
  readonly length: number;
  /** For how many milliseconds each. */
  readonly timeoutMs: number;
}

/** Somebody who waits for a place. */
interface Waiter {
  readonly request: Acquire;
  readonly found: PromiseWithResolvers<Lease>;
  readonly stopTimer: () => void;
}

/** Who waits for a place at an upstream, in the order in which they came. */
export class Queue {
  readonly #rule: QueueRule;
  readonly #later: (ms: number, act: () => void) => () => void;
  readonly #waiters = new Set<Waiter>();

  constructor(rule: QueueRule, later: (ms: number, act: () => void) => () => void) {
    this.#rule = rule;
    this.#later = later;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /** @throws UpstreamAway when there is no room */
  join(request: Acquire): Waiting {
    const { length, timeoutMs } = this.#rule;
    if (this.#waiters.size >= length) throw new UpstreamAway('queue_full', 1);
    const found = Promise.withResolvers<Lease>();
    const stopTimer = this.#later(timeoutMs, () => this.#refuse(waiter, new UpstreamAway('queue_timeout', 1)));
    const waiter: Waiter = { request, found, stopTimer };
    this.#waiters.add(waiter);
    // Whoever has cancelled listens no more.
    found.promise.catch(() => {});
    return { lease: found.promise, cancel: () => this.#refuse(waiter, new UpstreamAway('queue_timeout', 1)) };
  }

  /** Hands out places until there is none, or nobody waits. */
  serve(find: (request: Acquire) => Lease | 'full' | UpstreamAway): void {
    for (const waiter of this.#waiters) {
      const lease = find(waiter.request);
      if (lease === 'full') return;
      if (lease instanceof UpstreamAway) this.#refuse(waiter, lease);
      else {
        this.#leave(waiter);
        waiter.found.resolve(lease);
      }
    }
  }

  close(): void {
    for (const waiter of this.#waiters) this.#refuse(waiter, new UpstreamAway('no_target', 1));
  }

  #refuse(waiter: Waiter, away: UpstreamAway): void {
    if (this.#leave(waiter)) waiter.found.reject(away);
  }

  #leave(waiter: Waiter): boolean {
    waiter.stopTimer();
    return this.#waiters.delete(waiter);
  }
}
