import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { loadConfig } from '@hufu/server/config/load-config';
import type { Json } from '@hufu/server/config/node';
import { describeLimits } from '@hufu/server/limits/describe-limits';
import { resetLimit, type SetLimit, setLimit } from '@hufu/server/limits/set-limit';
import { jsonLog } from '@hufu/server/log';
import { type RunningServer, startServer } from '@hufu/server/start';
import { until } from '@hufu/store/contract/until';
import { openStore } from '@hufu/store/open';
import { limitsList, limitsReset, limitsSet } from '../commands/limits.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { type RunningEdge, runEdge } from './run-edge.ts';

const SECRET = 'a secret of all gateways of one edge';
const upstream = createServer((_, response) => response.end('ok'));
const lines: string[] = [];
let server: RunningServer;
/** One beside the server, one alone with the same database. */
let edges: readonly RunningEdge[];
await new Promise<void>((resolve) => {
  upstream.listen(0, '127.0.0.1', resolve);
});
const { port } = upstream.address() as AddressInfo;
const { file, folder, run } = commandFolder(`
mode: development
listen: 127.0.0.1:0
clients:
  - { client_id: edge, client_secret: edge-secret-0123456789abcdef0123456789, redirect_uris: ["http://127.0.0.1:4401/edge/callback"], grant_types: [authorization_code, refresh_token] }
gateway:
  secret: ${SECRET}
  listen: 127.0.0.1:0
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example
  session: { client_id: edge, client_secret: edge-secret-0123456789abcdef0123456789, scope: openid }
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:${port}" }] } }
  routes:
    - { name: free, path: /free, upstream: notes, token: none }
    - { name: other, path: /other, upstream: notes, token: none }
  limits: { rules: { of-other: { limit: 1, period: 1h, burst: 2, key: [], match: { routes: [other] } } } }
`);
before(async () => {
  const config = await loadConfig(file, {});
  const log = jsonLog(
    (line) => lines.push(line),
    () => 0,
  );
  server = await startServer({ config, store: await openStore(`sqlite:${folder}/data/hufu.db`), log, masterKey: undefined });
  const { gateway = assert.fail('no gateway') } = config;
  edges = [await runEdge(config, gateway, log, server.context), await runEdge(config, gateway, log)];
});
after(async () => {
  for (const edge of edges ?? []) await edge.close();
  await server?.close();
  upstream.closeAllConnections();
  upstream.close();
});

async function statusAt(edge: RunningEdge, path: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${edge.port}${path}`);
  await answer.text();
  return answer.status;
}

function set(name: string, rule: Json): Promise<SetLimit> {
  return setLimit(server.context, name, rule, { by: 'night-watch', version: undefined, nowMs: server.context.clock.nowMs() });
}

/** At every gateway, soon. */
async function comesTo(path: string, status: number): Promise<void> {
  for (const edge of edges) await until(async () => (await statusAt(edge, path)) === status);
}

test('a limit that is set while gateways run holds at all of them, also one that is alone, and falls when it is taken back', async () => {
  for (const edge of edges) for (let i = 0; i < 5; i += 1) assert.equal(await statusAt(edge, '/free'), 200);
  assert.equal((await set('edge:all-of-free', { limit: 1, period: '1h', burst: 1, key: [], match: { routes: ['free'] } })).kind, 'done');
  await comesTo('/free', 429);
  const { limits } = await describeLimits(server.context);
  const shown = limits
    .filter(({ name }) => name.startsWith('edge:'))
    .map(({ name, source, changed_by, problem }) => [name, source, changed_by, problem]);
  assert.deepEqual(shown, [
    ['edge:of-other', 'config', undefined, undefined],
    ['edge:all-of-free', 'runtime', 'night-watch', undefined],
  ]);
  assert.equal((await resetLimit(server.context, 'edge:all-of-free', { by: 'night-watch', version: undefined })).kind, 'done');
  await comesTo('/free', 200);
});

test('what is set stands before what the configuration says, by the command line too, and a gateway that starts has it at once', async () => {
  const rule = '{"limit":1000,"period":"1s","burst":1000,"key":[],"match":{"routes":["other"]}}';
  await comesTo('/other', 429);
  assert.match(await run(limitsSet, 'edge:of-other', rule), /is set/);
  await comesTo('/other', 200);
  assert.match(await run(limitsList), /edge:of-other +runtime/);
  const { config, log } = server.context;
  const late = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log, server.context);
  for (let i = 0; i < 10; i += 1) assert.equal(await statusAt(late, '/other'), 200);
  await late.close();
  await run(limitsReset, 'edge:of-other');
  await comesTo('/other', 429);
  assert.match(await run(limitsList), /edge:of-other +config/);
});

test('what cannot be is refused where it is set; what cannot be at a gateway does not hold there, and the rest does', async () => {
  const cases: readonly (readonly [string, Json, RegExp])[] = [
    ['edge:', { limit: 1, period: '1h', burst: 1, key: [] }, /a name is edge:/],
    ['edge:A', { limit: 1, period: '1h', burst: 1, key: [] }, /a name is edge:/],
    ['edge:a', { limit: 1, period: '1h', burst: 1, key: ['account'] }, /key/],
    ['edge:a', { limit: 1, period: '1h', burst: 1, key: [], match: { routes: ['nowhere'] } }, /no route nowhere/],
    ['edge:a', { limit: 0, period: '1h', burst: 1, key: [] }, /limit/],
    ['free:a', { limit: 1, period: '1h', burst: 1, key: [] }, /a name is/],
  ];
  for (const [name, rule, said] of cases) {
    const refused = await set(name, rule);
    assert.ok(refused.kind === 'refused' && said.test(refused.reason), JSON.stringify([name, refused]));
  }
  // Only a gateway knows that nobody is ever known at its route.
  assert.equal(
    (await set('edge:of-nobody', { limit: 1, period: '1h', burst: 1, key: ['user'], match: { routes: ['free'] } })).kind,
    'done',
  );
  assert.equal((await set('edge:after-it', { limit: 1, period: '1h', burst: 1, key: [], match: { routes: ['free'] } })).kind, 'done');
  await comesTo('/free', 429);
  assert.match(lines.join('\n'), /"limits\.unreadable".*"edge:of-nobody".*takes nobody/);
  for (const name of ['edge:of-nobody', 'edge:after-it']) await resetLimit(server.context, name, { by: 'night-watch', version: undefined });
  await comesTo('/free', 200);
});
