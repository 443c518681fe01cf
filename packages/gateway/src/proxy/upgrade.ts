import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from 'node:http';
import { answerHeaders } from './answer-headers.ts';
import { isAnswering } from './client-error.ts';
import { forward } from './forward.ts';
import type { ForwardTask } from './forward-task.ts';
import { Join } from './join.ts';
import { type Refusal, refuse } from './refusal.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = refuse(400, 'websocket_key', 'the handshake needs one Sec-WebSocket-Key');
const VERSION = refuse(426, 'websocket_version', 'version 13 of WebSocket is spoken here', ['sec-websocket-version', '13']);

/**
 * Whether a request asks for a WebSocket in the one way that is taken (RFC 6455 §4.1): GET, `Upgrade: websocket` alone, no body, and no answer
 * under way on its connection. Everything else is an ordinary request, and its `Upgrade` stays at the edge.
 */
export function asksForWebSocket(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    request.method === 'GET' &&
    request.httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !isAnswering(request.socket)
  );
}

/** Something to answer with on a connection that Node has let go of: after it the connection ends. */
export function upgradeResponse(request: IncomingMessage): ServerResponse {
  const { socket } = request;
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  socket.on('error', () => undefined);
  // Only where nobody has asked `asksForWebSocket`: two answers at once would be mixed.
  if (isAnswering(socket)) {
    socket.destroy();
    return response;
  }
  response.assignSocket(socket);
  response.on('finish', () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  return response;
}

/**
 * Sends a handshake on (RFC 6455 §4.2). Only after a 101 that is one, the two connections are joined; any other answer is passed on, and the
 * connection ends.
 *
 * @param response of `upgradeResponse`.
 * @param head what the client has sent behind its request.
 */
export function upgrade(
  request: IncomingMessage,
  response: ServerResponse,
  head: Buffer,
  task: Omit<ForwardTask, 'join' | 'length' | 'isChunked' | 'expectsContinue' | 'bodyLimit'> & { readonly idleMs: number },
): void {
  const key = request.headers['sec-websocket-key'];
  const fault = faultOf(request, key);
  if (key === undefined || fault !== undefined) {
    task.watcher.refuse(fault ?? KEY);
    task.watcher.onEnd?.({ how: 'refused', status: undefined, target: undefined, tries: 0, error: undefined });
    return;
  }
  forward(request, response, {
    ...task,
    length: undefined,
    isChunked: false,
    expectsContinue: false,
    bodyLimit: 0,
    join: (headers, inside, ended) => {
      if (!isAccepted(headers, key)) return undefined;
      const { socket } = request;
      response.detachSocket(socket);
      socket.write(switching(headers, task), 'latin1');
      if (head.length > 0) inside.write(head);
      return new Join(socket, inside, task.idleMs, task.timers, ended);
    },
  });
}

function faultOf({ headers }: IncomingMessage, key: string | undefined): Refusal | undefined {
  if (headers['sec-websocket-version'] !== '13') return VERSION;
  return key !== undefined && /^[A-Za-z0-9+/]{22}==$/.test(key) ? undefined : KEY;
}

/** RFC 6455 §4.2.2: whoever answers has read the key, so it is no accident that a 101 came. */
function isAccepted(headers: IncomingHttpHeaders, key: string): boolean {
  const expected = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  return headers.upgrade?.toLowerCase() === 'websocket' && headers['sec-websocket-accept'] === expected;
}

function switching(headers: IncomingHttpHeaders, task: Pick<ForwardTask, 'answer'>): string {
  let text = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  const { lines } = answerHeaders(headers, 101, task.answer);
  for (let i = 0; i + 1 < lines.length; i += 2) if (lines[i] !== 'content-length') text += `${lines[i]}: ${lines[i + 1]}\r\n`;
  return `${text}\r\n`;
}
