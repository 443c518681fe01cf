import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hufuCommand, type Running } from '../examples/running.ts';
import { freePort } from '../support/hufu.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const ISSUER = 'http://localhost:4400';
const ROOM = 20;

const closing: (() => Promise<unknown> | void)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

async function startService(): Promise<number> {
  const server = createServer((_, response) => response.end('behind'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as AddressInfo;
  return address.port;
}

async function configure(redis: TestRedis, behind: number, secret: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hufu-edge-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'hufu.yaml');
  await writeFile(
    file,
    `
issuer: ${ISSUER}
data_dir: ${folder}
redis: redis://127.0.0.1:${redis.port}
gateway:
  listen: 127.0.0.1:\${EDGE_PORT}
  origins: ["http://127.0.0.1:4401"]
  ${secret}
  upstreams: { service: { targets: [{ url: "http://127.0.0.1:${behind}" }] } }
  routes: [{ name: all, path: /, upstream: service, token: none }]
  limits: { rules: { one-network: { key: [address], limit: 1, period: 1h, burst: ${ROOM}, on_store_error: closed } } }
`,
  );
  return file;
}

async function startGateway(file: string): Promise<{ readonly port: number; readonly running: Running }> {
  const port = await freePort();
  const running = hufuCommand(['gateway', '--config', file], { EDGE_PORT: String(port) });
  closing.push(() => running.stop());
  await running.line(/edge\.started/);
  return { port, running };
}

test('gateways that run alone count together: of many requests at two of them as many pass as at one', async () => {
  const redis = await startRedis();
  closing.push(() => redis.stop());
  const file = await configure(redis, await startService(), 'secret: "0123456789abcdef0123456789abcdef"');
  const [one, two] = [await startGateway(file), await startGateway(file)];
  const statuses: number[] = [];
  for (let i = 0; i < 3 * ROOM; i++) statuses.push((await fetch(`http://127.0.0.1:${(i % 2 === 0 ? one : two).port}/`)).status);
  const count = (wanted: number): number => statuses.filter((status) => status === wanted).length;
  // On a slow machine a Redis that is there may be too late for one of them, which may have been counted all the same.
  assert.ok(count(200) <= ROOM && count(200) + count(503) >= ROOM, statuses.join());
  assert.equal(statuses.length, count(200) + count(429) + count(503));
  assert.ok(count(429) > 0);
  const names = await redis.connect().keys('*');
  assert.ok(
    names.some((name) => name.startsWith(`hufu:{${ISSUER}}:edge:limit:`)),
    names.join(),
  );
  assert.doesNotMatch(names.join(), /127\.0\.0\.1/, 'nobody reads from it who is counted');
  await redis.stop();
  // Somebody whose refusal is not remembered.
  const [away] = await once(get({ host: '127.0.0.1', port: one.port, localAddress: '127.0.0.2' }), 'response');
  assert.ok(away instanceof IncomingMessage);
  assert.deepEqual([away.statusCode, away.headers['retry-after']], [503, '1']);
  away.resume();
});

test('gateways that run alone and count in a Redis have to be given a secret', async () => {
  const redis = await startRedis();
  closing.push(() => redis.stop());
  const running = hufuCommand(['gateway', '--config', await configure(redis, 9, 'name: main')], { EDGE_PORT: '0' });
  await running.line(/gateway\.secret: is needed/);
  assert.notEqual(await running.ended(), 0);
});
