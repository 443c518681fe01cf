import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopbackHost } from '@hufu/protocol/web-uri';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import type { EdgeState } from '@hufu/server/edge-state';
import { isLocalRequest, showsToken } from '@hufu/server/local-request';
import { writeEdgeExposition } from '@hufu/server/metrics/edge-exposition';
import { EXPOSITION_TYPE } from '@hufu/server/metrics/exposition-text';
import { RefusedError } from '../command.ts';

/** Those who scrape are few. */
const MAX_CONNECTIONS = 64;

type Settings = NonNullable<GatewayConfig['metrics']>;

/** @throws RefusedError where anybody could read them. */
export function checkMetrics({ listen: { host }, token }: Settings): void {
  if (token === undefined && (host === undefined || !isLoopbackHost(host.includes(':') ? `[${host}]` : host)))
    throw new RefusedError('gateway.metrics: where others than this machine can ask, a token is needed');
}

/**
 * `GET /metrics` of a gateway, on a socket of its own: what a path on those of its clients would tell everybody, and keep from the services behind it. Without a token for programs on this machine.
 *
 * @returns the port, and what ends it
 */
export async function serveMetrics(
  { listen, token }: Settings,
  listener: Server,
  look: () => EdgeState,
  nowMs: () => number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const startedAt = Math.floor(nowMs() / 1000 - process.uptime());
  listener.maxConnections = MAX_CONNECTIONS;
  listener.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Nobody sends anything here that would be worth reading.
    response.setHeader('connection', 'close');
    const { status, body } = answer(request);
    response.writeHead(status, { 'content-type': status === 200 ? EXPOSITION_TYPE : 'text/plain', 'cache-control': 'no-store' });
    response.end(body);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(listen.port, listen.host, () => {
      listener.off('error', reject);
      resolve();
    });
  });
  const bound = listener.address() as AddressInfo;
  return {
    port: bound.port,
    close: () =>
      new Promise<void>((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };

  function answer({ method, url, headers, socket }: IncomingMessage): { readonly status: number; readonly body: string } {
    if (url !== '/metrics') return { status: 404, body: 'there is /metrics\n' };
    if (method !== 'GET') return { status: 405, body: 'GET\n' };
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const isAllowed = token === undefined ? isLocalRequest({ address, headers }) : showsToken(headers, token.reveal());
    return isAllowed ? { status: 200, body: writeEdgeExposition(look(), startedAt) } : { status: 401, body: 'a token is needed\n' };
  }
}
