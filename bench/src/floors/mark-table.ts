import { hash } from 'node:crypto';
import type { StatementSync } from 'node:sqlite';
import { openDatabase } from './database.ts';
import { TurnCommit } from './turn.ts';

/** What may happen once: one row by the hash of its name, in the turn's transaction. */
export class MarkTable {
  readonly #turn: TurnCommit;
  readonly #insert: StatementSync;

  constructor(directory: string) {
    const database = openDatabase(directory);
    database.exec(`
      CREATE TABLE IF NOT EXISTS marks (name BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
    this.#turn = new TurnCommit(database);
    this.#insert = database.prepare('INSERT OR IGNORE INTO marks VALUES (?, ?)');
  }

  /** Calls `done` once the mark is on the disk: true for the first of a name alone. */
  take(name: string, expiresAt: number, done: (isFirst: boolean) => void): void {
    const key = hash('sha256', name, 'buffer');
    let isFirst = false;
    this.#turn.add({
      apply: () => {
        isFirst = this.#insert.run(key, expiresAt).changes === 1;
      },
      reply: () => done(isFirst),
    });
  }
}
