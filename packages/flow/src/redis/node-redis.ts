import type { RedisConnection } from './redis-line.ts';

/** What is used of a client of the package `redis`. */
export interface NodeRedisClient {
  readonly options?: { readonly disableOfflineQueue?: boolean | undefined } | undefined;
  sendCommand(args: readonly string[]): Promise<unknown>;
}

/**
 * A client of the package `redis`, made with `disableOfflineQueue: true`. Throws a `TypeError` for another: what waits for a connection keeps
 * its caller waiting, and takes when nobody waits any more.
 */
export function nodeRedisConnection(client: NodeRedisClient): RedisConnection {
  if (client.options?.disableOfflineQueue !== true) throw new TypeError('a redis client for limits has disableOfflineQueue: true');
  return { call: (command, ...args) => client.sendCommand([command, ...args.map(String)]) };
}
