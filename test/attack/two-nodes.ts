import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { openStore } from '@hufu/store/open';
import { type Engine, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';
import { MASTER_KEY } from '../support/nodes.ts';
import { Canaries } from './canaries.ts';
import { faultsOf } from './oracles.ts';
import { recordTraffic, type Traffic } from './traffic.ts';

/** The engines that several nodes can share here: PostgreSQL where HUFU_TEST_POSTGRES names a cluster. */
export const SHARED_ENGINES: readonly Engine[] = process.env['HUFU_TEST_POSTGRES'] === undefined ? ['sqlite'] : ['sqlite', 'postgres'];

/** One platform on two nodes: one database, one master key, one issuer. */
export interface TwoNodes {
  readonly first: TestHufu;
  readonly second: TestHufu;
}

/** Starts both for the `describe` that calls this. The oracles that look at replies, logs and decisions are asserted after each case. */
export function twoNodes(yaml: string = BASIC_YAML, engine: Engine = 'sqlite'): TwoNodes {
  let nodes: readonly [TestHufu, TestHufu] | undefined;
  let database: TestDatabase | undefined;
  let traffic: readonly Traffic[] = [];
  const current = (): readonly [TestHufu, TestHufu] => nodes ?? assert.fail('the nodes start with the first case');
  const canaries = new Canaries();

  before(async () => {
    database = await freshDatabase(engine);
    const url = engine === 'postgres' ? `${database.url}?unsafe=1` : database.url;
    const first = await startHufu({ yaml, store: await openStore(url), masterKey: MASTER_KEY });
    const second = await startHufu({ yaml, store: await openStore(url), masterKey: MASTER_KEY, issuer: first.issuer });
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
    await database?.drop();
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
