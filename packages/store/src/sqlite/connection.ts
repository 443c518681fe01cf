import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Latency, newLatency, noteLatency } from '../port/latency.ts';
import { readFailure } from './failure.ts';
import { GroupCommit, type GroupLimits } from './group-commit.ts';

/** What is to be known of a verb that has answered. */
export interface Note {
  /** Whether there is anything to write. */
  tells(answer: unknown): boolean;
  write(answer: unknown): void;
}

/** A statement that is prepared when it is first needed: a process that only reads a client should not pay for all of them. Its rows are arrays. */
export type Lazy = () => StatementSync;

/**
 * One connection: reads run at once, writes in groups. Everything on it is synchronous, so that no read ever sees half a group, nor one
 * that is not committed.
 */
export class Connection {
  readonly handle: DatabaseSync;
  /** How long groups of writes took. */
  readonly latency: Latency = newLatency();
  readonly #writes: GroupCommit;
  readonly #forget: (() => void)[] = [];
  readonly #readDataVersion: StatementSync;
  #dataVersion = 0;
  #looked = false;
  #changes = 0;
  #note: Note | undefined;
  #isUnchanged = false;

  constructor(handle: DatabaseSync, limits: GroupLimits, committed: (writes: number) => void) {
    this.handle = handle;
    this.#readDataVersion = handle.prepare('PRAGMA data_version');
    this.#readDataVersion.setReturnArrays(true);
    const begin = handle.prepare('BEGIN IMMEDIATE');
    const commit = handle.prepare('COMMIT');
    this.#writes = new GroupCommit(
      {
        begin: () => void begin.run(),
        commit: () => void commit.run(),
        rollback: () => {
          if (handle.isTransaction) handle.exec('ROLLBACK');
          this.#changes += 1;
          for (const forget of this.#forget) forget();
        },
      },
      limits,
      (writes, tookMs) => {
        noteLatency(this.latency, tookMs);
        committed(writes);
      },
    );
  }

  /**
   * Without statistics SQLite takes a tenant for as good as a row, so whatever is found by a part of a key says `INDEXED BY`
   * (`plans.test.ts` reads every plan).
   */
  lazy(sql: string): Lazy {
    let prepared: StatementSync | undefined;
    return () => {
      if (prepared !== undefined) return prepared;
      prepared = this.handle.prepare(sql);
      prepared.setReturnArrays(true);
      return prepared;
    };
  }

  /** Runs `act` now. */
  read<T>(act: () => T): Promise<T> {
    try {
      return Promise.resolve(act());
    } catch (error) {
      return Promise.reject(readFailure(error));
    }
  }

  /** Runs `act` in the next group; settled when it is durable. It may run more than once, so it must change nothing but the database. */
  write<T>(act: () => T): Promise<T> {
    const note = this.#note;
    if (note === undefined) return this.#writes.write(act);
    this.#note = undefined;
    return this.#writes.write(() => {
      this.#isUnchanged = false;
      const answer = act();
      if (!this.#isUnchanged) note.write(answer);
      return answer;
    });
  }

  /**
   * Calls a verb, of which `note` is told the answer inside its write and before that is committed: what `note` writes is there with the change or not at all, and what
   * it throws undoes the change. A verb that does not begin its write before it first waits is our mistake.
   */
  noting<T>(note: Note, verb: () => Promise<T>): Promise<T> {
    this.#note = note;
    try {
      const answer = verb();
      return this.#note === undefined ? answer : answer.then((told) => requireNothing(note, told));
    } finally {
      this.#note = undefined;
    }
  }

  /** Inside a write that has found nothing to change: there is nothing to note. */
  unchanged(): void {
    this.#isUnchanged = true;
  }

  /**
   * Changes when another connection, of this process or any other, has committed. Looked at once a turn of the event loop: what another
   * process commits is seen from the next turn on, by requests that had not been read before.
   */
  dataVersion(): number {
    if (!this.#looked) {
      const [version] = this.#readDataVersion.get() as unknown as [number];
      this.#dataVersion = version;
      this.#looked = true;
      setImmediate(this.#lookAgain);
    }
    return this.#dataVersion;
  }

  readonly #lookAgain = (): void => {
    this.#looked = false;
  };

  /** Changes when `changed` was called: what is remembered of grants may no longer stand. */
  get changes(): number {
    return this.#changes;
  }

  /** Inside a write that changes what `Memo`s hold: nothing reads before that write has ended. */
  changed(): void {
    this.#changes += 1;
  }

  /** What was remembered from a transaction that is rolled back must be forgotten by `forget`. */
  onRollback(forget: () => void): void {
    this.#forget.push(forget);
  }

  holdWrites(): void {
    this.#writes.hold();
  }

  releaseWrites(): void {
    this.#writes.release();
  }

  /** Done when every write is settled. The handle stays open. */
  async settle(): Promise<void> {
    await this.#writes.close();
  }
}

/** It found nothing to do before it came to write. */
function requireNothing<T>(note: Note, answer: T): T {
  if (note.tells(answer)) throw new Error('a verb that is to be noted has not written at once');
  return answer;
}
