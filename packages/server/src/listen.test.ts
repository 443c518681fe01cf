import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type RequestListener, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { readConfig } from './config/read-config.ts';
import { type Listening, listen } from './listen.ts';

function start(handle: RequestListener): Promise<Listening> {
  return listen(readConfig({ text: 'issuer: http://127.0.0.1:4400\nlisten: 127.0.0.1:0\nmode: test\n', file: 'x', env: {} }), handle);
}

/** What a server says to a text on a socket. */
async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return heard;
}

test('what the parser refuses is answered without a body, kept by nobody, and the connection ends', async () => {
  const server = await start((_, reply) => reply.end('ok'));
  const { port } = server.address;
  for (const [text, status] of [
    ['GARBAGE\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', '400 Bad Request'],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`, '431 Request Header Fields Too Large'],
  ] as const) {
    const heard = await say(port, text);
    assert.ok(heard.startsWith(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n`), heard);
    assert.match(heard, /Cache-Control: no-store\r\n/);
    assert.ok(heard.endsWith('\r\n\r\n'));
  }
  await server.close();
});

test('a stop waits for what is under way, and takes nothing new', async () => {
  let finish = (): void => undefined;
  const server = await start((_, reply) => {
    finish = () => reply.end('finished');
    reply.writeHead(200);
    reply.flushHeaders();
  });
  const { port } = server.address;
  const [incoming] = await once(request({ port, host: '127.0.0.1' }).end(), 'response');
  let closed = false;
  const closing = server.close().then(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed, false);
  await assert.rejects(once(request({ port, host: '127.0.0.1' }).end(), 'response'), { code: 'ECONNREFUSED' });
  finish();
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  assert.equal(text, 'finished');
  await closing;
});

test('an address that is taken fails the start, with the reason', async () => {
  const server = await start((_, reply) => reply.end());
  const config = readConfig({
    text: `issuer: http://127.0.0.1:4400\nlisten: 127.0.0.1:${server.address.port}\nmode: test\n`,
    file: 'x',
    env: {},
  });
  await assert.rejects(
    listen(config, (_, reply) => reply.end()),
    { code: 'EADDRINUSE' },
  );
  await server.close();
});
