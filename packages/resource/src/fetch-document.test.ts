import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DocumentError, type FetchedDocument, fetchDocument } from './fetch-document.ts';
import { listen } from './testing/issuer.ts';

let server: Server;
let url = '';
let answer: RequestListener = () => undefined;
before(async () => {
  server = createServer((request, response) => answer(request, response));
  url = `http://127.0.0.1:${await listen(server)}/keys`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function get(listener: RequestListener, timeoutMs?: number): Promise<FetchedDocument> {
  answer = listener;
  return fetchDocument(globalThis.fetch, url, timeoutMs === undefined ? {} : { timeoutMs });
}

function json(body: string | Buffer, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => response.writeHead(200, headers).end(body);
}

test('a document of 64 KiB is read, one byte more is refused, also where it is packed or its length is not told', async () => {
  const text = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;
  assert.equal((await get(json(text(65_536)))).body, 'x'.repeat(65_534));
  await assert.rejects(get(json(text(65_537))), DocumentError);
  await assert.rejects(get(json(gzipSync(text(1_000_000)), { 'content-encoding': 'gzip' })), DocumentError);
  let written = 0;
  const endless: RequestListener = (_request, response) => {
    const more = (): void => {
      while (written < 50_000_000 && response.write('x'.repeat(16_384))) written += 16_384;
    };
    response.on('drain', more);
    more();
  };
  await assert.rejects(get(endless), DocumentError);
  assert.ok(written < 50_000_000);
});

test('a server that does not answer, or not to the end, is left', async () => {
  await assert.rejects(
    get(() => undefined, 50),
    DocumentError,
  );
  await assert.rejects(
    get((_request, response) => response.writeHead(200).write('{'), 50),
    DocumentError,
  );
});

test('only 200 with JSON in UTF-8 counts, and nothing is followed', async () => {
  for (const status of [204, 206, 304, 404, 500]) {
    await assert.rejects(
      get((_request, response) => response.writeHead(status).end()),
      { name: 'DocumentError', status },
    );
  }
  let followed = false;
  const redirect: RequestListener = (request, response) => {
    followed ||= request.url === '/elsewhere';
    response.writeHead(302, { location: '/elsewhere' }).end();
  };
  await assert.rejects(get(redirect), DocumentError);
  assert.equal(followed, false);
  for (const body of ['', '<html>', '{"keys":', Buffer.of(0x22, 0xff, 0x22)]) await assert.rejects(get(json(body)), DocumentError);
});

test('max-age is read less the age that a cache has added (RFC 9111 §5.2.2.1, §5.1)', async () => {
  const cases: readonly (readonly [Record<string, string>, number | undefined])[] = [
    [{}, undefined],
    [{ 'cache-control': 'public' }, undefined],
    [{ 'cache-control': 'public, max-age=600' }, 600],
    [{ 'cache-control': 'MAX-AGE="60" , must-revalidate' }, 60],
    [{ 'cache-control': 'max-age=600', age: '500' }, 100],
    [{ 'cache-control': 'max-age=600', age: '700' }, 0],
    [{ 'cache-control': 'max-age=600', age: 'old' }, 600],
    [{ 'cache-control': 'max-age=600, no-cache' }, 0],
    [{ 'cache-control': 'no-store' }, 0],
    [{ 'cache-control': 'max-age=-1' }, undefined],
    [{ 'cache-control': 's-maxage=5' }, undefined],
    [{ 'cache-control': 'max-age=99999999999999' }, undefined],
  ];
  for (const [headers, expected] of cases) assert.equal((await get(json('{}', headers))).maxAgeSeconds, expected, JSON.stringify(headers));
});
