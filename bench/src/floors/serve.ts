import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isMembers, type Members } from '../json.ts';
import type { ProgramSettings } from './settings.ts';

export type Handle = (request: IncomingMessage, body: string, response: ServerResponse) => void;
/** Answers what the benchmark asks for beside the measured requests, at once or as a promise: credentials (`count`), or whether tokens are good (`confirm`). */
export type Order = (order: Members) => unknown;

/**
 * Serves `handle` on 127.0.0.1, bodies read as a whole, and `order` over the channel to the parent process.
 * That is all of HTTP that a floor does.
 */
export function serve(settings: ProgramSettings, handle: Handle, order: Order): void {
  const server = createServer((request, response) => {
    if (request.method === 'GET') return handle(request, '', response);
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => handle(request, body, response));
  });
  server.listen(settings.port, '127.0.0.1', () => process.send?.({ ready: true }));
  process.on('message', (message) => {
    if (isMembers(message)) void Promise.resolve(order(message)).then((answer) => process.send?.({ answer }));
  });
  process.on('disconnect', () => process.exit(0));
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** RFC 6749 §5.2. */
export function refuse(response: ServerResponse, status: number, error: string): void {
  replyJson(response, status, { error });
}
