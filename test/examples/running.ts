/** Programs as a reader of the guides starts them: processes of their own, on free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/hufu.ts';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'packages/hufu/src/main.ts');
const READY_MS = 90_000;

/** A process that has been started. */
export interface Running {
  /** What it wrote, both streams, line by line. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches; rejects where the process ends, or ninety seconds pass, without one. */
  line(pattern: RegExp): Promise<string>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  /** @returns the exit code */
  ended(): Promise<number | null>;
}

/** A Hufu with an example's `hufu.yaml`, and what the example needs to find it. */
export interface RunningHufu extends Running {
  readonly issuer: string;
  /** `HUFU_*` and the addresses that the file takes from the environment: for `hufu` commands beside the server. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * `hufu start --config examples/…/hufu.yaml`, or the demo, on a free port and with a data folder that is removed at the end.
 *
 * @param config relative to the repository; undefined: the demo of `npm start`
 * @param variables for `${…}` in the file
 */
export async function startHufu(config: string | undefined, variables: Readonly<Record<string, string>> = {}): Promise<RunningHufu> {
  const issuer = `http://localhost:${await freePort()}`;
  const directory = await mkdtemp(join(tmpdir(), 'hufu-example-'));
  const edge = config === undefined ? { HUFU_EDGE: `http://localhost:${await freePort()}` } : {};
  const env = { ...edge, ...variables, HUFU_ISSUER: issuer, HUFU_DATA_DIR: join(directory, 'data') };
  const running = hufuCommand(config === undefined ? ['start', '--demo'] : ['start', '--config', config], env);
  const hufu: RunningHufu = {
    ...running,
    issuer,
    env,
    async stop() {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await waitFor(`${issuer}/readyz`, hufu);
  } catch (error) {
    await hufu.stop();
    throw error;
  }
  return hufu;
}

/** A command of the CLI. */
export function hufuCommand(words: readonly string[], env: Readonly<Record<string, string>>): Running {
  return run(['--conditions=source', '--disable-warning=ExperimentalWarning', MAIN, ...words], env);
}

/** `npm start -w examples/<name>`, without npm: its script is `node --conditions=source src/main.ts`. */
export function startExample(name: string, env: Readonly<Record<string, string>>): Running {
  return run(['--conditions=source', join(ROOT, 'examples', name, 'src/main.ts')], env);
}

/** Waits until something answers there. */
export async function waitFor(url: string, running: Running): Promise<void> {
  let isOver = false;
  running.ended().then(() => {
    isOver = true;
  });
  for (const begun = performance.now(); !isOver && performance.now() - begun < READY_MS; await sleep(20)) {
    const reply = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await reply?.body?.cancel();
    if (reply !== undefined && reply.status < 500) return;
  }
  await running.stop();
  throw new Error(`nothing answers at ${url}:\n${running.lines.join('\n')}`);
}

/** Whoever ends this process in the middle leaves nothing running behind. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A program in a process of its own, on this Node. */
export function run(words: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, words, { cwd: ROOT, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const gone = once(child, 'close').then(() => children.delete(child));
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  return {
    lines,
    line: (pattern) => findLine(pattern, lines, waiting, gone),
    async stop() {
      if (!isOver(child)) child.kill('SIGTERM');
      await gone;
    },
    async ended() {
      await gone;
      return child.exitCode;
    },
  };
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function findLine(pattern: RegExp, lines: readonly string[], waiting: Set<() => void>, gone: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => give(`is not there after ${READY_MS} ms`), READY_MS);
    const look = (): void => {
      const found = lines.find((line) => pattern.test(line));
      if (found === undefined) return;
      end();
      resolve(found);
    };
    const end = (): void => {
      clearTimeout(timer);
      waiting.delete(look);
    };
    const give = (why: string): void => {
      end();
      reject(new Error(`${pattern} ${why}:\n${lines.join('\n')}`));
    };
    waiting.add(look);
    gone.then(() => {
      look();
      if (waiting.has(look)) give('never came');
    });
    look();
  });
}

/** Nothing of the machine that would change an example. */
export function cleanEnvironment(): Readonly<Record<string, string | undefined>> {
  const ours = /^(?:HUFU_|PORT$|ISSUER$|APP_URL$|API_URL$|NODE_TEST_CONTEXT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
