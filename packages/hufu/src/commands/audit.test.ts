import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { actingAs } from '@hufu/server/audit/acting';
import { loadConfig } from '@hufu/server/config/load-config';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { RefusedError, UsageError } from '../command.ts';
import { withContext } from '../local.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { auditExport } from './audit-export.ts';
import { auditList } from './audit-list.ts';
import { auditVerify } from './audit-verify.ts';
import { keyRotate } from './key-rotate.ts';
import { userLock } from './user-lock.ts';

const { folder, file, call, run } = commandFolder('mode: test\nusers: [{ username: mei, password: a long enough password }]\n');

/** Without `--config`: what a stranger can do. */
async function alone(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  assert.equal(await auditVerify.run({ ...call(lines), args }), 0);
  return lines.join('\n');
}

test('what commands change is in the audit log as theirs, listed, exported and verified, and what is meddled with is named (attacks ADM-12)', async () => {
  const config = await loadConfig(file, {});
  const jwks = await withContext(call([]), config, async (ctx, now) => {
    await applyConfig(ctx, now);
    return ctx.keys.jwks(now).body;
  });
  await run(userLock, 'mei');
  await run(keyRotate);
  const listed = JSON.parse(await run(auditList, '--actor', 'cli:', '--limit', '100', '--json')) as { action: string; seq: number }[];
  assert.ok(listed.some(({ action }) => action === 'user.locked'));
  assert.ok(listed.some(({ action }) => action === 'key.added'));
  assert.match(await run(auditList, '--action', 'user.locked'), /cli +user\.locked +user [\w-]{20}/);
  assert.match(await run(auditVerify), /All of it is as it was written\.$/);

  const out = join(folder, 'audit.jsonl');
  const told = await run(auditExport, '--out', out);
  const known = /elsewhere: (\S+)$/.exec(told)?.[1] ?? '';
  await assert.rejects(run(auditExport, '--out', out), /EEXIST/);
  writeFileSync(join(folder, 'jwks.json'), jwks);
  assert.match(
    await alone(out, '--jwks', join(folder, 'jwks.json'), '--checkpoint', known),
    /Without the master key .*\nAll of it is as it was written\.$/s,
  );
  assert.match(await alone(out), /Nobody said which keys are the issuer’s/);
  assert.match(await run(auditVerify, out, '--json'), /"withMasterKey":true/);
  await assert.rejects(alone(out, '--key', 'A'.repeat(43)), /signature at/);

  // One byte of the file, and then of the store.
  const text = readFileSync(out, 'utf8');
  const { seq = 0 } = listed.find(({ action }) => action === 'user.locked') ?? {};
  writeFileSync(join(folder, 'changed.jsonl'), text.replace('"user.locked"', '"user.lockex"'));
  await assert.rejects(
    alone(join(folder, 'changed.jsonl')),
    (error: Error) => error instanceof RefusedError && error.message.endsWith(`altered at ${seq}`),
  );
  const db = new DatabaseSync(join(folder, 'data', 'hufu.db'));
  db.exec(`UPDATE audit_log SET actor_id = 'x' WHERE seq = ${seq}`);
  db.close();
  await assert.rejects(run(auditVerify), RefusedError);
});

test('what came since goes on from what somebody has, or is told: a part of the log has no past of its own (attacks ADM-12)', async () => {
  const whole = join(folder, 'whole.jsonl');
  const known = /elsewhere: (\d+):\S+$/.exec(await run(auditExport, '--out', whole));
  const [seq, hash = ''] = [Number(known?.[1]), String(known?.[0].split(':').at(-1))];
  const config = await loadConfig(file, {});
  // Ends of lines in JavaScript and in nothing else: JSON has them in its texts.
  await withContext(call([]), config, async (ctx, now) => {
    const user = await ctx.store.findUserByName(ctx.tenant, 'mei');
    await actingAs(ctx, { actor: ctx.actor, via: 'a\u2028b\u2029c' }).lockUser(ctx.tenant, user?.id ?? assert.fail(), now + 60, now);
  });
  const since = join(folder, 'since.jsonl');
  await run(auditExport, '--after', String(seq), '--out', since);
  assert.match(await alone(since, '--checkpoint', `${seq}:${hash}`), /\nAll of it is as it was written\.$/);
  assert.doesNotMatch(await alone(since, '--checkpoint', `${seq}:${hash}`), /What comes before/);
  assert.match(await alone(since), new RegExp(`What comes before ${seq + 1} is not in it: hand in --checkpoint ${seq}:HASH`));
  await assert.rejects(alone(since, '--checkpoint', `${seq}:${'A'.repeat(43)}`), new RegExp(`checkpoint at ${seq}$`));
  await assert.rejects(alone(since, '--checkpoint', `${seq - 1}:${hash}`), new RegExp(`checkpoint at ${seq - 1}$`));
  await assert.rejects(run(auditExport, '--after', String(seq + 1_000)), RefusedError);
});

test('words that are none are refused', async () => {
  for (const args of [
    ['--limit', '0'],
    ['--actor', 'x'],
  ])
    await assert.rejects(run(auditList, ...args), UsageError);
  await assert.rejects(run(auditExport, '--after', 'x'), UsageError);
  for (const args of [['a', 'b'], ['--checkpoint', '1'], ['--wrong']]) await assert.rejects(alone(...args), UsageError);
  await assert.rejects(alone(join(folder, 'none.jsonl')), RefusedError);
  await assert.rejects(alone(file), RefusedError);
});
