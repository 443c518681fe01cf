import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../clock.ts';
import { Attempt } from '../proxy/attempt.ts';
import { type Failure, type Lease, type Upstream, UpstreamAway } from '../proxy/upstream.ts';

/** What became of a request, and of each of its tries. */
export interface Sent {
  /** Of the answer that came whole. */
  readonly status: number | undefined;
  readonly body: string;
  /** The targets that had it, in order. */
  readonly targets: readonly string[];
  readonly failure: Failure | undefined;
  readonly away: UpstreamAway | undefined;
}

export interface SentRequest {
  readonly method?: string;
  readonly path?: string;
  readonly identity?: string;
  readonly body?: string;
  readonly replayable?: boolean;
  /** Called with the place once the head is here. */
  readonly onHead?: (lease: Lease) => void;
}

/** Sends a request to an upstream as the proxy does, again where the upstream says so. */
export async function send(upstream: Upstream, request: SentRequest = {}): Promise<Sent> {
  const { method = 'GET', identity, replayable = true } = request;
  const targets: string[] = [];
  for (;;) {
    let lease: Lease;
    try {
      const got = upstream.acquire({ method, identity, replayable, stream: false, tried: [...targets] });
      lease = 'cancel' in got ? await got.lease : got;
    } catch (away) {
      if (!(away instanceof UpstreamAway)) throw away;
      return { status: undefined, body: '', targets, failure: undefined, away };
    }
    targets.push(lease.target);
    const tried = await tryOnce(lease, request);
    if (tried !== 'again') return { ...tried, targets, away: undefined };
  }
}

function tryOnce(
  lease: Lease,
  { method = 'GET', path = '/', body, onHead }: SentRequest,
): Promise<'again' | Pick<Sent, 'status' | 'body' | 'failure'>> {
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    let text = '';
    const attempt = new Attempt(
      {
        onHead(_, head) {
          status = head;
          if (lease.answered(head) === 'again') {
            attempt.abandon();
            resolve('again');
          } else onHead?.(lease);
        },
        onData(_, chunk) {
          text += chunk.toString('latin1');
        },
        onWhole() {
          lease.end({ kind: 'whole' });
          resolve({ status, body: text, failure: undefined });
        },
        onUpgraded: (_, __, socket) => socket.destroy(),
        onFailure(_, failure, error) {
          if (failure === undefined) reject(error);
          else resolve(lease.end(failure) === 'again' ? 'again' : { status: undefined, body: text, failure });
        },
      },
      lease,
    );
    const headers = body === undefined ? [] : ['content-type', 'text/plain'];
    lease.dispatcher.dispatch({ method, path, headers, body: body ?? null, headersTimeout: lease.headTimeoutMs, bodyTimeout: 0 }, attempt);
  });
}

/** The machine's clock, which can be set forward: nobody waits for what takes minutes. */
export function leapingClock(chance: () => number = () => 0.5): Clock & { leap(ms: number): void } {
  let ahead = 0;
  return {
    ...systemClock,
    chance,
    monotonicMs: () => systemClock.monotonicMs() + ahead,
    leap(ms) {
      ahead += ms;
    },
  };
}

/** A server behind an upstream that does what a test says. */
export class Behind {
  readonly port: number;
  readonly url: string;
  /** What it does with each request. */
  act: RequestListener = well;
  /** Requests that it got. */
  got = 0;
  /** Connections that it took. */
  connections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(port: number) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(act: RequestListener = well): Promise<Behind> {
    // A port that is free, and stays known while nobody listens.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const behind = new Behind(port);
    behind.act = act;
    await behind.up();
    return behind;
  }

  async up(): Promise<void> {
    const server = createServer((request: IncomingMessage, response: ServerResponse) => {
      this.got += 1;
      this.act(request, response);
    });
    server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  /** Nobody listens any more, and every connection is gone. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

export const well: RequestListener = (_, response) => void response.end('ok');

/** @param status of every answer */
export function answering(status: number): RequestListener {
  return (_, response) => void response.writeHead(status).end(String(status));
}

/** Takes the request and breaks the connection. */
export const resetting: RequestListener = (request) => void request.socket.resetAndDestroy();

/** Takes the request and says nothing. */
export const silent: RequestListener = () => {};
