/**
 * Group commit: writes that arrive in one turn of the event loop run in one transaction, and only after its COMMIT are their promises
 * settled. Acknowledged means durable, at the price of one sync of the disk for all of them.
 *
 * `setImmediate` is used here on purpose: it runs once the turn's sockets have been read, which is what makes a group.
 */
import { StoreUnavailable } from '../port.ts';
import { isBusy, readFailure } from './failure.ts';

/** What a group runs in. All of it is synchronous. */
export interface Transactions {
  /** Takes the write lock, waiting a short time for another process. */
  begin(): void;
  commit(): void;
  /** Also where the transaction has ended by itself. What was remembered during it must be forgotten. */
  rollback(): void;
}

export interface GroupLimits {
  /** Writes in one transaction: what bounds how long the event loop is held. */
  readonly maxGroup: number;
  /** Writes that may wait. More are refused with `StoreUnavailable`. */
  readonly maxWaiting: number;
  /** How often the write lock is asked for, a turn each, before a group is refused. */
  readonly maxAttempts: number;
}

/** A group of 128 holds the event loop for one to four milliseconds. 500 attempts of 10 ms (`open.ts`) are five seconds. */
export const GROUP_LIMITS: GroupLimits = { maxGroup: 128, maxWaiting: 10_000, maxAttempts: 500 };

interface Write {
  readonly act: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #transactions: Transactions;
  readonly #limits: GroupLimits;
  readonly #committed: (writes: number, tookMs: number) => void;
  #waiting: Write[] = [];
  #scheduled = false;
  #held = false;
  #closed = false;
  #attempts = 0;
  #closing: (() => void) | undefined;

  /** `committed` is told after each group how many writes it had, and how long it took. */
  constructor(transactions: Transactions, limits: GroupLimits, committed: (writes: number, tookMs: number) => void) {
    this.#transactions = transactions;
    this.#limits = limits;
    this.#committed = committed;
  }

  /**
   * Runs `act` inside a transaction, soon. It may run more than once (each time but the last rolled back). What it throws rejects this
   * promise alone, and nothing of it stays in the database.
   */
  write<T>(act: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new StoreUnavailable('the store is closed'));
      if (this.#waiting.length >= this.#limits.maxWaiting) return reject(new StoreUnavailable('too many writes are waiting'));
      this.#waiting.push({ act, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Lets writes wait until `release` (a checkpoint wants the log for itself for a moment). Reads go on. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#schedule();
  }

  /** Refuses new writes, and is done when those that wait are settled. */
  async close(): Promise<void> {
    this.#closed = true;
    this.release();
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => (this.#closing = resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#held || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (!this.#held) this.#commitGroup();
    if (this.#waiting.length > 0) this.#schedule();
    else this.#closing?.();
  };

  #commitGroup(): void {
    const begunMs = performance.now();
    const begun = this.#begin();
    if (begun === 'busy') return;
    const group = this.#waiting.splice(0, this.#limits.maxGroup);
    if (begun !== undefined) return rejectAll(group, begun);
    const answers: unknown[] = [];
    try {
      for (const write of group) answers.push(write.act());
      this.#transactions.commit();
    } catch (error) {
      this.#transactions.rollback();
      const failure = readFailure(error);
      const culprit = group[answers.length];
      if (culprit === undefined || failure instanceof StoreUnavailable) return rejectAll(group, failure);
      // A fault of one verb: it alone fails, and the others run again without it, in front of the queue.
      culprit.reject(failure);
      this.#waiting.unshift(...group.filter((write) => write !== culprit));
      return;
    }
    for (const [index, write] of group.entries()) write.resolve(answers[index]);
    this.#committed(group.length, performance.now() - begunMs);
  }

  /** `busy`: another process writes; asked again next turn. Any other answer but undefined is a failure of the whole group. */
  #begin(): unknown {
    try {
      this.#transactions.begin();
      this.#attempts = 0;
      return undefined;
    } catch (error) {
      this.#attempts += 1;
      if (isBusy(error) && this.#attempts < this.#limits.maxAttempts) return 'busy';
      this.#attempts = 0;
      return readFailure(error);
    }
  }
}

function rejectAll(group: readonly Write[], failure: unknown): void {
  for (const write of group) write.reject(failure);
}
