import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { openPostgres } from '@hufu/store/postgres/open';
import { withLatency } from '@hufu/store/slow';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { startProcesses } from '../support/hufu-process.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { assertOneKeySet, ISSUER, keepOpen, startBoth, YAML } from './first-start.ts';

const seeds = rounds(100, 1_000);
test(`two servers that start together on an empty, slow store have one set of keys (attacks CRY-06), ${seeds} seeds`, () =>
  withSeeds(seeds, async (seed) => {
    const inner = await openMemory();
    const open = async (index: number): Promise<Store> => keepOpen(withLatency(inner, { seed: seed * 2 + index, maxMs: 1.5 }));
    await startBoth(open);
    await inner.close();
  }));

const databases = rounds(3, 100);
test(`two servers that start together on an empty PostgreSQL have one schema and one set of keys, ${databases} times`, () =>
  withSeeds(databases, async () => {
    const database = await freshDatabase('postgres');
    try {
      await startBoth(() => openPostgres(database.url));
    } finally {
      await database.drop();
    }
  }));

for (const engine of ENGINES) {
  const times = rounds(1, 30);
  test(`two processes that start together with one data folder on an empty ${engine} have one master key and one set of keys, ${times} times`, () =>
    withSeeds(times, async () => {
      const database = await freshDatabase(engine);
      const directory = await mkdtemp(join(tmpdir(), 'hufu-first-'));
      const options = { directory, issuer: ISSUER, database: database.url, mode: 'test', yaml: YAML } as const;
      const ports = [await freePort(), await freePort()];
      const processes = await startProcesses(options, ports);
      try {
        await assertOneKeySet(processes.map((process) => process.origin));
      } finally {
        await Promise.all(processes.map((process) => process.stop()));
        await database.drop();
        await rm(directory, { recursive: true, force: true });
      }
    }));
}
