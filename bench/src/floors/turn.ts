import type { DatabaseSync } from 'node:sqlite';

/** One change and what follows once it is durable. */
export interface Change {
  apply(): void;
  reply(): void;
}

/** Group commit: what arrives in one turn of the event loop is one transaction, and nobody is answered before it is on the disk. */
export class TurnCommit {
  readonly #database: DatabaseSync;
  #waiting: Change[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  add(change: Change): void {
    this.#waiting.push(change);
    if (this.#waiting.length === 1) setImmediate(() => this.#commit());
  }

  #commit(): void {
    const changes = this.#waiting;
    this.#waiting = [];
    this.#database.exec('BEGIN IMMEDIATE');
    for (const change of changes) change.apply();
    this.#database.exec('COMMIT');
    for (const change of changes) change.reply();
  }
}
