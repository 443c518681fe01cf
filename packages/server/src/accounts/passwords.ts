import { Worker } from 'node:worker_threads';
import { OAuthError } from '@hufu/protocol/errors';

/**
 * Argon2id (RFC 9106) in a thread of its own with a bounded queue, so that a burst of sign-ins never holds up a token request.
 * The thread starts with the first password and keeps no process alive.
 */
export interface Passwords {
  /** PHC string. Throws `temporarily_unavailable` when too many wait. */
  hash(password: string): Promise<string>;
  /** False for a wrong password; a hash that is undefined takes as long as one that is there. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
  /** Whether a hash has weaker parameters than new ones get. */
  isOutdated(hash: string): boolean;
  /** Ends the thread; who still waits gets `temporarily_unavailable`. */
  close(): Promise<void>;
}

export type PasswordTask =
  | { readonly id: number; readonly kind: 'hash'; readonly password: string }
  | { readonly id: number; readonly kind: 'verify'; readonly hash: string; readonly password: string };
export type PasswordAnswer =
  | { readonly id: number; readonly kind: 'hash'; readonly hash: string }
  | { readonly id: number; readonly kind: 'verify'; readonly right: boolean }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

/** UTF-16 units. Longer ones are refused before anything is hashed. */
export const MAX_PASSWORD = 1024;
const MAX_WAITING = 64;
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
  readonly resolve: (answer: PasswordAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export function passwords(): Passwords {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let nextId = 0;

  function start(): Worker {
    const own = import.meta.url;
    const started = new Worker(new URL(`./password-worker${own.slice(own.lastIndexOf('.'))}`, own));
    started.unref();
    started.on('message', (answer: PasswordAnswer) => {
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
      if (waiting.size === 0) started.unref();
    });
    started.on('error', (error) => {
      worker = undefined;
      for (const task of waiting.values()) task.reject(error);
      waiting.clear();
    });
    return started;
  }

  function ask(task: (id: number) => PasswordTask): Promise<PasswordAnswer> {
    if (waiting.size >= MAX_WAITING) {
      throw new OAuthError('temporarily_unavailable', 'too many people are signing in at this moment', { retryAfterSeconds: 1 });
    }
    const id = nextId++;
    worker ??= start();
    worker.ref();
    const thread = worker;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      thread.postMessage(task(id));
    });
  }

  return {
    async hash(password) {
      const answer = await ask((id) => ({ id, kind: 'hash', password }));
      if (answer.kind !== 'hash')
        throw new TypeError(`hashing a password failed: ${answer.kind === 'failed' ? answer.message : answer.kind}`);
      return answer.hash;
    },
    async verify(hash, password) {
      const answer = await ask((id) => ({ id, kind: 'verify', hash: hash ?? NOBODY, password }));
      if (answer.kind === 'failed') throw new TypeError(`a password hash does not read: ${answer.message}`);
      return answer.kind === 'verify' && answer.right && hash !== undefined;
    },
    isOutdated,
    async close() {
      await worker?.terminate();
      worker = undefined;
      for (const task of waiting.values()) {
        task.reject(new OAuthError('temporarily_unavailable', 'the server is stopping', { retryAfterSeconds: 1 }));
      }
      waiting.clear();
    },
  };
}
