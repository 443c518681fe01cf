import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** `hufu start --config` as a process of its own. */
export interface HufuProcess {
  /** Where this node is reached; the issuer may be another address. */
  readonly origin: string;
  readonly pid: number;
  /** From the spawn to the first answer of `/readyz`. */
  readonly readyMs: number;
  /** Log lines, the newest 1,000. */
  readonly lines: readonly string[];
  /** SIGTERM, and waits. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits. */
  kill(): Promise<void>;
}

export interface HufuProcessOptions {
  /** For `hufu.yaml`, the data and the master key: the same one again is the same server again. */
  readonly directory: string;
  readonly port: number;
  /** Of the loopback address and `port` where it is left out. */
  readonly issuer?: string;
  readonly database: string;
  readonly mode?: 'production' | 'test';
  /** What follows after `issuer`, `listen`, `mode`, `database` and `data_dir`. */
  readonly yaml: string;
  /** Another build of the binary: a mutant's. */
  readonly main?: string;
}

const MAIN = fileURLToPath(new URL('../../packages/hufu/src/main.ts', import.meta.url));
const READY_TIMEOUT_MS = 20_000;
const KEPT_LINES = 1_000;

/** Starts it and waits until it serves. Throws with its last words where it ends instead. */
export async function startProcess(options: HufuProcessOptions): Promise<HufuProcess> {
  const { directory, port, database, yaml, mode = 'production', main = MAIN } = options;
  const origin = `http://127.0.0.1:${port}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `hufu-${port}.yaml`);
  const head = { issuer: options.issuer ?? origin, listen: `127.0.0.1:${port}`, mode, database, data_dir: join(directory, 'data') };
  await writeFile(
    file,
    `${Object.entries(head)
      .map(([key, value]) => `${key}: '${value}'`)
      .join('\n')}\n${yaml}`,
  );

  const begun = performance.now();
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', main, 'start', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  const lines = collect(child);
  // Whoever ends this process in the middle leaves no server behind.
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const gone = once(child, 'exit').then(() => process.removeListener('exit', endWithUs));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  if (!(await isReady(child, origin, begun))) {
    await end('SIGKILL');
    throw new Error(`hufu did not start:\n${lines.slice(-20).join('\n')}`);
  }
  return {
    origin,
    pid: child.pid ?? 0,
    readyMs: performance.now() - begun,
    lines,
    async stop() {
      await end('SIGTERM');
      return child.exitCode;
    },
    kill: () => end('SIGKILL'),
  };
}

/** Nothing that would change the configuration from outside. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HUFU_') && name !== 'NODE_TEST_CONTEXT'));
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    });
  }
  return lines;
}

async function isReady(child: ChildProcess, origin: string, begun: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && performance.now() - begun < READY_TIMEOUT_MS) {
    const reply = await fetch(`${origin}/readyz`).catch(() => undefined);
    await reply?.body?.cancel();
    if (reply?.status === 200) return true;
    await sleep(10);
  }
  return false;
}
