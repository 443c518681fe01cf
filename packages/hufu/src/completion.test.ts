import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OPERATION_NAMES } from '@hufu/protocol/admin/operations';
import { commandName } from './admin/command-words.ts';
import type { Shell } from './completion.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-completion-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function scriptFor(shell: Shell): Promise<string> {
  const lines: string[] = [];
  assert.equal(await runCli(['completion', shell], { env: {}, out: (line) => lines.push(line), err: (line) => lines.push(line) }), 0);
  const file = join(folder, `_hufu-${shell}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function shell(name: Shell, ...args: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(name, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb' },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
}

const has = (name: Shell): boolean => spawnSync(name, ['--version']).status === 0;

/** What is typed, its last word unfinished, and what is offered. */
const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['cl'], ['client']],
  [['client', 'sh'], ['show']],
  [
    ['client', 'secret', ''],
    ['create', 'delete'],
  ],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['user', 'lock', 'bob', '--fo'], ['--for']],
  [['user', 'lock', 'b'], []],
  [['client', 'delete', 'x', '--d'], ['--dry-run']],
];

test('bash completes commands and their options', async () => {
  const file = await scriptFor('bash');
  const asked = CASES.map(
    ([words]) =>
      `COMP_WORDS=(hufu ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _hufu; echo "\${COMPREPLY[*]}"`,
  );
  const offered = shell('bash', '-c', `source '${file}'; ${asked.join('; ')}; echo end`);
  assert.deepEqual(
    offered.slice(0, -1),
    CASES.map(([, words]) => words.join(' ')),
  );
});

test('zsh completes them, where it is there', { skip: !has('zsh') }, async () => {
  const file = await scriptFor('zsh');
  const asked = CASES.map(
    ([words]) =>
      `words=(hufu ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=$#words; offered=(); _hufu; print -r -- \${(M)offered:#'${words.at(-1) ?? ''}'*}`,
  );
  const offered = shell('zsh', '-f', '-c', `compadd() { shift; offered=("$@") }; source '${file}'; ${asked.join('; ')}; print end`);
  assert.deepEqual(
    offered.slice(0, -1),
    CASES.map(([, words]) => words.join(' ')),
  );
});

test('fish completes them, where it is there', { skip: !has('fish') }, async () => {
  const file = await scriptFor('fish');
  for (const [words, expected] of CASES) {
    const offered = shell('fish', '-c', `source '${file}'; complete -C 'hufu ${words.join(' ')}'`).filter(
      (line) => line !== '' && line !== '--file',
    );
    assert.deepEqual([...offered].sort(), [...expected].sort(), words.join(' '));
  }
});

test('every command of the admin API is in the script of every shell', async () => {
  for (const name of ['bash', 'zsh', 'fish'] as const) {
    const lines: string[] = [];
    await runCli(['completion', name], { env: {}, out: (line) => lines.push(line), err: () => undefined });
    for (const operation of OPERATION_NAMES) assert.ok(lines.join('\n').includes(`'${commandName(operation)}'`), `${name} ${operation}`);
  }
});
