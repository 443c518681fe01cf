import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '@hufu/server/config/load-config';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { NEVER } from '@hufu/store/retention';
import { RefusedError, UsageError } from '../command.ts';
import { withContext } from '../local.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { userDelete } from './user-delete.ts';
import { userLock, userUnlock } from './user-lock.ts';

const { file, call, run } = commandFolder('mode: test\nusers: [{ username: mei, password: a long enough password }]\n');

test('an administrator locks somebody for a while or for good, and lets them go on (attacks USR-08)', async () => {
  const config = await loadConfig(file, {});
  const lockOf = (name: string): Promise<number | undefined> =>
    withContext(call([]), config, async (ctx, now) => {
      await applyConfig(ctx, now);
      return (await ctx.store.findUserByName(ctx.tenant, name))?.lockedUntil;
    });
  assert.equal(await lockOf('mei'), undefined);
  assert.match(await run(userLock, 'MEI', '--for', '12h'), /^MEI is locked until 2/);
  const until = (await lockOf('mei')) ?? 0;
  const told = JSON.parse(await run(userLock, 'mei', '--for', '12h', '--json')) as { until: number };
  assert.ok(told.until >= until && told.until < until + 600);
  assert.equal(await run(userLock, 'mei'), 'mei is locked.');
  assert.equal(await lockOf('mei'), NEVER);
  assert.equal(await run(userUnlock, 'mei'), 'mei is unlocked.');
  assert.equal(await lockOf('mei'), undefined);
  await assert.rejects(run(userLock, 'nobody'), RefusedError);
  for (const wrong of [[], ['mei', 'lee'], ['mei', '--for', 'ever'], ['mei', '--for', '0']])
    await assert.rejects(run(userLock, ...wrong), UsageError, wrong.join(' '));
});

test('an administrator deletes somebody, unless the file would make them anew', async () => {
  const config = await loadConfig(file, {});
  await withContext(call([]), config, async (ctx, now) => {
    await applyConfig(ctx, now);
    await ctx.store.createUser(ctx.tenant, { sub: 'lee', username: 'lee', passwordHash: undefined, claims: {} }, now);
  });
  await assert.rejects(run(userDelete, 'Mei'), RefusedError);
  assert.equal(await run(userDelete, 'lee'), 'lee is deleted.');
  await assert.rejects(run(userDelete, 'lee'), RefusedError);
});
