import { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Timers } from './timers.ts';

/** How long the other side may take to read why. */
const LINGER_MS = 2_000;

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * What Node's parser refused: there is no request to explain, only a connection to close. Once the head of an answer is out nothing is written:
 * it would become a part of that answer.
 */
export function answerClientError(error: Error, socket: Duplex, timers: Timers): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const current = answerOf(socket);
  if (!socket.writable || code === 'ECONNRESET' || current?.headersSent === true) {
    socket.destroy();
    return;
  }
  const status = STATUS[code] ?? '400 Bad Request';
  const text = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n`;
  // Whoever was about to answer learns that there is nobody left.
  if (current === undefined) socket.end(text);
  else socket.end(text, () => socket.destroy());
  socket.once(
    'close',
    timers.later(LINGER_MS, () => socket.destroy()),
  );
}

/** Whether an answer is under way on a connection. */
export function isAnswering(socket: Duplex): boolean {
  return answerOf(socket) !== undefined;
}

/** Node keeps the answer that is under way there, and tells of it in no other way. */
function answerOf(socket: Duplex): ServerResponse | undefined {
  const current: unknown = Reflect.get(socket, '_httpMessage');
  return current instanceof ServerResponse ? current : undefined;
}
