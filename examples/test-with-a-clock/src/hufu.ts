/** A real server for tests: `hufu start` with `mode: test`, on a free port, with a clock that the test moves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HUFU = fileURLToPath(new URL('../../../node_modules/.bin/hufu', import.meta.url));
const CONFIG = fileURLToPath(new URL('../hufu.yaml', import.meta.url));

export interface TestHufu {
  readonly issuer: string;
  /** `{ now: '2030-01-01T00:00:00Z' }` freezes, `{ advance: 'P1D' }` moves, `{ now: null }` goes back to real time. */
  setClock(body: { readonly now: string | null } | { readonly advance: string }): Promise<void>;
  stop(): Promise<void>;
}

export async function startHufu(): Promise<TestHufu> {
  const issuer = `http://localhost:${await freePort()}`;
  const directory = await mkdtemp(join(tmpdir(), 'hufu-'));
  const env = { ...process.env, HUFU_ISSUER: issuer, HUFU_DATA_DIR: directory };
  const child = spawn(HUFU, ['start', '--config', CONFIG], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');

  for (let tries = 0; !(await isReady(issuer)); tries++) {
    if (tries > 3_600 || child.exitCode !== null) throw new Error('hufu did not start');
    await sleep(25);
  }
  return {
    issuer,
    async setClock(body) {
      const reply = await fetch(`${issuer}/test/clock`, { method: 'PUT', body: JSON.stringify(body) });
      if (!reply.ok) throw new Error(await reply.text());
    },
    async stop() {
      child.kill();
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}

async function isReady(issuer: string): Promise<boolean> {
  const reply = await fetch(`${issuer}/readyz`).catch(() => undefined);
  return reply?.ok === true;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
