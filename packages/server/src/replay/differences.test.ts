import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenFacts } from '../testing/token-facts.ts';
import { openWorld, START } from '../testing/world.ts';
import { differences } from './differences.ts';

const FACTS = tokenFacts({});

test('reasons beyond those that are told apart are told as so many requests', async () => {
  const world = await openWorld();
  const found = differences(world.ctx);
  const add = (detail: string, times: number): Promise<void> =>
    found.add('refused', { check: 'scope', error: 'invalid_scope', detail }, FACTS, START, times);
  for (let i = 0; i < 1_000; i += 1) await add(`scope-${i}`, 2);
  assert.deepEqual([(await found.result()).told.length, (await found.result()).untold], [1_000, 0]);
  for (let i = 0; i < 3; i += 1) await add(`other-${i}`, 7);
  await add('scope-0', 1);
  const { told, untold } = await found.result();
  assert.deepEqual([told.length, untold, told[0]?.requests], [1_000, 21, 3]);
  await world.close();
});

test('users beyond those that are counted are said to be there', async () => {
  const world = await openWorld();
  const found = differences(world.ctx);
  const cause = { check: 'scope', error: 'invalid_scope', detail: 'read' } as const;
  for (let user = 1; user <= 10_000; user += 1) await found.add('refused', cause, { ...FACTS, user }, START, 1);
  await found.add('refused', cause, { ...FACTS, user: 1 }, START, 1);
  const before = (await found.result()).told[0];
  assert.deepEqual([before?.users, before?.moreUsers], [10_000, false]);
  await found.add('refused', cause, { ...FACTS, user: 10_001 }, START, 1);
  const [after] = (await found.result()).told;
  assert.deepEqual([after?.users, after?.moreUsers, after?.requests], [10_000, true, 10_002]);
  await world.close();
});
