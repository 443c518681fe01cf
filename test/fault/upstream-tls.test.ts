import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { send } from '../../packages/gateway/src/testing/send.ts';
import { createUpstream, type RunningUpstream } from '../../packages/gateway/src/upstreams/create-upstream.ts';
import { type MadeCertificate, makeCertificate, SERVER_AUTH } from '../../packages/server/src/testing/certificates.ts';

const running: { readonly servers: Http2SecureServer[]; readonly upstreams: RunningUpstream[] } = { servers: [], upstreams: [] };
afterEach(async () => {
  await Promise.all(running.upstreams.splice(0).map((upstream) => upstream.close()));
  await Promise.all(running.servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const authority = makeCertificate({ subject: [['CN', 'inside']], isAuthority: true });

function certificateFor(ip: string): MadeCertificate {
  return makeCertificate({ subject: [['CN', 'notes']], issuer: authority, altNames: [['ip', ip]], usages: [SERVER_AUTH] });
}

/** A server that would rather speak HTTP/2, and says which it was spoken to in. */
async function startServer({ cert, key }: MadeCertificate): Promise<string> {
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => void response.end(request.httpVersion));
  running.servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `https://127.0.0.1:${port}`;
}

function upstreamOf(url: string, ca?: string): RunningUpstream {
  const upstream = createUpstream({ name: 'notes', targets: [{ url }], ...(ca === undefined ? {} : { ca }) });
  running.upstreams.push(upstream);
  return upstream;
}

test('an upstream with a certificate of an authority of its own is spoken to in HTTP/1.1', async () => {
  const upstream = upstreamOf(await startServer(certificateFor('127.0.0.1')), authority.cert);
  const { status, body } = await send(upstream);
  assert.deepEqual([status, body], [200, '1.1']);
});

test('an upstream whose certificate nobody vouches for gets no request', async () => {
  const upstream = upstreamOf(await startServer(certificateFor('127.0.0.1')));
  const { status, failure } = await send(upstream, { method: 'POST', body: 'secret' });
  assert.deepEqual([status, failure?.phase, failure?.sent], [undefined, 'connect', false]);
});

test('an upstream with the certificate of another gets no request, and is left alone', async () => {
  const upstream = upstreamOf(await startServer(certificateFor('127.0.0.2')), authority.cert);
  const { status, failure } = await send(upstream, { method: 'POST', body: 'secret' });
  assert.deepEqual([status, failure?.phase, failure?.sent], [undefined, 'connect', false]);
  assert.equal(upstream.state().targets[0]?.phase, 'open');
});
