import type { ServerOptions } from 'node:http';

/**
 * How a server listens that the gateway stands behind alone. Bodies and answers have clocks of their own, so that a stream may last: Node's
 * clock for a whole request is off, and nothing is set on sockets (RFC 9112 §9.5).
 */
export const LISTEN_OPTIONS: ServerOptions = {
  // Twice what is taken: up to here there is somebody who can say why it is not.
  maxHeaderSize: 32_768,
  headersTimeout: 10_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
  requireHostHeader: false,
  insecureHTTPParser: false,
};
