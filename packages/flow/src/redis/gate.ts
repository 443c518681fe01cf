/** What keeps callers away from a Redis that does not answer: so many failures in a row, and nobody asks for a while, then one does. */
export class Gate {
  readonly #failures: number;
  readonly #restMs: number;
  #inRow = 0;
  #shutUntilMs = 0;
  #isTrying = false;

  constructor(failures: number, restMs: number) {
    this.#failures = failures;
    this.#restMs = restMs;
  }

  /** Whether one may ask now. Whoever may tells `passed` or `failed` how it went. */
  mayPass(nowMs: number): boolean {
    if (this.#inRow < this.#failures) return true;
    if (nowMs < this.#shutUntilMs || this.#isTrying) return false;
    this.#isTrying = true;
    return true;
  }

  passed(): void {
    this.#inRow = 0;
    this.#isTrying = false;
  }

  failed(nowMs: number): void {
    this.#inRow = Math.min(this.#inRow + 1, this.#failures);
    this.#isTrying = false;
    this.#shutUntilMs = nowMs + this.#restMs;
  }
}
