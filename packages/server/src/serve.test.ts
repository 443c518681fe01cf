import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import type { HttpReply } from './http.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { serve } from './serve.ts';
import { placeOf } from './status/place.ts';
import { API, openWorld, type World } from './testing/world.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const world = await openWorld();
const servers: Server[] = [];
const server = await listening(world);
after(async () => {
  for (const one of servers) {
    one.closeAllConnections();
    one.close();
  }
  await world.close();
});

async function listening(on: World, more: readonly Route[] = []): Promise<Server> {
  const made = createServer({ requireHostHeader: false }, serve(on.ctx, [...routes(on.ctx, undefined), ...more]));
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  servers.push(made);
  return made;
}

function send(path: string, { method = 'GET', headers = {}, body }: Sent = {}, to = server): Promise<Reply> {
  const { port } = to.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sending = httpRequest({ port, host: '127.0.0.1', path, method, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function form(body: string, headers: Record<string, string> = {}): Sent {
  return { method: 'POST', headers: { ...FORM, ...headers }, body };
}

async function why(reply: Reply): ReturnType<World['why']> {
  return world.why({ headers: { 'hufu-decision': String(reply.headers['hufu-decision']) } });
}

test('a path that is not there is 404, as JSON for programs and as a page for people, with a decision (RFC 9110 §15.5.5)', async () => {
  for (const path of ['/nope', '/oauth/token/', '/OAUTH/TOKEN', '/logo/a/b', '/../etc/passwd', '/oauth//token', '/%2e%2e', '*']) {
    const reply = await send(path);
    assert.deepEqual([reply.status, JSON.parse(reply.text).error], [404, 'invalid_request'], path);
    const { failed, row } = await why(reply);
    assert.deepEqual([failed, row.status], ['route', 404]);
  }
  const page = await send('/nope', { headers: { accept: 'text/html' } });
  assert.equal(page.status, 404);
  assert.ok(page.text.includes('page not found'));
});

test('another method is 405 with the ones that there are (RFC 9110 §15.5.6, §10.2.1)', async () => {
  for (const [path, method, allow] of [
    ['/oauth/token', 'GET', 'POST, OPTIONS'],
    ['/oauth/token', 'PUT', 'POST, OPTIONS'],
    ['/oauth/introspect', 'OPTIONS', 'POST'],
    ['/oauth/jwks', 'POST', 'GET, HEAD, OPTIONS'],
    ['/oauth/jwks', 'DELETE', 'GET, HEAD, OPTIONS'],
    ['/healthz', 'PATCH', 'GET, HEAD'],
    ['/oauth/authorize', 'PUT', 'GET, POST'],
  ] as const) {
    const reply = await send(path, { method });
    assert.deepEqual([reply.status, reply.headers['allow']], [405, allow], `${method} ${path}`);
    assert.equal((await why(reply)).row.status, 405);
  }
  const page = await send('/healthz', { method: 'POST', headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers['allow']], [405, 'GET, HEAD']);
});

test('HEAD is for documents: the same headers without the body; what does things has none (RFC 9110 §9.3.2)', async () => {
  const got = await send('/oauth/jwks');
  const headed = await send('/oauth/jwks', { method: 'HEAD' });
  assert.deepEqual(
    [headed.status, headed.text, headed.headers['content-length'], headed.headers['etag']],
    [200, '', got.headers['content-length'], got.headers['etag']],
  );
  for (const path of ['/oauth/authorize', '/signin', '/consent', '/oauth/logout', '/oauth/userinfo']) {
    assert.equal((await send(path, { method: 'HEAD' })).status, 405, path);
  }
});

test('a document that is had already is 304 without a body (RFC 9110 §15.4.5)', async () => {
  for (const path of [
    '/oauth/jwks',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/oauth/check_session',
  ]) {
    const { headers } = await send(path);
    const again = await send(path, { headers: { 'if-none-match': String(headers['etag']) } });
    assert.deepEqual([again.status, again.text], [304, ''], path);
    for (const name of ['etag', 'cache-control', 'access-control-allow-origin']) assert.equal(again.headers[name], headers[name], name);
  }
});

test('a tag is found in a list, as `*`, and where a proxy has made it weak; nothing else is it (RFC 9110 §13.1.2)', async () => {
  const path = '/oauth/jwks';
  const etag = String((await send(path)).headers['etag']);
  const statusFor = async (value: string): Promise<number> => (await send(path, { headers: { 'If-None-Match': value } })).status;
  for (const value of [`"x", ${etag}`, `W/${etag}`, '*', ` ${etag} `]) assert.equal(await statusFor(value), 304, value);
  for (const other of ['"x"', etag.slice(1, -1), '']) assert.equal(await statusFor(other), 200, other);
});

test('a body of 65,536 bytes is read, one more is 413, in one piece or in many, and ends the connection (RFC 9110 §15.5.14)', async () => {
  const pair = (bytes: number): string => `token=${'x'.repeat(bytes - 6)}`;
  assert.equal((await send('/oauth/introspect', form(pair(65_536)))).status, 401);
  for (const bytes of [65_537, 300_000]) {
    const reply = await send('/oauth/introspect', form(pair(bytes)));
    assert.deepEqual([reply.status, reply.headers['connection']], [413, 'close']);
    assert.equal((await why(reply)).failed, 'request_size');
  }
  const { port } = server.address() as AddressInfo;
  const chunked = await new Promise<number>((resolve, reject) => {
    const sending = httpRequest({ port, host: '127.0.0.1', path: '/oauth/token', method: 'POST', headers: FORM }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    sending.on('error', reject);
    for (let i = 0; i < 5; i++) sending.write('x'.repeat(16_384));
    sending.end();
  });
  assert.equal(chunked, 413);
});

test('an endpoint never sees a body that is too large, not even its end', async () => {
  let seen = 0;
  const count = (): HttpReply => {
    seen++;
    return { status: 200, headers: {}, body: '' };
  };
  const more = await listening(world, [{ path: '/count', crossOrigin: 'none', methods: { POST: count } }]);
  const { port } = more.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.resume();
  const body = 'x'.repeat(70_000);
  socket.end(`POST /count HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await once(socket, 'close');
  assert.equal((await send('/count', { method: 'POST', body: 'y' }, more)).status, 200);
  assert.equal(seen, 1);
});

test('an address of more than 8,192 characters is 414 (RFC 9110 §15.5.15)', async () => {
  assert.equal((await send(`/healthz?${'x'.repeat(8_192 - 9)}`)).status, 200);
  const long = await send(`/healthz?${'x'.repeat(8_192 - 8)}`);
  assert.deepEqual([long.status, (await why(long)).failed], [414, 'request_size']);
});

test('an encoded body is 415; identity is no encoding (RFC 9110 §15.5.16)', async () => {
  for (const encoding of ['gzip', 'br', 'x', 'identity, gzip']) {
    assert.equal((await send('/oauth/token', form('a=b', { 'content-encoding': encoding }))).status, 415, encoding);
  }
  assert.equal((await send('/oauth/token', form('a=b', { 'content-encoding': 'identity' }))).status, 401);
});

test('a request for somebody else by name is 421 (RFC 9110 §15.5.20, §7.2)', async () => {
  const reply = await send('/healthz', { headers: { host: 'evil.test' } });
  assert.deepEqual([reply.status, (await why(reply)).failed, (await why(reply)).detail], [421, 'host', 'Host: evil.test']);
  assert.equal((await send('/healthz', { headers: { host: 'id.example' } })).status, 200);
});

test('every reply has the headers that keep it what it is, pages their own, and https is for ever', async () => {
  for (const [path, sent] of [
    ['/healthz', {}],
    ['/nope', {}],
    ['/oauth/token', form('')],
    ['/oauth/jwks', {}],
  ] as const) {
    const { headers } = await send(path, sent);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/, path);
    assert.equal(headers['strict-transport-security'], 'max-age=31536000', path);
    for (const name of ['server', 'x-powered-by']) assert.equal(headers[name], undefined);
  }
  const page = await send('/signin', { headers: { accept: 'text/html' } });
  assert.match(String(page.headers['content-security-policy']), /style-src 'self'/);
  const plain = await openWorld({ issuer: 'http://localhost:4400', empty: true });
  const other = await listening(plain);
  assert.equal((await send('/healthz', {}, other)).headers['strict-transport-security'], undefined);
  await plain.close();
});

test('public documents are for every script, never with credentials (Fetch §3.2)', async () => {
  for (const path of ['/oauth/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const { headers } = await send(path, { headers: { origin: 'https://any.test' } });
    assert.equal(headers['access-control-allow-origin'], '*', path);
    assert.equal(headers['access-control-allow-credentials'], undefined);
  }
});

test("a client's endpoints are for the scripts of that client; its pages and introspection are for none (Fetch §3.2, RFC 9700 §2.6)", async () => {
  const body = 'grant_type=refresh_token&client_id=spa&refresh_token=x';
  const own = await send('/oauth/token', form(body, { origin: 'https://app.example' }));
  assert.deepEqual(
    [own.status, own.headers['access-control-allow-origin'], own.headers['vary'], own.headers['access-control-expose-headers']],
    [400, 'https://app.example', 'Origin', 'WWW-Authenticate, DPoP-Nonce, Hufu-Decision, Retry-After'],
  );
  for (const origin of ['https://evil.test', 'https://third.example', 'null']) {
    const other = await send('/oauth/token', form(body, { origin }));
    assert.deepEqual([other.headers['access-control-allow-origin'], other.headers['vary']], [undefined, 'Origin'], origin);
  }
  assert.equal((await send('/oauth/token', form(body))).headers['vary'], undefined);
  for (const path of ['/oauth/introspect', '/oauth/authorize', '/oauth/logout', '/signin', '/healthz', '/nope']) {
    const { headers } = await send(path, { headers: { origin: 'https://app.example' } });
    assert.equal(headers['access-control-allow-origin'], undefined, path);
  }
});

test('a preflight is answered for the origins that some client has, and says nothing of anybody else (Fetch §4.8)', async () => {
  const ask = (path: string, origin: string): Promise<Reply> =>
    send(path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
  const known = await ask('/oauth/token', 'https://app.example');
  assert.deepEqual(
    [
      known.status,
      known.headers['access-control-allow-origin'],
      known.headers['access-control-allow-methods'],
      known.headers['access-control-allow-headers'],
      known.headers['access-control-max-age'],
    ],
    [204, 'https://app.example', 'POST, OPTIONS', 'Authorization, Content-Type, DPoP', '600'],
  );
  const unknown = await ask('/oauth/token', 'https://evil.test');
  assert.deepEqual(
    [unknown.status, unknown.headers['access-control-allow-origin'], unknown.headers['access-control-allow-methods']],
    [204, undefined, undefined],
  );
  assert.equal((await ask('/oauth/jwks', 'https://any.test')).headers['access-control-allow-origin'], '*');
  assert.equal((await ask('/oauth/authorize', 'https://app.example')).status, 405);
  assert.equal((await send('/oauth/token', { method: 'OPTIONS' })).status, 405, 'an OPTIONS that is no preflight');
});

test('an endpoint that throws, at once or later, is 500 with fixed text and a decision, and the server lives on', async () => {
  const noisy = await listening(world, [
    { path: '/boom/now', crossOrigin: 'none', methods: { GET: () => assert.fail('secret of the house') } },
    { path: '/boom/later', crossOrigin: 'any', methods: { POST: () => Promise.reject(new TypeError('secret of the house')) } },
  ]);
  for (const [path, sent] of [
    ['/boom/now', {}],
    ['/boom/later', form('')],
  ] as const) {
    const reply = await send(path, sent, noisy);
    assert.deepEqual([reply.status, JSON.parse(reply.text).error, reply.headers['cache-control']], [500, 'server_error', 'no-store']);
    assert.equal(reply.text.includes('secret of the house'), false);
    assert.ok((await why(reply)).row.id);
  }
  assert.equal(world.events('request.failed').filter((event) => String(event['path']).startsWith('/boom/')).length, 2);
  assert.equal((await send('/healthz', {}, noisy)).status, 200);
});

test('a path below another takes one step and no more', async () => {
  const seen: string[] = [];
  const more = await listening(world, [
    { path: '/files/*', crossOrigin: 'none', methods: { GET: ({ path }) => (seen.push(path), { status: 200, headers: {}, body: '' }) } },
  ]);
  for (const path of ['/files/a', '/files/', '/files/a%2Fb']) assert.equal((await send(path, {}, more)).status, 200, path);
  for (const path of ['/files', '/files/a/b', '/file/a']) assert.equal((await send(path, {}, more)).status, 404, path);
  assert.deepEqual(seen, ['/files/a', '/files/', '/files/a%2Fb']);
});

test('lengths are bytes, for text and for bytes alike', async () => {
  const more = await listening(world, [
    {
      path: '/text',
      crossOrigin: 'none',
      methods: { GET: () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '虎符 ä' }) },
    },
    { path: '/bytes', crossOrigin: 'none', methods: { GET: () => ({ status: 200, headers: {}, body: Buffer.from('虎符') }) } },
  ]);
  assert.deepEqual([(await send('/text', {}, more)).text, (await send('/text', {}, more)).headers['content-length']], ['虎符 ä', '9']);
  assert.deepEqual([(await send('/bytes', {}, more)).text, (await send('/bytes', {}, more)).headers['content-length']], ['虎符', '6']);
});

test('the clock can be set and there is a test resource in mode test alone (product M27)', async () => {
  const production = await openWorld({ mode: 'production', yaml: 'clients: []' });
  const paths = (table: readonly Route[]): readonly string[] => table.map(({ path }) => path).filter((path) => path.startsWith('/test/'));
  assert.deepEqual(paths(routes(production.ctx, undefined)), []);
  assert.deepEqual(paths(routes(production.ctx, production.clock)), [], 'whatever is handed in');
  assert.deepEqual(paths(routes(world.ctx, world.clock)), ['/test/resource', '/test/tokens', '/test/ciba', '/test/clock']);
  await production.close();
});

test('a star before the last part of a path stands for any one part, and a star at its end for the last', async () => {
  const seen: string[] = [];
  const note = ({ path }: { readonly path: string }): HttpReply => (seen.push(path), { status: 200, headers: {}, body: '' });
  const own = await listening(world, [
    { path: '/a/*/b', crossOrigin: 'none', methods: { GET: note } },
    { path: '/a/x/c', crossOrigin: 'none', methods: { GET: note } },
  ]);
  const there = ['/a/1/b', '/a/%2F/b', '/a/x/c', '/a//b', '/a/*/b'];
  const nowhere = ['/a/b', '/a/1/2/b', '/a/1/b/', '/a/1/c', '/b', '/x/1/b', '/a/1/*'];
  for (const path of there) assert.equal((await send(path, {}, own)).status, 200, path);
  for (const path of nowhere) assert.equal((await send(path, {}, own)).status, 404, path);
  assert.deepEqual(seen, there);
});

test('a status list is for scripts of any origin, and not sent again to who has it (Token Status List §8.1, RFC 9110 §13.1.2)', async () => {
  await world.store.ownGrant(world.tenant, clientId('machine'), ['read'], [API], 1, world.now());
  const path = `/oauth/status/${placeOf(world.ctx, 1).list}`;
  const { status, headers } = await send(path, { headers: { origin: 'https://anywhere.example' } });
  assert.deepEqual(
    [status, headers['access-control-allow-origin'], headers['content-type'], headers['cache-control']],
    [200, '*', 'application/statuslist+jwt', 'public, max-age=15'],
  );
  const again = await send(path, { headers: { 'if-none-match': String(headers['etag']) } });
  assert.deepEqual([again.status, again.text], [304, '']);
  assert.equal((await send(path, { method: 'HEAD' })).status, 200);
  assert.equal((await send(path, { method: 'POST' })).status, 405);
  assert.equal((await send('/oauth/status/7')).status, 404);
});

test('what was changed is told in full, whatever the sender had; only what is read may be had already (RFC 9110 §13.1.2)', async () => {
  const own = await openWorld();
  const reply: HttpReply = { status: 200, headers: { 'content-type': 'application/json', etag: '"7"' }, body: '{}' };
  const route: Route = { path: '/thing', methods: { GET: () => reply, PUT: () => reply }, crossOrigin: 'none' };
  const to = await listening(own, [route]);
  const headers = { 'if-none-match': '*' };
  assert.equal((await send('/thing', { headers }, to)).status, 304);
  const put = await send('/thing', { method: 'PUT', headers, body: '{}' }, to);
  assert.deepEqual([put.status, put.text], [200, '{}']);
  // What limits have counted has changed by now, under the tag of what was set: it is there for the next change.
  const counted: HttpReply = { ...reply, headers: { ...reply.headers, 'cache-control': 'no-store' } };
  const there = await listening(own, [{ ...route, methods: { GET: () => counted } }]);
  const again = await send('/thing', { headers: { 'if-none-match': '"7"' } }, there);
  assert.deepEqual([again.status, again.text, again.headers['etag']], [200, '{}', '"7"']);
  await own.close();
});

test('a route for all below a path takes what no route of its own takes, and nothing beside it', async () => {
  const say = (text: string): Route['methods'] => ({ GET: (http) => ({ status: 200, headers: {}, body: `${text} ${http.path}` }) });
  const route = (path: string, text: string): Route => ({ path, methods: say(text), crossOrigin: 'none' });
  const to = await listening(world, [route('/deep/**', 'deep'), route('/deep/own', 'own'), route('/deep/one/*', 'one')]);
  for (const [path, text] of [
    ['/deep/x', 'deep /deep/x'],
    ['/deep/x/y%2Fz', 'deep /deep/x/y%2Fz'],
    ['/deep/', 'deep /deep/'],
    ['/deep/own', 'own /deep/own'],
    ['/deep/one/z', 'one /deep/one/z'],
  ] as const)
    assert.equal((await send(path, {}, to)).text, text);
  for (const path of ['/deep', '/deeper/x', '/x/deep/y']) assert.equal((await send(path, {}, to)).status, 404, path);
  assert.equal((await send('/deep/x', { method: 'POST' }, to)).status, 405);
});
