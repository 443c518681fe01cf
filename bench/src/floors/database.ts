import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * A floor's SQLite. WAL and `synchronous=FULL`: a commit is on the disk before it returns. Checkpoints are kept out of short runs
 * (`wal_autocheckpoint`).
 */
export function openDatabase(directory: string): DatabaseSync {
  const database = new DatabaseSync(join(directory, 'floor.sqlite'));
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=16000');
  return database;
}
