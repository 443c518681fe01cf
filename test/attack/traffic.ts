import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request and what the server answered, whoever sent it: fetch, a raw socket, a browser. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly requestHeaders: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly requestBody: string;
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface Traffic {
  /** What was answered since the last call. */
  take(): readonly Exchange[];
  stop(): void;
}

/** Far above any page; a reply that is longer is cut, a request too. */
const MAX_KEPT = 262_144;

/**
 * Records every reply of the server that listens on `port`, at the server's end of the socket: nothing global is patched, and no client
 * has to play along. What Node's parser refuses before there is a request does not come up here.
 */
export function recordTraffic(port: number): Traffic {
  let seen: Exchange[] = [];
  const onStart = (message: unknown): void => {
    const { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse } = Object(message);
    if (request.socket.localPort === port) watch(request, response, (exchange) => seen.push(exchange));
  };
  subscribe('http.server.request.start', onStart);
  return {
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: () => unsubscribe('http.server.request.start', onStart),
  };
}

function watch(request: IncomingMessage, response: ServerResponse, tell: (exchange: Exchange) => void): void {
  let asked = '';
  let body = '';
  const headers = new Map<string, readonly string[]>();
  listen(request, 'push', ([chunk]) => {
    asked = keep(asked, chunk);
  });
  listen(response, 'writeHead', (given) => {
    for (const [name, value] of headersOf(given.find((part) => typeof part === 'object' && part !== null))) {
      headers.set(name.toLowerCase(), Array.isArray(value) ? value.map(String) : [String(value)]);
    }
  });
  listen(response, 'write', ([chunk]) => {
    body = keep(body, chunk);
  });
  listen(response, 'end', ([chunk]) => {
    body = keep(body, chunk);
    for (const [name, value] of Object.entries(response.getHeaders())) {
      if (!headers.has(name)) headers.set(name, Array.isArray(value) ? value.map(String) : [String(value)]);
    }
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s, 2);
    tell({
      method: request.method ?? '',
      path,
      query,
      requestHeaders: request.headers,
      requestBody: asked,
      status: response.statusCode,
      headers,
      body,
    });
  });
}

/** Calls `heard` before each call of a method of this one object. */
function listen(target: object, method: string, heard: (given: readonly unknown[]) => void): void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new TypeError(`no method ${method}`);
  Object.defineProperty(target, method, {
    configurable: true,
    writable: true,
    value: (...given: unknown[]): unknown => {
      heard(given);
      return Reflect.apply(original, target, given);
    },
  });
}

function keep(text: string, chunk: unknown): string {
  if (text.length >= MAX_KEPT) return text;
  if (typeof chunk === 'string') return text + chunk;
  return chunk instanceof Uint8Array ? text + Buffer.from(chunk).toString('latin1') : text;
}

/** Given to `writeHead` as an object, or as a list of names and values in turn. */
function headersOf(given: unknown): readonly (readonly [string, unknown])[] {
  if (!Array.isArray(given)) return Object.entries(Object(given));
  return given.flatMap((name, at) => (at % 2 === 0 ? [[String(name), given[at + 1]] as const] : []));
}
