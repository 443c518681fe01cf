/**
 * Keys that were refused, and until when it makes no difference to ask again: time alone is what they wait for. Whoever gives something
 * back meanwhile is not heard of, so that a refusal is kept for a little while only, where that happens.
 */
export class BlockCache {
  readonly #maxKeys: number;
  readonly #blocks = new Map<string, Block>();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /**
   * @param sentMs when the question was sent, which is before it was answered
   * @param capMs how long to believe it at most
   */
  put(name: string, cost: number, sentMs: number, retryAfterMs: number, capMs: number): void {
    const known = this.#blocks.get(name);
    const untilMs = sentMs + Math.min(retryAfterMs, capMs);
    // Of two refusals the one that speaks for more: a smaller cost, unless it is over sooner.
    if (known !== undefined && known.cost <= cost && known.untilMs >= untilMs) return;
    this.#blocks.delete(name);
    if (this.#blocks.size >= this.#maxKeys) {
      // The oldest knows least.
      for (const oldest of this.#blocks.keys()) {
        this.#blocks.delete(oldest);
        break;
      }
    }
    this.#blocks.set(name, { cost, untilMs, retryAtMs: sentMs + retryAfterMs });
  }

  /** How long this cost would be refused for yet, in whole milliseconds; undefined: not known. */
  find(name: string, cost: number, nowMs: number): number | undefined {
    if (this.#blocks.size === 0) return undefined;
    const block = this.#blocks.get(name);
    if (block === undefined) return undefined;
    if (nowMs >= block.untilMs) {
      this.#blocks.delete(name);
      return undefined;
    }
    if (cost < block.cost) return undefined;
    return Math.max(1, Math.ceil(block.retryAtMs - nowMs));
  }

  forget(name: string): void {
    this.#blocks.delete(name);
  }

  clear(): void {
    this.#blocks.clear();
  }
}

interface Block {
  readonly cost: number;
  readonly untilMs: number;
  readonly retryAtMs: number;
}
