import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OPERATION_NAMES } from '@hufu/protocol/admin/operations';
import { commandName } from './admin/command-words.ts';
import { describe } from './help.ts';
import { OWN_COMMANDS, runCli } from './run-cli.ts';
import { commandFolder } from './testing/command-folder.ts';

const { file, folder } = commandFolder('mode: test\n');

/** The commands that take nothing but options. */
const WORDLESS =
  `start,gateway,login,logout,token,whoami,migrate,plan,apply,replay,export,doctor,grant list,session list,client list,client invite,
user list,delivery list,limits list,key rotate,key list,audit list,audit export`.split(/,\s*/);

async function hufu(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(words, { env: {}, out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('each command takes --json', () => {
  assert.deepEqual(
    OWN_COMMANDS.filter(({ usage }) => !usage.includes('[--json]')).map(({ name }) => name),
    [],
  );
});

test('--json is no mistake where the output is JSON lines anyway: what stops start and gateway here is their file', async () => {
  for (const name of ['start', 'gateway']) {
    const { code, err } = await hufu(name, '--json', '--config', `${file}.missing`);
    assert.equal(code, 1, err);
    assert.match(err, /does not exist/);
  }
  const { out } = await hufu('completion', 'bash', '--json');
  const { shell, script } = JSON.parse(out);
  assert.equal(shell, 'bash');
  assert.equal(script, (await hufu('completion', 'bash')).out);
});

test('a word that a command does not take is no word that it passes over', async () => {
  for (const name of WORDLESS) {
    const words = name === 'session list' ? ['--user', 'mei'] : [];
    const { code, out, err } = await hufu(...name.split(' '), 'surplus', ...words, '--config', file);
    assert.equal(code, 2, `${name}: ${out}${err}`);
    assert.equal(out, '', name);
    assert.match(err, /\nusage: hufu /);
  }
});

test('an address that is none of this machine, and a file where the folder should be, are told in a line', async () => {
  const start = (yaml: string) => {
    writeFileSync(file, `issuer: http://localhost:4400\nmode: test\n${yaml}`);
    return hufu('start', '--config', file);
  };
  const data = join(folder, 'data');
  const elsewhere = await start(`listen: 192.0.2.1:4400\ndata_dir: ${data}\n`);
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.err, /EADDRNOTAVAIL.*set listen/);
  for (const place of [file, join(file, 'data')]) {
    const { code, err } = await start(`data_dir: ${place}\n`);
    assert.equal(code, 1, place);
    assert.match(err, /^(EEXIST|ENOTDIR): .*$/);
  }
});

test('-h is --help, for all of it and for one command', async () => {
  assert.deepEqual(await hufu('-h'), await hufu('--help'));
  assert.deepEqual(await hufu('key', '-h'), await hufu('key', '--help'));
  for (const command of OWN_COMMANDS)
    assert.deepEqual(await hufu(...command.name.split(' '), '-h'), { code: 0, out: describe(command), err: '' });
});

test('--version says which it is', async () => {
  const { code, out } = await hufu('--version');
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+$/);
});

test('the commands of the admin API are words of English', () => {
  const nouns = new Set(OPERATION_NAMES.map((name) => commandName(name).split(' ')[0]));
  assert.ok(nouns.has('policy'));
  assert.deepEqual(
    [...nouns].filter((noun) => noun?.endsWith('ie')),
    [],
  );
});
