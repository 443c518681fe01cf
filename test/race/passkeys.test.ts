import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openStore } from '@hufu/store/open';
import { Agent, type Page } from '../support/agent.ts';
import { type Engine, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { type Node, startNode } from '../support/nodes.ts';
import { givePasskey, optionsOf } from '../support/passkeys.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { slowStore } from '../support/slow-store.ts';
import { COURSE_YAML, RUNNER, startTogether } from './course.ts';

/** A name: there are no passkeys for an IP address. Nobody goes there. */
const ISSUER = 'http://localhost:1';
const MAX_WAIT_MS = 3;
const RACERS = 50;

for (const engine of ['sqlite', 'postgres'] as const satisfies readonly Engine[]) {
  describe(`one passkey that many show, two servers on one ${engine} database`, () => {
    let database: TestDatabase;
    let nodes: readonly Node[] = [];
    let slow: readonly ReturnType<typeof slowStore>[] = [];
    before(async () => {
      database = await freshDatabase(engine);
      const stores = [await openStore(database.url), await openStore(database.url)];
      slow = stores.map(slowStore);
      const started: Node[] = [];
      for (const { store } of slow) started.push(await startNode({ store, yaml: COURSE_YAML, issuer: ISSUER }));
      nodes = started;
    });
    after(async () => {
      for (const { slowDown } of slow) slowDown(0, 0);
      for (const node of nodes) await node.stop();
      await database.drop();
    });

    const seeds = rounds(engine === 'sqlite' ? 6 : 4, 60);
    for (const kind of ['counts', 'synced'] as const) {
      test(`${RACERS} who send one answer of a passkey that ${kind === 'counts' ? 'counts' : 'never counts'} are one sign-in (attacks USR-24), ${seeds} seeds`, async () => {
        const [first, second] = nodes;
        assert.ok(first !== undefined && second !== undefined);
        const soft = await givePasskey(first.context, RUNNER.username, kind);
        await withSeeds(seeds, async (seed) => {
          const agent = new Agent(first.origin);
          const page = await agent.get('/signin');
          const options = await optionsOf(agent, page);
          const fields = { ...page.hidden, challenge: options.challenge, credential: soft.get(options) };
          slow.forEach(({ slowDown }, index) => slowDown(seed * 2 + index, MAX_WAIT_MS));
          const replies: readonly Page[] = await startTogether(RACERS, seed, 4, (index) => {
            const copy = new Agent((index % 2 === 0 ? first : second).origin);
            for (const [cookie, value] of agent.cookies) copy.cookies.set(cookie, value);
            return copy.post('/signin/passkey', fields);
          });
          for (const { slowDown } of slow) slowDown(0, 0);
          const statuses = replies.map(({ status }) => status).toSorted();
          assert.deepEqual(statuses, [303, ...Array.from({ length: RACERS - 1 }, () => 401)]);
          const runner = (await first.context.store.findUserByName(first.context.tenant, RUNNER.username)) ?? assert.fail();
          assert.ok(runner.enabled);
        });
      });
    }
  });
}
