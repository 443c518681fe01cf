import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { epochSeconds } from '../clock.ts';
import { CODE_CHALLENGE, claimsOf, REDIRECT_URI, REFRESH_TOKEN_SECONDS, usernameOf } from '../contract.ts';
import { openDatabase } from './database.ts';
import { type GrantToken, hashOf, newSecret, writeGrantToken } from './grant-token.ts';
import type { ProgramSettings } from './settings.ts';

export interface NewGrant {
  readonly value: string;
  readonly subject: string;
}

/** The smallest table that can keep grants: one row each, found by a counted id, changed in place. */
export class GrantTable {
  readonly database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #settings: ProgramSettings;
  #count = 0;

  constructor(settings: ProgramSettings) {
    this.#settings = settings;
    this.database = openDatabase(settings.directory);
    this.database.exec(`
      CREATE TABLE IF NOT EXISTS grants (
        id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, subject TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL,
        resource TEXT NOT NULL, secret_hash BLOB NOT NULL, code_challenge TEXT, redirect_uri TEXT, rotated_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL, revoked_at INTEGER, claims TEXT NOT NULL
      ) STRICT`);
    this.#insert = this.database.prepare('INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)');
  }

  /** Rows of a generation with the token that fits each. Everything in one transaction. */
  add(count: number, generation: number): NewGrant[] {
    const { clientId, scope, resource, users } = this.#settings;
    const made: NewGrant[] = [];
    const now = epochSeconds();
    this.database.exec('BEGIN');
    for (let index = 0; index < count; index += 1) {
      this.#count += 1;
      const secret = newSecret();
      const user = index % users;
      const claims = JSON.stringify({ sub: usernameOf(user), ...claimsOf(user) });
      const values = [this.#count, generation, usernameOf(user), clientId, scope, resource, hashOf(secret), CODE_CHALLENGE, REDIRECT_URI];
      this.#insert.run(...values, now, now + REFRESH_TOKEN_SECONDS, claims);
      made.push({ value: writeGrantToken({ id: this.#count, generation, secret }), subject: usernameOf(user) });
    }
    this.database.exec('COMMIT');
    return made;
  }
}

/** What the table says about a row, as far as the floors ask. */
export interface GrantRow {
  readonly subject: string;
  readonly clientId: string;
  readonly scope: string;
  readonly resource: string;
}

export interface Rotation {
  readonly presented: GrantToken;
  readonly clientId: string;
  /** The row as it is now, or undefined where the condition did not hold. Called once the change is durable. */
  readonly done: (row: GrantRow | undefined) => void;
}

/** The successor of a refresh token: the next generation with the same secret. */
export function successor(presented: GrantToken): string {
  return writeGrantToken({ id: presented.id, generation: presented.generation + 1, secret: presented.secret });
}

/** A statement that returns arrays answers with one, or with nothing. Objects would cost a name per column. */
export function readColumns(answer: unknown): readonly unknown[] | undefined {
  return Array.isArray(answer) ? answer : undefined;
}

/** Reads `subject, client_id, scope, resource`. */
export function rowOf(answer: unknown): GrantRow | undefined {
  const columns = readColumns(answer);
  if (columns === undefined) return undefined;
  const [subject, clientId, scope, resource] = columns;
  return { subject: String(subject), clientId: String(clientId), scope: String(scope), resource: String(resource) };
}
