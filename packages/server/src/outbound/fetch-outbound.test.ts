import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';
import { fetchOutbound, OutboundRefused } from './fetch-outbound.ts';

let server: Server;
let origin = '';
let seen = 0;
before(async () => {
  server = createServer((request, reply) => {
    seen++;
    if (request.url === '/redirect') return void reply.writeHead(302, { location: '/' }).end();
    if (request.url === '/large') return void reply.end('x'.repeat(5_000));
    if (request.url === '/slow') return;
    reply.writeHead(200, { 'content-type': 'text/plain' }).end(`cookie=${request.headers.cookie ?? ''}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const limits = { maxBytes: 1_000, timeoutMs: 300, allow: [] };
const exempt = { ...limits, allow: [{ kind: 'host', host: '127.0.0.1' }] as const };

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
  }
  assert.equal(seen, 0);
});

test('an exempt host is reached; redirects, large bodies and slow answers are not taken (attacks SSR-03, SSR-09, SSR-10)', async () => {
  assert.equal((await fetchOutbound(`${origin}/`, exempt)).body.toString(), 'cookie=');
  await assert.rejects(fetchOutbound(`${origin}/redirect`, exempt), /redirect/);
  await assert.rejects(fetchOutbound(`${origin}/large`, exempt), /more than/);
  await assert.rejects(fetchOutbound(`${origin}/slow`, exempt), OutboundRefused);
});

test('an exempt network counts for addresses in it, and for names that lead there as far as the guard goes (product 2.2)', async () => {
  const inside = { ...limits, allow: [{ kind: 'network', network: { address: '127.0.0.0', prefixLength: 8, family: 'ipv4' } }] as const };
  assert.equal((await fetchOutbound(`${origin}/`, inside)).status, 200);
  await assert.rejects(fetchOutbound(`http://localhost:${new URL(origin).port}/`, inside), /scheme http:/);
  await assert.rejects(fetchOutbound('http://10.0.0.1:8080/', inside), OutboundRefused);
});
