import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Timers } from './timers.ts';

/** How long a client may go on sending a body that nobody reads, after its answer: closed at once, it might never see the answer. */
const LINGER_MS = 2_000;

/** The rest of a request that has been answered, which Node reads and forgets, may take a while; then the connection ends (RFC 9112 §9.6). */
export function linger(request: IncomingMessage, timers: Timers): void {
  if (request.complete || request.destroyed) return;
  const { socket } = request;
  const stop = timers.later(LINGER_MS, () => {
    if (!request.complete) socket.destroy();
  });
  // Whoever sends many and goes holds nothing here by it.
  const done = (): void => {
    stop();
    request.off('end', done);
    socket.off('close', done);
  };
  request.once('end', done);
  socket.once('close', done);
}

/** An answer that is written and not taken by its client ends with its connection, after a while. */
export function boundDrain(response: ServerResponse, timers: Timers, stallMs: number): void {
  if (stallMs === 0 || response.writableLength === 0) return;
  const stop = timers.later(stallMs, () => {
    if (!response.writableFinished) response.destroy();
  });
  response.once('finish', stop).once('close', stop);
}
