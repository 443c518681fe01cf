import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OPERATION_NAMES, operationOf } from '@hufu/protocol/admin/operations';
import type { Command } from '../command.ts';
import { accountFile, writeAccounts } from '../login/account-file.ts';
import { liveAccount } from '../login/live-account.ts';
import { runCli } from '../run-cli.ts';
import { commandName } from './command-words.ts';
import { either } from './either.ts';
import { reachAdmin } from './reach.ts';
import { showReply } from './show-reply.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-commands-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;

type Env = Readonly<Record<string, string>>;

async function homeWith(scope: string | undefined): Promise<Env> {
  const env = { XDG_CONFIG_HOME: join(folder, String(homes++)) };
  if (scope === undefined) return env;
  // Nobody listens there: whoever goes there is told so.
  const account = {
    issuer: 'http://127.0.0.1:9',
    clientId: 'hufu-cli',
    accessToken: 'at',
    tokenType: 'Bearer',
    expiresAt: 4_000_000_000,
    refreshToken: undefined,
    scope,
  };
  await writeAccounts(accountFile(env), { current: account.issuer, all: [account] });
  return env;
}

const LOCAL: Command = { name: 'user list', summary: '', usage: '', run: () => Promise.resolve(0) };

/** Whether it worked on the store: else it went to where nobody listens. */
async function isLocal(env: Env, ...args: readonly string[]): Promise<boolean> {
  const silent = (): void => undefined;
  return either(LOCAL, 'users.list')
    .run({ args, env, out: silent, err: silent })
    .then(
      () => true,
      (error: unknown) => (/does not answer|nobody is signed in/.test(String(error)) ? false : assert.fail(String(error))),
    );
}

test('a command works on the store unless an issuer is named, or somebody is signed in for administration and no store is named', async () => {
  const admin = await homeWith('openid hufu:admin:read');
  assert.equal(await isLocal(admin), false);
  assert.equal(await isLocal(admin, '--config', 'hufu.yaml'), true);
  assert.equal(await isLocal({ ...admin, HUFU_DATA_DIR: '/x' }), true);
  assert.equal(await isLocal({ ...admin, HUFU_DATA_DIR: '/x' }, '--issuer', 'http://127.0.0.1:9'), false);
  assert.equal(await isLocal(await homeWith('openid notes:read')), true);
  assert.equal(await isLocal(await homeWith(undefined)), true);
  assert.equal(await isLocal(await homeWith(undefined), '--issuer=https://id.example'), false);
  assert.equal(await isLocal({ HUFU_TOKEN: 't', HUFU_ISSUER: 'http://127.0.0.1:9' }), false);
});

test('a token goes to an https address or to this machine, and to the server that somebody named', async () => {
  const reach = (env: Env, issuer?: string): Promise<string> => reachAdmin({ env }, issuer).then((found) => found.issuer);
  assert.equal(await reach({ HUFU_TOKEN: 't', HUFU_ISSUER: 'https://id.example/' }), 'https://id.example');
  await assert.rejects(reach({ HUFU_TOKEN: 't' }), /say which one/);
  for (const issuer of ['http://id.example', 'ftp://localhost', 'id.example'])
    await assert.rejects(reach({ HUFU_TOKEN: 't' }, issuer), /is no https address/);
});

test('HUFU_ISSUER names the server also of an account: what is meant for one never goes to the one that was signed in to last', async () => {
  const env = { XDG_CONFIG_HOME: join(folder, String(homes++)) };
  const rest = { clientId: 'hufu-cli', accessToken: 'at', tokenType: 'Bearer', expiresAt: 4_000_000_000, refreshToken: undefined };
  const all = ['https://one.example', 'https://two.example'].map((issuer) => ({ ...rest, issuer, scope: 'hufu:admin:owner' }));
  await writeAccounts(accountFile(env), { current: 'https://two.example', all });
  const reach = (named: string | undefined, issuer?: string): Promise<string> =>
    reachAdmin({ env: { ...env, HUFU_ISSUER: named } }, issuer).then((found) => found.issuer);
  assert.equal(await reach(undefined), 'https://two.example');
  assert.equal(await reach(''), 'https://two.example');
  assert.equal(await reach('https://one.example/'), 'https://one.example');
  assert.equal(await reach('https://one.example', 'https://two.example'), 'https://two.example');
  await assert.rejects(reach('https://three.example'), /nobody is signed in to https:\/\/three\.example/);
  assert.equal((await liveAccount({ env: { ...env, HUFU_ISSUER: 'https://one.example' } }, undefined)).issuer, 'https://one.example');
  assert.equal(await isLocal({ ...env, HUFU_ISSUER: 'https://three.example' }), true);
});

test('every operation has a command of its own, that says who may', async () => {
  const names = OPERATION_NAMES.map(commandName);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    const lines: string[] = [];
    assert.equal(
      await runCli(['help', ...name.split(' ')], { env: {}, out: (line) => lines.push(line), err: (line) => lines.push(line) }),
      0,
    );
    assert.match(lines.join('\n'), /needs the role (read|support|security|owner)/, name);
  }
});

test('what replies hold is shown by the table: times as people write them, lists below each other, nothing that moves a cursor', () => {
  const user = {
    sub: 's',
    username: 'mei\u001b[2J',
    source: 'admin',
    enabled: true,
    created_at: 1_800_000_000,
    claims: { name: '林' },
    has_password: false,
    password_changed_at: 0,
    updated_at: 1_800_000_000,
  };
  assert.equal(
    showReply(operationOf('users.get'), user),
    `sub                  s
username             mei?[2J
source               admin
enabled              true
created_at           2027-01-15T08:00:00Z
has_password         false
password_changed_at
updated_at           2027-01-15T08:00:00Z

claims
  {
    "name": "林"
  }`,
  );
  assert.equal(showReply(operationOf('users.devices.list'), { items: [] }), 'There are none.');
  assert.equal(showReply(operationOf('limits.reset'), undefined), 'Done.');
});
