import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import { NOW } from '../contract/bench.ts';
import type { DecisionRecord } from '../port.ts';
import { openPostgres } from './open.ts';

const cluster = await testPostgres();
const name = `hufu_text_${process.pid}`;
const store = await openPostgres(await createDatabase(name, cluster.url));
const { id: tenant } = await store.ensureTenant('default');

describe('text that PostgreSQL cannot hold', () => {
  after(async () => {
    await store.close();
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

  test('a name with a NUL is nobody’s, and cannot become somebody’s', async () => {
    assert.equal(await store.findUserByName(tenant, 'a\0da'), undefined);
    await assert.rejects(
      () => store.createUser(tenant, { sub: 's', username: 'a\0da', passwordHash: undefined, claims: {} }, NOW),
      TypeError,
    );
    const made = await store.createUser(tenant, { sub: 's', username: 'ada', passwordHash: undefined, claims: { note: 'a\0b' } }, NOW);
    assert.deepEqual((await store.findUser(tenant, made.user.id))?.claims, { note: 'a\0b' });
  });

  test('a decision about a request with a NUL is kept, and so are the others of its batch', async () => {
    const decision: DecisionRecord = { id: '1', at: NOW, endpoint: '/oauth/token', status: 400, error: '', clientId: 'app', record: '[]' };
    await store.recordDecisions(tenant, [decision, { ...decision, id: '2', clientId: 'a\0pp' }], 10);
    assert.deepEqual(await store.findDecision(tenant, '1'), decision);
    assert.equal((await store.findDecision(tenant, '2'))?.clientId, 'a\ufffdpp');
    assert.equal(await store.findDecision(tenant, '\0'), undefined);
  });
});
