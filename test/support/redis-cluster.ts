import { setTimeout as sleep } from 'node:timers/promises';
import { IOREDIS_OPTIONS } from '@hufu/flow/redis/ioredis';
import { Cluster } from 'ioredis';
import { startRedis, type TestRedis } from './redis.ts';

/** Three primaries that share the slots. */
export interface TestCluster {
  readonly servers: readonly TestRedis[];
  /** A client of all of it, made as limits want it. */
  connect(): Promise<Cluster>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const TRIES = 400;

export async function startRedisCluster(): Promise<TestCluster> {
  const more = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', '2000'];
  const servers = await Promise.all([0, 1, 2].map(() => startRedis({ more })));
  const clients: Cluster[] = [];
  const admins = servers.map((server) => server.connect());
  const share = Math.ceil(SLOTS / servers.length);
  for (const [index, admin] of admins.entries()) {
    const slots = Array.from({ length: Math.min(share, SLOTS - index * share) }, (_, at) => index * share + at);
    await admin.call('CLUSTER', 'ADDSLOTS', ...slots.map(String));
    for (const { port } of servers) await admin.call('CLUSTER', 'MEET', '127.0.0.1', String(port));
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const states = await Promise.all(admins.map(async (admin) => String(await admin.call('CLUSTER', 'INFO'))));
    if (states.every((state) => /cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state))) break;
    await sleep(25);
  }
  return {
    servers,
    async connect() {
      const client = new Cluster([{ host: '127.0.0.1', port: servers[0]?.port ?? 0 }], {
        redisOptions: IOREDIS_OPTIONS,
        enableOfflineQueue: false,
        retryDelayOnFailover: 0,
        lazyConnect: true,
      });
      // Whoever asks hears of it by the answer.
      client.on('error', () => undefined);
      clients.push(client);
      await client.connect();
      return client;
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
