import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { metrics } from './endpoints/metrics.ts';
import { routes } from './routes.ts';
import { serve } from './serve.ts';
import { ADMIN_YAML, openAdminWorld, personToken, programToken, roleToken } from './testing/admin-world.ts';
import { readExposition } from './testing/exposition.ts';
import { postToken, signedIn, tokensOf } from './testing/visits.ts';
import { SECRETS, type World } from './testing/world.ts';

const SECRET = 'admin-secret-0123456789abcdef01234567';
const YAML = ADMIN_YAML.replace(
  'resources:',
  `  - { client_id: prometheus, client_secret: ${SECRET}, grant_types: [client_credentials], scope: 'hufu:admin:metrics' }\nresources:`,
);
const world = await openAdminWorld({ yaml: YAML, issuer: 'http://localhost:4400' });
const server = createServer({ requireHostHeader: false }, serve(world.ctx, routes(world.ctx, undefined)));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

function send(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<{ status: number; text: string; type: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sending = httpRequest({ port, host: '127.0.0.1', path, method: body === undefined ? 'GET' : 'POST', headers }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text, type: String(incoming.headers['content-type']) }));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

async function read(of: World = world): Promise<(name: string, labels?: Readonly<Record<string, string>>) => number> {
  const reply = await metrics(of.ctx, of.http({ path: '/metrics', address: '127.0.0.1', headers: { host: 'localhost:4400' } }));
  const samples = readExposition(String(reply.body)).flatMap((family) => family.samples);
  return (name, labels = {}) =>
    samples
      .filter((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
}

test('the text is what Prometheus reads: every family with help and type, each series once, buckets that only grow', async () => {
  await tokensOf(world);
  const { text, type } = await send('/metrics');
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  const families = readExposition(text);
  assert.ok(families.length >= 12);
  for (const { name, help, type: kind, samples } of families) {
    assert.match(name, /^(?:hufu|process|nodejs)_[a-z0-9_]+$/);
    assert.ok(help.length > 10);
    assert.equal(kind === 'counter', name.endsWith('_total'), name);
    for (const { value } of samples) assert.ok(value >= 0, name);
  }
  for (const broken of [
    text.slice(0, -1),
    text.replace('# TYPE hufu_mails_total counter\n', ''),
    text.replace('outcome="sent"', 'outcome=sent'),
    text.replace(/(le="\+Inf"\}) \d+/, '$1 99'),
    `${text}hufu_mails_total{outcome="sent"} 0\n`,
  ])
    assert.throws(() => readExposition(broken), 'the test would see it');
});

test('it tells of no user, client, address or token', async () => {
  await signedIn(world, 'alice');
  await postToken(world, { grant_type: 'client_credentials', scope: 'read' }, { basic: `machine:${SECRETS.machine}` });
  const { text } = await send('/metrics');
  assert.doesNotMatch(text, /alice|machine|spa|127\.0\.0|192\.0\.2|hf[a-z]_/);
});

test('tokens, refusals and requests are counted as they happen', async () => {
  const before = await read();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const authorization = `Basic ${btoa(`machine:${SECRETS.machine}`)}`;
  assert.equal((await send('/oauth/token', { ...form, authorization }, 'grant_type=client_credentials&scope=read')).status, 200);
  assert.equal((await send('/oauth/token', { ...form, authorization }, 'grant_type=client_credentials&scope=nothing')).status, 400);
  assert.equal((await send('/oauth/token', form, 'grant_type=client_credentials&client_id=nobody')).status, 401);
  assert.equal((await send('/there/is/nothing')).status, 404);
  assert.equal((await send('/oauth/jwks')).status, 200);
  const now = await read();
  const grown = (name: string, labels: Readonly<Record<string, string>>): number => now(name, labels) - before(name, labels);
  assert.equal(grown('hufu_tokens_issued_total', { grant_type: 'client_credentials' }), 1);
  assert.equal(grown('hufu_http_requests_total', { endpoint: 'token', status: '2xx' }), 1);
  assert.equal(grown('hufu_http_requests_total', { endpoint: 'token', status: '4xx' }), 2);
  assert.equal(grown('hufu_http_requests_total', { endpoint: 'none', status: '4xx' }), 1);
  assert.equal(grown('hufu_http_request_duration_seconds_count', { endpoint: 'token' }), 3);
  assert.equal(grown('hufu_http_request_duration_seconds_count', { endpoint: 'jwks' }), 1);
  assert.equal(grown('hufu_refusals_total', { endpoint: 'token', error: 'invalid_scope' }), 1);
  assert.equal(grown('hufu_refusals_total', { endpoint: 'token', error: 'invalid_client' }), 1);
  assert.equal(grown('hufu_refusals_total', { endpoint: 'http', error: 'invalid_request' }), 1);
  assert.ok(now('hufu_store_duration_seconds_count') > 0 && now('hufu_build_info') === 1);
});

test('this machine reads it without a token; nobody who comes through a proxy, under another name, or from elsewhere does', async () => {
  const ask = async (address: string, headers: Readonly<Record<string, string>>): Promise<number> =>
    (await metrics(world.ctx, world.http({ path: '/metrics', address, headers }))).status;
  for (const [address, host] of [
    ['127.0.0.1', 'localhost:4400'],
    ['127.0.0.1', '127.0.0.1:4400'],
    ['::1', '[::1]:4400'],
    ['127.8.9.1', 'localhost'],
  ] as const)
    assert.equal(await ask(address, { host }), 200, `${address} ${host}`);
  assert.equal(await ask('192.0.2.1', { host: 'localhost' }), 401, 'from elsewhere');
  assert.equal(await ask('10.0.0.5', { host: 'localhost' }), 401, 'from the same network');
  assert.equal(await ask('127.0.0.1', { host: 'id.example' }), 401, 'a proxy on this machine');
  assert.equal(await ask('127.0.0.1', { host: 'localhost.evil.example' }), 401);
  assert.equal(await ask('127.0.0.1', {}), 401);
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'x-forwarded-proto', 'x-forwarded-host'])
    assert.equal(await ask('127.0.0.1', { host: 'localhost', [name]: '192.0.2.7' }), 401, name);
});

test('where somebody else ends TLS there is a proxy, and what it hands on may look like a request from here', async () => {
  const ask = async (of: World): Promise<number> =>
    (await metrics(of.ctx, of.http({ path: '/metrics', address: '127.0.0.1', headers: { host: '127.0.0.1:4400' } }))).status;
  const proxied = await openAdminWorld({ yaml: YAML, issuer: 'https://id.example' });
  assert.equal(await ask(proxied), 401, 'as nginx with a bare proxy_pass sends it');
  const tls = { cert: '', key: '', clientCertificates: 'off', clientCa: undefined } as const;
  assert.equal(await ask({ ...proxied, ctx: { ...proxied.ctx, config: { ...proxied.ctx.config, tls } } }), 200, 'with TLS of its own');
  await proxied.close();
});

test('a token of the admin API lets in whoever may see numbers, and a token for anything else nobody (RFC 6750 §3.1)', async () => {
  const ask = async (token: string, address = '192.0.2.1'): Promise<readonly [number, unknown]> => {
    const headers = { host: 'id.example', authorization: `Bearer ${token}` };
    const reply = await metrics(world.ctx, world.http({ path: '/metrics', address, headers }));
    return [reply.status, reply.headers['content-type']];
  };
  const problem = 'application/problem+json';
  assert.equal((await ask(await programToken(world, 'prometheus', 'hufu:admin:metrics')))[0], 200);
  assert.equal((await ask(await roleToken(world, 'read')))[0], 200);
  assert.equal((await ask(await personToken(world, 'u-support')))[0], 200);
  assert.deepEqual(await ask(await programToken(world, 'ops-limits', 'hufu:admin:limits')), [403, problem]);
  assert.deepEqual(await ask(await personToken(world, 'alice')), [403, problem]);
  assert.deepEqual(await ask('nonsense'), [401, problem]);
  assert.deepEqual(await ask('nonsense', '127.0.0.1'), [401, problem], 'who shows a token is judged by it');
});
