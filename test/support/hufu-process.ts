import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestCertificate } from './certificate.ts';
import { linesOf } from './process-lines.ts';

/** `hufu start --config` as a process of its own. */
export interface HufuProcess {
  /** Where this node is reached; the issuer may be another address. */
  readonly origin: string;
  /** Its hufu.yaml, for commands beside it. */
  readonly file: string;
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
  /** Serves https on localhost with it, and trusts it when it asks others. */
  readonly tls?: TestCertificate;
  /** Asks clients for certificates, and trusts this authority (PEM) about them. */
  readonly clientCa?: string;
  /** A certificate of somebody else that it trusts when it asks others, where it has none of its own. */
  readonly trusts?: TestCertificate;
  /** A module that runs in the process before the server does. */
  readonly preload?: string;
}

/** The program that `hufu` runs. */
export const MAIN: string = fileURLToPath(new URL('../../packages/hufu/src/main.ts', import.meta.url));
/** Far longer than a start takes: a busy machine is no defect of ours. */
const READY_TIMEOUT_MS = 90_000;
const ANSWER_TIMEOUT_MS = 5_000;

/** Starts it and waits until it serves. Throws with its last words where it ends instead. */
export async function startProcess(options: HufuProcessOptions): Promise<HufuProcess> {
  const { directory, port, database, mode = 'production', main = MAIN, tls, clientCa, trusts, preload } = options;
  const origin = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `hufu-${port}.yaml`);
  const yaml = tls === undefined ? options.yaml : `${await writeCertificate(directory, tls, clientCa)}${options.yaml}`;
  if (trusts !== undefined) await writeFile(join(directory, 'cert.pem'), trusts.cert);
  const head = { issuer: options.issuer ?? origin, listen: `127.0.0.1:${port}`, mode, database, data_dir: join(directory, 'data') };
  await writeFile(
    file,
    `${Object.entries(head)
      .map(([key, value]) => `${key}: '${value}'`)
      .join('\n')}\n${yaml}`,
  );

  const begun = performance.now();
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', ...(preload === undefined ? [] : ['--import', preload])];
  const child = spawn(process.execPath, [...flags, main, 'start', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...hufuEnvironment(), ...((tls ?? trusts) === undefined ? {} : { NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem') }) },
  });
  const lines = linesOf(child);
  // Whoever ends this process in the middle leaves no server behind.
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const gone = once(child, 'exit').then(() => process.removeListener('exit', endWithUs));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  if (!(await isReady(child, origin, begun, tls))) {
    await end('SIGKILL');
    throw new Error(`hufu did not start:\n${lines.slice(-20).join('\n')}`);
  }
  return {
    origin,
    file,
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

/** One at each of `ports`, all started at once. Where one does not start, none is left. */
export async function startProcesses(options: Omit<HufuProcessOptions, 'port'>, ports: readonly number[]): Promise<HufuProcess[]> {
  const begun = await Promise.allSettled(ports.map((port) => startProcess({ ...options, port })));
  const running = begun.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = begun.find((start) => start.status === 'rejected');
  if (failed === undefined) return running;
  await Promise.all(running.map((process) => process.kill()));
  throw failed.reason;
}

async function writeCertificate(directory: string, { cert, key }: TestCertificate, clientCa: string | undefined): Promise<string> {
  await writeFile(join(directory, 'cert.pem'), cert);
  await writeFile(join(directory, 'key.pem'), key, { mode: 0o600 });
  if (clientCa !== undefined) await writeFile(join(directory, 'clients-ca.pem'), clientCa);
  const asking = clientCa === undefined ? '' : `, client_certificates: optional, client_ca: '${join(directory, 'clients-ca.pem')}'`;
  return `tls: { cert: '${join(directory, 'cert.pem')}', key: '${join(directory, 'key.pem')}'${asking} }\n`;
}

/** Nothing that would change the configuration from outside. */
export function hufuEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HUFU_') && name !== 'NODE_TEST_CONTEXT'));
}

async function isReady(child: ChildProcess, origin: string, begun: number, tls: TestCertificate | undefined): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && performance.now() - begun < READY_TIMEOUT_MS) {
    if ((await statusOf(`${origin}/readyz`, tls)) === 200) return true;
    await sleep(10);
  }
  return false;
}

/** @returns undefined where nobody answers */
function statusOf(url: string, tls: TestCertificate | undefined): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) };
    const sent = tls === undefined ? httpRequest(url, options) : httpsRequest(url, { ...options, ca: tls.cert });
    sent.once('response', (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    sent.once('error', () => resolve(undefined));
    sent.end();
  });
}
