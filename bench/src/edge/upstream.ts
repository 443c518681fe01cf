/** What stands behind every edge: 1 KiB of JSON from memory, and event streams. */
import { createServer } from 'node:http';
import { after } from '../clock.ts';
import { answerMemory } from './memory-of.ts';
import { BODY, BRIEF_STREAM, FIRST_EVENT_MS, LONG_STREAM } from './work.ts';

const body = Buffer.from(BODY);
const headers = ['content-type', 'application/json', 'cache-control', 'no-store', 'etag', '"1"', 'content-length', String(body.length)];
const streamHeaders = ['content-type', 'text/event-stream', 'cache-control', 'no-store'];

const server = createServer((request, response) => {
  if (request.url === BRIEF_STREAM || request.url === LONG_STREAM) {
    response.writeHead(200, streamHeaders);
    response.flushHeaders();
    if (request.url === BRIEF_STREAM) after(FIRST_EVENT_MS, () => response.end('data: one\n\n'));
    // Some proxies say nothing before the first byte.
    else response.write(':\n\n');
    return;
  }
  response.writeHead(200, headers);
  response.end(body);
});
server.keepAliveTimeout = 60_000;
answerMemory();
server.listen(Number(process.argv[2]), '127.0.0.1', 2_048, () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit(0));
