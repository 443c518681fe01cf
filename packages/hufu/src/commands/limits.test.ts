import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RefusedError, UsageError } from '../command.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { limitsList, limitsReset, limitsSet } from './limits.ts';
import { migrate } from './migrate.ts';

const { folder, run } = commandFolder('limits: { rules: { tokens: { key: [client], limit: 10, period: 1m } } }\n');
const rule = join(folder, 'rule.json');
writeFileSync(rule, '{ "key": ["address"], "limit": 5, "period": "1m" }');

interface Listed {
  readonly version: number;
  readonly limits: readonly { readonly name: string; readonly source: string; readonly changed_by?: string }[];
}

async function find(name: string): Promise<Listed['limits'][number] | undefined> {
  const { limits } = JSON.parse(await run(limitsList, '--json')) as Listed;
  return limits.find((limit) => limit.name === name);
}

test('an administrator sees every limit, sets one for running servers, and takes that back', async () => {
  await run(migrate);
  assert.match(await run(limitsList), /^NAME +SOURCE +SINCE +BY +RULE\nsign-in-source-account +default/);
  assert.equal((await find('tokens'))?.source, 'config');
  assert.equal(
    await run(limitsSet, 'sign-up', '{"limit":2,"period":"1s","burst":300}'),
    'sign-up is set. Servers heed it within a second.',
  );
  assert.deepEqual(JSON.parse(await run(limitsSet, 'tokens', '--file', rule, '--json')), { limit: 'tokens', version: 2 });
  assert.deepEqual([(await find('sign-up'))?.changed_by, (await find('tokens'))?.source], ['cli', 'runtime']);
  assert.equal(await run(limitsReset, 'tokens'), 'tokens is as the configuration has it.');
  assert.equal((await find('tokens'))?.source, 'config');
  await assert.rejects(run(limitsReset, 'tokens'), RefusedError);
});

test('what is no limit is refused, and what is no call of the command is told', async () => {
  await assert.rejects(run(limitsSet, 'sign-up', '{"limit":9,"period":"1s","burst":300}'), RefusedError);
  for (const wrong of [[], ['tokens'], ['tokens', '{'], ['tokens', '{}', '--file', rule], ['tokens', '--file', join(folder, 'none')]])
    await assert.rejects(run(limitsSet, ...wrong), UsageError, wrong.join(' '));
  await assert.rejects(run(limitsReset), UsageError);
});
