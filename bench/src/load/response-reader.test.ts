import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResponseReader } from './response-reader.ts';

function push(reader: ResponseReader, text: string): boolean {
  const bytes = Buffer.from(text, 'latin1');
  return reader.push(bytes, bytes.length);
}

test('a body ends where Content-Length says (RFC 9112 §6.3)', () => {
  const reader = new ResponseReader();
  assert.equal(push(reader, 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'), true);
  assert.equal(reader.status, 200);
  assert.equal(reader.bodyText(), 'hello');
  assert.equal(reader.bodyEquals(Buffer.from('hello')), true);
  assert.equal(reader.bodyEquals(Buffer.from('hellO')), false);
});

test('header names are compared without regard to case (RFC 9110 §5.1)', () => {
  const reader = new ResponseReader();
  assert.equal(push(reader, 'HTTP/1.1 401 Unauthorized\r\ncontent-LENGTH:2\r\n\r\nno'), true);
  assert.equal(reader.status, 401);
  assert.equal(reader.bodyText(), 'no');
});

test('chunks are put together, their extensions ignored (RFC 9112 §7.1)', () => {
  const reader = new ResponseReader();
  assert.equal(push(reader, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nwiki\r\nA\r\n0123456789\r\n0\r\n\r\n'), true);
  assert.equal(reader.bodyText(), 'wiki0123456789');
});

test('204 and 304 have no body whatever their headers say (RFC 9112 §6.3)', () => {
  const reader = new ResponseReader();
  assert.equal(push(reader, 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'), true);
  assert.equal(reader.bodyText(), '');
});

test('any cut into pieces gives the same response, and the next one starts afresh', () => {
  const responses = [
    { text: 'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 11\r\n\r\n{"a":"b\\n"}', body: '{"a":"b\\n"}' },
    { text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n\r\n\r\n0\r\n\r\n', body: 'abc\r\n' },
    { text: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', body: '' },
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...responses),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 60 }),
      (response, sizes) => {
        const reader = new ResponseReader();
        for (let round = 0; round < 2; round += 1) {
          let at = 0;
          for (let turn = 0; at < response.text.length; turn += 1) {
            const piece = response.text.slice(at, at + (sizes[turn % sizes.length] ?? 1));
            at += piece.length;
            assert.equal(push(reader, piece), at === response.text.length);
          }
          assert.equal(reader.bodyText(), response.body);
        }
      },
    ),
  );
});

test('bytes behind the given length belong to an older answer and are not looked at', () => {
  const reader = new ResponseReader();
  const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 X\r\n\r\n', 'latin1');
  assert.equal(reader.push(bytes, bytes.indexOf('okHTTP') + 2), true);
  assert.equal(reader.bodyText(), 'ok');
  assert.equal(reader.push(bytes, 20), false);
});

test('an answer that nobody asked for, one without a length, and no HTTP at all are refused', () => {
  assert.throws(() => push(new ResponseReader(), 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'), /bytes after/);
  assert.throws(() => push(new ResponseReader(), 'HTTP/1.1 200 OK\r\n\r\n'), /neither a length/);
  assert.throws(() => push(new ResponseReader(), 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'), /not an HTTP\/1.1/);
  assert.throws(() => push(new ResponseReader(), 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na'), /Content-Length/);
  assert.throws(() => push(new ResponseReader(), 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n'), /chunk/);
});

test('a server that wants to close says so', () => {
  const reader = new ResponseReader();
  push(reader, 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n');
  assert.equal(reader.closes, true);
  push(reader, 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n');
  assert.equal(reader.closes, false);
});
