import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { type Store, StoreUnavailable } from '@hufu/store/port';
import { jsonLog } from '../log.ts';
import { systemRandom } from '../random.ts';
import { type EdgeDecisionBody, type EdgeJournal, type EdgeRefusal, edgeJournal, KEPT_EDGE_DECISIONS } from './edge-journal.ts';

const T = 1_800_000_000_000;
const NO_TOKEN: EdgeRefusal = {
  check: 'edge_identity',
  status: 401,
  code: 'invalid_token',
  detail: 'the token does not hold',
  cause: 'it is over',
  route: 'notes',
  clientId: undefined,
};

interface Ground {
  readonly journal: EdgeJournal;
  readonly store: Store;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly time: { now: number };
  read(id: string): Promise<EdgeDecisionBody>;
  count(): Promise<number>;
}

async function ground(changes: Partial<Store> | ((real: Store) => Partial<Store>) = {}): Promise<Ground> {
  const real = await openMemory();
  const tenant = (await real.ensureTenant('default')).id;
  const instead = typeof changes === 'function' ? changes(real) : changes;
  const store = new Proxy(real, { get: (target, name) => Reflect.get(instead, name) ?? Reflect.get(target, name) });
  const lines: Record<string, unknown>[] = [];
  const time = { now: T };
  const log = jsonLog(
    (line) => lines.push(JSON.parse(line)),
    () => T,
  );
  const journal = edgeJournal({ kept: { store, tenant }, random: systemRandom(), log, nowMs: () => time.now });
  return {
    journal,
    store,
    lines,
    time,
    read: async (id) => JSON.parse(((await real.findDecision(tenant, id)) ?? assert.fail(`no ${id}`)).record),
    count: async () => (await real.listDecisions(tenant, 10_000)).length,
  };
}

test('a refusal of the edge is a decision: the checks that passed, the one that failed and why, and the route', async () => {
  const { journal, store, read, lines } = await ground();
  const id = journal.refuse({ ...NO_TOKEN, clientId: 'app' });
  await journal.settled();
  const { record: _, ...row } = (await store.findDecision((await store.ensureTenant('default')).id, id)) ?? assert.fail();
  assert.deepEqual(row, { id, at: T / 1000, endpoint: 'edge', status: 401, error: 'invalid_token', clientId: 'app' });
  assert.deepEqual(await read(id), {
    description: 'the token does not hold',
    route: 'notes',
    checks: [
      { check: 'edge_request', outcome: 'passed' },
      { check: 'edge_route', outcome: 'passed' },
      { check: 'edge_limits', outcome: 'passed' },
      { check: 'edge_identity', outcome: 'failed', detail: 'it is over' },
    ],
  });
  assert.deepEqual(
    lines.map(({ event, decision, cause }) => [event, decision, cause]),
    [['edge.refused', id, 'it is over']],
  );
});

test('what one route refuses for one cause is one decision with a count; another cause, route or client is another', async () => {
  const { journal, read, count, time, lines } = await ground();
  const id = journal.refuse(NO_TOKEN);
  time.now += 5_000;
  for (let i = 0; i < 9; i++) assert.equal(journal.refuse(NO_TOKEN), id);
  const others = [
    { ...NO_TOKEN, cause: 'it is not signed' },
    { ...NO_TOKEN, route: 'other' },
    { ...NO_TOKEN, clientId: 'app' },
    { ...NO_TOKEN, code: 'no_token' },
  ].map((one) => journal.refuse(one));
  assert.equal(new Set([id, ...others]).size, 5);
  await journal.settled();
  assert.equal(await count(), 5);
  const { times, last_at } = await read(id);
  assert.deepEqual([times, last_at], [10, T / 1000 + 5]);
  assert.equal((await read(others[0] ?? '')).times, undefined, 'once is no count');
  assert.equal(lines.filter(({ event }) => event === 'edge.refused').length, 5, 'a flood is no flood of lines');
  journal.refuse(NO_TOKEN);
  await journal.settled();
  assert.equal((await read(id)).times, 11);
});

test('a decision is told again only while its record can be counted on to be kept', async () => {
  const { journal, read } = await ground();
  const id = journal.refuse(NO_TOKEN);
  for (let i = 0; i < KEPT_EDGE_DECISIONS / 2; i++) {
    journal.refuse({ ...NO_TOKEN, cause: `cause ${i}` });
    if (i % 500 === 0) await journal.settled();
  }
  const again = journal.refuse(NO_TOKEN);
  assert.notEqual(again, id);
  await journal.settled();
  await read(again);
});

test('no credential is kept, and no cause without end (attacks CRY-01)', async () => {
  const { journal, read } = await ground();
  const id = journal.refuse({ ...NO_TOKEN, cause: `hfa_${'a'.repeat(40)} ${'z'.repeat(10_000)}` });
  await journal.settled();
  const detail = (await read(id)).checks.at(-1)?.detail ?? '';
  assert.match(detail, /^\[credential\] z/);
  assert.equal(detail.length, 500);
});

test('a store that is away costs records or counts, never the answer', async () => {
  const away = async (): Promise<void> => {
    throw new StoreUnavailable('gone');
  };
  const { journal, lines } = await ground({ recordDecisions: away, rewriteDecisions: away });
  const id = journal.refuse(NO_TOKEN);
  assert.equal(journal.refuse(NO_TOKEN), id);
  await journal.settled();
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error').map(({ event }) => event),
    ['decisions.dropped', 'decisions.dropped'],
  );
});

test('a count waits for its record, however slow the store is', async () => {
  const { journal, read } = await ground((real) => ({
    async recordDecisions(...args) {
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      await real.recordDecisions(...args);
    },
  }));
  const id = journal.refuse(NO_TOKEN);
  journal.refuse(NO_TOKEN);
  await journal.settled();
  assert.equal((await read(id)).times, 2);
});

test('without a store there are lines, with counts', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = jsonLog(
    (line) => lines.push(JSON.parse(line)),
    () => T,
  );
  const journal = edgeJournal({ kept: undefined, random: systemRandom(), log, nowMs: () => T });
  const id = journal.refuse(NO_TOKEN);
  for (let i = 0; i < 3; i++) journal.refuse(NO_TOKEN);
  await journal.settled();
  assert.deepEqual(
    lines.map(({ event, decision, times }) => [event, decision, times]),
    [
      ['edge.refused', id, undefined],
      ['edge.refused_again', id, 4],
    ],
  );
});
