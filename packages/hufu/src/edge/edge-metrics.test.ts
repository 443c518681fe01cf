import assert from 'node:assert/strict';
import { request } from 'node:http';
import { afterEach, test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { jsonLog } from '@hufu/server/log';
import { readExposition } from '@hufu/server/testing/exposition';
import { RefusedError } from '../command.ts';
import { type RunningEdge, runEdge } from './run-edge.ts';

const TOKEN = 'a-token-of-a-scraper-0123456789abcdef';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(metrics: string): Promise<RunningEdge> {
  const text = `
issuer: http://localhost:4400
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example
  metrics: ${metrics}
  limits: { rules: { calls: { limit: 2, period: 1h, burst: 2, key: [address] } } }
  upstreams: { gone: { targets: [{ url: "http://127.0.0.1:9" }], retries: { attempts: 0 } } }
  routes:
    - { name: gone, path: /gone, upstream: gone, token: none }
`;
  const config = readConfig({ text, file: 'hufu.yaml', env: {} });
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log);
  closing.push(() => edge.close());
  return edge;
}

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function ask(
  port: number | undefined,
  { path = '/metrics', method = 'GET', headers = {} }: Asked = {},
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
      let text = '';
      reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
      reply.on('end', () => resolve([reply.statusCode ?? 0, text]));
    });
    asking.on('error', reject);
    asking.end();
  });
}

test('a gateway alone tells a program on its machine what came to routes, services and limits, on a port of its own', async () => {
  const edge = await start('{ listen: "127.0.0.1:0" }');
  const statuses: number[] = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await ask(edge.port, { path: '/gone', headers: { host: '127.0.0.1:4401' } }))[0]);
  assert.deepEqual(statuses, [502, 502, 429]);
  const [status, text] = await ask(edge.metricsPort);
  assert.equal(status, 200);
  const samples = readExposition(text).flatMap((family) => family.samples);
  const valueOf = (name: string, labels: Readonly<Record<string, string>>): number | undefined =>
    samples.find((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))?.value;
  assert.equal(valueOf('hufu_edge_requests_total', { route: 'gone' }), 3);
  assert.equal(valueOf('hufu_edge_refusals_total', { route: 'gone' }), 3);
  assert.equal(valueOf('hufu_edge_target_up', { upstream: 'gone', target: 'http://127.0.0.1:9' }), 1);
  assert.equal(valueOf('hufu_limit_decisions_total', { limit: 'edge:calls', outcome: 'allowed' }), 2);
  assert.equal(valueOf('hufu_limit_decisions_total', { limit: 'edge:calls', outcome: 'refused' }), 1);
  assert.ok((valueOf('process_start_time_seconds', {}) ?? 0) > 1_700_000_000);
  assert.equal((await ask(edge.metricsPort, { path: '/' }))[0], 404);
  assert.equal((await ask(edge.metricsPort, { method: 'POST' }))[0], 405);
  // Its clients' port knows nothing of it.
  assert.equal((await ask(edge.port, { headers: { host: '127.0.0.1:4401' } }))[0], 404);
});

test('without a token nobody gets the numbers through a proxy, or a page under a name of its own, and no other machine can ask', async () => {
  const edge = await start('{ listen: "127.0.0.1:0" }');
  for (const headers of [{ 'x-forwarded-for': '203.0.113.9' }, { via: '1.1 proxy' }, { host: 'rebound.example' }])
    assert.equal((await ask(edge.metricsPort, { headers }))[0], 401, JSON.stringify(headers));
  for (const listen of [':0', '0.0.0.0:0', 'edge.example:0', '10.0.0.7:0'])
    await assert.rejects(start(`{ listen: "${listen}" }`), RefusedError, listen);
});

test('with a token it is what counts, wherever the request comes from', async () => {
  const edge = await start(`{ listen: ":0", token: ${TOKEN} }`);
  for (const headers of [{}, { authorization: `Bearer ${TOKEN}x` }, { authorization: `Basic ${TOKEN}` }, { authorization: 'Bearer ' }])
    assert.equal((await ask(edge.metricsPort, { headers }))[0], 401);
  assert.equal((await ask(edge.metricsPort, { headers: { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.9' } }))[0], 200);
});
