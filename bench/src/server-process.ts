import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after } from './clock.ts';
import { isMembers } from './json.ts';

const START_MS = 30_000;
const STOP_MS = 10_000;
const KEPT_OUTPUT = 4000;

export interface ProcessOptions {
  /** The processor it may use; undefined: any. */
  readonly core: number | undefined;
  /** A TypeScript or JavaScript file and its arguments. TypeScript gets the packages' sources, JavaScript what they publish. */
  readonly program: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether there is a channel for messages. */
  readonly channel: 'ipc' | 'none';
}

/** A child on the same Node, pinned to one processor. It is ended by its own process id and by nothing else. */
export class ServerProcess {
  readonly child: ChildProcess;
  #output = '';

  constructor(options: ProcessOptions) {
    const [entry = '', ...words] = options.program;
    const node = [process.execPath, ...(entry.endsWith('.ts') ? ['--conditions=source'] : []), entry, ...words];
    const [command = '', ...args] = options.core === undefined ? node : ['taskset', '-c', String(options.core), ...node];
    this.child = spawn(command, args, {
      env: { ...process.env, NODE_ENV: 'production', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.channel === 'ipc' ? (['ipc'] as const) : [])],
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.child.on('error', (error) => keep(Buffer.from(error.message)));
    const endWithUs = (): void => {
      this.child.kill('SIGKILL');
    };
    process.once('exit', endWithUs);
    this.child.once('exit', () => process.off('exit', endWithUs));
  }

  /** `taskset` becomes the program it starts, so this is the server itself. */
  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`not started: ${this.#output}`);
    return pid;
  }

  /** The end of what it wrote, for error messages. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The next message of the child. @throws Error when it ends instead, or takes too long */
  message(timeoutMs: number = START_MS): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        cancel();
        this.child.off('message', onMessage);
        this.child.off('exit', onExit);
        act();
      };
      const onMessage = (message: unknown): void => settle(() => resolve(message));
      const onExit = (): void => settle(() => reject(new Error(`ended: ${this.#output}`)));
      const cancel = after(timeoutMs, () => settle(() => reject(new Error(`no answer within ${timeoutMs} ms: ${this.#output}`))));
      this.child.on('message', onMessage);
      this.child.on('exit', onExit);
      if (this.hasEnded) onExit();
    });
  }

  /** Sends an order over the channel and waits for its answer. */
  async order(order: object): Promise<unknown> {
    const answer = this.message(120_000);
    this.child.send(order);
    const message = await answer;
    return isMembers(message) ? message['answer'] : undefined;
  }

  /** Does what follows the start; where that fails, the process is not left behind. */
  async orStop<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const cancel = after(STOP_MS, () => this.child.kill('SIGKILL'));
    await ended;
    cancel();
  }
}

/** Resident memory of a process in MB (2^20 bytes), as /proc tells it. */
export function residentMegabytes(pid: number): number {
  const match = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (match === null) throw new Error(`process ${pid} has no VmRSS`);
  return Number(match[1]) / 1024;
}
