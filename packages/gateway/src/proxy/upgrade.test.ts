import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { closeAll, type Edge, startBehind, startEdge, startRawBehind, statusOf, Wire } from '../testing/proxy-world.ts';

afterEach(closeAll);

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const HANDSHAKE = `GET /socket?a=b HTTP/1.1\r\nHost: app.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`;

/** A server that takes handshakes and gives every byte back. */
function startEcho(more = '', first = ''): ReturnType<typeof startRawBehind> {
  const greeted = new WeakSet<object>();
  return startRawBehind((socket, heard) => {
    if (greeted.has(socket)) {
      socket.write(heard, 'latin1');
      return;
    }
    greeted.add(socket);
    const key = /\r\nsec-websocket-key: (.*)\r\n/i.exec(heard)?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n${first}`,
      'latin1',
    );
    const rest = heard.slice(heard.indexOf('\r\n\r\n') + 4);
    if (rest !== '') socket.write(rest, 'latin1');
  });
}

async function join(edge: Edge, more = ''): Promise<Wire> {
  const wire = new Wire(edge.port).send(`${HANDSHAKE}${more}\r\n`);
  await wire.hears('\r\n\r\n');
  return wire;
}

test('a handshake that both sides mean joins them, and bytes pass both ways (RFC 6455 §4.1, §4.2, §4.2.2)', async () => {
  const behind = await startEcho('Sec-WebSocket-Protocol: chat\r\nX-Hop: 1\r\nPassport: inside\r\n', '\x81\x02hi');
  const edge = await startEdge(behind.port, { ours: ['passport', 'ours'] });
  const wire = await join(edge, 'Sec-WebSocket-Protocol: chat\r\nPassport: evil\r\n');
  await wire.hears('hi');
  assert.ok(
    wire.heard.startsWith('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nsec-websocket-accept: '),
    wire.heard,
  );
  assert.ok(wire.heard.includes(`${ACCEPT}\r\nsec-websocket-protocol: chat\r\n`));
  assert.equal(/passport/i.test(wire.heard), false);
  for (const text of ['\x81\x05hello', '\x82\x03\x00\xff\r']) {
    wire.heard = '';
    wire.send(text);
    await wire.until(() => wire.heard.length >= text.length);
    assert.equal(wire.heard, text);
  }
  wire.close();
  await until(() => edge.ends.length === 1);
  assert.deepEqual(
    [edge.ends[0], edge.outcomes],
    [{ how: 'whole', status: 101, target: 'one', tries: 1, error: undefined }, [{ kind: 'whole' }]],
  );
});

test('what a client sends behind its handshake goes on after the 101, and only then (RFC 6455 §4.1)', async () => {
  const behind = await startEcho();
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send(`${HANDSHAKE}\r\n\x81\x05early`);
  assert.ok((await wire.hears('early')).includes('101 Switching'));
  wire.close();
  const refusing = await startRawBehind((socket, heard) => {
    assert.equal(heard.includes('smuggled'), false);
    socket.write('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno');
  });
  const other = await startEdge(refusing.port);
  const refused = new Wire(other.port).send(`${HANDSHAKE}\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  const heard = await refused.closed();
  assert.match(heard, /^HTTP\/1\.1 426 Upgrade Required\r\ncontent-length: 2\r\n[^]*connection: close\r\n\r\nno$/i);
  assert.equal(refusing.sockets.length, 1);
});

test('a 101 that has not read the key is a bad gateway, and nothing is joined (RFC 6455 §4.2.2)', async () => {
  for (const head of [
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n',
    'Connection: Upgrade\r\nUpgrade: websocket\r\n',
    `Connection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`,
    `Upgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`,
  ]) {
    const behind = await startRawBehind((socket) => socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`));
    const edge = await startEdge(behind.port);
    const heard = await new Wire(edge.port).send(`${HANDSHAKE}\r\n`).closed();
    assert.equal(statusOf(heard), 502, head);
    assert.equal(edge.outcomes[0]?.kind, 'failed');
    await closeAll();
  }
});

test('GTW-12 · what is no handshake is an ordinary request, and its Upgrade stays at the edge (RFC 9110 §7.8)', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port);
  for (const text of [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nab',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const wire = new Wire(edge.port).send(text);
    assert.equal(statusOf(await wire.hears(/ok$/)), 200, text);
    wire.close();
    assert.deepEqual([behind.got.at(-1)?.headers.upgrade, behind.got.at(-1)?.headers['http2-settings']], [undefined, undefined]);
  }
});

test('a handshake behind a request that is not answered yet is an ordinary request (RFC 9112 §9.3.2)', async () => {
  let finish = (): void => undefined;
  const behind = await startBehind((request, response) => {
    if (request.url === '/first') finish = () => response.end('first');
    else response.end('second');
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send(`GET /first HTTP/1.1\r\nHost: a\r\n\r\n${HANDSHAKE}\r\n`);
  await until(() => behind.got.length === 1);
  finish();
  const heard = await wire.hears('second');
  assert.ok(heard.includes('first') && heard.indexOf('first') < heard.indexOf('second'), heard);
  assert.deepEqual(
    behind.got.map(({ url }) => url),
    ['/first', '/socket?a=b'],
  );
  wire.close();
});

test('a handshake without its key or in another version never goes in (RFC 6455 §4.2.1, §4.4)', async () => {
  const behind = await startEcho();
  const edge = await startEdge(behind.port);
  const plain = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  for (const [more, status] of [
    ['Sec-WebSocket-Version: 13\r\n', 400],
    ['Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n', 400],
    [`Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Key: ${KEY}\r\n`, 400],
    [`Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: ${KEY}\r\n`, 426],
  ] as const) {
    const heard = await new Wire(edge.port).send(`${plain}${more}\r\n`).closed();
    assert.equal(statusOf(heard), status, more);
    if (status === 426) assert.match(heard, /\r\nsec-websocket-version: 13\r\n/);
  }
  assert.equal(behind.sockets.length, 0);
});

test('GTW-21 · a WebSocket that is cut gets a close frame between two frames, and none in the middle of one or behind another (RFC 6455 §5.5.1)', async () => {
  const behind = await startEcho();
  const edge = await startEdge(behind.port);
  const whole = await join(edge);
  whole.heard = '';
  whole.send('\x81\x05hello');
  await whole.hears('hello');
  edge.streams[0]?.cut();
  assert.equal(await whole.closed(), '\x81\x05hello\x88\x02\x03\xf0');
  const half = await join(edge);
  half.heard = '';
  half.send('\x81\x05he');
  await half.hears('he');
  edge.streams[1]?.cut();
  assert.equal(await half.closed(), '\x81\x05he');
  const over = await join(edge);
  over.heard = '';
  over.send('\x88\x02\x03\xe8');
  await over.hears('\x88\x02\x03\xe8');
  edge.streams[2]?.cut();
  assert.equal(await over.closed(), '\x88\x02\x03\xe8', 'nothing behind the close frame of the service');
  assert.deepEqual(
    edge.ends.map(({ how }) => how),
    ['cut', 'cut', 'cut'],
  );
});

test('the end of one side is the end of both, and silence ends both', async () => {
  const behind = await startEcho();
  const edge = await startEdge(behind.port, { idleMs: 50 });
  const idle = await join(edge);
  await idle.closed();
  assert.equal(edge.ends[0]?.how, 'idle');
  const patient = await startEdge(behind.port);
  const left = await join(patient);
  behind.sockets.at(-1)?.end('\x88\x00', 'latin1');
  assert.ok((await left.closed()).endsWith('\x88\x00'));
  const leaving = await join(patient);
  const inside = behind.sockets.at(-1);
  leaving.close();
  await until(() => inside?.destroyed === true);
});

test('both sides hold each other back: what is not taken is not read', async () => {
  const SIZE = 32 * 1_048_576;
  const behind = await startEcho();
  const edge = await startEdge(behind.port);
  const wire = await join(edge);
  const [inside] = behind.sockets;
  assert.ok(inside !== undefined);
  for (const [from, to] of [
    [wire.socket, inside],
    [inside, wire.socket],
  ] as const) {
    let length = 0;
    to.removeAllListeners('data');
    to.pause();
    from.write(Buffer.alloc(SIZE, 'x'));
    let before = -1;
    for (let still = 0; still < 2_000; still = from.bytesWritten - from.writableLength === before ? still + 1 : 0) {
      before = from.bytesWritten - from.writableLength;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(from.writableLength > 0, 'not everything is taken');
    to.on('data', (chunk: Buffer) => (length += chunk.length));
    to.resume();
    await until(() => length >= SIZE);
  }
  wire.close();
});
