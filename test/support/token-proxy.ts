import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request to a token endpoint, as it passed. */
export interface PassedRequest {
  /** Who says it is: the header `who`. */
  readonly who: string;
  readonly refreshToken: string;
  /** Of the answer; undefined while there is none, or nobody to give it to. */
  readonly status: number | undefined;
}

/** What stands before an authorization server and makes its token endpoint slow; counts, and serves a page beside it. */
export interface TokenProxy {
  readonly origin: string;
  /** Refreshes that came in since `reset`. */
  readonly requests: readonly PassedRequest[];
  /** Before the server sees a request. */
  delayMs: number;
  /** Whether a request whose sender is gone meanwhile goes on to the server. */
  forwards: 'always' | 'to whom is there';
  /** So many answers from now on get lost after the server has acted. */
  losing: number;
  /** Resolves with the next refresh that comes in. */
  next(): Promise<PassedRequest>;
  reset(): void;
  stop(): Promise<void>;
}

export async function startTokenProxy(upstream: () => string, files: Readonly<Record<string, string>> = {}): Promise<TokenProxy> {
  const requests: { who: string; refreshToken: string; status: number | undefined }[] = [];
  const waiting: ((request: PassedRequest) => void)[] = [];
  const serve = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://proxy').pathname;
    const file = files[path];
    if (file !== undefined) {
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
      reply.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(file);
      return;
    }
    if (request.method !== 'POST') {
      await pass(await fetch(upstream() + path), reply);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const form = new URLSearchParams(body);
    const passed = {
      who: String(request.headers['who'] ?? ''),
      refreshToken: form.get('refresh_token') ?? '',
      status: undefined as number | undefined,
    };
    const isRefresh = form.get('grant_type') === 'refresh_token';
    if (isRefresh) {
      requests.push(passed);
      waiting.shift()?.(passed);
      if (proxy.delayMs > 0) await sleep(proxy.delayMs);
    }
    if (proxy.forwards === 'to whom is there' && reply.destroyed) return;
    const answer = await fetch(upstream() + path, { method: 'POST', body: form });
    passed.status = answer.status;
    if (isRefresh && proxy.losing > 0) {
      proxy.losing -= 1;
      await answer.body?.cancel();
      reply.destroy();
      return;
    }
    await pass(answer, reply);
  };
  const server = createServer((request, reply) => {
    serve(request, reply).catch(() => reply.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy: TokenProxy = {
    origin: `http://127.0.0.1:${port}`,
    requests,
    delayMs: 0,
    forwards: 'always',
    losing: 0,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    reset: () => void requests.splice(0),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

async function pass(answer: Response, reply: ServerResponse): Promise<void> {
  reply.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' }).end(await answer.text());
}
