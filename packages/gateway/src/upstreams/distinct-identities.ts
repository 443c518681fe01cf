/** What is remembered at most. */
const MAX_IDENTITIES = 64;

/**
 * Says how many failures a head timeout is worth. Whoever asks for something slow, over and over, must not put a target out for everybody: each identity counts
 * once in a while, and none does before there are enough of them. All whose identity is not known are one.
 */
export class DistinctIdentities {
  readonly #windowMs: number;
  readonly #least: number;
  /** When each was counted, the oldest first. */
  readonly #countedAt = new Map<string | undefined, number>();

  constructor(windowMs: number, least: number) {
    this.#windowMs = windowMs;
    this.#least = least;
  }

  /** 0: nothing; with the identity that makes them enough, all of them at once; then 1 for each that is new. */
  note(identity: string | undefined, nowMs: number): number {
    for (const [known, atMs] of this.#countedAt) {
      if (nowMs - atMs < this.#windowMs) break;
      this.#countedAt.delete(known);
    }
    if (this.#countedAt.has(identity)) return 0;
    this.#countedAt.set(identity, nowMs);
    const [oldest] = this.#countedAt.keys();
    if (this.#countedAt.size > MAX_IDENTITIES) this.#countedAt.delete(oldest);
    if (this.#countedAt.size < this.#least) return 0;
    return this.#countedAt.size === this.#least ? this.#least : 1;
  }
}
