import type { RedisCalls } from './calls.ts';
import type { RedisConnection } from './redis-line.ts';

/**
 * Whether this Redis can keep limits: one that throws keys away when it is full forgets them, and one of several servers cannot decide on
 * two keys at once. Of a cluster all servers are looked at, so that there is a connection to each from then on. Throws an `Error` that says what to set, or that nobody answered.
 */
export async function probe(connection: RedisConnection, prefix: string, isCluster: boolean): Promise<void> {
  const servers = isCluster ? ((await connection.servers?.()) ?? []) : [];
  for (const server of servers.length === 0 ? [connection] : servers) await probeMemory(server);
  if (isCluster) return;
  try {
    await connection.call('EVAL', 'return 0', 2, `${prefix}{probe 1}`, `${prefix}{probe 2}`);
  } catch (cause) {
    if (!String(cause).includes('CROSSSLOT')) throw cause;
    throw new Error('Redis is a cluster: set cluster, or a prefix with a {tag} that keeps all limits in one slot', { cause });
  }
}

async function probeMemory(calls: RedisCalls): Promise<void> {
  const info = String(await calls.call('INFO', 'memory'));
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction')
    throw new Error(`Redis forgets limits when it is full (maxmemory-policy ${policy}): set it to noeviction, or use a Redis of its own`);
}
