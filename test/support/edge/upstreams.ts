import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A request as a service behind the gateway has read it. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  /** Lower-case names; each line of its own. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** A service behind the gateway that remembers what it was asked. */
export interface Behind {
  readonly port: number;
  /** In order of their ends. */
  readonly seen: Seen[];
  /** Done when everything that was answered is among them. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Answers with what it was asked as JSON, and with the value of `x-marker`, if there is one. */
export async function startNodeBehind(
  answer: (request: IncomingMessage, response: ServerResponse, seen: Seen) => void = echo,
): Promise<Behind> {
  const seen: Seen[] = [];
  const server = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      const one = { method: request.method ?? '', target: request.url ?? '', headers: pairs(request.rawHeaders), body };
      seen.push(one);
      answer(request, response, one);
    });
    request.on('error', () => undefined);
  });
  server.on('upgrade', (_, socket) => socket.destroy());
  const port = await listen(server);
  return {
    port,
    seen,
    settled: () => Promise.resolve(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Something that stays open: an event stream at every path, and a WebSocket where one is asked for, which says `hi` and gives back what it hears. */
export async function startStreamsBehind(): Promise<Behind & { readonly open: () => number }> {
  const seen: Seen[] = [];
  const open = new Set<object>();
  const keep = (request: IncomingMessage, stream: Socket | ServerResponse): void => {
    seen.push({ method: request.method ?? '', target: request.url ?? '', headers: pairs(request.rawHeaders), body: '' });
    open.add(stream);
    stream.on('close', () => open.delete(stream));
  };
  const server = createHttpServer((request, response) => {
    keep(request, response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: hi\n\n');
  });
  server.on('upgrade', (request, socket: Socket) => {
    keep(request, socket);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    socket.write(`${head}\x81\x02hi`, 'latin1');
    socket.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end());
    socket.on('error', () => undefined);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    port,
    seen,
    open: () => open.size,
    settled: () => Promise.resolve(),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function echo(_: IncomingMessage, response: ServerResponse, { method, target, headers, body }: Seen): void {
  const [marker = ''] = headers.get('x-marker') ?? [];
  const text = JSON.stringify({ method, target, headers: Object.fromEntries(headers), body });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'x-marker': marker });
  response.end(text);
}

/** A service that is a socket: it keeps every byte, and answers what `reply` says for each request that it reads by the letter (RFC 9112 §6.3). */
export interface RawBehind extends Behind {
  /** All bytes of each connection. */
  readonly bytes: string[];
}

export async function startRawBehind(reply: (seen: Seen, socket: Socket) => string = rawEcho): Promise<RawBehind> {
  const seen: Seen[] = [];
  const bytes: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const index = bytes.push('') - 1;
    let left = '';
    socket.on('data', (chunk) => {
      bytes[index] += chunk.toString('latin1');
      left += chunk.toString('latin1');
      for (;;) {
        const [one, length] = readRequest(left) ?? [];
        if (one === undefined || length === undefined) return;
        left = left.slice(length);
        seen.push(one);
        const said = reply(one, socket);
        if (said !== '') socket.write(said, 'latin1');
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  const port = await listen(server);
  return {
    port,
    seen,
    bytes,
    settled: () => Promise.resolve(),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function rawEcho({ headers, target }: Seen): string {
  const [marker = ''] = headers.get('x-marker') ?? [];
  return `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\nX-Marker: ${marker}\r\n\r\n${target}`;
}

/** The first whole request of some bytes, and how many they are. Throws for what nobody may send. */
function readRequest(bytes: string): readonly [Seen, number] | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.slice(0, end).split('\r\n');
  const [method = '', target = '', version] = first.split(' ');
  if (version !== 'HTTP/1.1') throw new Error(`no request line: ${JSON.stringify(first)}`);
  const headers = pairs(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const start = end + 4;
  const coding = headers.get('transfer-encoding');
  const lengths = headers.get('content-length') ?? [];
  if ((coding !== undefined && lengths.length > 0) || lengths.length > 1 || (coding?.length ?? 0) > 1)
    throw new Error(`two ends: ${JSON.stringify(bytes.slice(0, end))}`);
  if (coding === undefined) {
    const length = Number(lengths[0] ?? 0);
    if (bytes.length < start + length) return undefined;
    return [{ method, target, headers, body: bytes.slice(start, start + length) }, start + length];
  }
  let body = '';
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.slice(at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return [{ method, target, headers, body }, line + 4];
    body += bytes.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

const PYTHON = `
import http.server, json, threading
lock = threading.Lock()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def say(self):
        length = int(self.headers.get('content-length', '0'))
        body = self.rfile.read(length).decode('latin1')
        pairs = [part for name, value in self.headers.items() for part in (name, value)]
        with lock: print(json.dumps({'method': self.command, 'target': self.path, 'headers': pairs, 'body': body}), flush=True)
        text = self.path.encode('latin1')
        self.send_response(200)
        self.send_header('content-length', str(len(text)))
        self.send_header('x-marker', self.headers.get('x-marker', ''))
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(text)
    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = say
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(json.dumps({'port': server.server_address[1]}), flush=True)
server.serve_forever()
`;

/** Python's own server: another reader of the same bytes. Undefined where there is no Python. */
export async function startPythonBehind(): Promise<Behind | undefined> {
  const child: ChildProcess = spawn('python3', ['-c', PYTHON], { stdio: ['ignore', 'pipe', 'ignore'] });
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const seen: Seen[] = [];
  const settling = new Map<string, () => void>();
  const port = await new Promise<number | undefined>((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
    if (child.stdout === null) return resolve(undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said: {
        readonly port?: number;
        readonly method: string;
        readonly target: string;
        readonly headers: readonly string[];
        readonly body: string;
      } = JSON.parse(line);
      const waits = settling.get(said.target);
      if (said.port !== undefined) resolve(said.port);
      else if (waits === undefined) seen.push({ ...said, headers: pairs(said.headers) });
      else waits();
    });
  });
  if (port === undefined) {
    process.removeListener('exit', endWithUs);
    return undefined;
  }
  return {
    port,
    seen,
    async settled() {
      const path = `/settled/${settling.size}`;
      const heard = new Promise<void>((resolve) => settling.set(path, resolve));
      await fetch(`http://127.0.0.1:${port}${path}`);
      await heard;
    },
    async close() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      process.removeListener('exit', endWithUs);
    },
  };
}

function pairs(rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[i + 1] ?? '']);
  }
  return headers;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return address.port;
}
