import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { later } from './clock.ts';
import type { Config } from './config/config.ts';
import { nodeHttp } from './node-http.ts';
import { tlsOptions } from './tls-options.ts';

/** Bytes of a request line and headers. */
const HEADER_LIMIT = 16_384;
/** How long requests under way may take when the server stops. */
const DRAIN_MS = 10_000;
const SWEEP_MS = 50;

/** A server that listens. */
export interface Listening {
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no new connections, lets requests under way finish, and ends the rest after ten seconds. */
  close(): Promise<void>;
}

/** Listens on the configured address, with TLS where it is configured. Slow headers, slow bodies and idle sockets end (attacks HTP-02). */
export async function listen(config: Config, handle: RequestListener): Promise<Listening> {
  const options = {
    maxHeaderSize: HEADER_LIMIT,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 5_000,
    noDelay: true,
    requireHostHeader: false,
  };
  const server: Server =
    config.tls === undefined ? nodeHttp.createServer(options, handle) : createTlsServer({ ...options, ...tlsOptions(config.tls) }, handle);
  server.timeout = 60_000;
  server.on('clientError', answerClientError);
  // An expectation that is not 100-continue may be passed over (RFC 9110 §10.1.1); Node would answer it behind our back.
  server.on('checkExpectation', handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.listen.port, config.listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  return {
    address:
      typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : { host: '', port: config.listen.port },
    close: () =>
      new Promise((resolve) => {
        let closed = false;
        server.close(() => {
          closed = true;
          resolve();
        });
        // Again and again: a connection that was under way is idle once it has its answer, and would be kept for the next request.
        const sweep = (): void => {
          if (closed) return;
          server.closeIdleConnections();
          later(SWEEP_MS, sweep);
        };
        sweep();
        later(DRAIN_MS, () => server.closeAllConnections());
      }),
  };
}

/** What Node's parser refused: there is no request to explain, only a connection to close. */
function answerClientError(error: NodeJS.ErrnoException, socket: IncomingMessage['socket']): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n`,
  );
}
