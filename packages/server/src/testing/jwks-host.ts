import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server of a client that serves its JWK Set: what it serves, and how, may be changed at any time. */
export interface JwksHost {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  keys: readonly object[];
  status: number;
  cacheControl: string | undefined;
  /** The whole body instead of `keys`. */
  text: string | undefined;
  /** While it is set, answers wait for it. */
  held: Promise<void> | undefined;
  close(): void;
}

export async function openJwksHost(keys: readonly object[] = []): Promise<JwksHost> {
  const asked: string[] = [];
  const server = createServer(async (request, reply) => {
    asked.push(request.url ?? '');
    await host.held;
    const headers = host.cacheControl === undefined ? {} : { 'cache-control': host.cacheControl };
    reply.writeHead(host.status, { 'content-type': 'application/json', ...headers }).end(host.text ?? JSON.stringify({ keys: host.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host: JwksHost = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    keys,
    status: 200,
    cacheControl: undefined,
    text: undefined,
    held: undefined,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return host;
}
