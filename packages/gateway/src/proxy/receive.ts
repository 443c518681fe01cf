import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderNames } from './header-names.ts';
import type { Refusal } from './refusal.ts';
import { type Framing, readFraming } from './strict.ts';
import { readTarget, type Target } from './target.ts';

/** What becomes of a request. */
export interface Receiver {
  /** It can be read in one way only. */
  accept(request: IncomingMessage, response: ServerResponse, target: Target, framing: Framing): void;
  /** It cannot: to be answered with `writeRefusal`. */
  refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void;
}

/** Requests that wait for their turn on one connection: each costs far more here than its few bytes cost whoever sends it. */
const MAX_WAITING = 1_000;

/**
 * The listener of `request`, `checkContinue` and `checkExpectation`. Requests of one connection are taken one after the other, each when the one before has its
 * answer (RFC 9112 §9.3.2): what follows a request that ended the connection is never looked at. A connection on which too many wait ends.
 */
export function receive(names: HeaderNames, receiver: Receiver): RequestListener {
  const waiting = new WeakMap<Socket, number>();

  function read(request: IncomingMessage, response: ServerResponse): void {
    const framing = readFraming(request, names);
    if (framing.kind === 'refused') {
      receiver.refuse(request, response, framing);
      return;
    }
    const target = readTarget(request.url ?? '', framing.host);
    if (target.kind === 'refused') receiver.refuse(request, response, target);
    else receiver.accept(request, response, target, framing);
  }

  function wait(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const before = waiting.get(socket) ?? 0;
    if (before >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    waiting.set(socket, before + 1);
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      read(request, response);
    });
  }

  return (request, response) => {
    if (response.socket === null) wait(request, response);
    else read(request, response);
  };
}
