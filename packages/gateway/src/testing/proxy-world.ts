import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { Pool } from 'undici';
import type { AnswerHeaderRules } from '../proxy/answer-headers.ts';
import { answerClientError } from '../proxy/client-error.ts';
import { cookieCut } from '../proxy/cookies.ts';
import type { ForwardTimes } from '../proxy/exchange-timers.ts';
import { forward } from '../proxy/forward.ts';
import type { ForwardEnd, ForwardTask, OpenStream } from '../proxy/forward-task.ts';
import { headerNames } from '../proxy/header-names.ts';
import { LISTEN_OPTIONS } from '../proxy/listen-options.ts';
import { receive } from '../proxy/receive.ts';
import type { Refusal } from '../proxy/refusal.ts';
import { requestHeaders } from '../proxy/request-headers.ts';
import type { Framing } from '../proxy/strict.ts';
import type { Target } from '../proxy/target.ts';
import type { Timers } from '../proxy/timers.ts';
import { asksForWebSocket, upgrade, upgradeResponse } from '../proxy/upgrade.ts';
import type { Lease, Outcome, Upstream } from '../proxy/upstream.ts';
import { writeRefusal } from '../proxy/write-refusal.ts';

/** The machine's timers. */
export const timers: Timers = {
  later(ms, act) {
    // oxlint-disable-next-line hufu/time-and-chance -- the timers of these tests are real
    const timer = setTimeout(act, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What an edge that only forwards may be told to do otherwise. */
export interface EdgeSettings {
  readonly times?: Partial<ForwardTimes>;
  readonly answer?: Partial<AnswerHeaderRules>;
  readonly bodyLimit?: number;
  readonly ours?: readonly string[];
  readonly upstream?: Upstream;
  readonly headTimeoutMs?: number;
  readonly idleMs?: number;
  /** Of the exchanges; the machine's where they are left out. */
  readonly timers?: Timers;
}

/** An edge that admits everybody, with one upstream, on sockets. */
export interface Edge {
  readonly port: number;
  readonly host: string;
  readonly refusals: Refusal[];
  readonly ends: ForwardEnd[];
  readonly streams: OpenStream[];
  readonly outcomes: Outcome[];
  /** How many it has to its upstream, where that is not a test's own. */
  connections(): number;
  close(): Promise<void>;
}

const open = new Set<{ close(): Promise<void> }>();

/** Ends everything that a test has started. */
export async function closeAll(): Promise<void> {
  await Promise.all([...open].map((one) => one.close()));
  open.clear();
}

/** Starts an edge in front of a port. */
export async function startEdge(upstreamPort: number, settings: EdgeSettings = {}): Promise<Edge> {
  const outcomes: Outcome[] = [];
  const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { pipelining: 1, keepAliveTimeout: 1_500 });
  const upstream = settings.upstream ?? onePool(pool, outcomes, settings.headTimeoutMs ?? 5_000);
  const refusals: Refusal[] = [];
  const ends: ForwardEnd[] = [];
  const streams: OpenStream[] = [];
  const names = headerNames();
  const cookies = cookieCut();
  const server: Server = createServer({ ...LISTEN_OPTIONS, shouldUpgradeCallback: asksForWebSocket });

  function taskOf(request: IncomingMessage, framing: Framing, target: Target, refused: (refusal: Refusal) => void): ForwardTask {
    return {
      upstream,
      target: target.path + target.query,
      headers: requestHeaders(request.rawHeaders, framing.named, { names, cookies, credentials: 'drop' }, settings.ours ?? []),
      length: framing.length,
      isChunked: framing.isChunked,
      expectsContinue: framing.expectsContinue,
      bodyLimit: settings.bodyLimit ?? 10_485_760,
      times: { bodyIdleMs: 10_000, answerIdleMs: 0, stallMs: 60_000, wholeMs: 0, ...settings.times },
      answer: { cookies, caching: 'anonymous', varyByCookie: false, answersCors: false, ours: [], ...settings.answer },
      timers: settings.timers ?? timers,
      watcher: { refuse: refused, onEnd: (end) => ends.push(end), onStream: (stream) => streams.push(stream) },
    };
  }

  function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    refusals.push(refusal);
    writeRefusal(request, response, refusal, 'decision-1', timers);
  }

  const handle = receive(names, {
    refuse,
    accept: (request, response, target, framing) =>
      forward(
        request,
        response,
        taskOf(request, framing, target, (refusal) => refuse(request, response, refusal)),
      ),
  });
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('clientError', (error, socket) => answerClientError(error, socket, timers));
  server.on('upgrade', (request, _, head) => {
    const join = receive(names, {
      refuse,
      accept: (_request, response, target, framing) =>
        upgrade(request, response, head, {
          ...taskOf(request, framing, target, (refusal) => refuse(request, response, refusal)),
          idleMs: settings.idleMs ?? 0,
        }),
    });
    join(request, upgradeResponse(request));
  });
  const port = await listen(server);
  const edge: Edge = {
    port,
    host: `127.0.0.1:${port}`,
    refusals,
    ends,
    streams,
    outcomes,
    connections: () => pool.stats.connected,
    async close() {
      open.delete(edge);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.destroy();
    },
  };
  open.add(edge);
  return edge;
}

/** One target, always well. */
function onePool(pool: Pool, outcomes: Outcome[], headTimeoutMs: number): Upstream {
  return {
    acquire: (): Lease => ({
      target: 'one',
      dispatcher: pool,
      headTimeoutMs,
      answered: () => 'pass',
      streams: () => undefined,
      end: (outcome) => {
        outcomes.push(outcome);
        return 'over';
      },
    }),
  };
}

/** A request as an upstream got it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  /** Names in lower case and values in turn, as they came. */
  readonly lines: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTP server behind the edge. */
export interface Behind {
  readonly port: number;
  /** Requests whose bodies have come. */
  readonly got: Got[];
  /** Connections that it has been asked for. */
  readonly connections: Socket[];
}

/** Starts an HTTP server; without an `answer` it says `ok`. */
export async function startBehind(answer?: RequestListener): Promise<Behind> {
  const got: Got[] = [];
  const connections: Socket[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const lines = request.rawHeaders.map((part, i) => (i % 2 === 0 ? part.toLowerCase() : part));
      const { method = '', url = '', headers } = request;
      got.push({ method, url, lines, headers, body: Buffer.concat(chunks).toString('latin1') });
      if (answer === undefined) response.end('ok');
    });
    answer?.(request, response);
  });
  server.on('connection', (socket) => connections.push(socket));
  const port = await listen(server);
  keep(server, () => server.closeAllConnections());
  return { port, got, connections };
}

/** Starts a server that says what it likes, byte by byte. */
export async function startRawBehind(
  act: (socket: Socket, heard: string) => void,
): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => act(socket, chunk.toString('latin1')));
  });
  const port = await listen(server);
  keep(server, () => {
    for (const socket of sockets) socket.destroy();
  });
  return { port, sockets };
}

function keep(server: Server | TcpServer, cut: () => void): void {
  open.add({
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return address.port;
}

/** A client without HTTP: what it sends is what stands there. */
export class Wire {
  readonly socket: Socket;
  heard = '';
  isClosed = false;
  #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString('latin1');
      this.#look();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#look();
    });
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits until something was heard. Rejects where the connection is closed, or an answer of another kind is whole, without it. */
  async hears(text: string | RegExp): Promise<string> {
    const isHeard = (): boolean => (typeof text === 'string' ? this.heard.includes(text) : text.test(this.heard));
    await this.until(() => isHeard() || this.isClosed || isRefusal(this.heard));
    if (!isHeard()) throw new Error(`${text} was not heard, but\n${this.heard.slice(0, 500)}`);
    return this.heard;
  }

  /** Everything until the other side closes. */
  async closed(): Promise<string> {
    await this.until(() => this.isClosed);
    return this.heard;
  }

  until(is: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ until: is, resolve });
      this.#look();
    });
  }

  #look(): void {
    const ready = this.#waiting.filter(({ until }) => until());
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { resolve } of ready) resolve();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A whole answer that says what is wrong (RFC 9457). */
function isRefusal(heard: string): boolean {
  return /^HTTP\/1\.1 [45]/.test(heard) && /\r\ncontent-type: application\/problem\+json\r\n/i.test(heard) && isWhole(heard);
}

/** Sends one text and hears what is said until the connection closes, or a whole answer with `Content-Length` is there. */
export async function say(port: number, text: string): Promise<string> {
  const wire = new Wire(port);
  wire.send(text);
  await wire.until(() => wire.isClosed || isWhole(wire.heard));
  wire.close();
  return wire.heard;
}

function isWhole(heard: string): boolean {
  const end = heard.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = heard.slice(0, end);
  if (/^HTTP\/1\.1 (?:204|304|101)/.test(head)) return true;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return heard.length >= end + 4 + Number(length);
  return heard.endsWith('0\r\n\r\n');
}

/** The status of an answer. */
export function statusOf(heard: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? Number.NaN);
}
