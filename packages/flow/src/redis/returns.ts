import type { RedisClock } from './clock.ts';
import type { Plan } from './plan.ts';
import type { RedisLine } from './redis-line.ts';
import { type ChangeItem, runChange } from './take-script.ts';

export interface ReturnsOptions {
  readonly line: RedisLine;
  readonly clock: RedisClock;
  /** Of those that wait for Redis to come back; more are dropped. */
  readonly maxWaiting: number;
  /** Each key by itself. */
  readonly isCluster: boolean;
}

/** What one key gets back. */
export interface Return {
  readonly plan: Plan;
  readonly units: number;
  /** By the server's clock. */
  readonly takenAtMs: number;
  /** After which time has given back everything by itself, as of the taking. */
  readonly voidAfterMs: number;
}

const AGAIN_MS = 1_000;
/** Keys in one call. */
const BATCH = 64;

/**
 * Gives back what was taken, without anybody waiting. What surely did not reach Redis is sent again until it would be void; what may have
 * reached it is not: nothing is given back twice.
 */
export class Returns {
  readonly #options: ReturnsOptions;
  readonly #waiting: { readonly item: Return; readonly voidMs: number }[] = [];
  #isArmed = false;
  #dropped = 0;

  constructor(options: ReturnsOptions) {
    this.#options = options;
  }

  get dropped(): number {
    return this.#dropped;
  }

  send(items: readonly Return[]): void {
    const { isCluster } = this.#options;
    const nowMs = this.#options.clock.progressMs();
    const all = items.map((item) => ({ item, voidMs: nowMs + item.voidAfterMs }));
    const size = isCluster ? 1 : BATCH;
    for (let from = 0; from < all.length; from += size) this.#sendBatch(all.slice(from, from + size));
  }

  #sendBatch(batch: readonly { readonly item: Return; readonly voidMs: number }[]): void {
    // A script reads all keys before it writes one: the same key twice would count once.
    const names = new Set(batch.map(({ item }) => item.plan.name));
    if (names.size < batch.length) {
      for (const one of batch) this.#sendBatch([one]);
      return;
    }
    const changes: readonly ChangeItem[] = batch.map(({ item }) => ({ plan: item.plan, cost: item.units, atMs: item.takenAtMs }));
    runChange(this.#options.line, 'refund', changes).then(
      (ran) => {
        if (ran.kind === 'away' && ran.isUndone) this.#keep(batch);
      },
      () => undefined,
    );
  }

  #keep(batch: readonly { readonly item: Return; readonly voidMs: number }[]): void {
    for (const each of batch) {
      if (this.#waiting.length < this.#options.maxWaiting) this.#waiting.push(each);
      else this.#dropped += 1;
    }
    if (this.#isArmed || this.#waiting.length === 0) return;
    this.#isArmed = true;
    this.#options.clock.after(AGAIN_MS, () => {
      this.#isArmed = false;
      const nowMs = this.#options.clock.progressMs();
      const due = this.#waiting.splice(0).filter(({ voidMs }) => voidMs > nowMs);
      const size = this.#options.isCluster ? 1 : BATCH;
      for (let from = 0; from < due.length; from += size) this.#sendBatch(due.slice(from, from + size));
    });
  }
}
