/** What `mutualTlsFetch` makes of answers that no server should give: whoever stands between may give any. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import type { Fetch } from '@hufu/client/ask';
import { createClient } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { mutualTlsFetch } from '@hufu/client/node-mutual-tls';
import { testCertificate } from '../support/certificate.ts';

const own = testCertificate();
let server: Server;
let origin = '';
let fetch: Fetch;
let head = '';

before(async () => {
  server = createServer({ cert: own.cert, key: own.key }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(head));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP, it has an address of that kind.
  origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  fetch = mutualTlsFetch({ cert: own.cert, key: own.key, ca: own.cert });
});
after(() => server?.close());

const answering = (status: string, body = ''): string =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;

test('a status that is none is refused to whoever asked, and to nobody else (RFC 9110 §15)', async () => {
  for (const status of ['600 Odd', '999 Denied', '099 Early']) {
    head = answering(status, 'more').slice(0, -2);
    await assert.rejects(fetch(`${origin}/`, {}), status);
    const metadata = createClient({ issuer: origin, clientId: 'app', fetch }).metadata();
    await assert.rejects(metadata, (error) => error instanceof ClientError && error.kind === 'unreachable', status);
  }
});

test('an answer without content has none, and one with content has it (RFC 9110 §15.3.5, §15.3.6)', async () => {
  for (const status of ['204 No Content', '205 Reset Content', '304 Not Modified']) {
    head = answering(status);
    const response = await fetch(`${origin}/`, {});
    assert.deepEqual([response.status, await response.text()], [Number(status.slice(0, 3)), '']);
  }
  head = answering('200 OK', 'yes');
  assert.equal(await (await fetch(`${origin}/`, {})).text(), 'yes');
});
