import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import type { TestIssuer } from '@hufu/resource/testing/issuer';
import { until } from '@hufu/store/contract/until';
import type { OwnEndpoints } from './pipeline.ts';
import type { RouteSettings } from './routes/route.ts';
import { type GatewayChanges, type GatewayWorld, route, startGateway, startTokenIssuer, tokenOf } from './testing/gateway-world.ts';
import { type Behind, closeAll, say, startBehind, statusOf, Wire } from './testing/proxy-world.ts';
import { simulatedClock } from './testing/simulated-clock.ts';

let issuer: TestIssuer;
before(async () => {
  issuer = await startTokenIssuer();
});
after(() => issuer.close());

const worlds: GatewayWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  await closeAll();
});

interface Ground extends GatewayWorld {
  readonly behind: Behind;
  ask(line: string, headers?: Readonly<Record<string, string>>): Promise<string>;
}

async function ground(routes: readonly RouteSettings[], changes: GatewayChanges = {}): Promise<Ground> {
  const behind = await startBehind();
  const world = await startGateway(behind.port, routes, { issuers: [{ issuer: issuer.issuer, users: 'subject' }], ...changes });
  worlds.push(world);
  return {
    ...world,
    behind,
    ask: (line, headers = {}) => {
      const lines = Object.entries({ Host: 'api.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      return say(world.port, `${line} HTTP/1.1\r\n${lines.join('')}\r\n`);
    },
  };
}

function codeOf(answer: string): unknown {
  const body: { readonly code?: unknown } = Object(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)));
  return body.code;
}

test('an admitted request goes inside without its token and with what the edge says itself (RFC 9110 §7.6, attacks GTW-01)', async () => {
  const { ask, behind } = await ground([route('notes', '/notes', { scopes: ['notes:read'], stripPrefix: '/notes' })]);
  const answer = await ask('GET /notes/7?a=%20b', {
    Authorization: `Bearer ${tokenOf(issuer.issuer)}`,
    Passport: 'forged',
    X_Forwarded_For: '1.2.3.4',
    'X-Request-Id': 'theirs',
    Traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    Cookie: '__Host-Http-hufu-x=1; theirs=2',
  });
  assert.equal(statusOf(answer), 200, answer);
  const [got] = behind.got;
  assert.equal(got?.url, '/7?a=%20b');
  const { headers } = got ?? assert.fail();
  for (const name of ['authorization', 'passport', 'x_forwarded_for']) assert.equal(headers[name], undefined, name);
  assert.equal(headers.cookie, 'theirs=2');
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-host'], 'api.example');
  assert.equal(headers['x-request-id'], '1'.repeat(32));
  assert.equal(headers['traceparent'], `00-${'1'.repeat(32)}-${'1'.repeat(16)}-00`);
  assert.match(answer, /\r\ncache-control: private\r\n/i);
});

test('a token goes inside only where the route says that its upstream verifies it itself', async () => {
  const token = tokenOf(issuer.issuer);
  const { ask, behind } = await ground([route('raw', '/raw', { forwardToken: true }), route('all', '/')]);
  await ask('GET /raw', { Authorization: `Bearer ${token}` });
  await ask('GET /x', { Authorization: `Bearer ${token}` });
  assert.equal(behind.got[0]?.headers.authorization, `Bearer ${token}`);
  assert.equal(behind.got[1]?.headers.authorization, undefined);
});

test('without a token that holds nothing goes inside; the challenge says what is missing (RFC 6750 §3.1)', async () => {
  const routes = [route('notes', '/notes', { scopes: { GET: ['notes:read'], POST: ['notes:write'] } })];
  const { ask, behind, refusals } = await ground(routes);
  const none = await ask('GET /notes');
  assert.equal(statusOf(none), 401);
  assert.match(none, /\r\nwww-authenticate: Bearer\r\n/i);
  assert.match(none, /\r\nhufu-decision: decision-1\r\n/i);
  assert.equal(codeOf(none), 'no_token');
  const bad = await ask('GET /notes', { Authorization: 'Bearer x' });
  assert.equal(statusOf(bad), 401);
  assert.match(bad, /error="invalid_token"/);
  const weak = await ask('POST /notes', { Authorization: `Bearer ${tokenOf(issuer.issuer)}`, 'Content-Length': '0' });
  assert.equal(statusOf(weak), 403);
  assert.match(weak, /error="insufficient_scope"[^\r]*scope="notes:write"/);
  assert.equal(statusOf(await ask('PUT /notes', { Authorization: `Bearer ${tokenOf(issuer.issuer)}`, 'Content-Length': '0' })), 405);
  assert.equal(statusOf(await ask('GET /notes?access_token=x')), 401, 'never from the query');
  assert.deepEqual(
    refusals.map(({ check, route: name, code }) => [check, name, code]),
    [
      ['edge_identity', 'notes', 'no_token'],
      ['edge_identity', 'notes', 'invalid_token'],
      ['edge_identity', 'notes', 'insufficient_scope'],
      ['edge_route', undefined, 'method_not_allowed'],
      ['edge_identity', 'notes', 'no_token'],
    ],
  );
  assert.equal(behind.got.length, 0);
});

test('two Authorization headers are refused, whatever the first one is (RFC 9110 §5.3)', async () => {
  const { port, behind, refusals } = await ground([route('notes', '/')]);
  const good = `Authorization: Bearer ${tokenOf(issuer.issuer)}\r\n`;
  const answer = await say(port, `GET / HTTP/1.1\r\nHost: api.example\r\n${good}authorization: Bearer x\r\n\r\n`);
  assert.equal(statusOf(answer), 400);
  assert.equal(refusals[0]?.code, 'two_credentials');
  assert.equal(behind.got.length, 0);
});

test('a route for users takes no client’s token, and one for clients no user’s (RFC 9068 §5)', async () => {
  const routes = [route('users', '/u', { token: 'user' }), route('clients', '/c', { token: 'client' }), route('any', '/a')];
  const { ask } = await ground(routes);
  const user = { Authorization: `Bearer ${tokenOf(issuer.issuer)}` };
  const client = { Authorization: `Bearer ${tokenOf(issuer.issuer, { sub: 'app' })}` };
  const status = async (path: string, headers: Readonly<Record<string, string>>): Promise<number> =>
    statusOf(await ask(`GET ${path}`, headers));
  assert.deepEqual([await status('/u', user), await status('/c', user), await status('/a', user)], [200, 403, 200]);
  assert.deepEqual([await status('/u', client), await status('/c', client), await status('/a', client)], [403, 200, 200]);
});

test('of an issuer about which nothing is said a user’s token says so itself, and the start warns', async () => {
  const routes = [route('users', '/u', { token: 'user' }), route('clients', '/c', { token: 'client' }), route('any', '/a')];
  const { ask, gateway } = await ground(routes, { issuers: [{ issuer: issuer.issuer }] });
  assert.match(gateway.warnings.join(), /auth_time or sid/);
  assert.match(gateway.warnings.join(), /nobody hears what is revoked there.*gateway\.issuers\[\]\.revocations/);
  const free = await ground([route('n', '/', { token: 'none' })], { issuers: [{ issuer: issuer.issuer }] });
  assert.deepEqual(free.gateway.warnings, []);
  const silent = { Authorization: `Bearer ${tokenOf(issuer.issuer)}` };
  const says = { Authorization: `Bearer ${tokenOf(issuer.issuer, { sid: 's' })}` };
  const statuses: number[] = [];
  for (const headers of [silent, says]) for (const path of ['/u', '/c', '/a']) statuses.push(statusOf(await ask(`GET ${path}`, headers)));
  assert.deepEqual(statuses, [403, 403, 200, 200, 403, 200]);
});

test('a step-up that a route needs is asked for at the edge (RFC 9470 §3)', async () => {
  const { ask } = await ground([route('pay', '/pay', { acrValues: ['gold'], maxAgeSeconds: 60 })]);
  const answer = await ask('GET /pay', { Authorization: `Bearer ${tokenOf(issuer.issuer)}` });
  assert.equal(statusOf(answer), 401);
  assert.match(answer, /error="insufficient_user_authentication"[^\r]*acr_values="gold", max_age="60"/);
  const now = Math.floor(Date.now() / 1_000);
  const strong = tokenOf(issuer.issuer, { acr: 'gold', auth_time: now });
  assert.equal(statusOf(await ask('GET /pay', { Authorization: `Bearer ${strong}` })), 200);
});

test('a host that is not the gateway’s, a path without a route and a path in disguise get nothing (attacks GTW-03)', async () => {
  const routes = [route('all', '/', { token: 'none' }), route('admin', '/admin', { scopes: ['admin'] })];
  const { ask, behind, refusals } = await ground(routes);
  assert.equal(statusOf(await ask('GET /', { Host: 'evil.example' })), 421);
  assert.equal(statusOf(await ask('GET /Admin')), 404);
  assert.equal(statusOf(await ask('GET /x/../admin')), 400);
  assert.equal(statusOf(await ask('GET /%61dmin')), 401);
  assert.equal(behind.got.length, 0);
  assert.deepEqual(
    refusals.map(({ check }) => check),
    ['edge_route', 'edge_route', 'edge_request', 'edge_identity'],
  );
  assert.equal(statusOf(await ask('GET /free')), 200);
});

test('pages of listed origins may call a route, and the edge answers what browsers ask first (Fetch §3.2.2, §3.2.3, §4.8)', async () => {
  const routes = [route('notes', '/notes', { cors: { origins: ['https://app.example'] } })];
  const { ask, behind } = await ground(routes);
  const asked = { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization,x-csrf' };
  const yes = await ask('OPTIONS /notes/1', { Origin: 'https://app.example', ...asked });
  assert.equal(statusOf(yes), 204);
  assert.match(yes, /\r\naccess-control-allow-origin: https:\/\/app\.example\r\n/i);
  assert.match(yes, /\r\naccess-control-allow-headers: authorization,x-csrf\r\n/i);
  assert.doesNotMatch(yes, /allow-credentials/i);
  const no = await ask('OPTIONS /notes/1', { Origin: 'https://evil.example', ...asked });
  assert.doesNotMatch(no, /access-control/i);
  assert.match(no, /\r\nvary: Origin\r\n/i);
  const refused = await ask('GET /notes', { Origin: 'https://app.example' });
  assert.equal(statusOf(refused), 401);
  assert.match(refused, /\r\naccess-control-allow-origin: https:\/\/app\.example\r\n/i, 'the page may read why');
  assert.equal(behind.got.length, 0);
});

test('what an upstream says of CORS does not go out where the edge answers it', async () => {
  const behind = await startBehind((_, response) => response.writeHead(200, { 'access-control-allow-origin': '*' }).end());
  const world = await startGateway(behind.port, [route('n', '/', { token: 'none', cors: { origins: ['https://app.example'] } })]);
  worlds.push(world);
  const answer = await say(world.port, 'GET / HTTP/1.1\r\nHost: api.example\r\nOrigin: https://evil.example\r\n\r\n');
  assert.doesNotMatch(answer, /access-control/i);
});

test('while keys cannot be had the answer is 503, and no challenge makes clients throw tokens away', async () => {
  const away = await startTokenIssuer();
  await away.close();
  const { ask } = await ground([route('n', '/')], { issuers: [{ issuer: away.issuer }] });
  const answer = await ask('GET /', { Authorization: `Bearer ${tokenOf(away.issuer)}` });
  assert.equal(statusOf(answer), 503);
  assert.match(answer, /\r\nretry-after: \d+\r\n/i);
  assert.doesNotMatch(answer, /www-authenticate/i);
});

test('a Passport goes inside with who is identified, and a route that needs a better one is refused', async () => {
  const passport = {
    headers: (_: unknown, { name }: { readonly name: string }) =>
      name === 'high' ? ({ kind: 'refused', status: 503, code: 'level', detail: 'no' } as const) : ['passport', 'ours'],
  };
  const { ask, behind, refusals } = await ground([route('low', '/low'), route('high', '/high')], { parts: { passport } });
  const headers = { Authorization: `Bearer ${tokenOf(issuer.issuer)}`, Passport: 'theirs' };
  assert.equal(statusOf(await ask('GET /low', headers)), 200);
  assert.equal(behind.got[0]?.headers['passport'], 'ours');
  assert.equal(statusOf(await ask('GET /high', headers)), 503);
  assert.equal(refusals[0]?.check, 'edge_passport');
});

test('a parent that a trusted peer names is kept, nobody else’s is (W3C Trace Context)', async () => {
  const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const network = { address: '127.0.0.0', prefixLength: 8, family: 'ipv4' } as const;
  const { ask, behind } = await ground([route('n', '/', { token: 'none' })]);
  await ask('GET /', { Traceparent: parent });
  const world = await startGateway(behind.port, [route('n', '/', { token: 'none' })], { settings: { trustedProxies: [network] } });
  worlds.push(world);
  await say(world.port, `GET / HTTP/1.1\r\nHost: api.example\r\nTraceparent: ${parent}\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n`);
  assert.equal(String(behind.got[0]?.headers['traceparent']).includes('a'.repeat(32)), false);
  assert.match(String(behind.got[1]?.headers['traceparent']), /^00-a{32}-1{16}-01$/);
  assert.equal(behind.got[1]?.headers['x-forwarded-for'], '203.0.113.9');
});

test('settings that cannot be are refused at the start', async () => {
  const behind = await startBehind();
  const wrong: readonly GatewayChanges[] = [
    { settings: { origins: ['https://api.example/x'] } },
    { settings: { origins: ['https://api.example', 'http://api.example:81'] } },
    { settings: { upstreams: [] } },
    { issuers: [] },
    { issuers: [{ issuer: issuer.issuer }, { issuer: issuer.issuer }] },
  ];
  for (const changes of wrong)
    await assert.rejects(startGateway(behind.port, [route('n', '/')], { issuers: [{ issuer: issuer.issuer }], ...changes }), TypeError);
});

test('what the edge answers by itself keeps no connection whose request never ends (RFC 9112 §9.5, attacks HTP-02)', async () => {
  const clock = simulatedClock();
  const endpoints = {
    takes: ({ path }: { readonly path: string }) => path === '/edge/here',
    answer: (_: unknown, response: ServerResponse) => void response.end('here'),
  };
  const cors = { origins: ['https://app.example'] };
  const { port } = await ground([route('notes', '/', { token: 'none', cors })], { parts: { clock, endpoints } });
  const preflight = 'OPTIONS /x HTTP/1.1\r\nHost: api.example\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n';
  for (const head of [preflight, 'GET /edge/here HTTP/1.1\r\nHost: api.example\r\n']) {
    const wire = new Wire(port).send(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`);
    await wire.hears('\r\n\r\n');
    await until(() => clock.timers() > 0);
    assert.equal(wire.isClosed, false);
    clock.pass(2_000);
    await wire.closed();
  }
});

test('one address brings so many answers of the issuer at once, and then waits: each costs a question in the name of this gateway (attacks HTP-01)', async () => {
  const endpoints: OwnEndpoints = {
    takes: ({ path }) => path === '/edge/callback',
    answer: (_, response) => void response.writeHead(204).end(),
  };
  const { ask, refusals } = await ground([route('n', '/', { token: 'none' })], { parts: { endpoints } });
  // More by one for each 33 ms that the others take.
  let refused = '';
  for (let at = 0; at < 3_000 && statusOf(refused) !== 429; at++) refused = await ask('GET /edge/callback');
  assert.equal(statusOf(refused), 429);
  assert.match(refused, /\r\nretry-after: 1\r\n/i);
  assert.deepEqual([refusals.at(-1)?.check, refusals.at(-1)?.status], ['edge_endpoint', 429]);
  assert.equal(statusOf(await ask('GET /')), 200, 'what goes inside is not counted');
});

test('nothing is kept of a request that was answered: no clock runs on for it (attacks HTP-02, GTW-16)', async () => {
  const clock = simulatedClock();
  const { port } = await ground([route('notes', '/notes', { token: 'none' })], { parts: { clock } });
  const texts = [
    'GET /notes HTTP/1.1\r\nHost: api.example\r\n\r\n',
    'GET /other HTTP/1.1\r\nHost: api.example\r\n\r\n',
    'GET /notes HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    'POST /other HTTP/1.1\r\nHost: api.example\r\nContent-Length: 3\r\n\r\nabc',
    'POST /other HTTP/1.1\r\nHost: api.example\r\nContent-Length: 3000\r\n\r\nabc',
    'POST /notes HTTP/1.1\r\nHost: api.example\r\nContent-Length: 3\r\n\r\nabc',
    'GARBAGE\r\n\r\n',
  ];
  for (const text of texts)
    for (let i = 0; i < 5; i += 1) {
      assert.ok(statusOf(await say(port, text)) > 0);
      await until(() => clock.timers() === 0);
    }
});
