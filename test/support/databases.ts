import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabase, testPostgres } from '../../scripts/provision/postgres.mjs';

/** The engines that keep what they acknowledge. */
export const ENGINES = ['sqlite', 'postgres'] as const;
export type Engine = (typeof ENGINES)[number];

/** An empty database of its own. */
export interface TestDatabase {
  /** As the `database` setting takes it. */
  readonly url: string;
  drop(): Promise<void>;
}

/** SQLite: a file in a folder of its own. PostgreSQL: on the cluster of HUFU_TEST_POSTGRES, or on one that is started for this process. */
export async function freshDatabase(engine: Engine): Promise<TestDatabase> {
  if (engine === 'sqlite') {
    const folder = await mkdtemp(join(tmpdir(), 'hufu-sqlite-'));
    return { url: `sqlite:${join(folder, 'hufu.db')}`, drop: () => rm(folder, { recursive: true, force: true }) };
  }
  const cluster = await testPostgres();
  const name = `hufu_test_${randomBytes(8).toString('hex')}`;
  return {
    url: await createDatabase(name, cluster.url),
    async drop() {
      await dropDatabase(name, cluster.url);
      await cluster.stop();
    },
  };
}
