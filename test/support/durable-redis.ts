import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './hufu.ts';

/** A Redis of the test's own on loopback, that writes down everything before it answers, and may be killed. */
export interface DurableRedis {
  readonly port: number;
  /** Another connection: one that sends nothing twice, keeps nothing back while it is not connected, and connects again by itself. */
  connect(): Redis;
  /** SIGKILL, and waits. */
  kill(): Promise<void>;
  /** Once more, on the same port and with what was written. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const READY_TRIES = 400;

export async function startDurableRedis(): Promise<DurableRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'hufu-redis-'));
  const port = await freePort();
  const clients: Redis[] = [];
  let child: ChildProcess | undefined;
  process.once('exit', endWithUs);
  await start();
  return {
    port,
    connect,
    kill,
    start,
    async stop() {
      for (const client of clients) client.disconnect();
      process.removeListener('exit', endWithUs);
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };

  function endWithUs(): void {
    child?.kill('SIGKILL');
  }

  async function start(): Promise<void> {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    child = spawn(process.env['HUFU_TEST_REDIS'] ?? '/usr/bin/redis-server', [...settings, '--dir', folder], { stdio: 'ignore' });
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null || tries > READY_TRIES) throw new Error(`redis-server did not start (${child.exitCode})`);
      const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 1 });
      client.on('error', () => undefined);
      // It answers before it has read everything, but not to this.
      const isReady = await client.dbsize().then(
        () => true,
        () => false,
      );
      client.disconnect();
      if (isReady) return;
      await sleep(25);
    }
  }

  async function kill(): Promise<void> {
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    child = undefined;
  }

  function connect(): Redis {
    const client = new Redis(port, '127.0.0.1', {
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 50,
      lazyConnect: false,
    });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }
}
