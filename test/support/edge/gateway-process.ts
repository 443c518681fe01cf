import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hufuEnvironment, MAIN } from '../hufu-process.ts';
import { linesOf } from '../process-lines.ts';

/** `hufu gateway --config` as a process of its own. */
export interface GatewayProcess {
  /** Where it listens. */
  readonly origin: string;
  readonly port: number;
  readonly pid: number;
  /** Log lines, the newest 1,000. */
  readonly lines: readonly string[];
  /** Undefined while it runs. */
  exitCode(): number | null | undefined;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  /** SIGKILL, and waits. */
  kill(): Promise<void>;
}

export interface GatewayProcessOptions {
  /** For its configuration. */
  readonly directory: string;
  readonly port: number;
  /** What stands before `gateway:`; the issuer at least. */
  readonly head: string;
  /** What follows `listen` and `origins` below `gateway:`, indented by two. */
  readonly yaml: string;
  /** Where browsers find it; where it listens by default. */
  readonly at?: string;
  /** Further origins of its hosts. */
  readonly origins?: readonly string[];
}

const READY_TIMEOUT_MS = 90_000;

/** Starts it and waits until it listens. Throws with its last words where it ends instead. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const { directory, port, head } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `gateway-${port}.yaml`);
  await writeFile(file, `${head.trimEnd()}\n${gatewayYaml(options)}`);
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--disable-warning=ExperimentalWarning', MAIN, 'gateway', '--config', file],
    { stdio: ['ignore', 'pipe', 'pipe'], env: hufuEnvironment() },
  );
  const lines = linesOf(child);
  // Whoever ends this process in the middle leaves no gateway behind.
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const gone = once(child, 'exit').then(() => process.removeListener('exit', endWithUs));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  if (!(await isListening(child, port))) {
    await end('SIGKILL');
    throw new Error(`the gateway did not start:\n${lines.slice(-20).join('\n')}`);
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    lines,
    exitCode: () => (child.exitCode === null && child.signalCode === null ? undefined : child.exitCode),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** `gateway:` of a configuration. */
export function gatewayYaml({ port, at, origins = [], yaml }: Pick<GatewayProcessOptions, 'port' | 'at' | 'origins' | 'yaml'>): string {
  const all = [at ?? `http://127.0.0.1:${port}`, ...origins].map((origin) => `"${origin}"`);
  return `gateway:\n  listen: 127.0.0.1:${port}\n  origins: [${all.join(', ')}]\n${yaml}`;
}

async function isListening(child: ChildProcess, port: number): Promise<boolean> {
  const begun = performance.now();
  while (child.exitCode === null && child.signalCode === null && performance.now() - begun < READY_TIMEOUT_MS) {
    if (await accepts(port)) return true;
    await sleep(20);
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
