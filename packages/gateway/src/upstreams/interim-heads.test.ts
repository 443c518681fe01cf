import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import fc from 'fast-check';
import { type GatewayWorld, route, startGateway } from '../testing/gateway-world.ts';
import { closeAll, say, startRawBehind, statusOf, Wire } from '../testing/proxy-world.ts';
import { InterimHeads } from './interim-heads.ts';
import type { UpstreamSettings } from './settings.ts';

const worlds: GatewayWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  await closeAll();
});

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </evil>; rel=preload\r\nSet-Cookie: evil=1\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ASK = 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n';

async function gatewayOf(port: number, more: Partial<UpstreamSettings> = {}): Promise<GatewayWorld> {
  const upstreams = [{ name: 'notes', targets: [{ url: `http://127.0.0.1:${port}` }], ...more }];
  const world = await startGateway(port, [route('all', '/', { token: 'none', websocket: true })], { settings: { upstreams } });
  worlds.push(world);
  return world;
}

/** What is read of a connection on which `pieces` come. */
function readOf(pieces: readonly string[]): string {
  const heads = new InterimHeads();
  heads.await();
  return pieces
    .map((piece) => {
      const chunk = Buffer.from(piece, 'latin1');
      heads.look(chunk);
      return chunk.toString('latin1');
    })
    .join('');
}

test('100 is read as another 1xx, however it is cut up, and nothing else is changed (RFC 9110 §15.2)', () => {
  const interim = fc.constantFrom(CONTINUE, HINTS, 'HTTP/1.1 100 \r\nA: b\r\nHTTP/1.1 100 x: y\r\n\r\n', 'HTTP/1.0 102 Processing\r\n\r\n');
  const answer = fc.constantFrom(ANSWER, `HTTP/1.1 101 x\r\n\r\n${CONTINUE}`, `HTTP/1.1 200 OK\r\n\r\n${CONTINUE}`, `HTTP/1.1 1x0\r\n\r\n`);
  const cuts = fc.array(fc.nat(400), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(interim, { maxLength: 4 }), answer, cuts, (before, last, at) => {
      const text = before.join('') + last;
      const places = [0, ...at.map((one) => one % text.length).toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((end, i) => text.slice(places[i], end));
      const expected = before.map((one) => one.replace(/^(HTTP\/1\.\d) 100/, '$1 102')).join('') + last;
      assert.equal(readOf(pieces), expected);
    }),
  );
  for (const other of [
    'HTTP/1.1 404 x\r\n',
    'HTTP/2 100\r\n',
    ' HTTP/1.1 100\r\n',
    'GET 100 HTTP/1.1 100',
    'HTTP/1.1  100',
    CONTINUE.toLowerCase(),
  ])
    assert.equal(readOf([other]), other);
});

test('any 1xx before an answer is passed over, also one that nobody asked for (RFC 9110 §15.2, §15.2.1)', async () => {
  const cases: readonly (readonly string[])[] = [
    [CONTINUE + ANSWER],
    [CONTINUE, ANSWER],
    [...(CONTINUE + CONTINUE + ANSWER)],
    [HINTS + CONTINUE + HINTS, CONTINUE, ANSWER],
    [CONTINUE, 'HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n', CONTINUE, 'ok'],
  ];
  let turn = 0;
  const behind = await startRawBehind(async (socket) => {
    for (const piece of cases[turn] ?? []) {
      socket.write(piece, 'latin1');
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const world = await gatewayOf(behind.port);
  for (; turn < cases.length; turn += 1) {
    // Twice on the connection, which is no worse for it.
    for (const _ of [1, 2]) {
      const heard = await say(world.port, ASK);
      assert.equal(statusOf(heard), 200, `${turn}: ${heard}`);
      assert.match(heard, turn === 4 ? /\r\n\r\nHTTP\/1\.1 100 Continue\r\n\r\nok$/ : /\r\n\r\nok$/);
      assert.doesNotMatch(heard, turn === 4 ? /evil/ : /evil|HTTP\/1\.1 1/);
    }
  }
  assert.equal(behind.sockets.length, 1);
});

test('a WebSocket opens after 1xx (RFC 6455 §4.1, RFC 9110 §15.2)', async () => {
  const key = 'MDEyMzQ1Njc4OWFiY2RlZg==';
  const accept = 'BACScCJPNqyz+UBoqMH89VmURoA=';
  const behind = await startRawBehind((socket, heard) => {
    if (!heard.startsWith('GET')) return;
    socket.write(
      `${CONTINUE}${HINTS}HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
  const world = await gatewayOf(behind.port);
  const wire = new Wire(world.port).send(
    `GET / HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await wire.hears('\r\n\r\n');
  assert.equal(statusOf(wire.heard), 101, wire.heard);
  const [inside] = behind.sockets;
  // The first bytes of a WebSocket are no status line, whatever they look like.
  inside?.write('\x81\x19HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  await wire.hears('\x81\x19HTTP/1.1 100 Continue\r\n\r\n');
  wire.close();
});

test('a flood of 1xx is no answer, and ends: so many of them, and so long', async () => {
  const behind = await startRawBehind((socket) => {
    const write = (): void => {
      if (!socket.destroyed) socket.write(CONTINUE.repeat(5), () => setImmediate(write));
    };
    write();
  });
  const world = await gatewayOf(behind.port);
  assert.equal(statusOf(await say(world.port, ASK)), 502);
  await until(() => behind.sockets.every(({ destroyed }) => destroyed));
  // One now and then would put off the head for ever.
  const slow = await startRawBehind((socket) => {
    const write = (): void => {
      if (!socket.destroyed) socket.write(HINTS, () => void setTimeout(write, 40));
    };
    write();
  });
  const patient = await gatewayOf(slow.port, { timeouts: { headMs: 200 } });
  assert.equal(statusOf(await say(patient.port, ASK)), 504);
  await until(() => slow.sockets.every(({ destroyed }) => destroyed));
});

test('after the answer a 1xx is none that was awaited: its connection is given up (RFC 9112 §9.2)', async () => {
  const behind = await startRawBehind((socket) => socket.write(ANSWER + CONTINUE + ANSWER));
  const world = await gatewayOf(behind.port);
  for (const _ of [1, 2]) assert.match(await say(world.port, ASK), /^HTTP\/1\.1 200 [^]*\r\n\r\nok$/);
  assert.equal(behind.sockets.length, 2);
});
