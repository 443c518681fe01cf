import type { RedisCalls } from './calls.ts';
import type { RedisConnection } from './redis-line.ts';

/** What is used of an `ioredis` client, or its cluster. */
export interface IoredisClient {
  readonly options: object;
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  /** Of a cluster. */
  nodes?(role: 'master'): readonly IoredisNode[];
}

/** A server of a cluster. One that nobody has asked yet has no connection (`wait`). */
export interface IoredisNode extends Pick<IoredisClient, 'call'> {
  readonly status: string;
  connect(): Promise<unknown>;
}

/** What a client for limits is made with: what was sent once is never sent again, and nothing waits for a connection. */
export const IOREDIS_OPTIONS: IoredisOptions = { autoResendUnfulfilledCommands: false, enableOfflineQueue: false, maxRetriesPerRequest: 0 };

export interface IoredisOptions {
  readonly autoResendUnfulfilledCommands: false;
  readonly enableOfflineQueue: false;
  readonly maxRetriesPerRequest: 0;
}

/**
 * An `ioredis` client, made with `IOREDIS_OPTIONS`; a cluster with these as its `redisOptions`, `enableOfflineQueue: false` and
 * `retryDelayOnFailover: 0`. Throws a `TypeError` for another: a command that is sent again after a lost connection takes twice, and one that
 * waits for a connection keeps its caller waiting.
 */
export function ioredisConnection(client: IoredisClient): RedisConnection {
  const options = new Map(Object.entries(optionsOf(client)));
  for (const [name, wanted] of Object.entries(IOREDIS_OPTIONS))
    if (options.get(name) !== wanted) throw new TypeError(`an ioredis client for limits has ${name}: ${wanted}`);
  if ('redisOptions' in client.options && new Map(Object.entries(client.options)).get('retryDelayOnFailover') !== 0)
    throw new TypeError('an ioredis cluster for limits has retryDelayOnFailover: 0');
  return {
    call: (command, ...args) => client.call(command, ...args),
    reconnect: () => client.disconnect(true),
    servers: () => Promise.all((client.nodes?.('master') ?? []).map(connected)),
  };
}

/** A cluster connects to each of its servers when that is asked for the first time; whoever asks then would find nobody there. */
async function connected(node: IoredisNode): Promise<RedisCalls> {
  if (node.status === 'wait') await node.connect();
  return node;
}

/** A cluster has those of its connections in one of its own. */
function optionsOf({ options }: IoredisClient): object {
  if (!('redisOptions' in options)) return options;
  const { redisOptions } = options;
  return {
    ...(typeof redisOptions === 'object' ? redisOptions : {}),
    ...('enableOfflineQueue' in options ? { enableOfflineQueue: options.enableOfflineQueue } : {}),
  };
}
