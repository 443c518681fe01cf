import assert from 'node:assert/strict';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, test } from 'node:test';
import { redisStore } from '@hufu/flow/redis/redis-store';
import { clientId } from '@hufu/protocol/ids';
import { revoke } from '../endpoints/revoke.ts';
import { token } from '../endpoints/token.ts';
import { routes } from '../routes.ts';
import { serve } from '../serve.ts';
import { BASIC_YAML, openWorld, SECRETS, START_MS, type World } from '../testing/world.ts';
import { type ServerLimits, serverLimits } from './server-limits.ts';

const closing: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const close of closing) await close();
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Site {
  readonly world: World;
  send(
    path: string,
    options?: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string },
  ): Promise<Reply>;
  token(client: string, scope?: string): Promise<Reply>;
  readonly port: number;
}

/** @param rules YAML in flow style. */
async function site(rules: string, limitsOf?: (world: World) => ServerLimits): Promise<Site> {
  const world = await openWorld({ yaml: `limits: { rules: ${rules} }\n${BASIC_YAML}` });
  const ctx = limitsOf === undefined ? world.ctx : { ...world.ctx, limits: limitsOf(world) };
  const server: Server = createServer({ requireHostHeader: false }, serve(ctx, routes(ctx, undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  }, world.close);
  const { port } = server.address() as AddressInfo;
  const send: Site['send'] = (path, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const sending = httpRequest({ port, host: '127.0.0.1', path, method, headers: { host: 'id.example', ...headers } }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
      });
      sending.on('error', reject);
      sending.end(body);
    });
  const basic = (client: string): string =>
    `Basic ${Buffer.from(`${client}:${client === 'api' ? SECRETS.api : SECRETS.machine}`).toString('base64')}`;
  return {
    world,
    port,
    send,
    token: (client, scope = 'read') =>
      send('/oauth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: basic(client) },
        body: `grant_type=client_credentials&scope=${scope}`,
      }),
  };
}

function why({ world }: Site, reply: Reply): ReturnType<World['why']> {
  return world.why({ headers: { 'hufu-decision': String(reply.headers['hufu-decision']) } });
}

test('a rule on addresses refuses with 429, when to come again, and a decision that names it (RFC 6585 §4)', async () => {
  const here = await site('{ jwks: { key: [address], limit: 1, period: 10s, burst: 2, match: { routes: [/oauth/jwks] } } }');
  assert.equal((await here.send('/oauth/jwks')).status, 200);
  const head = await here.send('/oauth/jwks', { method: 'HEAD' });
  assert.equal(head.status, 200);
  const refused = await here.send('/oauth/jwks');
  assert.deepEqual(
    [refused.status, refused.headers['retry-after'], JSON.parse(refused.text).error],
    [429, '10', 'temporarily_unavailable'],
  );
  assert.deepEqual([(await why(here, refused)).failed, (await why(here, refused)).detail], ['limits', 'limit jwks']);
  const again = await here.send('/oauth/jwks');
  assert.equal(again.headers['hufu-decision'], refused.headers['hufu-decision'], 'whoever hammers on is one decision');
  assert.equal(refused.headers['ratelimit'], undefined, 'no more than when to come again is told');
  assert.equal((await here.send('/oauth/jwks', { method: 'OPTIONS', headers: { origin: 'https://a.example' } })).status, 204);
  assert.equal((await here.send('/.well-known/openid-configuration')).status, 200, 'another route');
  here.world.clock.advance(10_000);
  assert.equal((await here.send('/oauth/jwks')).status, 200);
});

test('people get a page, and scripts of a client may read that they have to wait (Fetch §3.2)', async () => {
  const here = await site('{ all: { key: [], limit: 1, period: 10s, match: { routes: [/signin, /oauth/userinfo] } } }');
  await here.send('/signin');
  const page = await here.send('/signin', { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers['retry-after'], page.text.includes('data-page')], [429, '10', true]);
  const script = await here.send('/oauth/userinfo', { headers: { origin: 'https://app.example' } });
  assert.equal(script.headers['access-control-allow-origin'], 'https://app.example');
  assert.match(String(script.headers['access-control-expose-headers']), /Retry-After/);
  const stranger = await here.send('/oauth/userinfo', { headers: { origin: 'https://other.example' } });
  assert.deepEqual([stranger.status, stranger.headers['access-control-allow-origin']], [429, undefined]);
});

test('a refusal comes before the body, and nobody reads on behind a body without end', async () => {
  const here = await site('{ all: { key: [address], limit: 1, period: 10s, match: { routes: [/oauth/token] } } }');
  await here.token('machine');
  const socket = connect(here.port, '127.0.0.1');
  socket.write('POST /oauth/token HTTP/1.1\r\nHost: id.example\r\nContent-Length: 100000000\r\n\r\nx');
  const text = await new Promise<string>((resolve) => {
    let all = '';
    socket.on('data', (chunk) => (all += chunk.toString()));
    socket.on('end', () => resolve(all));
  });
  socket.destroy();
  assert.match(text, /^HTTP\/1\.1 429 /);
  assert.match(text, /\r\nconnection: close\r\n/i);
});

test('a rule on clients counts each that has proved who it is, and tells all where it is to (draft-ietf-httpapi-ratelimit-headers §3, §4)', async () => {
  const here = await site('{ tokens: { key: [client], limit: 2, period: 60s, burst: 2, tell: all, match: { routes: [/oauth/token] } } }');
  const first = await here.token('machine');
  assert.deepEqual(
    [first.status, first.headers['ratelimit-policy'], first.headers['ratelimit']],
    [200, '"tokens";q=2;w=60', '"tokens";r=1;t=30'],
  );
  assert.equal((await here.token('machine', 'nothing')).status, 400, 'what fails later is counted as well');
  const refused = await here.token('machine');
  assert.deepEqual([refused.status, refused.headers['retry-after'], refused.headers['ratelimit']], [429, '30', '"tokens";r=0;t=60']);
  const { passed, failed } = await why(here, refused);
  assert.deepEqual([failed, passed.includes('client_authentication')], ['limits', true]);
  assert.equal((await here.token('api')).status, 200, 'another client');
});

test('clients have other parameters, or none, where the rule says so', async () => {
  const overrides = 'overrides: { client: { api: { limit: 1, period: 60s, burst: 3 } } }';
  const here = await site(`{ tokens: { key: [client], limit: 1, period: 60s, ${overrides}, exempt: { clients: [machine] } } }`);
  const statuses = async (client: string): Promise<number[]> => {
    const all: number[] = [];
    for (let i = 0; i < 5; i++) all.push((await here.token(client)).status);
    return all;
  };
  assert.deepEqual(await statuses('machine'), [200, 200, 200, 200, 200]);
  assert.deepEqual(await statuses('api'), [200, 200, 200, 429, 429]);
});

test('a rule on tokens counts each by itself, once it is proven', async () => {
  const yaml =
    'clients: [{ client_id: admin, client_secret: admin-secret-0123456789abcdef01234567, grant_types: [client_credentials], scope: "hufu:admin:read" }]\n';
  const world = await openWorld({
    yaml: `limits: { rules: { one: { key: [token], limit: 1, period: 60s, match: { routes: [/admin/v1/revocations/*] } } } }\n${yaml}`,
  });
  const server = createServer({ requireHostHeader: false }, serve(world.ctx, routes(world.ctx, undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => void server.close(), world.close);
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, init: RequestInit): Promise<Response> =>
    await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { ...init.headers, connection: 'close' } });
  const tokenOf = async (): Promise<string> => {
    const basic = Buffer.from('admin:admin-secret-0123456789abcdef01234567').toString('base64');
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'hufu:admin:read' });
    const reply = await ask('/oauth/token', { method: 'POST', body, headers: { authorization: `Basic ${basic}` } });
    return Object(await reply.json()).access_token;
  };
  const [one, two] = [await tokenOf(), await tokenOf()];
  const get = async (token: string): Promise<number> =>
    (await ask('/admin/v1/revocations/1', { headers: { authorization: `Bearer ${token}` } })).status;
  assert.deepEqual([await get(one), await get(one), await get(two), await get('nonsense')], [404, 429, 404, 401]);
});

test('a shadow rule counts and refuses nobody; of several rules one that refuses has the others charge nothing', async () => {
  const here = await site(
    `{ shadow: { key: [], limit: 1, period: 60s, shadow: true, match: { routes: [/oauth/jwks] } },
       narrow: { key: [header:x-key], limit: 1, period: 60s, match: { routes: [/oauth/jwks] } },
       wide: { key: [], limit: 1, period: 60s, burst: 3, match: { routes: [/oauth/jwks] } } }`,
  );
  const get = async (key: string): Promise<number> => (await here.send('/oauth/jwks', { headers: { 'x-key': key } })).status;
  assert.deepEqual(
    [await get('a'), await get('a'), await get('a'), await get('b'), await get('c'), await get('d')],
    [200, 429, 429, 200, 200, 429],
  );
  const counts = here.world.ctx.limits.snapshot().find(({ name }) => name === 'shadow');
  assert.ok((counts?.shadowRefused ?? 0) > 0);
});

test('a rule that paces has requests wait, and refuses who would wait too long', async () => {
  const here = await site(
    '{ slow: { kind: leaky_bucket, key: [], limit: 50, period: 1s, max_queue_ms: 25, match: { routes: [/oauth/jwks] } } }',
  );
  // The clock of the world stands still: the second waits for 20 ms, the third would for 40.
  const statuses = await Promise.all([1, 2, 3].map(async () => (await here.send('/oauth/jwks')).status));
  assert.deepEqual(statuses.toSorted(), [200, 200, 429]);
});

test('limits: off has no rules, and a client that is gone is none that a rule is asked about', async () => {
  const here = await site('{ tokens: { key: [client], limit: 1, period: 60s } }');
  await here.world.store.revokeClient(here.world.tenant, clientId('machine'), here.world.now());
  assert.equal((await here.token('nobody')).status, 401);
  const off = await openWorld({ yaml: `limits: off\n${BASIC_YAML}` });
  assert.equal(off.ctx.limits.requests.findFirst('/oauth/jwks', 'GET'), undefined);
  await off.close();
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

test('a stranger who says the id of a public client uses up what is their own alone, and is nobody whom a rule names', async () => {
  const here = await site(
    `{ own: { key: [client], limit: 1, period: 1h, match: { routes: [/oauth/token] } },
       spared: { key: [], limit: 1, period: 1h, exempt: { clients: [spa] }, overrides: { client: { native: { limit: 1, period: 1h, burst: 9 } } }, match: { routes: [/oauth/revoke] } } }`,
  );
  const ask = async (address: string, path = '/oauth/token', client = 'spa'): Promise<number> => {
    const http = here.world.http({
      method: 'POST',
      path,
      headers: FORM,
      address,
      body: `grant_type=authorization_code&code=x&token=x&client_id=${client}`,
    });
    return (await (path === '/oauth/token' ? token : revoke)(here.world.ctx, http)).status;
  };
  assert.deepEqual([await ask('192.0.2.66'), await ask('192.0.2.66'), await ask('192.0.2.67')], [400, 429, 400]);
  assert.deepEqual([await ask('2001:db8::1'), await ask('2001:db8::2')], [400, 429], 'a /64 is one source');
  assert.deepEqual(
    [
      await ask('192.0.2.66', '/oauth/revoke'),
      await ask('192.0.2.66', '/oauth/revoke'),
      await ask('192.0.2.66', '/oauth/revoke', 'native'),
    ],
    [200, 429, 429],
  );
});

test('whoever hammers on after they have proved who they are is one decision', async () => {
  const here = await site('{ tokens: { key: [client], limit: 1, period: 60s, match: { routes: [/oauth/token] } } }');
  for (const client of ['machine', 'api']) await here.token(client);
  const ids: string[] = [];
  for (const client of ['machine', 'machine', 'machine', 'api', 'api']) {
    const { status, headers } = await here.token(client);
    assert.equal(status, 429);
    ids.push(String(headers['hufu-decision']));
  }
  assert.equal(new Set(ids).size, 2);
  assert.notEqual(ids[0], ids.at(-1));
});

test('a limit that is closed while nobody can count is 503, for programs and for people', async () => {
  const away = redisStore({ connection: { call: () => Promise.reject(new Error('Connection is closed.')) }, secret: new Uint8Array(32) });
  const here = await site(
    `{ a: { key: [address], limit: 1, period: 1s, on_store_error: closed, match: { routes: [/oauth/jwks, /signin] } },
       b: { key: [client], limit: 1, period: 1s, on_store_error: closed, match: { routes: [/oauth/token] } } }`,
    ({ ctx }) => serverLimits({ config: ctx.config, nowMs: ctx.clock.nowMs, remote: away }),
  );
  const program = await here.send('/oauth/jwks');
  const { error, error_description } = JSON.parse(program.text);
  assert.deepEqual(
    [program.status, program.headers['retry-after'], error, error_description],
    [503, '1', 'temporarily_unavailable', 'the server cannot count now'],
  );
  assert.equal((await why(here, program)).detail, 'limit a: the store is away');
  const page = await here.send('/signin', { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers['retry-after'], page.text.includes('data-page')], [503, '1', true]);
  const proven = await here.token('machine');
  assert.deepEqual([proven.status, (await why(here, proven)).detail], [503, 'limit b: the store is away']);
});

test('a header that every object has is none that a request has', async () => {
  const here = await site(
    `{ one: { key: ['header:constructor'], limit: 1, period: 60s, match: { routes: [/oauth/jwks] } },
       two: { key: ['header:__proto__'], limit: 1, period: 60s, when_absent: skip, match: { routes: [/signup] } } }`,
  );
  const get = async (path: string): Promise<number> => (await here.send(path)).status;
  assert.deepEqual([await get('/oauth/jwks'), await get('/oauth/jwks')], [200, 429]);
  assert.deepEqual([await get('/signup'), await get('/signup')].includes(429), false);
});

test('a request that was paced, or whose body took its time, is judged by the time at which it is whole', async () => {
  const here = await site('{ all: { key: [address], limit: 9, period: 1s, burst: 9, match: { routes: [/oauth/token] } } }');
  const seen: number[] = [];
  const { ctx } = here.world;
  const server = createServer(
    { requireHostHeader: false },
    serve(ctx, [
      {
        path: '/oauth/token',
        crossOrigin: 'none',
        methods: {
          POST: (http) => (seen.push(http.nowMs - START_MS), { status: 200, headers: {}, body: `${http.body} ${http.address}` }),
        },
      },
    ]),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const text = await new Promise<string>((resolve, reject) => {
    const sending = httpRequest({ port, host: '127.0.0.1', path: '/oauth/token', method: 'POST', headers: { host: 'id.example' } });
    sending.on('error', reject);
    sending.on('response', (incoming) => {
      let all = '';
      incoming.on('data', (chunk) => (all += chunk));
      incoming.on('end', () => resolve(all));
    });
    server.once('request', () => {
      here.world.clock.advance(5_000);
      sending.end('b');
    });
    sending.write('a');
  });
  assert.deepEqual([text, seen], ['ab 127.0.0.1', [5_000]]);
});
