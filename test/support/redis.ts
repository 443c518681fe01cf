import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './hufu.ts';

/** A Redis of the test's own on loopback, that keeps nothing. */
export interface TestRedis {
  readonly port: number;
  /** Another connection. */
  connect(): Redis;
  stop(): Promise<void>;
}

const READY_TRIES = 800;

export interface RedisSettings {
  /** One that is free, where none is said. */
  readonly port?: number;
  /** Options of the command line. */
  readonly more?: readonly string[];
}

export async function startRedis({ port: chosen, more = [] }: RedisSettings = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'hufu-redis-'));
  const port = chosen ?? (await freePort());
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder, ...more];
  const child = spawn(process.env['HUFU_TEST_REDIS'] ?? '/usr/bin/redis-server', settings, { stdio: 'ignore' });
  const gone = once(child, 'exit');
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const clients: Redis[] = [];
  const connect = (): Redis => {
    const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 1 });
    // Whoever asks hears of it by the answer.
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > READY_TRIES) throw new Error(`redis-server did not start (${child.exitCode})`);
    const client = connect();
    const ready = await client.ping().then(
      () => true,
      () => false,
    );
    client.disconnect();
    if (ready) break;
    await sleep(25);
  }
  return {
    port,
    connect,
    async stop() {
      for (const client of clients) client.disconnect();
      process.removeListener('exit', endWithUs);
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
