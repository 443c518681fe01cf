import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveApp } from '../testing/second-factors.ts';
import { openWorld } from '../testing/world.ts';
import { makeRecoveryCodes, readRecoveryCode, takeRecoveryCode } from './recovery-codes.ts';

test('a recovery code is read however it was written down, and nothing else is one', () => {
  for (const typed of ['01ABV-XYZ79', '01abv xyz79', 'o1abv-xyz79', '0labu-xyz79', '０１ＡＢＶＸＹＺ７９'])
    assert.equal(readRecoveryCode(typed), '01ABVXYZ79', typed);
  for (const wrong of ['', '01ABV-XYZ7', '01ABV-XYZ799', '01ABV_XYZ79', '01ABV-XYZ7é', 'A'.repeat(100)])
    assert.equal(readRecoveryCode(wrong), undefined, wrong);
});

test('ten codes of fifty bits, none of them in the store, each good once and for its owner alone; new ones replace them', async () => {
  const world = await openWorld();
  const { ctx, store, tenant } = world;
  const app = await giveApp(world);
  await giveApp(world, 'bob');
  const [alice, bob] = [await store.findUserByName(tenant, 'alice'), await store.findUserByName(tenant, 'bob')];
  if (alice === undefined || bob === undefined) assert.fail();
  const codes = app.recoveryCodes.map((code) => readRecoveryCode(code) ?? assert.fail());
  const [first = '', second = '', third = ''] = codes;
  assert.deepEqual([codes.length, new Set(codes).size], [10, 10]);
  assert.equal(await takeRecoveryCode(ctx, bob, first), false, 'somebody else’s');
  assert.deepEqual([await takeRecoveryCode(ctx, alice, first), await takeRecoveryCode(ctx, alice, first)], [true, false]);
  assert.equal((await makeRecoveryCodes(ctx, alice, alice.authVersion - 1, undefined, world.now())).kind, 'changed');
  assert.equal(await takeRecoveryCode(ctx, alice, second), true, 'nothing happened');
  assert.equal((await makeRecoveryCodes(ctx, alice, alice.authVersion, undefined, world.now())).kind, 'made');
  assert.equal(await takeRecoveryCode(ctx, alice, third), false, 'replaced');
  await world.close();
});
