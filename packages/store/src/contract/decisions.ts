import assert from 'node:assert/strict';
import { EDGE_DECISIONS } from '../port/decisions.ts';
import type { DecisionRecord } from '../port.ts';
import { TRIMMED_ROWS } from '../retention.ts';
import { type Case, NOW } from './bench.ts';

function someDecision(id: string): DecisionRecord {
  return {
    id,
    at: NOW,
    endpoint: '/oauth/token',
    status: 400,
    error: 'invalid_grant',
    clientId: 'app',
    record: '[{"check":"pkce","ok":false}]',
  };
}

export function decisionCases(define: Case): void {
  define('a decision comes back as recorded, newest first', async ({ store, second, tenant }) => {
    await store.recordDecisions(tenant, [someDecision('02'), someDecision('01')], 10);
    await second.recordDecisions(tenant, [someDecision('03')], 10);
    assert.deepEqual(await store.findDecision(tenant, '01'), someDecision('01'));
    assert.equal(await store.findDecision(tenant, '04'), undefined);
    assert.deepEqual(await store.listDecisions(tenant, 2), [someDecision('03'), someDecision('02')]);
    await store.recordDecisions(tenant, [], 10);
  });

  define('an id that is there stays as it was', async ({ store, tenant }) => {
    await store.recordDecisions(tenant, [someDecision('01')], 10);
    await store.recordDecisions(tenant, [{ ...someDecision('01'), status: 200 }, someDecision('02')], 10);
    assert.deepEqual(await store.listDecisions(tenant, 10), [someDecision('02'), someDecision('01')]);
  });

  define('the newest are kept, of each tenant', async (b) => {
    const { store, tenant, otherTenant } = b;
    await store.recordDecisions(otherTenant, [someDecision('00')], 5);
    const ids = Array.from({ length: 40 }, (_, index) => `${index + 10}`);
    for (const id of ids) await store.recordDecisions(tenant, [someDecision(id)], 5);
    const kept = (await store.listDecisions(tenant, 100)).map((decision) => decision.id);
    assert.deepEqual(kept, ids.slice(-5).reverse());
    assert.ok(await store.findDecision(otherTenant, '00'));
    await store.recordDecisions(
      tenant,
      ids.map((id) => someDecision(`x${id}`)),
      5,
    );
    assert.equal((await store.listDecisions(tenant, 100)).length, 5);
  });

  define('those of the edge have a share of their own, so that none of theirs pushes out another', async ({ store, tenant }) => {
    await store.recordDecisions(tenant, [someDecision('00'), someDecision('01')], 3);
    for (let id = 10; id < 60; id += 1) await store.recordDecisions(tenant, [{ ...someDecision(`${id}`), endpoint: EDGE_DECISIONS }], 3);
    assert.deepEqual(
      (await store.listDecisions(tenant, 100)).map(({ id }) => id),
      ['59', '58', '57', '01', '00'],
    );
    for (let id = 60; id < 90; id += 1) await store.recordDecisions(tenant, [someDecision(`${id}`)], 3);
    assert.deepEqual(
      (await store.listDecisions(tenant, 100)).map(({ id }) => id),
      ['89', '88', '87', '59', '58', '57'],
    );
  });

  define('what has piled up falls batch by batch, and no more at once', async (b) => {
    const { store, tenant } = b;
    const record = async (from: number, count: number, keep: number): Promise<void> =>
      await store.recordDecisions(
        tenant,
        Array.from({ length: count }, (_, index) => someDecision(`${from + index}`.padStart(6, '0'))),
        keep,
      );
    const many = 2 * TRIMMED_ROWS + 100;
    await record(0, many, many);
    await record(many, 1, 10);
    assert.equal(await b.countRows('decisions'), many + 1 - TRIMMED_ROWS);
    assert.equal((await store.listDecisions(tenant, 1))[0]?.id, `${many}`.padStart(6, '0'), 'the oldest fall first');
    await record(many + 1, 1, 10);
    assert.equal(await b.countRows('decisions'), many + 2 - 2 * TRIMMED_ROWS, 'the next batch goes on at once');
    await record(many + 2, 1, 10);
    assert.equal(await b.countRows('decisions'), 10);
  });

  define('what a decision says is written anew while it is there, of its own tenant alone', async ({ store, tenant, otherTenant }) => {
    await store.recordDecisions(tenant, [someDecision('01'), someDecision('02')], 10);
    await store.recordDecisions(otherTenant, [someDecision('01')], 10);
    await store.rewriteDecisions(tenant, [
      { id: '01', record: '{"times":2}' },
      { id: '03', record: '{}' },
    ]);
    await store.rewriteDecisions(tenant, []);
    assert.deepEqual(await store.listDecisions(tenant, 10), [someDecision('02'), { ...someDecision('01'), record: '{"times":2}' }]);
    assert.deepEqual(await store.findDecision(otherTenant, '01'), someDecision('01'));
  });

  define('many decisions stay bounded', async (b) => {
    for (let batch = 0; batch < 30; batch += 1) {
      await b.store.recordDecisions(
        b.tenant,
        Array.from({ length: 40 }, (_, index) => someDecision(`${batch * 40 + index}`.padStart(6, '0'))),
        320,
      );
    }
    const kept = await b.countRows('decisions');
    assert.ok(kept >= 320 && kept <= 340, `${kept} rows`);
  });
}
