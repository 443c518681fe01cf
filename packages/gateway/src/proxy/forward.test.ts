import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { closeAll, say, startBehind, startEdge, startRawBehind, statusOf, timers, Wire } from '../testing/proxy-world.ts';

afterEach(closeAll);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a request goes in and its answer comes out, with what either says', async () => {
  const behind = await startBehind((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(201, 'Made', { 'X-Any': 'thing', 'Set-Cookie': ['a=1', 'b=2'] });
      response.end('done');
    });
  });
  const edge = await startEdge(behind.port, { ours: ['x-request-id', 'r1'] });
  const heard = await say(edge.port, `POST /a%2eb?c=d+%20 HTTP/1.1\r\nHost: app.example\r\nX-Any: thing\r\nContent-Length: 5\r\n\r\nhello`);
  assert.match(heard, /^HTTP\/1\.1 201 Created\r\n/);
  assert.match(heard, /\r\nx-any: thing\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/);
  assert.ok(heard.endsWith('\r\n\r\ndone'), heard);
  const [got] = behind.got;
  assert.deepEqual([got?.method, got?.url, got?.body], ['POST', '/a.b?c=d+%20', 'hello']);
  assert.deepEqual(
    got?.lines,
    `host 127.0.0.1:${behind.port} connection keep-alive x-any thing x-request-id r1 content-length 5`.split(' '),
  );
  assert.deepEqual(edge.ends, [{ how: 'whole', status: 201, target: 'one', tries: 1, error: undefined }]);
  assert.deepEqual(edge.outcomes, [{ kind: 'whole' }]);
});

test('what is of a connection stays on it, both ways: TE, Trailer and what Connection names (RFC 9110 §7.6.1)', async () => {
  const behind = await startBehind((request, response) => {
    request.resume();
    response.sendDate = false;
    response.writeHead(200, {
      Connection: 'X-Hop',
      'X-Hop': '1',
      'Keep-Alive': 'timeout=5',
      Trailer: 'X-After',
      'Proxy-Authenticate': 'Basic',
      TE: 'gzip',
    });
    response.write('a');
    response.addTrailers({ 'X-After': 'late' });
    response.end();
  });
  const edge = await startEdge(behind.port);
  const heard = await say(
    edge.port,
    'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers, deflate\r\nConnection: TE, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 9\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\nProxy: x\r\nUpgrade: h2c\r\n\r\n',
  );
  assert.equal(statusOf(heard), 200);
  assert.doesNotMatch(heard, /x-hop|trailer|x-after|proxy|\nte: /i);
  assert.deepEqual(behind.got[0]?.lines, ['host', `127.0.0.1:${behind.port}`, 'connection', 'keep-alive']);
});

test('the head of an answer goes out at once, and each piece as it comes', async () => {
  let response: ServerResponse | undefined;
  const behind = await startBehind((_, raw) => {
    response = raw;
    raw.writeHead(200, { 'content-type': 'text/event-stream' });
    raw.flushHeaders();
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(await wire.hears('\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
  assert.equal(edge.streams.length, 1, 'an event stream is one from its head on');
  for (const piece of ['data: 1\n\n', 'data: 2\n\n']) {
    response?.write(piece);
    await wire.hears(piece);
  }
  response?.end();
  assert.ok((await wire.hears('\r\n0\r\n\r\n')).endsWith('0\r\n\r\n'));
  wire.close();
});

test('a small answer that is here as a whole is written once, with its length', async () => {
  const behind = await startRawBehind((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n'),
  );
  const edge = await startEdge(behind.port);
  const one = await startRawBehind((socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'));
  const edgeOfOne = await startEdge(one.port);
  assert.match(await say(edgeOfOne.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /\r\ncontent-length: 2\r\n[^]*\r\n\r\nab$/);
  // Node 26 joins what is written in one turn, Node 24 does not.
  assert.match(await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /\r\n(?:4\r\nabcd|2\r\nab\r\n2\r\ncd)\r\n0\r\n\r\n$/);
});

test('1xx stay inside; HEAD, 204 and 304 have no body (RFC 9110 §6.4.1, §15.2, RFC 9112 §6.3)', async () => {
  const behind = await startRawBehind((socket, heard) => {
    if (heard.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n');
    else if (heard.includes(' /204')) socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
    else if (heard.includes(' /304')) socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: "x"\r\n\r\n');
    else
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      );
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port);
  wire.send(
    'HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\n\r\nGET /103 HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  const heard = await wire.hears(/ok$/);
  wire.close();
  const [, head = '', none = '', same = '', whole = ''] = heard.split('HTTP/1.1 ');
  assert.match(head, /^200 OK\r\ncontent-length: 99\r\n[^]*\r\n\r\n$/);
  assert.match(none, /^204 No Content\r\n/);
  assert.doesNotMatch(none, /content-length|transfer-encoding/i);
  assert.match(same, /^304 Not Modified\r\ncontent-length: 99\r\netag: "x"\r\n[^]*\r\n\r\n$/);
  assert.match(whole, /^200 OK\r\ncontent-length: 2\r\n/);
  assert.equal(heard.includes('evil'), false);
});

test('a slow client holds an upstream back instead of filling memory, and gets every byte in the end', async () => {
  const SIZE = 32 * 1_048_576;
  let sent = 0;
  const behind = await startBehind((_, response) => {
    response.writeHead(200, { 'content-length': SIZE });
    const piece = Buffer.alloc(65_536, 'x');
    const write = (): void => {
      while (sent < SIZE) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port);
  let length = 0;
  wire.socket.removeAllListeners('data');
  wire.socket.pause();
  wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => sent > 0);
  let before = -1;
  // It stands still, once the buffers on the way are full.
  for (let still = 0; still < 2_000; still = sent === before ? still + 1 : 0) {
    before = sent;
    await turn();
  }
  assert.ok(sent > 0 && sent < SIZE, `${sent} bytes are on the way`);
  wire.socket.on('data', (chunk: Buffer) => (length += chunk.length));
  wire.socket.resume();
  await until(() => length > SIZE);
  wire.close();
  assert.deepEqual(edge.ends[0]?.how, 'whole');
});

test('a body goes in as it comes, with its length; and a slow upstream holds the client back', async () => {
  const SIZE = 32 * 1_048_576;
  let got = 0;
  let go = (): void => undefined;
  const behind = await startBehind((request, response) => {
    request.removeAllListeners('data');
    request.pause();
    assert.equal(request.headers['content-length'], String(SIZE));
    go = () => {
      request.on('data', (chunk: Buffer) => (got += chunk.length));
      request.on('end', () => response.end('ok'));
      request.resume();
    };
  });
  const edge = await startEdge(behind.port, { bodyLimit: SIZE });
  const wire = new Wire(edge.port).send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
  const piece = Buffer.alloc(65_536, 'x');
  for (let at = 0; at < SIZE; at += piece.length) wire.socket.write(piece);
  let before = -1;
  for (let still = 0; still < 2_000; still = wire.socket.bytesWritten - wire.socket.writableLength === before ? still + 1 : 0) {
    before = wire.socket.bytesWritten - wire.socket.writableLength;
    await turn();
  }
  assert.ok(wire.socket.writableLength > 0, 'not everything is taken');
  go();
  assert.equal(statusOf(await wire.hears(/ok$/)), 200);
  wire.close();
  assert.equal(got, SIZE);
});

test('both directions flow at once: an answer may begin before the body has ended', async () => {
  const behind = await startBehind((request, response) => {
    response.writeHead(200);
    request.on('data', (chunk: Buffer) => response.write(chunk.toString().toUpperCase()));
    request.on('end', () => response.end());
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const word of ['one', 'two', 'three']) {
    wire.send(`${word.length.toString(16)}\r\n${word}\r\n`);
    await wire.hears(word.toUpperCase());
  }
  wire.send('0\r\n\r\n');
  assert.ok((await wire.hears('\r\n0\r\n\r\n')).endsWith('0\r\n\r\n'));
  wire.close();
});

test('a client that goes takes its request inside with it', async () => {
  const behind = await startBehind(() => undefined);
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => behind.got.length === 1);
  const [inside] = behind.connections;
  assert.ok(inside !== undefined);
  wire.close();
  await once(inside, 'close');
  assert.deepEqual(edge.ends, [{ how: 'client_gone', status: undefined, target: 'one', tries: 1, error: undefined }]);
  assert.deepEqual(edge.outcomes, [{ kind: 'aborted' }], 'which says nothing of the upstream');
});

test('a client that goes in the middle of its body: the upstream does not take the half for the whole', async () => {
  const wholes: string[] = [];
  const behind = await startBehind((request) => request.on('end', () => wholes.push('whole')));
  const edge = await startEdge(behind.port);
  for (const framing of ['Content-Length: 10\r\n\r\nhello', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n']) {
    const wire = new Wire(edge.port).send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`);
    const before = behind.connections.length;
    await until(() => behind.connections.length > before || behind.connections.some((socket) => !socket.destroyed && socket.bytesRead > 0));
    const inside = behind.connections.at(-1);
    assert.ok(inside !== undefined);
    wire.close();
    await until(() => inside.destroyed);
  }
  assert.deepEqual(wholes, []);
  assert.deepEqual(
    edge.ends.map(({ how }) => how),
    ['client_gone', 'client_gone'],
  );
});

test('an upstream that breaks off in the middle: the client cannot take the half for the whole (RFC 9112 §8)', async () => {
  for (const [what, head] of [
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'],
  ] as const) {
    const behind = await startRawBehind((socket) => socket.write(head));
    const edge = await startEdge(behind.port);
    const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.hears('hello');
    behind.sockets[0]?.destroy();
    const heard = await wire.closed();
    assert.ok(heard.includes('hello') && !heard.endsWith('0\r\n\r\n'), `${what}: ${heard}`);
    assert.deepEqual(edge.ends[0]?.how, 'upstream_broke');
    assert.equal(edge.outcomes[0]?.kind, 'failed');
    await closeAll();
  }
});

test('an answer that ends with its connection is passed on as one: nobody is told that it is whole (RFC 9112 §8)', async () => {
  for (const how of ['end', 'resetAndDestroy'] as const) {
    const behind = await startRawBehind((socket) => socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello'));
    const edge = await startEdge(behind.port);
    const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.hears('hello');
    behind.sockets[0]?.[how]();
    const heard = await wire.closed();
    assert.match(heard, /\r\nconnection: close\r\n\r\nhello$/i);
    assert.doesNotMatch(heard, /transfer-encoding|content-length/i);
    await closeAll();
  }
});

test('an upstream that breaks off before its head is a bad gateway, told as problem details (RFC 9457 §3, RFC 9110 §15.6.3)', async () => {
  const behind = await startRawBehind((socket) => socket.destroy());
  const edge = await startEdge(behind.port);
  const heard = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(statusOf(heard), 502);
  assert.match(heard, /\r\ncontent-type: application\/problem\+json\r\n/);
  const problem: unknown = JSON.parse(heard.slice(heard.indexOf('\r\n\r\n')));
  assert.deepEqual(problem, {
    title: 'Bad Gateway',
    status: 502,
    detail: 'the service behind gave no answer that can be passed on',
    code: 'upstream_failed',
    decision_id: 'decision-1',
  });
  assert.equal(heard.includes(String(behind.port)), false, 'nobody learns where it stands');
  assert.deepEqual(edge.outcomes, [{ kind: 'failed', phase: 'head', cause: 'reset', sent: true }]);
  const page = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Mode: navigate\r\n\r\n');
  assert.match(page, /\r\ncontent-type: text\/html; charset=utf-8\r\n[^]*<h1>502 Bad Gateway<\/h1>[^]*decision-1/);
});

test('an upstream that is not there is a bad gateway, and the body that came for it is read and forgotten', async () => {
  const behind = await startRawBehind(() => undefined);
  const edge = await startEdge(1);
  assert.ok(behind.port > 0);
  const wire = new Wire(edge.port);
  for (let i = 0; i < 3; i++) {
    const body = 'x'.repeat(100_000);
    wire.heard = '';
    wire.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.equal(statusOf(await wire.hears(/\}$/)), 502);
  }
  wire.close();
  assert.deepEqual(edge.outcomes[0], { kind: 'failed', phase: 'connect', cause: 'refused', sent: false });
});

test('an upstream without a head in its time is 504 (RFC 9110 §15.6.5)', async () => {
  const behind = await startRawBehind(() => undefined);
  const edge = await startEdge(behind.port, { headTimeoutMs: 100 });
  assert.equal(statusOf(await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')), 504);
  assert.deepEqual(edge.outcomes, [{ kind: 'failed', phase: 'head', cause: 'timeout', sent: true }]);
});

test('an answer that begins and then stands still ends in the middle; so does one that takes too long as a whole', async () => {
  const behind = await startBehind((_, response) => {
    response.writeHead(200);
    response.write('a');
  });
  const MS = 77_777;
  for (const [times, how] of [
    [{ answerIdleMs: MS }, 'idle'],
    [{ wholeMs: MS }, 'too_long'],
  ] as const) {
    let goes: (() => void) | undefined;
    const later: typeof timers.later = (ms, act) => {
      if (ms !== MS) return timers.later(ms, act);
      goes = act;
      return () => void (goes = undefined);
    };
    const edge = await startEdge(behind.port, { times, timers: { later } });
    const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.hears('\r\na\r\n');
    // The first look finds what has come, the second that nothing has come since.
    for (let look = 0; look < 2; look++) goes?.();
    const heard = await wire.closed();
    assert.ok(statusOf(heard) === 200 && !heard.endsWith('0\r\n\r\n'), heard);
    assert.equal(edge.ends[0]?.how, how);
  }
});

test('HTP-02 · a client that does not take what it has asked for ends after a while', async () => {
  const SIZE = 16 * 1_048_576;
  const behind = await startBehind((_, response) => response.end(Buffer.alloc(SIZE, 'x')));
  const edge = await startEdge(behind.port, { times: { stallMs: 100 } });
  const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  wire.socket.pause();
  await until(() => edge.ends.length === 1);
  assert.equal(edge.ends[0]?.how, 'client_stalled');
  wire.close();
});

test('HTP-01 · a body over the limit is 413 before anything goes in, or while it streams (RFC 9110 §15.5.14)', async () => {
  const wholes: string[] = [];
  const behind = await startBehind((request) => request.on('end', () => wholes.push('whole')));
  const edge = await startEdge(behind.port, { bodyLimit: 100_000 });
  const told = await say(edge.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\nx');
  assert.equal(statusOf(told), 413);
  assert.equal(behind.connections.length, 0);
  const wire = new Wire(edge.port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 11; i++) wire.send(`2710\r\n${'x'.repeat(10_000)}\r\n`);
  assert.equal(statusOf(await wire.hears(/\}$/)), 413);
  wire.close();
  assert.deepEqual(wholes, []);
  assert.deepEqual(edge.outcomes, [{ kind: 'aborted' }]);
});

test('HTP-02 · a client that stops in the middle of its body is 408; one that we keep waiting is not (RFC 9110 §15.5.9)', async () => {
  const behind = await startBehind((request) => void request.resume());
  const edge = await startEdge(behind.port, { times: { bodyIdleMs: 60 } });
  const wire = new Wire(edge.port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  assert.equal(statusOf(await wire.hears(/\}$/)), 408);
  wire.close();
  assert.deepEqual(edge.outcomes, [{ kind: 'aborted' }]);
});

test('an answer that comes before the body has ended is passed on as a whole, and the rest of the body is no request', async () => {
  const behind = await startRawBehind((socket) => {
    socket.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig');
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello');
  assert.ok((await wire.hears('big')).startsWith('HTTP/1.1 413 '), wire.heard);
  const rest = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  wire.send(rest + 'x'.repeat(100_000 - 5 - rest.length));
  wire.heard = '';
  wire.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  await wire.hears('big');
  assert.equal(edge.ends.length, 2);
  wire.close();
});

test('an upstream whose answer has another coding, or two ends, is a bad gateway (RFC 9112 §6.1, §6.3)', async () => {
  for (const head of [
    'Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'Transfer-Encoding: gzip\r\n\r\nhello',
    'Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello',
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'Content-Length : 5\r\n\r\nhello',
    'X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello',
    'X: a\0b\r\nContent-Length: 5\r\n\r\nhello',
  ]) {
    const behind = await startRawBehind((socket) => socket.end(`HTTP/1.1 200 OK\r\n${head}`));
    const edge = await startEdge(behind.port);
    const heard = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(statusOf(heard), 502, `${JSON.stringify(head)}: ${heard}`);
    await closeAll();
  }
});

test('an upstream that changes protocols though nobody asked is a bad gateway (RFC 9110 §15.2.2)', async () => {
  for (const more of ['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n']) {
    const behind = await startRawBehind((socket) => socket.write(`HTTP/1.1 101 Switching Protocols\r\n${more}\r\n`));
    const edge = await startEdge(behind.port);
    assert.equal(
      statusOf(await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n')),
      502,
    );
  }
});

test('bytes behind an answer are no answer to the next request (RFC 9112 §11.1)', async () => {
  const behind = await startRawBehind((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
  );
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port);
  for (let i = 0; i < 5; i++) {
    wire.heard = '';
    wire.send(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.doesNotMatch(await wire.hears(/ok$|\}$/), /evil/);
  }
  wire.close();
});
