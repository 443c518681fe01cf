/** What other proxies were seen to do wrong: each fault is a test. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { closeAll, say, startBehind, startEdge, startRawBehind, statusOf, Wire } from '../testing/proxy-world.ts';

afterEach(closeAll);

test('a connection that its upstream closes carries no second request, also not after a body in chunks (RFC 9112 §9.6)', async () => {
  const behind = await startRawBehind((socket, heard) => {
    if (!heard.includes('0\r\n\r\n')) return;
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port);
  for (let i = 0; i < 5; i++) {
    wire.heard = '';
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
    assert.equal(statusOf(await wire.hears(/ok$|\}$/)), 200, wire.heard);
  }
  wire.close();
  assert.equal(behind.sockets.length, 5, 'each has a connection of its own');
});

test('a connection that its upstream closes without a word carries no request: it goes over another one (RFC 9112 §9.3.1)', async () => {
  const behind = await startRawBehind((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    socket.end();
  });
  const edge = await startEdge(behind.port);
  const wire = new Wire(edge.port);
  for (let i = 0; i < 20; i++) {
    wire.heard = '';
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    assert.equal(statusOf(await wire.hears(/ok$|\}$/)), 200, wire.heard);
    // The end of the connection is there before the next request: that it was not seen in time would be a matter of luck.
    await until(() => edge.connections() === 0);
  }
  wire.close();
});

test('the escapes of a path and of a query are neither unescaped nor written in another way', async () => {
  const behind = await startBehind();
  const edge = await startEdge(behind.port);
  for (const target of [
    '/a%20b',
    '/a+b',
    '/a%2Bb',
    '/x?q=a%20b',
    '/x?q=a+b',
    '/x?q=%2B&q=%2b',
    '/x?a=1&a=2&b',
    '/x?',
    '/%E2%82%AC?%e2%82%ac',
  ]) {
    await say(edge.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(behind.got.at(-1)?.url, target);
  }
});

test('two lines of a header stay two lines, both ways, and bytes beyond ASCII stay as they are (RFC 9110 §5.2, §5.5)', async () => {
  const behind = await startBehind((request, response) => {
    request.resume();
    response.writeHead(200, [
      'Set-Cookie',
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'Set-Cookie',
      'b=2',
      'X-Name',
      '\u00e4\u00ff',
      'Link',
      '<a>',
      'Link',
      '<b>',
    ]);
    response.end('ok');
  });
  const edge = await startEdge(behind.port);
  const heard = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\nX-List: 1\r\nX-List: 2\r\nX-Name: \u00e4\u00ff\r\n\r\n');
  assert.match(heard, /\r\nset-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nset-cookie: b=2\r\n/);
  assert.match(heard, /\r\nlink: <a>\r\nlink: <b>\r\n/);
  assert.match(heard, /\r\nx-name: \u00e4\u00ff\r\n/);
  const lines = behind.got[0]?.lines ?? [];
  assert.deepEqual(
    lines.filter((_, i) => lines[i - 1] === 'x-list'),
    ['1', '2'],
  );
  assert.equal(lines[lines.indexOf('x-name') + 1], '\u00e4\u00ff');
  const slow = await startRawBehind((socket) =>
    socket.write(Buffer.from('HTTP/1.1 200 OK\r\nX-Name: \u00e4\u00ff\r\nContent-Length: 2\r\n\r\n', 'latin1')),
  );
  const wire = new Wire((await startEdge(slow.port)).port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(await wire.hears('\r\n\r\n'), /\r\nx-name: \u00e4\u00ff\r\n/, 'also where the head goes alone');
  wire.close();
});

test('headers with names that mean something to programs are headers like others', async () => {
  const behind = await startRawBehind((socket) =>
    socket.write('HTTP/1.1 200 OK\r\n__proto__: a\r\nconstructor: b\r\ntoString: c\r\n1: d\r\nContent-Length: 2\r\n\r\nok'),
  );
  const edge = await startEdge(behind.port);
  const heard = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n__proto__: x\r\nhasOwnProperty: y\r\n\r\n');
  for (const line of ['__proto__: a', 'constructor: b', 'tostring: c', '1: d']) assert.ok(heard.includes(`\r\n${line}\r\n`), heard);
});

test('a redirect is passed on and not followed', async () => {
  const behind = await startBehind((request, response) => {
    request.resume();
    response.writeHead(302, { Location: 'http://127.0.0.1:1/elsewhere' }).end();
  });
  const edge = await startEdge(behind.port);
  assert.match(
    await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    /^HTTP\/1\.1 302 Found\r\nlocation: http:\/\/127\.0\.0\.1:1\/elsewhere\r\n/,
  );
  assert.equal(behind.got.length, 1);
});

test('an encoded answer stays encoded, byte for byte, however long it is (RFC 9110 §8.4)', async () => {
  for (const length of [256, 16_384, 16_385, 60_000]) {
    const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 7) % 256));
    const behind = await startBehind((request, response) => {
      request.resume();
      response.writeHead(200, ['Content-Encoding', 'gzip', 'Content-Length', String(length), 'X-Name', '\u00e4\u00ff']).end(bytes);
    });
    const edge = await startEdge(behind.port);
    const heard = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n');
    assert.ok(heard.endsWith(`\r\n\r\n${bytes.toString('latin1')}`), `${length} bytes`);
    assert.match(heard, /\r\ncontent-encoding: gzip\r\n/);
    assert.match(heard, /\r\nx-name: \u00e4\u00ff\r\n/);
  }
});

test('many requests over few connections: each gets its own answer', async () => {
  const behind = await startBehind((request, response) => {
    request.resume().on('end', () => response.end(`<${request.url}>`));
  });
  const edge = await startEdge(behind.port);
  const wires = Array.from({ length: 20 }, () => new Wire(edge.port));
  await Promise.all(
    wires.map(async (wire, w) => {
      for (let i = 0; i < 30; i++) {
        const body = i % 3 === 0 ? 'x'.repeat(i * 100) : '';
        wire.heard = '';
        wire.send(`${body === '' ? 'GET' : 'POST'} /${w}/${i} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        await wire.hears(/>$|\}$/);
        assert.ok(wire.heard.endsWith(`\r\n\r\n</${w}/${i}>`), wire.heard);
      }
      wire.close();
    }),
  );
});
