import type { QueueConnection } from './connection.ts';
import type { Queue } from './queue.ts';
import { FINISH, RENEW, TAKE } from './scripts.ts';
import { backoffMs } from './settings.ts';

/** The longest result, in bytes of UTF-8. */
export const MAX_RESULT_BYTES: number = 4 * 1024;

/** A job, as a worker has it. */
export interface TakenJob {
  readonly id: string;
  readonly job: string;
  /** From 1. A job comes at least once: above 1 it may have been done already. */
  readonly attempt: number;
  /** By the clock of Redis. */
  readonly takenAtMs: number;
  /** Aborts as soon as somebody else has the job, or the worker is to end. */
  readonly signal: AbortSignal;
}

/**
 * Does a job. What it resolves with is the result, 4 KiB at most; a longer one is dropped. Throws a `JobFailure` where trying again is of no
 * use, and anything else where it is.
 */
export type JobHandler = (job: TakenJob) => Promise<string | undefined> | string | undefined;

/** Trying again is of no use. The message is shown to whoever has offered the job. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
}

/** What happened to a worker. */
export type WorkerEvent =
  /** `known`: what Redis made of it; `stale`, `over` and `unknown`: it had been given up before. */
  | { readonly kind: 'ended'; readonly id: string; readonly attempt: number; readonly known: string }
  /** It goes on by itself. `error` is a job's, or says that Redis is away. */
  | { readonly kind: 'job_failed'; readonly id: string; readonly attempt: number; readonly error: unknown }
  | { readonly kind: 'result_dropped'; readonly id: string }
  | { readonly kind: 'unavailable'; readonly error: unknown };

export interface WorkerOptions {
  /** Jobs at once; 8. */
  readonly concurrency?: number;
  /** How often is looked while there is nothing to do; 100. */
  readonly idleMs?: number;
  /** What it throws comes up as an uncaught error, and the worker goes on. */
  readonly onEvent?: (event: WorkerEvent) => void;
}

export interface Worker {
  /**
   * Takes no more, and waits for what runs. After `graceMs` (20,000 where nothing is said) their signals abort and nothing is waited for any
   * more: somebody else takes over what is left.
   */
  stop(graceMs?: number): Promise<void>;
}

/** Takes jobs until it is stopped, together with all other workers as fast as the queue's rate says. */
export function startWorker(queue: Queue, handler: JobHandler, options: WorkerOptions = {}): Worker {
  const { concurrency = 8, idleMs = 100, onEvent = () => undefined } = options;
  for (const [setting, value] of Object.entries({ concurrency, idleMs })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${setting}: a whole number of 1 or more`);
  }
  if (concurrency > MAX_CONCURRENCY) throw new TypeError(`concurrency: ${MAX_CONCURRENCY} at most`);
  return new QueueWorker(queue.connection, handler, { concurrency, idleMs, onEvent });
}

const MAX_CONCURRENCY = 1_000;
const MAX_TAKEN = 100;
/** What comes in meanwhile is taken together; the queue's credit is several times as much. */
const LEAST_WAIT_MS = 5;
const MOST_WAIT_MS = 5_000;
/** So that others see by its signs that somebody is there, however long jobs may take. */
const MOST_RENEWAL_MS = 20_000;
const MAX_REASON_LENGTH = 500;
const FIRST_RETRY_MS = 50;
/** Then it is left to whoever takes the job over. */
const MAX_REPORTS = 100;

class QueueWorker implements Worker {
  readonly #connection: QueueConnection;
  readonly #handler: JobHandler;
  readonly #options: Required<WorkerOptions>;
  readonly #running = new Map<string, RunningJob>();
  /** Aborts when nothing more is to be taken. */
  readonly #taking = new AbortController();
  /** Aborts when nothing more is to be reported. */
  readonly #working = new AbortController();
  readonly #taken: Promise<void>;
  readonly #renewed: Promise<void>;
  #freed: () => void = () => undefined;

  constructor(connection: QueueConnection, handler: JobHandler, options: Required<WorkerOptions>) {
    this.#connection = connection;
    this.#handler = handler;
    this.#options = options;
    this.#taken = this.#take();
    this.#renewed = this.#renew();
  }

  async stop(graceMs = 20_000): Promise<void> {
    this.#taking.abort();
    this.#freed();
    const { clock } = this.#connection.settings;
    const grace = new AbortController();
    // What is being taken now is ours too.
    const ended = this.#taken.then(() => Promise.allSettled([...this.#running.values()].map(({ ended }) => ended)));
    await Promise.race([ended, clock.wait(graceMs, grace.signal)]);
    grace.abort();
    this.#working.abort();
    for (const { lost } of this.#running.values()) lost.abort();
    await this.#renewed;
  }

  async #take(): Promise<void> {
    const { clock } = this.#connection.settings;
    const { signal } = this.#taking;
    for (let failures = 0; !signal.aborted; ) {
      const free = Math.min(MAX_TAKEN, this.#options.concurrency - this.#running.size);
      if (free === 0) {
        await new Promise<void>((resolve) => {
          this.#freed = resolve;
        });
        continue;
      }
      try {
        const waitMs = await this.#takeSome(free);
        failures = 0;
        if (waitMs !== 0) await clock.wait(waitMs, signal);
      } catch (error) {
        this.#tell({ kind: 'unavailable', error });
        await clock.wait(retryMs(failures++), signal);
      }
    }
  }

  /** @returns how long to wait before the next */
  async #takeSome(want: number): Promise<number> {
    const { depthTicks, visibilityMs, timeoutMs } = this.#connection.settings;
    // Whatever is in a late answer was taken for us, until somebody else may have it.
    const answer = await this.#connection.askWithin(Math.max(visibilityMs, timeoutMs), TAKE, want, depthTicks, visibilityMs);
    if (this.#working.signal.aborted) return 0;
    const [now, wait, ...parts] = answer;
    for (let i = 0; i + 2 < parts.length; i += 3) this.#begin(parts[i] ?? '', Number(parts[i + 1]), parts[i + 2] ?? '', Number(now));
    if (wait === '0') return 0;
    const waitMs = wait === '-1' ? this.#options.idleMs : Number(wait);
    return Math.min(Math.max(waitMs, LEAST_WAIT_MS), MOST_WAIT_MS);
  }

  #begin(id: string, attempt: number, job: string, takenAtMs: number): void {
    const key = `${id} ${attempt}`;
    const lost = new AbortController();
    const ended = this.#do({ id, attempt, job, takenAtMs, signal: lost.signal }).finally(() => {
      this.#running.delete(key);
      this.#freed();
    });
    this.#running.set(key, { id, attempt, lost, ended });
  }

  async #do(taken: TakenJob): Promise<void> {
    const { id, attempt } = taken;
    let report: Report;
    try {
      const result = (await this.#handler(taken)) ?? '';
      const fits = Buffer.byteLength(result) <= MAX_RESULT_BYTES;
      if (!fits) this.#tell({ kind: 'result_dropped', id });
      report = ['done', fits ? result : '', 0];
    } catch (error) {
      this.#tell({ kind: 'job_failed', id, attempt, error });
      const text = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_LENGTH).toWellFormed();
      report = error instanceof JobFailure ? ['failed', text, 0] : ['again', text, backoffMs(this.#connection.settings, attempt)];
    }
    await this.#report(id, attempt, report);
  }

  async #report(id: string, attempt: number, report: Report): Promise<void> {
    for (let failures = 0; failures < MAX_REPORTS && !this.#working.signal.aborted; ) {
      try {
        const [known = ''] = await this.#connection.ask(FINISH, id, attempt, ...report);
        this.#tell({ kind: 'ended', id, attempt, known });
        return;
      } catch (error) {
        this.#tell({ kind: 'unavailable', error });
        await this.#connection.settings.clock.wait(retryMs(failures++), this.#working.signal);
      }
    }
  }

  #tell(event: WorkerEvent): void {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      // Theirs to see, and not ours to stumble over.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  async #renew(): Promise<void> {
    const { clock, visibilityMs } = this.#connection.settings;
    const everyMs = Math.max(1, Math.min(Math.floor(visibilityMs / 3), MOST_RENEWAL_MS));
    const { signal } = this.#working;
    for (await clock.wait(everyMs, signal); !signal.aborted; await clock.wait(everyMs, signal)) {
      const held = [...this.#running.values()];
      if (held.length === 0) continue;
      try {
        const gone = await this.#connection.ask(RENEW, ...held.flatMap(({ id, attempt }) => [id, attempt]));
        for (const { id, lost } of held) if (gone.includes(id)) lost.abort();
      } catch (error) {
        this.#tell({ kind: 'unavailable', error });
      }
    }
  }
}

interface RunningJob {
  readonly id: string;
  readonly attempt: number;
  readonly lost: AbortController;
  readonly ended: Promise<void>;
}

type Report = readonly [outcome: 'done' | 'failed' | 'again', text: string, delayMs: number];

function retryMs(failures: number): number {
  return Math.min(MOST_WAIT_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
}
