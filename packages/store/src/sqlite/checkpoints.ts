import { Worker } from 'node:worker_threads';
import type { CheckpointAnswer, CheckpointQuestion, CheckpointTask } from './checkpoint-worker.ts';

export interface CheckpointNeeds {
  /** Lets writes wait in their queue until `releaseWrites`. Reads and the event loop go on. */
  holdWrites(): void;
  releaseWrites(): void;
  /** No thread can be had: let SQLite checkpoint by itself, on the event loop. */
  giveUp(): void;
}

/**
 * Keeps the write-ahead log short. A passive checkpoint never blocks a writer, but as long as somebody writes it never quite finishes,
 * and only a finished one lets the log begin again at its start. So the thread does the bulk while writes go on; then writes wait for the
 * few milliseconds of the rest.
 *
 * The thread starts when it is first needed and does not keep the process alive.
 */
export class Checkpoints {
  readonly #task: CheckpointTask;
  readonly #needs: CheckpointNeeds;
  #worker: Worker | undefined;
  #writes = 0;
  #asking = false;
  #failures = 0;

  constructor(task: CheckpointTask, needs: CheckpointNeeds) {
    this.#task = task;
    this.#needs = needs;
  }

  /** Told of every group that was committed. */
  wrote(writes: number): void {
    this.#writes += writes;
    if (this.#asking || this.#writes < LOOK_EVERY || this.#failures >= MAX_FAILURES) return;
    this.#writes = 0;
    this.#asking = true;
    this.#ask('look');
  }

  /** Done when the thread has let go of the database. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failures = MAX_FAILURES;
    await worker?.terminate();
  }

  #ask(question: CheckpointQuestion): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(question);
  }

  #start(): Worker {
    // The suffix is that of this file: `.ts` in the source tree, `.js` when built.
    const file = new URL(`./checkpoint-worker${import.meta.url.slice(-3)}`, import.meta.url);
    const worker = new Worker(file, {
      workerData: this.#task,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    worker.on('message', (answer: CheckpointAnswer) => this.#hear(worker, answer));
    worker.on('error', () => this.#lose(worker));
    worker.on('exit', () => this.#lose(worker));
    // After the listeners: adding one holds the process again.
    worker.unref();
    return worker;
  }

  #hear(worker: Worker, answer: CheckpointAnswer): void {
    if (this.#worker !== worker) return;
    if (answer === 'ready') {
      // Writes wait for this thread now, so the process does too.
      worker.ref();
      this.#needs.holdWrites();
      this.#ask('finish');
      return;
    }
    this.#failures = 0;
    this.#asking = false;
    if (answer === 'small') return;
    worker.unref();
    this.#needs.releaseWrites();
  }

  #lose(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#asking = false;
    this.#failures += 1;
    this.#needs.releaseWrites();
    if (this.#failures >= MAX_FAILURES) this.#needs.giveUp();
  }
}

/** Writes between two looks at the log. Each writes a few pages at most, and a group shares them. */
const LOOK_EVERY = 256;
/** Threads lost in a row before checkpoints go back to the event loop. */
const MAX_FAILURES = 3;
