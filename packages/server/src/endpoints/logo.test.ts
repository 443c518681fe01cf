import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openWorld, START_MS, type World } from '../testing/world.ts';
import { logo } from './logo.ts';

/** A web server with pictures, and a world whose clients have them as their logos. */
async function withLogos(act: (world: World, asked: readonly string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, reply) => {
    asked.push(`${request.url} ${request.headers.referer ?? ''}${request.headers.cookie ?? ''}`);
    if (request.url === '/svg') reply.writeHead(200, { 'content-type': 'image/svg+xml; charset=utf-8' }).end('<svg onload="alert(1)"/>');
    else if (request.url === '/html') reply.writeHead(200, { 'content-type': 'text/html' }).end('<script>alert(1)</script>');
    else if (request.url === '/large') reply.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.alloc(65_537));
    else reply.writeHead(request.url === '/png' ? 200 : 404, { 'content-type': 'image/png' }).end('png');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = (id: string, path: string): string =>
    `  - { client_id: ${id}, token_endpoint_auth_method: none, redirect_uris: ['https://app.example/cb'], ${path} }\n`;
  const uri = `http://127.0.0.1:${port}`;
  const clients = ['png', 'svg', 'html', 'large', 'gone'].map((name) => client(name, `logo_uri: '${uri}/${name}'`));
  const yaml = `policies: { outbound: { allow_hosts: [127.0.0.1] } }\nclients:\n${clients.join('')}${client('zh', `'logo_uri#zh': '${uri}/png'`)}${client('bare', 'client_name: Bare')}`;
  const world = await openWorld({ yaml });
  try {
    await act(world, asked);
  } finally {
    await world.close();
    server.closeAllConnections();
    server.close();
  }
}

test('our copy of a logo is a picture and nothing else, asked for without a word about the visitor (attacks RED-24, XSS-04)', async () => {
  await withLogos(async (world, asked) => {
    const visitor = { headers: { cookie: 'hufu_session=x', referer: 'https://id.example/signin' } };
    const svg = await logo(world.ctx, world.http(visitor), 'svg');
    assert.deepEqual(
      [svg.status, svg.headers['content-type'], svg.headers['cross-origin-resource-policy']],
      [200, 'image/svg+xml', 'same-origin'],
    );
    assert.equal(svg.headers['content-security-policy'], "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    assert.equal((await logo(world.ctx, world.http(visitor), 'png')).body.toString(), 'png');
    assert.equal((await logo(world.ctx, world.http(visitor), 'zh')).status, 200, 'one that has a language alone is one as well');
    assert.deepEqual(asked, ['/svg ', '/png ', '/png ']);
  });
});

test('a copy is kept for a day, a failure for a minute, so that nobody makes us ask again and again', async () => {
  await withLogos(async (world, asked) => {
    const at = (id: string, ms: number): Promise<number> =>
      logo(world.ctx, world.http({ nowMs: START_MS + ms }), id).then(({ status }) => status);
    assert.deepEqual(
      await Promise.all(Array.from({ length: 10 }, () => at('png', 0))),
      Array.from({ length: 10 }, () => 200),
    );
    assert.equal(await at('png', 86_399_999), 200);
    assert.equal(asked.length, 1);
    assert.equal(await at('png', 86_400_000), 200);
    assert.equal(asked.length, 2);
    for (const ms of [0, 59_999, 60_000]) assert.equal(await at('gone', ms), 404);
    assert.equal(asked.length, 4);
  });
});

test("what is no picture, too large, missing or nobody's is 404 with a decision", async () => {
  await withLogos(async (world) => {
    for (const id of ['html', 'large', 'gone', 'bare', 'nobody', '']) {
      const reply = await logo(world.ctx, world.http(), id);
      assert.deepEqual([reply.status, (await world.why(reply)).detail], [404, 'no logo to be had'], id);
    }
    assert.deepEqual(
      world.events('outbound.refused').map(({ purpose }) => purpose),
      ['logo'],
    );
  });
});
