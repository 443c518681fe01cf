const PARTS = 10;

/** How much was counted in the last while, in ten parts of it: what is older than the whole of it is gone, at nine tenths of it everything still counts. */
export class RecentCount {
  readonly #partMs: number;
  readonly #parts: number[] = Array.from({ length: PARTS }, () => 0);
  #latest = 0;
  #total = 0;

  /** @param windowMs above 0 */
  constructor(windowMs: number) {
    this.#partMs = windowMs / PARTS;
  }

  add(nowMs: number, amount = 1): void {
    const at = this.#moveTo(nowMs) % PARTS;
    this.#parts[at] = (this.#parts[at] ?? 0) + amount;
    this.#total += amount;
  }

  total(nowMs: number): number {
    this.#moveTo(nowMs);
    return this.#total;
  }

  clear(): void {
    this.#parts.fill(0);
    this.#total = 0;
  }

  #moveTo(nowMs: number): number {
    const part = Math.floor(nowMs / this.#partMs);
    if (part - this.#latest >= PARTS) this.clear();
    else {
      for (let next = this.#latest + 1; next <= part; next += 1) {
        this.#total -= this.#parts[next % PARTS] ?? 0;
        this.#parts[next % PARTS] = 0;
      }
    }
    this.#latest = Math.max(this.#latest, part);
    return this.#latest;
  }
}
