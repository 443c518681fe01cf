import { isMembers } from './json.ts';

const PROVISION = '../../scripts/provision/postgres.mjs';

/** A PostgreSQL of our own, with a commit on the disk before it returns. It inherits the processor that this process is pinned to. */
export interface Postgres {
  /** An empty database. @returns its URL */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export async function startPostgres(directory: string): Promise<Postgres> {
  const provision: unknown = await import(PROVISION);
  const start = member(provision, 'startPostgres');
  const create = member(provision, 'createDatabase');
  const cluster: unknown = await start({ directory });
  const url = isMembers(cluster) ? cluster['url'] : undefined;
  const stop = member(cluster, 'stop');
  let count = 0;
  return {
    createDatabase: async () => {
      count += 1;
      return String(await create(`bench_${count}`, url));
    },
    stop: async () => {
      await stop();
    },
  };
}

/** The provisioning script is plain JavaScript without types. */
function member(holder: unknown, name: string): (...args: readonly unknown[]) => unknown {
  const found: unknown = typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
  if (typeof found !== 'function') throw new TypeError(`${PROVISION} has no ${name}`);
  return (...args) => Reflect.apply(found, holder, args) as unknown;
}
