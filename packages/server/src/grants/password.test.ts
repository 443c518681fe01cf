import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readConfig } from '../config/read-config.ts';
import { describeServer } from '../server-description.ts';
import { giveApp } from '../testing/second-factors.ts';
import { claimsOf, postToken } from '../testing/visits.ts';
import { API, BASIC_YAML, openWorld, PASSWORD, START, VAULT } from '../testing/world.ts';

const SECRET = 'legacy-secret-0123456789abcdef01234567';
const LEGACY = `
  - { client_id: legacy, client_secret: ${SECRET}, grant_types: [password, refresh_token], scope: openid read unlock, hufu: { unsafe_password_grant: true } }
  - { client_id: brief, client_secret: ${SECRET}, grant_types: [password], hufu: { unsafe_password_grant: true } }`;
const YAML = BASIC_YAML.replace('\nresources:', `${LEGACY}\nresources:`);
const world = await openWorld({ yaml: YAML });
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;
const ask = (part: Readonly<Record<string, string>> = {}, client = 'legacy', at = world): Promise<Reply> =>
  postToken(
    at,
    { grant_type: 'password', username: 'alice', password: PASSWORD, scope: 'read', ...part },
    { basic: `${client}:${SECRET}` },
  );

test('a client that may send passwords gets the tokens of whose password it is (RFC 6749 §4.3, §4.3.2, §4.3.3)', async () => {
  const reply = await ask({ scope: 'openid read' });
  assert.equal(reply.status, 200, reply.body.toString());
  const claims = claimsOf(reply.json['access_token']);
  assert.deepEqual([claims['sub'], claims['aud'], claims['auth_time'], claims['amr']], ['alice-sub', API, START, ['pwd']]);
  assert.equal(claimsOf(reply.json['id_token'])['sub'], 'alice-sub');
  const again = await postToken(
    world,
    { grant_type: 'refresh_token', refresh_token: String(reply.json['refresh_token']) },
    { basic: `legacy:${SECRET}` },
  );
  assert.equal(again.status, 200);
  assert.equal('refresh_token' in (await ask({}, 'brief')).json, false);
});

test('every other client hears that there is no such grant type (RFC 9700 §2.4, attacks TOK-17)', async () => {
  const reply = await postToken(world, { grant_type: 'password', client_id: 'spa', username: 'alice', password: PASSWORD });
  assert.deepEqual([reply.status, reply.json['error']], [400, 'unsupported_grant_type']);
  assert.equal(describeServer(world.ctx.config).grantTypes.includes('password'), false, 'nor is it offered');
});

test('without the switch it cannot be configured, for a public client not at all, and with it the start warns (RFC 9700 §2.4)', () => {
  const read = (client: string): ReturnType<typeof readConfig> =>
    readConfig({ text: `issuer: https://id.example\nclients:\n  - { client_id: a, ${client} }`, file: 'a.yaml', env: {} });
  assert.throws(() => read(`client_secret: ${SECRET}, grant_types: [password]`), /unsafe_password_grant/);
  assert.throws(
    () => read('token_endpoint_auth_method: none, grant_types: [password], hufu: { unsafe_password_grant: true }'),
    /none may not use/,
  );
  const { warnings } = read(`client_secret: ${SECRET}, grant_types: [password], hufu: { unsafe_password_grant: true }`);
  assert.deepEqual(
    warnings.map(({ path }) => path),
    ['clients[0].hufu.unsafe_password_grant'],
  );
});

test('whoever has a second factor, or a client that takes two, gets the answer of a wrong password, and counts as one (RFC 6749 §4.3.2, attacks USR-01, USR-22)', async () => {
  const own = await openWorld({ yaml: YAML });
  await giveApp(own);
  const right = await ask({}, 'legacy', own);
  const wrong = await ask({ password: 'wrong' }, 'legacy', own);
  assert.deepEqual([right.status, right.body.toString()], [wrong.status, wrong.body.toString()]);
  for (let i = 0; i < 3; i++) await ask({}, 'legacy', own);
  const limited = await ask({}, 'legacy', own);
  assert.match(String(limited.json['error_description']), /too often/, 'it has been counted each time');
  assert.equal((await ask({ username: 'bob' }, 'legacy', own)).status, 200, 'bob has a password and no more');
  await own.close();
  const strict = YAML.replace(
    'hufu: { unsafe_password_grant: true } }',
    "hufu: { unsafe_password_grant: true, sign_in: { acr: 'urn:hufu:acr:2' } } }",
  );
  for (const yaml of [
    strict,
    `${YAML}\npolicies: { sign_in: { second_factor: required } }`,
    `${YAML}\npolicies: { sign_in: { methods: [passkey] } }`,
  ]) {
    const other = await openWorld({ yaml });
    assert.equal((await ask({ username: 'bob' }, 'legacy', other)).json['error'], 'invalid_grant');
    await other.close();
  }
});

test('one answer for a wrong password, an unknown user and a disabled one (RFC 6749 §5.2, attacks USR-01)', async () => {
  const own = await openWorld({ yaml: YAML });
  const bob = (await own.store.findUserByName(own.tenant, 'bob')) ?? assert.fail();
  await own.store.setUserEnabled(own.tenant, bob.id, false, START);
  const bodies = new Set<string>();
  for (const part of [{ password: 'wrong' }, { username: 'nobody' }, { username: 'bob' }]) {
    const reply = await ask(part, 'legacy', own);
    assert.deepEqual([reply.status, reply.json['error'], (await own.why(reply)).failed], [400, 'invalid_grant', 'credentials']);
    bodies.add(reply.body.toString());
  }
  assert.equal(bodies.size, 1);
  await own.close();
});

test('guessing has the limits of the sign-in page (RFC 6749 §4.3.2)', async () => {
  const own = await openWorld({ yaml: YAML });
  for (let i = 0; i < 5; i++) assert.equal((await ask({ password: `wrong ${i}` }, 'legacy', own)).json['error'], 'invalid_grant');
  const limited = await ask({}, 'legacy', own);
  assert.deepEqual([limited.status, limited.json['error'], limited.headers['retry-after']], [400, 'invalid_grant', '60']);
  assert.equal((await own.why(limited)).failed, 'sign_in_throttle');
  assert.equal((await ask({ username: 'bob' }, 'legacy', own)).status, 200);
  await own.close();
});

test('scopes, resource and parameters are judged before the password is looked at (RFC 6749 §4.3.2)', async () => {
  for (const [part, error] of [
    [{ scope: 'write' }, 'invalid_scope'],
    [{ scope: 'nonsense' }, 'invalid_scope'],
    [{ resource: 'https://nowhere.example/', scope: 'openid' }, 'invalid_target'],
    [{ scope: 'unlock', resource: API }, 'invalid_scope'],
    [{ username: '' }, 'invalid_request'],
    [{ password: '' }, 'invalid_request'],
    [{ password: 'x'.repeat(2_049) }, 'invalid_request'],
    [{ authorization_details: '[]' }, 'invalid_request'],
  ] as const)
    assert.equal((await ask({ ...part, ...('password' in part ? {} : { password: 'wrong' }) })).json['error'], error);
  assert.equal((await ask({ scope: 'unlock', resource: VAULT })).status, 200);
});

test('its grant ends with the password, and with the user (product M28)', async () => {
  const own = await openWorld({ yaml: YAML });
  const { refresh_token: refresh } = (await ask({}, 'legacy', own)).json;
  const alice = (await own.store.findUserByName(own.tenant, 'alice')) ?? assert.fail();
  const keep = { session: undefined, revokes: 'all' } as const;
  await own.store.changePassword(own.tenant, alice.id, alice.authVersion, alice.passwordHash, keep, START);
  const reply = await postToken(own, { grant_type: 'refresh_token', refresh_token: String(refresh) }, { basic: `legacy:${SECRET}` });
  assert.equal(reply.json['error'], 'invalid_grant');
  await own.close();
});
