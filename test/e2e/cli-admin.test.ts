import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OPERATION_NAMES, type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import { covers, ROLES, scopeOf } from '@hufu/protocol/admin/roles';
import { openReceiver } from '@hufu/server/testing/receiver';
import { expectedSignature } from '@hufu/server/testing/webhooks';
import { until } from '@hufu/store/contract/until';
import { commandName } from '../../packages/hufu/src/admin/command-words.ts';
import { type CliRun, type CliWorld, openCliWorld } from '../support/cli-world.ts';

let world: CliWorld;
before(async () => {
  world = await openCliWorld();
  await Promise.all([world.login('u-owner', '--admin', 'owner'), world.login('bob')]);
});
after(() => world?.stop());

const called = new Set<OperationName>();

/** Runs the command of an operation as the owner, as a script does. */
async function run(name: OperationName, ...words: readonly string[]): Promise<CliRun> {
  called.add(name);
  const yes = operationOf(name).effect === 'dangerous' ? ['--yes'] : [];
  return world.run('u-owner', ...commandName(name).split(' '), ...words, ...yes);
}

type Reply = Readonly<Record<string, unknown>>;

/** The same with `--json`, where it has to be done. */
async function told(name: OperationName, ...words: readonly string[]): Promise<Reply> {
  const { code, out, err } = await run(name, ...words, '--json');
  assert.equal(code, 0, `${name}: ${err}`);
  return JSON.parse(out);
}

/** The same for people. */
async function shown(name: OperationName, ...words: readonly string[]): Promise<string> {
  const { code, out, err } = await run(name, ...words);
  assert.equal(code, 0, `${name}: ${err}`);
  return out;
}

function rows(reply: Reply): readonly Reply[] {
  const { items } = reply;
  return Array.isArray(items) ? items : assert.fail('no list');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : assert.fail(`${String(value)} is no text`));

test('clients: made of words or of a file, changed member by member, switched off and on, and removed', async () => {
  const made = await told(
    'clients.create',
    '--client_name',
    '虎记',
    '--redirect-uris',
    'https://notes.example/cb',
    '--redirect-uris',
    'https://notes.example/cb2',
    '--hufu.first_party',
    'true',
    'client_uri=https://notes.example/',
  );
  assert.match(text(made['client_secret']), /^.{20,}$/);
  const client: Reply = Object(made['client']);
  const id = text(client['client_id']);
  const metadata: Reply = Object(client['metadata']);
  assert.deepEqual(
    [metadata['client_name'], metadata['redirect_uris'], metadata['client_uri']],
    ['虎记', ['https://notes.example/cb', 'https://notes.example/cb2'], 'https://notes.example/'],
  );
  assert.match(await shown('clients.list', '--source', 'admin', '--all'), new RegExp(`^CLIENT_ID +NAME .*\\n${id}  虎记  admin +true`));
  assert.match(await shown('clients.get', id), /\nsecrets\nID +CREATED_AT\n/);
  assert.match(
    await shown('clients.check', id, '--profile', 'fapi2_security'),
    /\nmeets +false\n[\s\S]*\ndpop_bound_access_tokens +either /,
  );
  assert.equal((await told('clients.check', id))['profile'], 'oauth21');
  assert.match(await shown('clients.keys.list', id), /^source +none\n/);
  const look = await world.run('u-owner', 'client', 'update', id, '--token_endpoint_auth_method', 'none', '--dry-run', '--json');
  const would: Reply = JSON.parse(look.out);
  assert.deepEqual([Object(would['client']).auth_method, would['effect']], ['none', { dry_run: true, grants: 0, users: 0, capped: false }]);
  await shown('clients.update', id, '--client_name', 'Notes', '--unset', 'client_uri');
  const after: Reply = Object((await told('clients.get', id))['metadata']);
  assert.deepEqual([after['client_name'], after['redirect_uris'], after['client_uri']], ['Notes', metadata['redirect_uris'], undefined]);
  assert.deepEqual(Object(after['hufu'])['first_party'], true);
  const file = join(world.folder, 'client.json');
  writeFileSync(file, JSON.stringify({ ...metadata, client_name: 'From a file' }));
  assert.equal(
    Object(Object((await told('clients.update', id, '--body', `@${file}`))['client'])['metadata'])['client_name'],
    'From a file',
  );
  const second = await told('clients.secrets.create', id, '--overlap', '12h', '--expires-in', '30d');
  await shown('clients.secrets.delete', id, text(second['id']));
  assert.match(await shown('clients.disable', id), /^dry_run +false\ngrants +0\n/);
  assert.match(await shown('clients.enable', id), /enabled +true/);
  await shown('clients.revoke', id);
  const stale = await run('clients.delete', id, '--if-match', '"1"');
  assert.deepEqual([stale.code, /look at it again/.test(stale.err)], [1, true], stale.err);
  await shown('clients.delete', id);
  const gone = await run('clients.get', id);
  assert.equal(gone.code, 1);
  const decision = /hufu why (\w+)/.exec(gone.err)?.[1] ?? assert.fail(gone.err);
  assert.match(await shown('decisions.get', decision), new RegExp(`id +${decision}\\n`));
  assert.match((await world.run('u-owner', 'why', decision)).out, /admin_target/);
  assert.ok(rows(await told('decisions.list', '--error', 'not_found', '--since', '1h')).some((row) => row['id'] === decision));
});

test('users by their names: made, changed, locked, helped, switched off, removed', async () => {
  const made = await told('users.create', 'lin', '--name', '林', '--email', 'lin@example.com');
  assert.deepEqual([made['username'], made['has_password'], Object(made['claims'])['name']], ['lin', false, '林']);
  assert.match(await shown('users.list', '--prefix', 'li'), /lin +admin +true .*林/);
  assert.match(await shown('users.claims.put', 'lin', '--nickname', 'L', '--unset', 'name'), /"nickname": "L"/);
  assert.deepEqual((await told('users.get', 'LIN'))['claims'], { email: 'lin@example.com', nickname: 'L' });
  const invited = await told('users.invite', 'lin');
  assert.deepEqual([invited['email'], 'link' in invited], ['lin@example.com', false]);
  assert.equal((await told('users.get', `sub:${text(made['sub'])}`))['username'], 'lin');
  assert.match(await shown('users.lock', 'lin', '--for', '12h'), /locked_until +20/);
  assert.doesNotMatch(await shown('users.unlock', 'lin'), /locked_until/);
  await shown('users.factors.list', 'lin');
  await shown('users.factors.reset', 'lin');
  await shown('users.revoke', 'lin');
  await shown('users.disable', 'lin');
  await shown('users.enable', 'lin');
  assert.equal((await told('administrators.put', 'lin', 'support'))['role'], 'support');
  assert.match(await shown('administrators.list'), /lin +support +stored/);
  assert.equal(await shown('administrators.remove', 'lin'), 'Done.');
  await shown('users.delete', 'lin');
  assert.match((await run('users.get', 'lin')).err, /^at http.*\nthere is no user lin$/);
});

test('what a user has: grants, sessions, devices, and what became of them', async () => {
  const grants = rows(await told('grants.list', '--user', 'bob', '--client', 'hufu-cli'));
  const id = text(grants[0]?.['id']).replace('/', '-');
  assert.match(await shown('grants.get', id), /user\n {2}sub .*\n {2}username +bob/);
  assert.match(await shown('grants.lineage', id), /ancestors\nThere are none\./);
  const look = JSON.parse((await world.run('u-owner', 'grant', 'revoke', id, '--dry-run', '--json')).out);
  assert.deepEqual(look, { dry_run: true, grants: 1, users: 1, capped: false });
  await shown('grants.revoke', id);
  const [entry] = rows(await told('revocations.list', '--limit', '1'));
  assert.match(await shown('revocations.get', String(entry?.['seq'])), /head +\d+/);
  const [session] = rows(await told('users.sessions.list', 'bob'));
  assert.equal(await shown('users.sessions.end', 'bob', text(session?.['sid'])), 'Done.');
  await world.login('bob');
  const [device] = rows(await told('users.devices.list', 'bob'));
  assert.equal(await shown('users.devices.remove', 'bob', text(device?.['id'])), 'Done.');
});

test('keys and limits', async () => {
  assert.match(await shown('keys.list'), /^KID +USE +ALG/);
  assert.equal((await told('keys.rotate'))['dry_run'], false);
  const next = rows(await told('keys.list')).find((key) => key['state'] === 'next') ?? assert.fail('no next key');
  const burnt = await told('keys.revoke', text(next['kid']));
  assert.deepEqual([burnt['kid'], burnt['successor']], [next['kid'], 'made']);
  const another = rows(await told('keys.list')).find((key) => key['state'] === 'next') ?? assert.fail('no next key');
  assert.match(await shown('keys.retire', text(another['kid']), '--ends-in', '1s', '--dry-run'), /\nloses +nothing\n/);
  assert.equal((await told('keys.retire', text(another['kid'])))['state'], 'next');
  assert.match(await shown('limits.list'), /^version +0\n/);
  assert.equal((await told('limits.get', 'sign-up'))['source'], 'default');
  assert.equal((await told('limits.put', 'sign-up', '{"limit":2,"period":"1s","burst":300}'))['source'], 'runtime');
  assert.equal(await shown('limits.reset', 'sign-up'), 'Done.');
  assert.match(await shown('metrics.get', '--window', '600'), /\nnodes\nINSTANCE/);
  assert.equal((await told('metrics.get', '--window', '600'))['step'], 60);
});

test('the audit log, resources and settings', async () => {
  // What was done a moment ago is sealed a moment later.
  let entries: readonly Reply[] = [];
  await until(async () => {
    entries = rows(await told('audit.list', '--limit', '1'));
    return entries.length > 0;
  });
  assert.match(await shown('audit.get', String(entries[0]?.['seq'])), /action +\S+/);
  await shown('audit.checkpoints', '--from', '1');
  await shown('audit.state');
  assert.match(await shown('resources.list'), /IDENTIFIER|There are none/);
  assert.match(await shown('settings.get'), /issuer/);
});

test('the gateway and who else says who people are', async () => {
  assert.match(await shown('routes.list'), /running +false/);
  assert.match(await shown('services.list'), /running +false/);
  assert.match(await shown('upstreams.list'), /NAME|There are none/);
  assert.match(await shown('policies.list'), /\npolicies\.passwords\.min_length +Fewest characters/);
});

test('what pages and mails look like', async () => {
  await shown('appearance.get');
  const file = join(world.folder, 'appearance.json');
  writeFileSync(file, JSON.stringify({ page: 'signin', locale: 'en', theme: 'light', appearance: { accent: '#0044cc' } }));
  assert.match(text((await told('appearance.preview', '--body', `@${file}`))['yaml']), /accent: "#0044cc"/);
  assert.match(await shown('mail.templates.list'), /\nsign_in +ask +policies\.appearance\.mails\.sign_in/);
  assert.match(await shown('mail.templates.get', 'sign_in', '--locale', 'zh-CN'), /subject +登录验证码/);
});

test('webhooks: made of words, tried, changed member by member, told what is done, and removed', async () => {
  const receiver = await openReceiver();
  try {
    const made = await told('webhooks.create', `${receiver.origin}/hook`, 'user.created,user.deleted', '--description', 'the watch');
    assert.match(text(made['secret']), /^whsec_.{44}$/);
    const id = text(Object(made['webhook'])['webhook_id']);
    assert.match(await shown('webhooks.list'), new RegExp(`${id} .*user\\.created user\\.deleted +true`));
    assert.match(await shown('webhooks.test', id), /^delivered +true$/);
    assert.match(
      await shown('webhooks.update', id, '--actions', 'user.created', '--actions', 'user.locked'),
      /actions +user\.created user\.locked\n/,
    );
    assert.match(await shown('webhooks.get', id), /url +http:.*\/hook\ndescription +the watch\n/);
    const rotated = await told('webhooks.secrets.rotate', id, '--overlap', '12h');
    assert.notEqual(rotated['secret'], made['secret']);
    await shown('users.create', 'hooked');
    const [, heard] = await receiver.count(2);
    assert.ok(heard !== undefined);
    const signatures = [rotated, made].map(({ secret }) => expectedSignature(text(secret), heard));
    assert.equal(heard.headers['webhook-signature'], signatures.join(' '));
    let deliveries: readonly Reply[] = [];
    await until(async () => {
      deliveries = rows(await told('webhooks.deliveries.list', id, '--state', 'delivered'));
      return deliveries.length > 0;
    });
    const seq = String(deliveries[0]?.['seq']);
    assert.equal(await shown('webhooks.deliveries.redeliver', id, seq), 'Done.');
    assert.equal((await receiver.count(3))[2]?.headers['webhook-id'], heard.headers['webhook-id']);
    assert.equal(await shown('webhooks.delete', id), 'Done.');
    const gone = await run('webhooks.get', id);
    assert.equal(gone.code, 1);
  } finally {
    await receiver.close();
  }
});

test('who calls, and what they may; a token that is looked at', async () => {
  const file = join(world.folder, 'token.json');
  writeFileSync(file, JSON.stringify({ token: await world.programToken('ops-read', scopeOf('read')) }));
  assert.match(await shown('tokens.inspect', '--body', `@${file}`), /kind +access_token\n[\s\S]*client_id +ops-read\n/);
  assert.match(await shown('me.get'), /username +u-owner\nrole +owner/);
});

test('every operation of the table was called by its command', () => {
  assert.deepEqual(
    OPERATION_NAMES.filter((name) => !called.has(name)),
    [],
  );
});

test('what is dangerous is not done where nobody can be asked, and says what it would end', async () => {
  const { code, err } = await world.spawn('u-owner', 'user', 'revoke', 'bob');
  assert.equal(code, 1);
  assert.match(
    err,
    /hufu user revoke bob: .*\n\d live grants? of 1 user would end\.\nThere is no terminal to ask at: say --yes where it is meant, or --dry-run to look\./,
  );
});

test('whoever is not signed in, or too small, or was too long ago, is told what to do', async () => {
  const nobody = await world.run('mallory', 'client', 'show', 'x');
  assert.deepEqual([nobody.code, nobody.err], [1, 'nobody is signed in: hufu login']);
  const plain = await world.run('bob', 'administrator', 'me');
  assert.match(plain.err, /is not for administration: hufu login --issuer http:\S+ --admin owner/);
  await world.login('u-read', '--admin', 'owner');
  const small = await world.run('u-read', 'user', 'lock', 'bob', '--yes');
  assert.equal(small.code, 1);
  assert.match(small.err, /this needs the role support: hufu administrator me shows your role/);
  const wrong = await world.run('u-owner', 'client', 'list', '--sort', 'x');
  assert.deepEqual([wrong.code, /--sort is unknown here: there is --limit, --prefix/.test(wrong.err)], [2, true]);
  const several = await world.run('u-owner', 'client', 'create', '--redirect_uris', 'no address', '--grant_types', 'nothing', '--yes');
  assert.match(several.err, /\n {2}\/metadata\/grant_types\/0: .*\n/);
  await world.hufu.advance('PT6M');
  const stale = await world.run('u-owner', 'key', 'rotate', '--yes');
  assert.match(stale.err, /the last five minutes: hufu login .* --fresh, and once more/);
  // The server's clock is ahead of ours by now: an ID token would be from the future.
  const agent = await world.login('u-owner', '--admin', 'owner', '--scope', 'offline_access');
  await world.hufu.advance('PT6M');
  assert.equal((await world.run('u-owner', 'key', 'rotate', '--yes')).code, 1, 'a browser that is signed in for a while');
  await world.loginAs(agent, 'u-owner', '--admin', 'owner', '--scope', 'offline_access', '--fresh');
  assert.equal((await world.run('u-owner', 'key', 'rotate', '--yes')).code, 0);
});

test('a program with a token of its own does what its role may, and nothing else, whatever the command (attacks ADM-02)', async () => {
  const words: readonly string[] = ['--issuer', world.hufu.issuer, '--json'];
  for (const role of ROLES) {
    const env = { HUFU_TOKEN: await world.programToken(`ops-${role}`, scopeOf(role)), XDG_CONFIG_HOME: join(world.folder, 'nobody') };
    for (const name of OPERATION_NAMES) {
      const { params, role: least, body, effect } = operationOf(name);
      if (covers(role, least)) continue;
      const given = Object.keys(params).map((param) => ({ sub: 'bob', client_id: 'hufu-cli', seq: '1', grant_id: '1-1' })[param] ?? 'x');
      const sent = body === undefined ? [] : ['--body', '{}'];
      const yes = effect === 'dangerous' ? ['--yes'] : [];
      const { code, err } = await world.runWith(env, ...commandName(name).split(' '), ...given, ...sent, ...words, ...yes);
      assert.equal(code, 1, `${role} ${name}`);
      assert.match(err, /does not have the scope .*: ask for the scope/, `${role} ${name}: ${err}`);
    }
  }
});
