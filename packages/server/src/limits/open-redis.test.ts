import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { readConfig } from '../config/read-config.ts';
import { Secret } from '../config/secret.ts';
import { jsonLog } from '../log.ts';
import { startServer } from '../start.ts';
import { MASTER_KEY } from '../testing/world.ts';
import { openRedis } from './open-redis.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

const POLICY = 'maxmemory_policy:noeviction';
const INFO = `$${POLICY.length}\r\n${POLICY}\r\n`;

interface StandIn {
  readonly port: number;
  /** Connections that are open. */
  readonly open: Set<Socket>;
}

/** What speaks so much of the protocol (RESP) that a client calls it ready, and no more; or nothing at all. */
async function standIn(manner: 'silent' | 'ready'): Promise<StandIn> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (data) => {
      if (manner === 'silent') return;
      for (const command of data.toString().match(/\r\n(?:info|client|hello|eval)\r\n/gi) ?? [])
        socket.write(/info/i.test(command) ? INFO : '+OK\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open };
}

async function untilNone(open: Set<Socket>): Promise<void> {
  while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a Redis that takes connections and says nothing holds up no start, and no end', { timeout: 20_000 }, async () => {
  const { port, open } = await standIn('silent');
  const lines: string[] = [];
  const redis = await openRedis({
    url: new Secret(`redis://127.0.0.1:${port}`),
    issuer: 'https://id.example',
    secret: 's',
    nodes: 1,
    log: jsonLog(
      (line) => lines.push(line),
      () => 0,
    ),
  });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).event),
    ['redis.unavailable'],
  );
  await redis.close();
  await untilNone(open);
});

test('a Redis that says nothing any more holds up no end', { timeout: 20_000 }, async () => {
  const { port, open } = await standIn('ready');
  const redis = await openRedis({
    url: new Secret(`redis://127.0.0.1:${port}`),
    issuer: 'https://id.example',
    secret: 's',
    nodes: 1,
    log: jsonLog(
      () => undefined,
      () => 0,
    ),
  });
  // It never answers QUIT.
  await redis.close();
  await untilNone(open);
});

test('a start that fails later leaves no connection to Redis', { timeout: 20_000 }, async () => {
  const { port, open } = await standIn('ready');
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  closing.push(() => taken.close());
  const address = taken.address() as AddressInfo;
  const config = readConfig({
    text: `mode: test\nissuer: http://127.0.0.1:${address.port}\nlisten: 127.0.0.1:${address.port}\nredis: redis://127.0.0.1:${port}\n`,
    file: 'hufu.yaml',
    env: {},
  });
  const store = await openMemory();
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  await assert.rejects(startServer({ config, store, log, masterKey: MASTER_KEY }), /EADDRINUSE|in use/);
  await untilNone(open);
  await store.close();
});
