import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ADMIN_YAML, ask, openAdminWorld, roleToken } from '../testing/admin-world.ts';

/** In every place of a configuration that takes a secret and is no client’s or user’s. */
const CANARY = 'canary-0123456789abcdef0123456789abcdef';
const world = await openAdminWorld({
  yaml: `${ADMIN_YAML}  bot_check: { kind: turnstile, site_key: k, secret: ${CANARY} }
redis: redis://:${CANARY}@127.0.0.1:1/0
mail: { from: a@b.example, host: mail.example, port: 465, user: x, password: ${CANARY} }
upstreams: [{ name: corp, kind: oidc, issuer: https://corp.example, client_id: x, client_secret: ${CANARY} }]
gateway:
  origins: ["http://localhost:4401"]
  secret: ${CANARY}
  session: { client_id: console, client_secret: ${CANARY} }
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:9" }] } }
  routes: [{ name: notes, path: /, upstream: notes, token: user }]
`,
});
after(() => world.close());

test('settings tell what holds and that there are secrets, and no secret (attacks ADM-18)', async () => {
  const { status, json, body } = await ask(world, await roleToken(world, 'read'), 'settings.get');
  assert.equal(status, 200);
  assert.deepEqual([json['mode'], json['database'], json['redis']], ['test', 'sqlite', true]);
  const text = body.toString();
  assert.ok(!text.includes('canary'), text.slice(Math.max(0, text.indexOf('canary') - 200), text.indexOf('canary')));
  assert.match(text, /"\[secret\]"/);
  assert.doesNotMatch(text, /\$argon2|password_hash/);
  const { effective }: Record<string, unknown> = json;
  assert.deepEqual(Object(Object(effective).policies).administrators['u-owner'], 'owner');
  assert.equal(Object(effective).users, undefined);
});

test('every policy is told with its value, whether the file sets it, and its place, and no secret (attacks ADM-18)', async () => {
  const { json, body } = await ask(world, await roleToken(world, 'read'), 'policies.list');
  assert.ok(!body.toString().includes('canary'));
  const found = (setting: string) => (json['items'] as { setting: string }[]).find((one) => one.setting === setting);
  assert.deepEqual(found('policies.registration'), {
    setting: 'policies.registration',
    meaning: Object(found('policies.registration')).meaning,
    set: false,
    value: 'off',
    usual: 'off',
  });
  // There is a mail server, which decides.
  assert.deepEqual(
    [Object(found('policies.sign_up_verification')).value, Object(found('policies.sign_up_verification')).usual],
    ['required', undefined],
  );
  const roles = Object(found('policies.administrators'));
  assert.deepEqual([roles.set, roles.value['u-owner']], [true, 'owner']);
  assert.ok(roles.line > 1);
  assert.deepEqual(
    (json['items'] as { setting: string }[]).filter(({ setting }) => setting.includes('appearance')),
    [],
  );
  const check = Object(found('policies.bot_check'));
  assert.deepEqual(check.value, { kind: 'turnstile', site_key: 'k', secret: '[secret]' });
});

test('resources are listed in the order of the file', async () => {
  const { json } = await ask(world, await roleToken(world, 'read'), 'resources.list');
  const items = json['items'] as { identifier: string }[];
  assert.deepEqual(
    items.map(({ identifier }) => identifier),
    world.ctx.config.resources.map(({ identifier }) => identifier),
  );
});
