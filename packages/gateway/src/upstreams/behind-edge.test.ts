import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { closeAll, say, startEdge, statusOf, Wire } from '../testing/proxy-world.ts';
import { answering, Behind, resetting } from '../testing/send.ts';
import { createUpstream, type RunningUpstream } from './create-upstream.ts';
import type { UpstreamSettings } from './settings.ts';

const behind: Behind[] = [];
const upstreams: RunningUpstream[] = [];
afterEach(async () => {
  await closeAll();
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
  await Promise.all(behind.splice(0).map((one) => one.down()));
});

async function servers(count: number): Promise<readonly Behind[]> {
  const started = await Promise.all(Array.from({ length: count }, () => Behind.start()));
  behind.push(...started);
  return started;
}

function upstreamOf(targets: readonly Behind[], settings: Partial<UpstreamSettings> = {}): RunningUpstream {
  const upstream = createUpstream({ name: 'notes', targets: targets.map(({ url }) => ({ url })), ...settings });
  upstreams.push(upstream);
  return upstream;
}

const HEAD = 'Host: api.example\r\nConnection: close\r\n';

test('a body that streams goes whole to the next target where nobody could connect to the first', async () => {
  const [dead, a] = await servers(2);
  assert.ok(dead !== undefined && a !== undefined);
  await dead.down();
  const bodies: string[] = [];
  a.act = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    bodies.push(body);
    response.end('ok');
  };
  const edge = await startEdge(0, { upstream: upstreamOf([dead, a]) });
  for (let one = 0; one < 4; one += 1) {
    const wire = new Wire(edge.port);
    wire.send(`POST /notes HTTP/1.1\r\nHost: ${edge.host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`);
    await new Promise((resolve) => setImmediate(resolve));
    wire.send('7\r\n, later\r\n0\r\n\r\n');
    assert.equal(statusOf(await wire.closed()), 200);
  }
  assert.deepEqual(
    bodies,
    Array.from({ length: 4 }, () => 'first, later'),
  );
});

test('an answer that is given up leaves nothing of itself in the next one', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  a.act = (_, response) => void response.writeHead(503, { 'x-from': 'a', 'set-cookie': 'from=a' }).end('sorry');
  const edge = await startEdge(0, { upstream: upstreamOf([a, b]) });
  for (let one = 0; one < 4; one += 1) {
    const heard = await say(edge.port, `GET /notes HTTP/1.1\r\n${HEAD.replace('api.example', edge.host)}\r\n`);
    assert.equal(statusOf(heard), 200);
    assert.doesNotMatch(heard, /x-from|sorry|from=a/);
  }
  assert.equal(a.got, 2);
});

test('a POST whose connection breaks is a 502 and is sent once', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  for (const one of [a, b]) one.act = resetting;
  const edge = await startEdge(0, { upstream: upstreamOf([a, b]) });
  const heard = await say(edge.port, `POST /notes HTTP/1.1\r\nHost: ${edge.host}\r\nContent-Length: 4\r\n\r\ntext`);
  assert.equal(statusOf(heard), 502);
  assert.equal(a.got + b.got, 1);
});

test('where no target is left the answer is 503 with Retry-After, and names none', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  a.act = answering(500);
  const upstream = upstreamOf([a], { checks: { path: '/up', intervalMs: 10, ill: 1 } });
  const edge = await startEdge(0, { upstream });
  await until(() => upstream.state().targets[0]?.phase === 'open');
  const heard = await say(edge.port, `GET /notes HTTP/1.1\r\nHost: ${edge.host}\r\n\r\n`);
  assert.equal(statusOf(heard), 503);
  assert.match(heard, /\r\nretry-after: 1\r\n/i);
  assert.ok(!heard.includes(String(a.port)));
});

test('a client that goes while it waits gives up its place in the queue', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  a.act = () => {};
  const upstream = upstreamOf([a], { connections: 1, queue: { timeoutMs: 60_000 } });
  const edge = await startEdge(0, { upstream });
  const [first, second] = [new Wire(edge.port), new Wire(edge.port)];
  first.send(`GET / HTTP/1.1\r\nHost: ${edge.host}\r\n\r\n`);
  second.send(`GET / HTTP/1.1\r\nHost: ${edge.host}\r\n\r\n`);
  await until(() => upstream.state().waiting === 1);
  second.close();
  await until(() => upstream.state().waiting === 0);
  first.close();
  await until(() => upstream.state().targets[0]?.underWay === 0);
});
