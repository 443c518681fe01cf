import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { openPostgres } from '@hufu/store/postgres/open';
import type { Store } from '@hufu/store/port';
import { openSqlite } from '@hufu/store/sqlite/open';
import { createDatabase, dropDatabase } from '../../scripts/provision/postgres.mjs';
import { startHufu, type TestHufu } from '../support/hufu.ts';
import { Canaries } from './canaries.ts';
import { faultsOf } from './oracles.ts';
import { recordTraffic, type Traffic } from './traffic.ts';

/** One platform on two nodes: one database, one master key, one issuer. */
export interface TwoNodes {
  readonly first: TestHufu;
  readonly second: TestHufu;
}

/**
 * Starts both for the `describe` that calls this, over one SQLite file, or over PostgreSQL where HUFU_TEST_POSTGRES names a cluster. The
 * oracles that look at replies, logs and decisions are asserted after each case.
 */
export function twoNodes(yaml?: string): TwoNodes {
  let nodes: readonly [TestHufu, TestHufu] | undefined;
  let directory = '';
  let traffic: readonly Traffic[] = [];
  const database = `hufu_attack_${process.pid}`;
  const current = (): readonly [TestHufu, TestHufu] => nodes ?? assert.fail('the nodes start with the first case');
  const canaries = new Canaries();

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hufu-nodes-'));
    const open = await opener(directory, database);
    const shared = { dataDirectory: directory, ...(yaml === undefined ? {} : { yaml }) };
    const first = await startHufu({ ...shared, store: await open() });
    const second = await startHufu({ ...shared, store: await open(), issuer: first.issuer });
    nodes = [first, second];
    traffic = nodes.map((node) => recordTraffic(Number(new URL(node.origin).port)));
  });
  afterEach(async () => {
    const [first, second] = current();
    const seen = traffic.flatMap((one) => one.take());
    for (const exchange of seen) canaries.harvest(exchange);
    assert.deepEqual(
      seen.flatMap((exchange) => faultsOf(exchange, first.issuer)),
      [],
    );
    for (const node of [first, second]) await node.context.decisions.settled();
    const decisions = JSON.stringify(await first.store.listDecisions(first.context.tenant, 20_000));
    for (const text of [decisions, ...first.logLines, ...second.logLines])
      assert.deepEqual(
        canaries.find(text).map(({ kind }) => kind),
        [],
      );
  });
  after(async () => {
    for (const one of traffic) one.stop();
    for (const node of nodes ?? []) await node.stop();
    rmSync(directory, { recursive: true, force: true });
    if (process.env['HUFU_TEST_POSTGRES'] !== undefined) await dropDatabase(database);
  });
  return {
    get first() {
      return current()[0];
    },
    get second() {
      return current()[1];
    },
  };
}

async function opener(directory: string, database: string): Promise<() => Promise<Store>> {
  if (process.env['HUFU_TEST_POSTGRES'] === undefined) return () => openSqlite(join(directory, 'hufu.db'));
  const url = await createDatabase(database);
  return () => openPostgres(url, { allowUnsafe: true });
}
