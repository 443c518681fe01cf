import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '@hufu/store/contract/until';
import { fetchOutbound, OutboundRefused, postOutbound } from './fetch-outbound.ts';

let server: Server;
let origin = '';
let seen = 0;
const sockets = new Set<Socket>();
const answers: Readonly<Record<string, (reply: ServerResponse, request: IncomingMessage) => void>> = {
  '/redirect': (reply) => reply.writeHead(302, { location: '/' }).end('x'.repeat(100)),
  '/endless-redirect': (reply) => void reply.writeHead(302, { location: '/' }).write('x'),
  '/endless-gzip': (reply) => void reply.writeHead(200, { 'content-encoding': 'gzip' }).write('x'),
  '/large': (reply) => reply.end('x'.repeat(5_000)),
  '/slow': () => undefined,
  '/drip': (reply) => {
    const drop = setInterval(() => reply.write('x'), 20);
    reply.on('close', () => clearInterval(drop));
  },
  '/headers': (reply) => reply.writeHead(200, { 'x-long': 'x'.repeat(9_000) }).end(),
  '/gzip': (reply) => reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000))),
  '/identity': (reply) => reply.writeHead(200, { 'content-encoding': 'Identity' }).end('plain'),
  '/64k': (reply) => reply.end('x'.repeat(65_536)),
  '/65k': (reply) => reply.end('x'.repeat(65_537)),
  '/cut': (reply) => reply.writeHead(200, { 'content-length': '10' }).write('x', () => reply.destroy()),
  '/echo': (reply, request) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () =>
      reply.writeHead(200, { 'cache-control': 'max-age=9' }).end(JSON.stringify([request.method, request.headers, body])),
    );
  },
};
before(async () => {
  server = createServer((request, reply) => {
    seen++;
    const answer = answers[request.url ?? ''];
    if (answer !== undefined) return void answer(reply, request);
    reply.writeHead(200, { 'content-type': 'text/plain' }).end(`cookie=${request.headers.cookie ?? ''}`);
  });
  // It is not the server that gives them back.
  server.keepAliveTimeout = 600_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const limits = { maxBytes: 1_000, timeoutMs: 20_000, allow: [] };
const exempt = { ...limits, allow: [{ kind: 'host', host: '127.0.0.1' }] as const };
/** For answers that never come. */
const hasty = { ...exempt, timeoutMs: 300 };

test('a private address is refused before anything is sent, however it is written (attacks SSR-01, SSR-05, SSR-12)', async () => {
  const port = new URL(origin).port;
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    'localhost',
    'localhost.',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '127。0。0。1',
    '①②⑦.0.0.1',
  ];
  for (const host of hosts) await assert.rejects(fetchOutbound(`https://${host}:${port}/`, limits), OutboundRefused, host);
  for (const url of [
    'http://example.com/',
    'file:///etc/passwd',
    'gopher://x/',
    'data:,x',
    'https://user@example.com/',
    'https://example.com:22/',
    'nonsense',
  ]) {
    await assert.rejects(fetchOutbound(url, limits), OutboundRefused, url);
    await assert.rejects(postOutbound(url, 'a=b', limits), OutboundRefused, url);
  }
  assert.equal(seen, 0);
});

test('an exempt host is reached; redirects, large bodies and slow answers are not taken (attacks SSR-03, SSR-09, SSR-10)', async () => {
  assert.equal((await fetchOutbound(`${origin}/`, exempt)).body.toString(), 'cookie=');
  await assert.rejects(fetchOutbound(`${origin}/redirect`, exempt), /redirect/);
  await assert.rejects(fetchOutbound(`${origin}/large`, exempt), /more than/);
  await assert.rejects(fetchOutbound(`${origin}/slow`, hasty), OutboundRefused);
  await assert.rejects(fetchOutbound(`${origin}/drip`, hasty), OutboundRefused);
  await assert.rejects(fetchOutbound(`${origin}/headers`, exempt), OutboundRefused);
  await assert.rejects(fetchOutbound(`${origin}/cut`, exempt), OutboundRefused);
});

test('nothing is decompressed, and what is compressed is not taken (attacks SSR-09)', async () => {
  await assert.rejects(fetchOutbound(`${origin}/gzip`, exempt), { name: 'OutboundRefused', message: 'a compressed body' });
  assert.equal((await fetchOutbound(`${origin}/identity`, exempt)).body.toString(), 'plain');
});

test('a body has 64 KiB at most where nothing else is said (attacks SSR-09)', async () => {
  const { allow, timeoutMs } = exempt;
  assert.equal((await fetchOutbound(`${origin}/64k`, { allow, timeoutMs })).body.length, 65_536);
  await assert.rejects(fetchOutbound(`${origin}/65k`, { allow, timeoutMs }), { message: 'more than 65536 bytes' });
});

test('every socket is given back at once, whatever became of the request (attacks SSR-09)', async () => {
  const patient = { ...exempt, timeoutMs: 600_000 };
  for (const path of ['/', '/redirect', '/endless-redirect', '/endless-gzip', '/large', '/gzip'])
    await fetchOutbound(origin + path, patient).catch(() => undefined);
  for (const path of ['/slow', '/drip']) await fetchOutbound(origin + path, hasty).catch(() => undefined);
  await until(() => sockets.size === 0);
});

test('a form is posted as it is, without anything of ours beside it (attacks SSR-10)', async () => {
  const reply = await postOutbound(`${origin}/echo`, 'logout_token=a.b.c&x=%C3%BC', exempt);
  const [method, headers, body] = JSON.parse(reply.body.toString());
  assert.deepEqual([method, body, reply.status, reply.cacheControl], ['POST', 'logout_token=a.b.c&x=%C3%BC', 200, 'max-age=9']);
  assert.deepEqual(headers, {
    accept: '*/*',
    'accept-encoding': 'identity',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': '27',
    'user-agent': 'hufu',
    host: new URL(origin).host,
    connection: 'close',
  });
});

test('what was posted stands in no error (attacks SSR-07)', async () => {
  for (const path of ['/redirect', '/large', '/drip', '/cut']) {
    await assert.rejects(postOutbound(origin + path, 'logout_token=canary', path === '/drip' ? hasty : exempt), (error) => {
      assert.ok(error instanceof OutboundRefused);
      return !`${error.stack} ${String(error.cause)}`.includes('canary');
    });
  }
});

test('an exempt network counts for addresses in it, and for names that lead there as far as the guard goes (product 2.2)', async () => {
  const inside = { ...limits, allow: [{ kind: 'network', network: { address: '127.0.0.0', prefixLength: 8, family: 'ipv4' } }] as const };
  assert.equal((await fetchOutbound(`${origin}/`, inside)).status, 200);
  await assert.rejects(fetchOutbound(`http://localhost:${new URL(origin).port}/`, inside), /scheme http:/);
  await assert.rejects(fetchOutbound('http://10.0.0.1:8080/', inside), OutboundRefused);
});

test('where only the status counts nothing of a body is read, however it comes, and a redirect is none (attacks SSR-03, SSR-07, SSR-09)', async () => {
  const only = { ...exempt, maxBytes: 0 };
  for (const path of ['/65k', '/drip', '/gzip', '/endless-gzip', '/cut', '/']) {
    const { status, body } = await fetchOutbound(`${origin}${path}`, only);
    assert.deepEqual([status, body.length], [200, 0], path);
  }
  for (const path of ['/redirect', '/endless-redirect'])
    await assert.rejects(() => fetchOutbound(`${origin}${path}`, only), OutboundRefused);
  await until(() => sockets.size === 0, 'every socket is given back');
});
