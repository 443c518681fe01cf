import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { loadConfig } from '@hufu/server/config/load-config';
import { builtInClients } from '@hufu/server/console-client';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { differences, painter, showDifferences } from '../diff.ts';
import { withContext } from '../local.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { apply } from './apply.ts';
import { plan } from './plan.ts';

const YAML = `
mode: test
clients:
  - { client_id: web, client_name: 虎记, client_secret: a-secret-of-32-characters-0123456789, redirect_uris: [https://web.example/cb] }
users:
  - { username: mei, password: a long enough password, claims: { name: 梅 } }
`;
const { file, folder, call, run } = commandFolder(YAML);

async function coded(command: Command, ...args: readonly string[]): Promise<readonly [code: number, out: string]> {
  const lines: string[] = [];
  return [await command.run(call(lines, args)), lines.join('\n')];
}

test('a plan of hufu.yaml for a server that never ran has all of it, and makes no database', async () => {
  const [code, out] = await coded(plan, '--detailed-exitcode');
  assert.equal(code, 2);
  assert.match(out, /\+ client web\n {4}application_type /);
  assert.match(out, /\+ user mei\n {4}name {2}\+ "梅"\n2 changes; 0 live grants end or are suspended\.$/);
  assert.doesNotMatch(out, /a-secret-of|long enough/);
  assert.equal(existsSync(join(folder, 'data', 'hufu.db')), false);
  await assert.rejects(coded(apply, '--yes'), (error) => error instanceof RefusedError && /no database yet/.test(error.message));
});

test('after a start there is nothing to do; a changed file is shown, and applied where somebody says yes', async () => {
  await withContext(call([]), await loadConfig(file, {}), async (ctx, now) => applyConfig(ctx, now, builtInClients(ctx)));
  assert.deepEqual(await coded(plan, '--detailed-exitcode'), [0, `${file}\nClients and users in the store are as the file has them.`]);
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('虎记', 'Notes').replace('a-secret-of', 'b-secret-of').replace('name: 梅', 'name: Mei'),
  );
  const [code, out] = await coded(plan, '--detailed-exitcode');
  assert.deepEqual(
    [code, out.split('\n').slice(1)],
    [
      2,
      [
        '~ client web',
        '    client_name  "虎记" → "Notes"',
        '    its secrets change (not shown)',
        '~ user mei',
        '    name  "梅" → "Mei"',
        '2 changes; 0 live grants end or are suspended.',
      ],
    ],
  );
  if (process.stdin.isTTY !== true)
    await assert.rejects(
      coded(apply),
      (error) => error instanceof RefusedError && /--yes where it is meant, or hufu plan to look/.test(error.message),
    );
  assert.match(await run(apply, '--yes'), /~ client web[\s\S]*\nDone\.$/);
  const config = await loadConfig(file, {});
  const consoleOf = async (): Promise<boolean | undefined> =>
    withContext(call([]), config, async ({ store, tenant }) => (await store.findClient(tenant, clientId('hufu-console')))?.enabled);
  assert.equal(await consoleOf(), true, 'what a start brings along is no change of the file, and stays');
  assert.equal((await coded(plan, '--detailed-exitcode'))[0], 0);
  const { changes } = JSON.parse(await run(plan, '--json'));
  assert.deepEqual(changes, []);
});

test('words that do not go together are refused before anything is read', async () => {
  for (const [command, args] of [
    [plan, ['--state', 'x']],
    [plan, ['--prune']],
    [apply, ['--plan', 'x']],
    [apply, ['--secrets-out', 'x']],
  ] as const)
    await assert.rejects(coded(command, ...args), UsageError, args.join(' '));
});

test('a difference is told member by member, lists by what comes and goes, and nothing secret', () => {
  const before = {
    a: [1],
    hufu: { profile: 'x', keep: 1 },
    uris: ['https://a/', 'https://b/'],
    same: { x: 1, y: 2 },
    client_secret: 'old',
  };
  const after = {
    hufu: { profile: 'y', keep: 1 },
    uris: ['https://b/', 'https://c/'],
    same: { y: 2, x: 1 },
    client_secret: 'new',
    n: '\u001b[2J',
  };
  assert.deepEqual(showDifferences(differences(before, after)), [
    'a              - [1]',
    'client_secret  changes (not shown)',
    'hufu.profile   "x" → "y"',
    'n              + "\\u001b[2J"',
    'uris           - "https://a/"  + "https://c/"',
  ]);
  assert.deepEqual(showDifferences(differences({ u: ['a', 'b'] }, { u: ['b', 'a'] })), ['u  in another order']);
  assert.equal(painter({}, true)('add', 'x'), '\u001b[32mx\u001b[0m');
  assert.equal(painter({ NO_COLOR: '1' }, true)('add', 'x') + painter({}, false)('add', 'x'), 'xx');
});
