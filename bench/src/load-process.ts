import { fileURLToPath } from 'node:url';
import type { LoadMessage, LoadResult, Plan } from './load/plan.ts';
import { ServerProcess } from './server-process.ts';

const SLACK_MS = 120_000;

/** The load generator in a process of its own, pinned to a core that the server does not use. */
export class LoadProcess {
  readonly #process: ServerProcess;

  constructor(core: number | undefined) {
    const program = [fileURLToPath(new URL('./load/main.ts', import.meta.url))];
    this.#process = new ServerProcess({ core, program, channel: 'ipc' });
  }

  /** @throws Error with the reason at the first wrong answer */
  async run(plan: Plan): Promise<LoadResult> {
    const answer = this.#process.message(plan.warmupMs + plan.measureMs + SLACK_MS);
    this.#process.child.send(plan);
    const message = readLoadMessage(await answer);
    if (message.kind === 'failed') throw new Error(message.reason);
    return message.result;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** The channel's other end is our own code of the same version. */
function readLoadMessage(message: unknown): LoadMessage {
  if (typeof message !== 'object' || message === null || !('kind' in message)) throw new TypeError('not a message of the load generator');
  return message as LoadMessage;
}
