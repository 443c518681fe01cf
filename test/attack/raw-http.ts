import { connect, type Socket } from 'node:net';

/** A reply as its bytes say it: no client has repaired anything. */
export interface RawReply {
  readonly status: number;
  /** Lower-case names; each line of its own. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface RawOptions {
  /** Ends our side after the last byte. */
  readonly halfClose?: boolean;
  /** Stops after so many replies; otherwise when the server closes or is silent for `silenceMs`, which is long where replies are waited for: machines are busy. */
  readonly replies?: number;
  readonly silenceMs?: number;
}

export interface RawAnswer {
  readonly replies: readonly RawReply[];
  /** Whether the server ended the connection by itself. */
  readonly closed: boolean;
  /** Everything that came. */
  readonly bytes: string;
}

/** A connection to where a server listens, without a client on top. */
export function dial(origin: string): Socket {
  const { hostname, port } = new URL(origin);
  return connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
}

/** Sends bytes as they are, a piece after the other, and reads what comes back. Strings are sent as latin1. */
export function sendRaw(
  origin: string,
  pieces: string | Buffer | readonly (string | Buffer)[],
  options: RawOptions = {},
): Promise<RawAnswer> {
  const socket = dial(origin);
  const list = typeof pieces === 'string' || Buffer.isBuffer(pieces) ? [pieces] : pieces;
  return exchangeRaw(socket, list, options);
}

/** The same on a socket that is there already (TLS, for one). */
export function exchangeRaw(socket: Socket, pieces: readonly (string | Buffer)[], options: RawOptions = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let bytes = '';
    const finish = (closed: boolean): void => {
      socket.destroy();
      resolve({ replies: parseReplies(bytes), closed, bytes });
    };
    socket.setTimeout(options.silenceMs ?? (options.replies === undefined ? 1_500 : 8_000), () => finish(false));
    socket.on('data', (chunk) => {
      bytes += chunk.toString('latin1');
      if (options.replies !== undefined && parseReplies(bytes).length >= options.replies) finish(false);
    });
    socket.on('end', () => finish(true));
    socket.on('close', () => finish(true));
    // A server that has refused a body may close while we still write.
    socket.on('error', () => undefined);
    for (const piece of pieces) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    if (options.halfClose === true) socket.end();
  });
}

/** The complete replies in a stream of bytes. Interim ones (100) count. */
export function parseReplies(bytes: string): readonly RawReply[] {
  const replies: RawReply[] = [];
  for (let at = 0; ; ) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return replies;
    const [first = '', ...lines] = bytes.slice(at, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) throw new TypeError(`not a reply: ${JSON.stringify(bytes.slice(at, at + 200))}`);
    const headers = readHeaders(lines);
    const bodyStart = headEnd + 4;
    const hasBody = status >= 200 && status !== 204 && status !== 304;
    const length = hasBody ? Number(headers.get('content-length')?.[0] ?? 0) : 0;
    if (bytes.length < bodyStart + length) return replies;
    replies.push({ status, headers, body: bytes.slice(bodyStart, bodyStart + length) });
    at = bodyStart + length;
  }
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 0) throw new TypeError(`not a header: ${JSON.stringify(line.slice(0, 200))}`);
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return headers;
}

/** A request as text. `headers` come as they are, with the host's unless one is given. */
export function rawRequest(origin: string, method: string, target: string, headers: readonly string[] = [], body = ''): string {
  const host = headers.some((line) => /^host\s*:/i.test(line)) ? [] : [`Host: ${new URL(origin).host}`];
  const length =
    body === '' || headers.some((line) => /^(?:content-length|transfer-encoding)\s*:/i.test(line))
      ? []
      : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`];
  return `${[`${method} ${target} HTTP/1.1`, ...host, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`;
}

export const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';
