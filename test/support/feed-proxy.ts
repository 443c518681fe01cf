import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What stands between a follower and a revocation feed, and makes it bad. */
export interface FeedProxy {
  readonly origin: string;
  /** `cut`: nobody is let in. `stalled`: requests are let in, and nothing comes out. */
  line: 'whole' | 'cut' | 'stalled';
  /** Holds everything that a stream says, as something in between does that waits for the end of an answer. */
  holdsStreams: boolean;
  /** Milliseconds that each piece of an answer takes, in order. */
  delayMs: number;
  /** What was asked, the newest last. */
  readonly asked: readonly AskedOfFeed[];
  /** Ends every connection in the middle. */
  sever(): void;
  stop(): Promise<void>;
}

export interface AskedOfFeed {
  readonly method: string;
  readonly isStream: boolean;
  readonly query: URLSearchParams;
  readonly lastEventId: string | undefined;
}

export async function startFeedProxy(upstream: string): Promise<FeedProxy> {
  const asked: AskedOfFeed[] = [];
  const open = new Set<ServerResponse>();

  const serve = (request: IncomingMessage, reply: ServerResponse): void => {
    const url = new URL(request.url ?? '/', upstream);
    const isStream = request.headers.accept === 'text/event-stream';
    const { 'last-event-id': last } = request.headers;
    asked.push({
      method: request.method ?? '',
      isStream,
      query: url.searchParams,
      lastEventId: typeof last === 'string' ? last : undefined,
    });
    if (proxy.line === 'cut') return void reply.destroy();
    open.add(reply);
    const { host: _, ...headers } = request.headers;
    const onward = httpRequest(url, { method: request.method ?? 'GET', headers });
    reply.on('close', () => {
      open.delete(reply);
      onward.destroy();
    });
    onward.on('error', () => reply.destroy());
    onward.on('response', (answer) => {
      answer.on('error', () => reply.destroy());
      pass(answer, reply, isStream).catch(() => reply.destroy());
    });
    request.pipe(onward);
  };
  const pass = async (answer: IncomingMessage, reply: ServerResponse, isStream: boolean): Promise<void> => {
    let isBegun = false;
    for await (const chunk of answer) {
      if (proxy.delayMs > 0) await sleep(proxy.delayMs);
      while (proxy.line === 'stalled' || (isStream && proxy.holdsStreams)) {
        if (reply.destroyed) return;
        await sleep(10);
      }
      if (!isBegun) reply.writeHead(answer.statusCode ?? 502, answer.headers);
      isBegun = true;
      reply.write(chunk);
    }
    if (!isBegun) reply.writeHead(answer.statusCode ?? 502, answer.headers);
    reply.end();
  };

  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy: FeedProxy = {
    origin: `http://127.0.0.1:${port}`,
    line: 'whole',
    holdsStreams: false,
    delayMs: 0,
    asked,
    sever() {
      for (const reply of open) reply.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
