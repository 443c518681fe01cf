import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync } from '@node-rs/argon2';
import { readHash } from './hashes/read-hash.ts';
import { verifyHash } from './hashes/verify-hash.ts';
import type { PasswordAnswer, PasswordTask } from './password-task.ts';

/** Argon2id with 19 MiB, two passes, one lane: the parameters OWASP names first. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

function answer(task: PasswordTask): PasswordAnswer {
  try {
    if (task.kind === 'hash') return { kind: 'hash', hash: hashSync(task.password, PARAMETERS) };
    const hash = readHash(task.hash);
    if (typeof hash === 'string') return { kind: 'failed', message: hash };
    const before = process.threadCpuUsage();
    const right = verifyHash(hash, task.password);
    const { user, system } = process.threadCpuUsage(before);
    return { kind: 'verify', right, cpuMs: (user + system) / 1000 };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : 'unknown' };
  }
}

/** Whoever asks for a token goes before whoever signs in. Linux gives each thread a priority of its own; elsewhere nothing happens. */
function stepBack(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {}
}

stepBack();
parentPort?.on('message', (task: PasswordTask) => {
  parentPort?.postMessage(answer(task));
});
