import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { scopeOf } from '@hufu/protocol/admin/roles';
import { type CliRun, type CliWorld, openCliWorld } from '../support/cli-world.ts';

let world: CliWorld;
let env: Readonly<Record<string, string>>;
before(async () => {
  world = await openCliWorld();
  env = { HUFU_TOKEN: await world.programToken('ops-owner', scopeOf('owner')), HUFU_ISSUER: world.hufu.issuer };
});
after(() => world?.stop());

const at = (name: string): string => join(world.folder, name);

function hufu(...words: readonly string[]): Promise<CliRun> {
  return world.runWith(env, ...words);
}

async function done(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await hufu(...words);
  assert.equal(code, 0, err);
  return out;
}

function write(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

const STATE = `
owner: acme
clients:
  notes:
    client_name: Notes
    redirect_uris: [https://notes.example/cb]
    grant_types: [authorization_code, refresh_token]
    scope: openid offline_access
    hufu: { first_party: true, refresh_token: { idle: 30d } }
  spa:
    client_name: 虎记
    token_endpoint_auth_method: none
    redirect_uris: [https://spa.example/cb]
users:
  lin: { name: 林, email: lin@example.com }
administrators:
  lin: support
limits:
  sign-up: { limit: 2, period: 1s, burst: 300 }
`;

test('a state file is planned, applied, and is then as it is: nothing is left to change', async () => {
  const file = write('state.yaml', STATE);
  const shown = await hufu('plan', '--state', file, '--detailed-exitcode');
  assert.equal(shown.code, 2, shown.err);
  assert.match(shown.out, /\n\+ client notes\n {4}application_type {2,}\+ "web"\n/);
  assert.match(shown.out, /\n {4}it may ask for openid offline_access, by authorization_code, refresh_token\n/);
  assert.match(shown.out, /\n~ limit sign-up\n {4}limit {2}1 → 2\n/);
  assert.match(shown.out, /\n4 to add, 1 to change, 0 to remove; 0 live grants end\.$/);
  assert.equal((await hufu('plan', '--state', file)).out, shown.out, 'in a stable order');

  const silent = await hufu('apply', '--state', file, '--yes');
  assert.deepEqual([silent.code, /client notes gets a secret, .* --secrets-out/.test(silent.err)], [2, true], silent.err);
  assert.doesNotMatch(await done('client', 'list', '--source', 'admin'), /Notes/, 'nothing was done');

  await done('apply', '--state', file, '--yes', '--secrets-out', at('secrets.json'));
  assert.equal(statSync(at('secrets.json')).mode & 0o777, 0o600);
  const { clients } = JSON.parse(readFileSync(at('secrets.json'), 'utf8'));
  assert.deepEqual(
    clients.map(({ name }: { readonly name: string }) => name),
    ['notes'],
    'a public client has none',
  );
  const again = await hufu('plan', '--state', file, '--detailed-exitcode');
  assert.deepEqual([again.code, again.out.split('\n').at(-1)], [0, 'Everything is as the file has it.'], again.out);
});

test('what somebody changed by hand is drift, and is put back with what it was', async () => {
  const file = write('state.yaml', STATE);
  const list = JSON.parse(await done('client', 'list', '--source', 'admin', '--json'));
  const id: string = list.items.find(({ name }: { readonly name: string }) => name === '虎记').client_id;
  await done('client', 'update', id, '--client_name', 'Hand made', '--redirect_uris', '["https://other.example/cb"]', '--yes');
  const token = await fetch(`${world.hufu.origin}/test/tokens`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: id, username: 'bob', scope: 'openid' }),
  });
  assert.equal(token.status, 200, await token.text());
  const drift = await hufu('plan', '--state', file, '--detailed-exitcode');
  assert.equal(drift.code, 2);
  assert.match(
    drift.out,
    new RegExp(
      `~ client spa \\(${id}\\)\\n {4}client_name {4}"Hand made" → "虎记"\\n {4}redirect_uris {2}- "https://other.example/cb" {2}\\+ "https://spa.example/cb"\\n {4}! 1 live grant of 1 user \\(bob\\) end\\n`,
    ),
  );
  await done('apply', '--state', file, '--yes');
  assert.equal((await hufu('plan', '--state', file, '--detailed-exitcode')).code, 0);
});

test('a plan is applied as it was made: of anything that has changed since, nothing is done at all', async () => {
  const file = write('changed.yaml', STATE.replace('client_name: Notes', 'client_name: Notes 2').replace('limit: 2', 'limit: 3'));
  await done('plan', '--state', file, '--out', at('plan.json'));
  assert.equal(statSync(at('plan.json')).mode & 0o777, 0o600);
  await done('limit', 'set', 'sign-up', '{"limit":4,"period":"1s","burst":300}');
  const refused = await hufu('apply', '--plan', at('plan.json'), '--yes');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /nothing was done, as something has changed since it was planned: plan again\n {2}the limits$/);
  assert.doesNotMatch(await done('client', 'list', '--source', 'admin'), /Notes 2/);
  await done('plan', '--state', file, '--out', at('plan.json'));
  assert.match(await done('apply', '--plan', at('plan.json'), '--yes'), /done: limit sign-up\ndone: client notes /);
  const twice = await hufu('apply', '--plan', at('plan.json'), '--yes');
  assert.match(twice.err, /nothing was done, .*\n {2}the limits\n {2}client notes /);
  writeFileSync(at('plan.json'), readFileSync(at('plan.json'), 'utf8').replace('client_change', 'client_burn'));
  assert.match((await hufu('apply', '--plan', at('plan.json'), '--yes')).err, /has been changed: plan again/);
  await done('apply', '--state', write('state.yaml', STATE), '--yes');
});

test('what stops in the middle says what was done and what was not', async () => {
  const file = write(
    'half.yaml',
    `${STATE.replace('client_name: Notes', 'client_name: Notes 3')}`
      .replace('lin: { name: 林', 'lin: { name: 林, email_verified: true')
      .replace('lin@example.com', 'taken@example.com'),
  );
  await done('user', 'create', 'other', '--email', 'taken@example.com', '--email_verified', 'true');
  const half = await hufu('apply', '--state', file, '--yes');
  assert.equal(half.code, 1);
  assert.match(
    half.err,
    /user lin: the verified address is somebody else’s\n[^\n]*\n?Done: client notes \(\S+\)\.\nNot done: user lin\. Plan again to go on\.$/,
  );
  await done('apply', '--state', write('state.yaml', STATE), '--yes');
});

test('what is no longer in the file stays until --prune takes it, and nobody else’s client is touched', async () => {
  const other = write(
    'other.yaml',
    'owner: other\nclients: { theirs: { token_endpoint_auth_method: none, redirect_uris: [https://theirs.example/cb] } }\n',
  );
  await done('apply', '--state', other, '--yes');
  const less = write('less.yaml', 'owner: acme\nclients: {}\nadministrators: {}\nlimits: {}\n');
  const shown = await hufu('plan', '--state', less, '--detailed-exitcode');
  assert.deepEqual([shown.code, /client notes \(\S+\) is not in the file: --prune removes it\n/.test(shown.out)], [0, true], shown.out);
  const pruned = await done('plan', '--state', less, '--prune');
  assert.match(
    pruned,
    /- client notes \(\S+\)\n {4}! 0 live grants of 0 users end\n- client spa .*\n.*\n?- administrator lin\n {4}role {2}- "support"\n/s,
  );
  assert.match(pruned, /0 to add, 0 to change, 4 to remove; 0 live grants end\.$/);
  await done('apply', '--state', less, '--prune', '--yes');
  assert.match(await done('client', 'list', '--source', 'admin', '--json'), /^\{"items":\[\{[^}]*\}\],"next":null\}$/, 'the other owner’s');
  assert.equal((await hufu('plan', '--state', other, '--detailed-exitcode')).code, 0);
});

test('a file that is wrong says where, before anything is asked of a server', async () => {
  const wrong = write(
    'wrong.yaml',
    `owner: Acme!
clients:
  a: { client_id: x }
  b: { grant_types: [nothing], redirect_uris: [https://b.example/cb] }
administrators: { lin: root }
limits: { sign-up: { limit: no } }
colour: red
`,
  );
  const { code, err } = await world.runWith({ HUFU_TOKEN: 't', HUFU_ISSUER: 'http://127.0.0.1:9' }, 'plan', '--state', wrong);
  assert.equal(code, 1);
  for (const found of [
    /wrong\.yaml:1:8.*owner/,
    /clients\.a\.client_id.*the server’s to make/,
    /clients\.b\.grant_types/,
    /administrators\.lin/,
    /colour/,
  ])
    assert.match(err, found);
});

test('whose scope is too small plans nothing', async () => {
  const small = { ...env, HUFU_TOKEN: await world.programToken('ops-read', scopeOf('read')) };
  const file = write('grow.yaml', `${STATE}`.replace('owner: acme', 'owner: third'));
  assert.equal((await world.runWith(small, 'plan', '--state', file)).code, 0, 'what there is may be seen');
  const { code, err } = await world.runWith(small, 'apply', '--state', file, '--yes', '--secrets-out', at('none.json'));
  assert.equal(code, 1);
  assert.match(err, /does not have the scope .*\nDone: nothing\.\nNot done: limit sign-up, client notes/s);
});
