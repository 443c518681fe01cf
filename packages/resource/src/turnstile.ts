/** How many may be inside, and how many may wait for it. */
export interface TurnstileBounds {
  readonly inside: number;
  /** Of those inside, kept free for whoever is known. */
  readonly insideForKnown: number;
  readonly waiting: number;
  /** Of those who wait, kept free for whoever is known. */
  readonly waitingForKnown: number;
  /** Resolves when one has waited long enough, or as soon as the signal aborts. */
  readonly patience: (signal: AbortSignal) => Promise<void>;
}

interface Waiter {
  readonly known: boolean;
  readonly admit: (isIn: boolean) => void;
}

/**
 * Lets a bounded number of requests be under way. Strangers never take all the room: a flood of them leaves a share for those who are known,
 * who also go first.
 */
export class Turnstile {
  readonly #bounds: TurnstileBounds;
  readonly #waiting = new Set<Waiter>();
  #strangersWaiting = 0;
  #inside = 0;

  constructor(bounds: TurnstileBounds) {
    this.#bounds = bounds;
  }

  /** Whether one is in; whoever is calls `leave` once. False where there is no room to wait, or the wait was too long. */
  enter(known: boolean): boolean | Promise<boolean> {
    const { waiting, waitingForKnown, patience } = this.#bounds;
    if (this.#hasRoom(known)) {
      this.#inside += 1;
      return true;
    }
    const isFull = known ? this.#waiting.size >= waiting : this.#strangersWaiting >= waiting - waitingForKnown;
    if (isFull || this.#waiting.size >= waiting) return false;
    return new Promise((resolve) => {
      const over = new AbortController();
      const waiter: Waiter = {
        known,
        admit: (isIn) => {
          if (!this.#waiting.delete(waiter)) return;
          if (!known) this.#strangersWaiting -= 1;
          if (isIn) this.#inside += 1;
          over.abort();
          resolve(isIn);
        },
      };
      this.#waiting.add(waiter);
      if (!known) this.#strangersWaiting += 1;
      void patience(over.signal).then(() => waiter.admit(false));
    });
  }

  leave(): void {
    this.#inside -= 1;
    for (const known of [true, false]) {
      if (!this.#hasRoom(known)) return;
      const next = known ? this.#firstKnown() : this.#waiting.values().next().value;
      if (next !== undefined) return next.admit(true);
    }
  }

  #hasRoom(known: boolean): boolean {
    return this.#inside < this.#bounds.inside - (known ? 0 : this.#bounds.insideForKnown);
  }

  #firstKnown(): Waiter | undefined {
    if (this.#strangersWaiting === this.#waiting.size) return undefined;
    for (const waiter of this.#waiting) if (waiter.known) return waiter;
    return undefined;
  }
}
