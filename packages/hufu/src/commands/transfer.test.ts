import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientId, type UserId } from '@hufu/protocol/ids';
import { clientSecretRecord } from '@hufu/server/client-keys/client-secret';
import { loadConfig } from '@hufu/server/config/load-config';
import type { Context } from '@hufu/server/context';
import { setLimit } from '@hufu/server/limits/set-limit';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { withContext } from '../local.ts';
import { runCli } from '../run-cli.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { EXPORT_FORMAT, type Exported, type ExportedUser } from '../transfer/exported.ts';
import { importInstance } from '../transfer/import-instance.ts';
import { openExport } from '../transfer/sealed-export.ts';
import { exportCommand, importCommand } from './transfer.ts';

const YAML = 'mode: test\n';
const one = commandFolder(YAML);
const other = commandFolder(YAML);
const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8Fyw8vOLTFxkUBGnyxGU1uA4HfL6dJdxYMnfgrPW/lY';
const METADATA = {
  client_name: 'Notes',
  redirect_uris: ['https://notes.example/cb'],
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code'],
  response_types: ['code'],
};
const PASSPHRASE = 'a passphrase for a test';

type Folder = typeof one;

async function within<T>({ file, call }: Folder, act: (ctx: Context, now: number) => Promise<T>): Promise<T> {
  return withContext(call([]), await loadConfig(file, {}), act);
}

async function coded(folder: Folder, command: Command, ...args: readonly string[]): Promise<readonly [code: number, out: string]> {
  const lines: string[] = [];
  const call = folder.call(lines, args);
  return [await command.run({ ...call, env: { HUFU_EXPORT_PASSPHRASE: PASSPHRASE } }), lines.join('\n')];
}

async function fill(): Promise<void> {
  await within(one, async (ctx, now) => {
    const id = clientId('client_notes');
    const { readClientMetadata } = await import('@hufu/protocol/client-metadata');
    const read = readClientMetadata(METADATA, { source: 'store' });
    if (read.kind === 'refused') return assert.fail();
    const secrets = [clientSecretRecord(ctx, id, read.metadata, 'the-secret-of-notes', now)];
    await ctx.store.changeClient(ctx.tenant, { clientId: id, metadata: METADATA, secrets, enabled: true, source: 'admin' }, undefined, now);
    const make = async (sub: string, username: string, claims: Readonly<Record<string, unknown>>): Promise<UserId> => {
      const made = await ctx.store.createUser(ctx.tenant, { sub, username, passwordHash: HASH, claims, source: 'sign_up' }, now);
      return made.user.id;
    };
    const mei = await make('sub-mei', 'mei', { name: '梅', email: 'mei@example.com', email_verified: true });
    await make('sub-lee', 'lee', {});
    await ctx.store.putAdministrator(ctx.tenant, { userId: mei, role: 'support', changedAt: now, changedBy: 'cli' }, 'none', 10);
    await ctx.store.setUserEnabled(ctx.tenant, (await ctx.store.findUserByName(ctx.tenant, 'lee'))?.id ?? assert.fail(), false, now);
    await setLimit(ctx, 'sign-up', { limit: 2, period: '1s', burst: 300 }, { by: 'cli', version: undefined, nowMs: now * 1000 });
  });
}

test('an export without credentials has no hash and no secret in it; with them it is a file that only the passphrase opens (RFC 7914 §2)', async () => {
  await fill();
  const [, plain] = await coded(one, exportCommand);
  assert.doesNotMatch(plain, /argon2|"secrets"|password_hash/);
  assert.deepEqual(
    JSON.parse(plain).users.map((user: { readonly username: string }) => user.username),
    ['mei', 'lee'],
  );
  await assert.rejects(coded(one, exportCommand, '--with-credentials'), UsageError);
  const file = join(one.folder, 'sealed.json');
  assert.match((await coded(one, exportCommand, '--with-credentials', '--out', file))[1], /has 1 clients, 2 users and 1 limits\.$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, 'utf8');
  // In quotation marks and behind a dollar, as they would stand there: three letters alone come about in sealed bytes.
  assert.doesNotMatch(text, /"(?:mei|notes)"|\$argon2/);
  // What is in it, for the tests below: deriving a key takes its time.
  writeFileSync(join(one.folder, 'opened.json'), await openExport(JSON.parse(text), PASSPHRASE));
  writeFileSync(join(one.folder, 'wrong.txt'), 'another passphrase of somebody');
  const opens = coded(one, importCommand, file, '--dry-run', '--passphrase-file', join(one.folder, 'wrong.txt'));
  await assert.rejects(opens, (error) => error instanceof RefusedError && /another one, or the file has been changed/.test(error.message));
  const sealed = JSON.parse(text);
  const flipped = Buffer.from(sealed.data, 'base64url');
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  writeFileSync(join(one.folder, 'flipped.json'), JSON.stringify({ ...sealed, data: flipped.toString('base64url') }));
  await assert.rejects(coded(one, importCommand, join(one.folder, 'flipped.json'), '--dry-run'), RefusedError);
});

test('an import adds what is not there, says what did not come along, and does nothing the second time', async () => {
  const file = join(one.folder, 'opened.json');
  const [, looked] = await coded(other, importCommand, file, '--dry-run');
  assert.match(
    looked,
    /\+ client client_notes: it has no secret: hufu client secret client_notes\n\+ user mei: with the role support\n\+ user lee\n\+ limit sign-up\n4 would be added, 0 there already, 0 left alone\.$/,
  );
  assert.equal(await within(other, async (ctx) => (await ctx.store.listUsers(ctx.tenant, 0, 10)).length), 0);
  assert.match(
    (await coded(other, importCommand, file, '--yes'))[1],
    /^mei is an administrator of the export \(support\)[\s\S]*4 added, 0 there already/,
  );
  assert.deepEqual(await coded(other, importCommand, file, '--yes'), [0, '0 added, 4 there already, 0 left alone.']);
  await within(other, async (ctx) => {
    const mei = (await ctx.store.findUserByName(ctx.tenant, 'mei')) ?? assert.fail();
    assert.deepEqual([mei.sub, mei.source, mei.passwordHash, mei.claims['name']], ['sub-mei', 'sign_up', HASH, '梅']);
    assert.equal((await ctx.store.findAdministrator(ctx.tenant, mei.id))?.role, 'support');
    assert.equal((await ctx.store.findUserByEmail(ctx.tenant, 'mei@example.com'))?.sub, 'sub-mei');
    assert.equal((await ctx.store.findUserByName(ctx.tenant, 'lee'))?.enabled, false);
    assert.deepEqual(
      (await ctx.store.findClient(ctx.tenant, clientId('client_notes')))?.secrets,
      [],
      'hashes of other keys are worth nothing',
    );
  });
});

test('on the instance that it came from, a client that was lost has its secret again', async () => {
  await within(one, (ctx, now) => ctx.store.removeClient(ctx.tenant, clientId('client_notes'), now));
  assert.match(
    (await coded(one, importCommand, join(one.folder, 'opened.json'), '--yes'))[1],
    /^\+ client client_notes\n1 added, 3 there already/,
  );
  assert.equal(await within(one, async (ctx) => (await ctx.store.findClient(ctx.tenant, clientId('client_notes')))?.secrets.length), 1);
});

test('what is another there stays, and what this version does not know is refused before anything is written', async () => {
  const [, plain] = await coded(one, exportCommand);
  const exported = JSON.parse(plain);
  const file = join(other.folder, 'edited.json');
  const importing = (value: unknown): Promise<readonly [number, string]> => {
    writeFileSync(file, JSON.stringify(value));
    return coded(other, importCommand, file, '--yes');
  };
  const [code, out] = await importing({ ...exported, users: [{ ...exported.users[0], sub: 'somebody-else' }] });
  assert.equal(code, 1);
  assert.match(out, /! user mei: another is there, which stays\n0 added, 2 there already, 1 left alone\.$/);
  const fresh = { ...exported.users[0], username: 'new', sub: 'sub-new', claims: {} };
  for (const [value, why] of [
    [{ ...exported, sessions: [] }, /sessions is unknown/],
    [{ ...exported, format: 'hufu export 2' }, /no export of this version/],
    [{ ...exported, users: [fresh, { ...fresh, sub: 'x', username: 'y', shell: 1 }] }, /users\[1\]\.shell is unknown/],
    [{ ...exported, users: [fresh, { ...fresh, sub: 'x', username: 'y', claims: { email: 7 } }] }, /user y: claims/],
    [{ ...exported, users: [fresh, { ...fresh, sub: 'x', username: 'y', password_hash: 'md5' }] }, /user y: a password hash/],
    [{ ...exported, limits: [{ name: 'edge:burst', rule: { limit: 'no' } }] }, /limit edge:burst: .*limit/],
    [{ ...exported, users: [{ ...fresh, role: 'root' }] }, /root is no role/],
    [{ ...exported, users: [fresh, { ...fresh, sub: 'x', username: 'ＮＥＷ' }] }, /user new: is there twice/],
    [{ ...exported, users: [fresh, { ...fresh, username: 'y' }] }, /subject sub-new: is there twice/],
    [{ ...exported, users: [{ ...fresh, sub: 'a subject' }] }, /user new: a subject that is none/],
    [{ ...exported, users: [{ ...fresh, username: ' new' }] }, /is no user name/],
    [
      {
        ...exported,
        clients: [
          { ...exported.clients[0], client_id: 'c2' },
          { ...exported.clients[0], client_id: 'c2' },
        ],
      },
      /client c2: is there twice/,
    ],
    [{ ...exported, limits: [exported.limits[0], exported.limits[0]] }, /limit sign-up: is there twice/],
    [{ ...exported, clients: [{ ...exported.clients[0], source: 'config' }] }, /source is not admin/],
    [{ ...exported, clients: [{ ...exported.clients[0], client_id: 'c2', metadata: { redirect_uris: 7 } }] }, /client c2: redirect_uris/],
  ] as const)
    await assert.rejects(importing(value), (error) => error instanceof RefusedError && why.test(error.message), String(why));
  assert.equal(await within(other, (ctx) => ctx.store.findUserByName(ctx.tenant, 'new')), undefined);
});

test('an import that is ended at any write leaves nobody enabled who was disabled or locked, and says of a role that it did not come along', async () => {
  const now = Math.floor(Date.now() / 1_000);
  const people: readonly Pick<ExportedUser, 'sub' | 'username' | 'enabled' | 'locked_until' | 'role'>[] = [
    { sub: 'sub-off', username: 'off', enabled: false },
    { sub: 'sub-locked', username: 'locked', enabled: true, locked_until: now + 86_400 },
    { sub: 'sub-boss', username: 'boss', enabled: true, role: 'owner' },
  ];
  const users = people.map((user): ExportedUser => ({ ...user, source: 'sign_up', claims: {}, second_factor: false, password_hash: HASH }));
  const exported: Exported = {
    format: EXPORT_FORMAT,
    issuer: 'https://a.example',
    exported_at: now,
    with_credentials: true,
    instance: 'x',
    clients: [],
    users,
    limits: [],
  };
  const isWrite = (name: string): boolean => /^(?:create|set|lock|put|change|verify)/.test(name);
  for (let writes = 0; writes < 4; writes++) {
    const folder = commandFolder(YAML);
    await within(folder, async (ctx) => {
      let left = writes;
      const dying = new Proxy(ctx.store, {
        get(store, name) {
          const verb = Reflect.get(store, name);
          return typeof verb === 'function' && isWrite(String(name))
            ? (...args: readonly unknown[]) => (left-- > 0 ? Reflect.apply(verb, store, args) : Promise.reject(new Error('killed')))
            : verb;
        },
      });
      await assert.rejects(importInstance({ ...ctx, store: dying }, exported, { dryRun: false }, now), /killed/);
      for (const { username, enabled, locked_until: lockedUntil } of users) {
        const user = await ctx.store.findUserByName(ctx.tenant, username);
        if (user !== undefined) assert.deepEqual([user.enabled, user.lockedUntil], [enabled, lockedUntil], `${username} after ${writes}`);
      }
      const again = await importInstance(ctx, exported, { dryRun: false }, now);
      assert.equal(again.length, 3);
      const boss = (await ctx.store.findUserByName(ctx.tenant, 'boss')) ?? assert.fail();
      const role = (await ctx.store.findAdministrator(ctx.tenant, boss.id))?.role;
      assert.deepEqual(
        again[2],
        writes < 3
          ? { about: 'user boss', outcome: 'added', note: 'with the role owner' }
          : { about: 'user boss', outcome: 'other', note: 'they do not have the role owner here' },
      );
      assert.equal(role, writes < 3 ? 'owner' : undefined);
    });
  }
});

test('what a file says that is refused moves nothing on the terminal that shows why', async () => {
  const file = join(other.folder, 'hostile.json');
  const ask = async (value: unknown): Promise<string> => {
    writeFileSync(file, JSON.stringify(value));
    const lines: string[] = [];
    const words = ['import', file, '--yes', '--config', other.file];
    assert.equal(await runCli(words, { env: {}, out: (line) => lines.push(line), err: (line) => lines.push(line) }), 1);
    return lines.join('\n');
  };
  assert.equal(await ask({ '\u001b[2J\u202e': 1 }), '?[2J? is unknown to this version');
  const [, plain] = await coded(one, exportCommand);
  const exported = JSON.parse(plain);
  assert.match(
    await ask({ ...exported, users: [{ ...exported.users[0], username: '\u001b]0;mei\u0007' }] }),
    /^nothing was imported:\n {2}user \?\]0;mei\?: /,
  );
});
