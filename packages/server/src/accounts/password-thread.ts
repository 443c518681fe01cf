import { Worker } from 'node:worker_threads';
import type { PasswordAnswer, PasswordTask } from './password-task.ts';

/** A thread that does one task at a time. While it has none it keeps no process alive. */
export interface PasswordThread {
  /** Fails when the thread does, and is of no use afterwards. */
  ask(task: PasswordTask): Promise<PasswordAnswer>;
  /** Its task fails with `reason`. */
  end(reason: unknown): Promise<void>;
}

export function passwordThread(): PasswordThread {
  const own = import.meta.url;
  const worker = new Worker(new URL(`./password-worker${own.slice(own.lastIndexOf('.'))}`, own));
  let task: { readonly resolve: (answer: PasswordAnswer) => void; readonly reject: (error: unknown) => void } | undefined;
  let isGone = false;
  const fail = (error: unknown): void => {
    isGone = true;
    task?.reject(error);
    task = undefined;
  };
  worker.unref();
  worker.on('message', (answer: PasswordAnswer) => {
    worker.unref();
    task?.resolve(answer);
    task = undefined;
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`a thread that hashes passwords ended (${code})`)));
  return {
    ask: (next) =>
      new Promise((resolve, reject) => {
        if (isGone) return reject(new Error('the thread has ended'));
        task = { resolve, reject };
        worker.ref();
        worker.postMessage(next);
      }),
    async end(reason) {
      fail(reason);
      await worker.terminate();
    },
  };
}
