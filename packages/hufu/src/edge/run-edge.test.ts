import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { makeKey, signToken, startIssuer } from '@hufu/resource/testing/issuer';
import { loadConfig } from '@hufu/server/config/load-config';
import { readConfig } from '@hufu/server/config/read-config';
import { lookAtEdge } from '@hufu/server/edge-state';
import { describeLimits } from '@hufu/server/limits/describe-limits';
import { jsonLog } from '@hufu/server/log';
import { writeExposition } from '@hufu/server/metrics/exposition';
import { startServer } from '@hufu/server/start';
import { makeCertificate } from '@hufu/server/testing/certificates';
import { openStore } from '@hufu/store/open';
import { RefusedError } from '../command.ts';
import { why } from '../commands/why.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { type RunningEdge, runEdge } from './run-edge.ts';

const KEY = makeKey('ES256', 'k');
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startUpstream(): Promise<number> {
  const server = createServer((request, response) => response.end(`${request.url} ${request.headers.authorization ?? 'no token'}`));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as AddressInfo;
  return address.port;
}

async function start(text: string): Promise<{ readonly edge: RunningEdge; readonly lines: readonly string[] }> {
  const config = readConfig({ text, file: 'hufu.yaml', env: {} });
  const lines: string[] = [];
  const log = jsonLog(
    (line) => lines.push(line),
    () => 0,
  );
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log);
  closing.push(() => edge.close());
  return { edge, lines };
}

test('a gateway of a configuration forwards by its routes, and a refusal is a line under the id that its client got', async () => {
  const issuer = await startIssuer([KEY]);
  closing.push(() => issuer.close());
  const port = await startUpstream();
  const { edge, lines } = await start(`
issuer: http://localhost:4400
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example
  issuers:
    - { issuer: "${issuer.issuer}", users: subject }
  upstreams:
    notes: { targets: [{ url: "http://127.0.0.1:${port}" }], head_timeout: 5s }
  routes:
    - { name: free, path: /free, upstream: notes, token: none }
    - { name: notes, path: /notes, upstream: notes, token: user, scopes: { GET: ["notes:read"] }, strip_prefix: /notes, revocations: { max_age: 5s } }
`);
  const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${edge.port}${path}`, { headers });
  assert.equal(await (await get('/free/x?y')).text(), '/free/x?y no token');
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: issuer.issuer,
    aud: 'https://api.example',
    sub: 'u',
    client_id: 'c',
    jti: 'j',
    iat: now,
    exp: now + 60,
    scope: 'notes:read',
  };
  assert.equal(await (await get('/notes/7', { authorization: `Bearer ${signToken(KEY, claims)}` })).text(), '/7 no token');
  const refused = await get('/notes');
  assert.equal(refused.status, 401);
  const id = refused.headers.get('hufu-decision') ?? '';
  const told = lines.find((line) => line.includes(id)) ?? assert.fail('no line');
  assert.match(told, /"event":"edge.refused"/);
  assert.match(told, /"route":"notes"/);
});

test('limits of a configuration hold at the edge', async () => {
  const port = await startUpstream();
  const { edge, lines } = await start(`
issuer: http://localhost:4400
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:${port}" }], adaptive: { min: 2 } } }
  routes: [{ name: free, path: /, upstream: notes, token: none }]
  limits: { rules: { per-address: { limit: 1, period: 1h, burst: 2, key: [address], tell: all } } }
`);
  const answers = await Promise.all([0, 1, 2].map(() => fetch(`http://127.0.0.1:${edge.port}/`)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 429]);
  assert.match(answers[0]?.headers.get('ratelimit') ?? '', /^"per-address";r=\d/);
  assert.match(lines.join(), /"check":"edge_limits".*"cause":"limit per-address"/);
});

test('an upstream with a gate of its own refuses at once who is too much for it (RFC 9110 §15.6.4)', async () => {
  const arrived = Promise.withResolvers<void>();
  const server = createServer(() => arrived.resolve());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { edge } = await start(`
issuer: http://localhost:4400
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  upstreams: { slow: { targets: [{ url: "http://127.0.0.1:${port}" }], adaptive: { min: 1, max: 1 } } }
  routes: [{ name: slow, path: /, upstream: slow, token: none }]
`);
  const gone = new AbortController();
  const first = fetch(`http://127.0.0.1:${edge.port}/`, { signal: gone.signal });
  await arrived.promise;
  const refused = await fetch(`http://127.0.0.1:${edge.port}/`);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.match(await refused.text(), /"code":"overloaded"/);
  gone.abort();
  await assert.rejects(first);
});

test('beside a server the id that a client was told at the edge is one for hufu why, with how often it was', async () => {
  const { file, folder, run } = commandFolder(`
mode: development
listen: 127.0.0.1:0
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:9" }] } }
  routes: [{ name: notes, path: /notes, upstream: notes, token: user }]
`);
  const config = await loadConfig(file, {});
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  const server = await startServer({ config, store: await openStore(`sqlite:${folder}/data/hufu.db`), log, masterKey: undefined });
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log, server.context);
  const ids = new Set<string | null>();
  for (let i = 0; i < 3; i++) ids.add((await fetch(`http://127.0.0.1:${edge.port}/notes`)).headers.get('hufu-decision'));
  await edge.close();
  await server.close();
  const [id, ...others] = ids;
  assert.deepEqual(others, [], 'one decision');
  const told = await run(why, id ?? '');
  assert.match(told, /edge {2}401 no_token\na token is needed here\nroute notes\n3 times by now/);
  assert.match(
    told,
    /✓ There is a route.*\n.*\n {2}✗ The token or the session holds.*\n {6}a token is needed here\n {6}setting: gateway\.routes\[\]\.token/,
  );
});

test('beside a server a gateway tells it what came to each route, and which target failed how', async () => {
  const port = await startUpstream();
  const { file, folder } = commandFolder(`
mode: development
listen: 127.0.0.1:0
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example
  limits: { rules: { calls: { limit: 100, period: 1m, burst: 100, key: [address] } } }
  upstreams:
    well: { targets: [{ url: "http://127.0.0.1:${port}" }] }
    gone: { targets: [{ url: "http://127.0.0.1:9" }], retries: { attempts: 0 } }
  routes:
    - { name: well, path: /well, upstream: well, token: none }
    - { name: gone, path: /gone, upstream: gone, token: none }
    - { name: kept, path: /kept, upstream: well, token: user }
`);
  const config = await loadConfig(file, {});
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  const server = await startServer({ config, store: await openStore(`sqlite:${folder}/data/hufu.db`), log, masterKey: undefined });
  closing.push(() => server.close());
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log, server.context);
  const statuses: number[] = [];
  for (const path of ['/well', '/well', '/gone', '/kept', '/nowhere'])
    statuses.push(
      await fetch(`http://127.0.0.1:${edge.port}${path}`).then(async (reply) => {
        await reply.text();
        return reply.status;
      }),
    );
  assert.deepEqual(statuses, [200, 200, 502, 401, 404]);
  const state = lookAtEdge(server.context) ?? assert.fail('nobody told of it');
  assert.deepEqual(state.routes, [
    { name: 'well', requests: 2, refused: 0, streams: 0 },
    { name: 'gone', requests: 1, refused: 1, streams: 0 },
    { name: 'kept', requests: 1, refused: 1, streams: 0 },
  ]);
  const [well, gone] = state.upstreams.map(({ targets }) => targets[0]);
  assert.deepEqual([well?.url, well?.lastFailure], [`http://127.0.0.1:${port}`, undefined]);
  assert.deepEqual([gone?.phase, gone?.lastFailure?.kind], ['closed', 'connect']);
  const { limits } = await describeLimits(server.context);
  const { counts } = limits.find(({ name }) => name === 'edge:calls') ?? assert.fail('no limit');
  assert.deepEqual([counts?.['allowed'], counts?.['refused']], [4, 0]);
  const text = writeExposition(server.context);
  for (const line of ['hufu_edge_requests_total{route="well"} 2', 'hufu_limit_decisions_total{limit="edge:calls",outcome="allowed"} 4'])
    assert.ok(text.includes(`${line}\n`), line);
  await edge.close();
  assert.equal(lookAtEdge(server.context), undefined);
});

test('beside its server a gateway refuses what that has revoked without a word about it in the configuration', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-edge-'));
  closing.push(async () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'hufu.yaml');
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const issuer = `http://127.0.0.1:${port}`;
  const behind = await startUpstream();
  writeFileSync(
    file,
    `
issuer: ${issuer}
mode: test
database: "sqlite:${folder}/own.db"
data_dir: ${folder}/own
clients: [{ client_id: robot, client_secret: ${'s'.repeat(32)}, grant_types: [client_credentials], scope: read }]
resources: [{ identifier: "https://api.example/", scopes: [read], token_format: jwt }]
gateway:
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example/
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:${behind}" }] } }
  routes: [{ name: notes, path: /, upstream: notes, token: any, revocations: { max_age: 5s } }]
`,
  );
  const config = await loadConfig(file, {});
  const lines: string[] = [];
  const log = jsonLog(
    (line) => lines.push(line),
    () => 0,
  );
  const server = await startServer({ config, store: await openStore(`sqlite:${folder}/own.db`), log, masterKey: undefined });
  closing.push(() => server.close());
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log, server.context);
  closing.push(() => edge.close());
  const authorization = `Basic ${Buffer.from(`robot:${'s'.repeat(32)}`).toString('base64')}`;
  const post = async (path: string, body: Record<string, string>): Promise<Record<string, unknown>> => {
    const reply = await fetch(`${issuer}${path}`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(body) });
    const text = await reply.text();
    return text === '' ? {} : Object(JSON.parse(text));
  };
  const { access_token } = await post('/oauth/token', { grant_type: 'client_credentials', scope: 'read' });
  const token = String(access_token);
  const ask = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${edge.port}/x`, { headers: { host: '127.0.0.1:4401', authorization: `Bearer ${token}` } })).status;
  const soon = async (status: number): Promise<void> => {
    for (let turn = 0; turn < 2_000; turn++) {
      if ((await ask()) === status) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(`it never is ${status}`);
  };
  await soon(200);
  await post('/oauth/revoke', { token });
  await soon(401);
  assert.doesNotMatch(lines.join('\n'), /nobody hears/);
});

test('a gateway that cannot be is refused at the start, with what is wrong', async () => {
  const base = (origin: string, route: string, head = 'issuer: http://localhost:4400'): string => `
${head}
gateway:
  listen: 127.0.0.1:0
  origins: ["${origin}"]
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:9" }] } }
  routes: [${route}]
`;
  const free = '{ name: a, path: /, upstream: notes, token: none }';
  const wrong: readonly (readonly [string, RegExp])[] = [
    [base('http://localhost:4400', free), /issuer's own/],
    [base('https://id.example:8443', free, 'issuer: https://id.example'), /host of the issuer/],
    [base('http://localhost:4401', `${free}, { name: b, path: /, upstream: notes, token: none }`), /same requests/],
    [
      `${base('http://localhost:4401', free)}  limits: { rules: { l: { limit: 1, period: 1s, key: [user], match: { routes: [a] } } } }`,
      /nobody’s token/,
    ],
    [base('http://localhost:4401', '{ name: a, path: /, upstream: other, token: none }'), /no upstream other/],
    [base('http://localhost:4401', '{ name: a, path: /, upstream: notes, token: any }'), /who its tokens are for/],
  ];
  for (const [text, message] of wrong)
    await assert.rejects(start(text), (error) => error instanceof RefusedError && message.test(error.message), String(message));
});

test('a gateway listens with TLS where that is configured; an origin without it cannot be then', async () => {
  const port = await startUpstream();
  const directory = mkdtempSync(join(tmpdir(), 'hufu-edge-'));
  closing.push(async () => rmSync(directory, { recursive: true }));
  const { cert, key } = makeCertificate({ subject: [['CN', 'localhost']], altNames: [['dns', 'localhost']] });
  writeFileSync(join(directory, 'cert.pem'), cert);
  writeFileSync(join(directory, 'key.pem'), key);
  const written = (origin: string): string => `
issuer: http://localhost:4400
gateway:
  listen: 127.0.0.1:0
  origins: ["${origin}"]
  tls: { cert: "${join(directory, 'cert.pem')}", key: "${join(directory, 'key.pem')}" }
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:${port}" }], connect_timeout: 1s, retries: { attempts: 0, percent: 50 } } }
  routes: [{ name: free, path: /, upstream: notes, token: none, timeouts: { whole: 10s } }]
`;
  const { edge } = await start(written('https://localhost:4401'));
  const text = await new Promise<string>((resolve, reject) => {
    request(
      { host: '127.0.0.1', port: edge.port, servername: 'localhost', ca: cert, path: '/x', headers: { host: 'localhost' } },
      (answer) => {
        answer.setEncoding('utf8').on('data', resolve).on('error', reject);
      },
    )
      .on('error', reject)
      .end();
  });
  assert.equal(text, '/x no token');
  await assert.rejects(start(written('http://localhost:4401')), (error) => error instanceof RefusedError && /tls/.test(error.message));
});
