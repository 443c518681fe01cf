import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';
import type { PasswordAnswer, PasswordTask } from './passwords.ts';

/** Argon2id with 19 MiB, two passes, one lane: the parameters OWASP names first. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

function answer(task: PasswordTask): PasswordAnswer {
  try {
    if (task.kind === 'hash') return { id: task.id, kind: 'hash', hash: hashSync(task.password, PARAMETERS) };
    return { id: task.id, kind: 'verify', right: verifySync(task.hash, task.password) };
  } catch (error) {
    return { id: task.id, kind: 'failed', message: error instanceof Error ? error.message : 'unknown' };
  }
}

parentPort?.on('message', (task: PasswordTask) => {
  parentPort?.postMessage(answer(task));
});
