import { availableParallelism } from 'node:os';
import { OAuthError } from '@hufu/protocol/errors';
import type { PasswordAnswer, PasswordTask } from './password-task.ts';
import { type PasswordThread, passwordThread } from './password-thread.ts';

/**
 * Argon2id (RFC 9106) for new passwords, and every format of `readHash` for those that were brought along, in threads of their own with one bounded queue, so that
 * a burst of sign-ins never holds up a token request. A thread starts when one is needed and keeps no process alive.
 */
export interface Passwords {
  /** PHC string. Throws `temporarily_unavailable` when too many wait. */
  hash(password: string): Promise<string>;
  /** False for a wrong password; a hash that is undefined takes as long as a new one that is there. One that does not read is a `TypeError`. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
  /** Milliseconds of a processor that the dearest hash took which was checked so far: somebody who was brought along may have one that takes ten times as long as a new one. */
  dearestMs(): number;
  /** Whether a hash is of another kind, or has weaker parameters, than new ones. */
  isOutdated(hash: string): boolean;
  /** Ends the threads; who still waits gets `temporarily_unavailable`. */
  close(): Promise<void>;
}

/** UTF-16 units: 1,024 characters of any kind (attacks USR-04). Longer ones are refused before anything is hashed. */
export const MAX_PASSWORD = 2048;
const MAX_WAITING = 64;
/** Each holds its own memory, and leaves a processor to the event loop. */
const MAX_THREADS = 4;
const CURRENT = '$argon2id$v=19$m=19456,t=2,p=1$';
/** The hash of nothing anybody knows: what an unknown user's password is checked against. */
const NOBODY = `${CURRENT}bm9ib2R5IGhhcyB0aGlz$J8n1Jm1R5qgyQXhYJ8q3pP0o1nXh1mVnQ2xq0d8mJtM`;

/** Memory (KiB) times passes is what a guess costs; below 7 MiB the passes do not make up for it (OWASP's list of equivalents). */
const CURRENT_COST = 19_456 * 2;
const LEAST_MEMORY = 7_168;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,4}),/;

function isOutdated(hash: string): boolean {
  const [memory = 0, passes = 0] = PHC.exec(hash)?.slice(1).map(Number) ?? [];
  return memory < LEAST_MEMORY || memory * passes < CURRENT_COST;
}

interface Waiting {
  readonly task: PasswordTask;
  readonly resolve: (answer: PasswordAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** `threads`: how many at most; one less than there are processors where it is left out. */
export function passwords(threads: number = Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1))): Passwords {
  const queue: Waiting[] = [];
  const idle: PasswordThread[] = [];
  const all = new Set<PasswordThread>();
  let underWay = 0;
  let dearestMs = 0;

  function ask(task: PasswordTask): Promise<PasswordAnswer> {
    if (queue.length + underWay >= MAX_WAITING) {
      throw new OAuthError('temporarily_unavailable', 'too many people are signing in at this moment', { retryAfterSeconds: 1 });
    }
    return new Promise((resolve, reject) => {
      queue.push({ task, resolve, reject });
      pump();
    });
  }

  /** A thread has one task at a time, so that a costly one holds up nobody but itself. */
  function pump(): void {
    while (queue.length > 0) {
      const thread = idle.pop() ?? (all.size < threads ? start() : undefined);
      if (thread === undefined) return;
      const next = queue.shift();
      if (next === undefined) return;
      underWay += 1;
      void run(thread, next);
    }
  }

  function start(): PasswordThread {
    const thread = passwordThread();
    all.add(thread);
    return thread;
  }

  async function run(thread: PasswordThread, { task, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve(await thread.ask(task));
      idle.push(thread);
    } catch (error) {
      // It is gone, with what it had; the next task starts another.
      all.delete(thread);
      reject(error);
    } finally {
      underWay -= 1;
      pump();
    }
  }

  return {
    async hash(password) {
      const answer = await ask({ kind: 'hash', password });
      if (answer.kind !== 'hash')
        throw new TypeError(`hashing a password failed: ${answer.kind === 'failed' ? answer.message : answer.kind}`);
      return answer.hash;
    },
    async verify(hash, password) {
      const answer = await ask({ kind: 'verify', hash: hash ?? NOBODY, password });
      if (answer.kind === 'failed') throw new TypeError(`a password hash does not read: it ${answer.message}`);
      if (answer.kind !== 'verify') return false;
      dearestMs = Math.max(dearestMs, answer.cpuMs);
      return answer.right && hash !== undefined;
    },
    dearestMs: () => dearestMs,
    isOutdated,
    async close() {
      const stopping = new OAuthError('temporarily_unavailable', 'the server is stopping', { retryAfterSeconds: 1 });
      for (const { reject } of queue.splice(0)) reject(stopping);
      await Promise.all([...all].map((thread) => thread.end(stopping)));
      idle.length = 0;
    },
  };
}
