import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { closeAll, type Edge, say, startBehind, startEdge, statusOf, Wire } from '../testing/proxy-world.ts';
import { SMUGGLED, TWOFOLD } from '../testing/twofold.ts';

afterEach(closeAll);

test('GTW-16 · what two parsers could read in two ways never reaches an upstream, nor does what follows it (RFC 9112 §6, §6.3, §11.2)', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port);
  for (const [what, text] of TWOFOLD) {
    const wire = new Wire(edge.port).send(text + SMUGGLED);
    const heard = await wire.closed();
    assert.ok(statusOf(heard) >= 400, `${what}: ${heard.slice(0, 200)}`);
    assert.equal(heard.split(/HTTP\/1\.1 \d{3}/).length, 2, `${what}: one answer, and the connection ends`);
    const [first] = behind.got;
    assert.equal(first, undefined, `${what}: ${JSON.stringify(first)}`);
  }
});

test('GTW-16 · chunk extensions and trailers end at the edge; upstreams get bodies that are framed anew (RFC 9112 §7.1)', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port);
  wire.send(
    `POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n5;ext="\r\n"\r\nhello\r\n0\r\nX-User: evil\r\nPassport: evil\r\n\r\n`,
  );
  await wire.hears('\r\n\r\n');
  wire.close();
  // An extension with a line break in quotes is two lines to some: refused, or passed on as what it is.
  if (behind.got.length > 0) assert.equal(behind.got[0]?.body, 'hello');
  const heard = await say(
    edge.port,
    'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X-User\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-User: evil\r\n\r\n',
  );
  assert.equal(statusOf(heard), 200, heard);
  const got = behind.got.at(-1);
  assert.deepEqual([got?.url, got?.body], ['/b', 'hello']);
  assert.equal(got?.headers['transfer-encoding'], 'chunked');
  for (const name of ['te', 'trailer', 'x-user']) assert.equal(got?.headers[name], undefined, name);
});

test('GTW-16 · a body is not the next request, whatever the method (RFC 9112 §6.3)', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port);
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND']) {
    behind.got.length = 0;
    const wire = new Wire(edge.port);
    wire.send(`${method} /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
    wire.send('GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await wire.closed();
    assert.deepEqual(
      behind.got.map(({ url, body }) => [url, body]),
      [
        ['/first', SMUGGLED],
        ['/second', ''],
      ],
      method,
    );
  }
});

test('a request of HTTP/1.0 gets 505: what it was answered could not be told from half of it (RFC 9110 §15.6.6)', async () => {
  const edge = await startEdge((await startBehind()).port);
  assert.equal(statusOf(await say(edge.port, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n')), 505);
  assert.equal(edge.refusals[0]?.code, 'http_version');
});

test('GTW-20 · methods that nobody means never go in, and no header makes one of another (RFC 9110 §9.3.8)', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port);
  for (const [line, status] of [
    ['TRACE / HTTP/1.1', 405],
    ['TRACK / HTTP/1.1', 400],
    ['OPTIONS * HTTP/1.1', 400],
  ] as const) {
    assert.equal(statusOf(await say(edge.port, `${line}\r\nHost: a\r\n\r\n`)), status, line);
  }
  const connecting = new Wire(edge.port).send('CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n');
  assert.doesNotMatch(await connecting.closed(), /HTTP\/1\.1 2/);
  assert.equal(behind.got.length, 0);
  const overrides =
    'X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\nx_http_method_override: DELETE\r\n';
  await say(edge.port, `POST / HTTP/1.1\r\nHost: a\r\n${overrides}Content-Length: 0\r\n\r\n`);
  assert.deepEqual(
    behind.got.map(({ method, lines }) => [method, lines.join().includes('DELETE')]),
    [['POST', false]],
  );
});

test('HTP-01 · more than a hundred headers, or more than 16 KiB of them, are too much (RFC 6585 §5)', async () => {
  const edge = await startEdge((await startBehind()).port);
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('');
  assert.equal(statusOf(await say(edge.port, `GET / HTTP/1.1\r\nHost: a\r\n${lines(99)}\r\n`)), 200);
  assert.equal(statusOf(await say(edge.port, `GET / HTTP/1.1\r\nHost: a\r\n${lines(100)}\r\n`)), 431);
  assert.equal(statusOf(await say(edge.port, `GET / HTTP/1.1\r\nHost: a\r\n${'a:b\r\n'.repeat(3_000)}\r\n`)), 431);
  assert.equal(statusOf(await say(edge.port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`)), 431);
});

test('GTW-16 · what cannot be parsed writes nothing into an answer that is under way (RFC 9112 §9.3.2)', async () => {
  let finish = (): void => undefined;
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'content-length': '6' });
    response.write('abc');
    finish = () => response.end('def');
  });
  const edge: Edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
  await wire.hears('abc');
  wire.send('GARBAGE\r\n\r\n');
  const heard = await wire.closed();
  finish();
  assert.ok(heard.endsWith('\r\n\r\nabc'), heard);
});

test('an expectation is answered once the request is admitted, and goes no further (RFC 9110 §10.1.1)', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port, { bodyLimit: 10 });
  const wire = new Wire(edge.port).send('POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  await wire.hears('HTTP/1.1 100 Continue\r\n\r\n');
  wire.send('hello');
  assert.match(await wire.hears('ok'), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  wire.close();
  assert.deepEqual([behind.got[0]?.body, behind.got[0]?.headers.expect], ['hello', undefined]);
  const refused = new Wire(edge.port).send('POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n');
  const heard = await refused.closed();
  assert.equal(statusOf(heard), 413, heard);
  assert.match(heard, /\r\nconnection: close\r\n/i);
  assert.equal(statusOf(await say(edge.port, 'GET /a HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\n\r\n')), 417);
  assert.equal(behind.got.length, 1);
});

test('HTP-15 · behind an answer that does not end only so many requests wait on a connection (RFC 9112 §9.3.2)', async () => {
  const behind = await startBehind((request, response) => {
    if (request.url !== '/first') response.end('ok');
  });
  const edge = await startEdge(behind.port);
  const next = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
  const wire = new Wire(edge.port).send(`GET /first HTTP/1.1\r\nHost: a\r\n\r\n${next.repeat(1_001)}`);
  assert.equal(await wire.closed(), '', 'the first one had no answer, and nobody else gets one in its place');
  const patient = new Wire(edge.port).send(next.repeat(1_001));
  await patient.until(() => patient.isClosed || patient.heard.split('HTTP/1.1 200').length === 1_002);
  assert.equal(patient.isClosed, false);
  patient.close();
});
