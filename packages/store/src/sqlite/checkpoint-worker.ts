/**
 * A thread that moves the write-ahead log into the database, so that no checkpoint ever holds the event loop. It answers each question
 * with one word; see `checkpoints.ts` for the conversation.
 */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** `look`: is there enough to do? Then most of it is done. `finish`: nobody writes now; do the rest. */
export type CheckpointQuestion = 'look' | 'finish';
/** `small`: nothing to do yet. `ready`: the bulk is done, hold your writes and say `finish`. `done`: writes may go on. */
export type CheckpointAnswer = 'small' | 'ready' | 'done';

export interface CheckpointTask {
  readonly path: string;
  /** Frames (pages) in the log from which on it is worth a checkpoint. */
  readonly frames: number;
}

const { path, frames } = workerData as CheckpointTask;
// How long a checkpoint may wait for writers and readers of other processes, while our own writes wait for it.
const db = new DatabaseSync(path, { timeout: 50 });
db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL');
// NOOP is new in SQLite 3.51; before, an unknown mode is PASSIVE, which in this thread does no harm.
const measure = db.prepare('PRAGMA wal_checkpoint(NOOP)');
const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
// Keeps other processes from writing until the log can begin again; where they don't let it, it does what a passive one does.
const restart = db.prepare('PRAGMA wal_checkpoint(RESTART)');

parentPort?.on('message', (question: CheckpointQuestion) => parentPort?.postMessage(answer(question)));

function answer(question: CheckpointQuestion): CheckpointAnswer {
  if (question === 'finish') {
    restart.get();
    return 'done';
  }
  if (Number(measure.get()?.['log']) < frames) return 'small';
  // Whoever goes on writing is always a little ahead of a passive checkpoint. Twice leaves little to do while writes wait.
  passive.get();
  passive.get();
  return 'ready';
}
