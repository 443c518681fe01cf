import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, openAdminWorld, roleToken } from '../testing/admin-world.ts';
import { answerOf, ask as authorize, postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { API, SECRETS, type World } from '../testing/world.ts';

let world: World;
let reader = '';
before(async () => {
  world = await openAdminWorld();
  reader = await roleToken(world, 'read');
});
after(() => world.close());

type Json = Readonly<Record<string, unknown>>;

async function inspect(token: string, more: Json = {}): Promise<Json> {
  const { status, json, body } = await ask(world, reader, 'tokens.inspect', { body: { token, ...more } });
  assert.equal(status, 200, body.toString());
  assert.ok(!body.toString().includes(token), 'the token is not told back');
  return json;
}

const lastOf = ({ checks }: Json): Json => Object(Array.isArray(checks) ? checks.at(-1) : undefined);
const failed = (json: Json): readonly [unknown, unknown] => [json['accepted'], lastOf(json)['check']];

test('an access token, as a JWT and opaque: whom, what for, its grant, and that it would be taken', async () => {
  const jwt = String((await tokensOf(world, { scope: 'openid read', resource: API }))['access_token']);
  const told = await inspect(jwt, { resource: API, scope: 'read' });
  assert.deepEqual(
    [told['kind'], told['form'], told['signature'], told['accepted'], told['resource'], told['scopes'], told['client_id']],
    ['access_token', 'jwt', 'good', true, API, ['openid', 'read'], 'spa'],
  );
  assert.equal(Object(told['grant']).state, 'live');
  assert.equal(Object(told['claims']).iss, world.ctx.issuer);
  const names = (Array.isArray(told['parts']) ? told['parts'] : []).map(({ name, from, to }) => [name, jwt.slice(from, to)]);
  assert.deepEqual(
    names,
    ['header', 'claims', 'signature'].map((name, at) => [name, jwt.split('.')[at]]),
  );

  const opaque = String((await tokensOf(world, { scope: 'openid profile' }))['access_token']);
  const other = await inspect(opaque);
  assert.deepEqual(
    [other['kind'], other['form'], other['accepted'], other['resource']],
    ['access_token', 'opaque', true, world.ctx.issuer],
  );
  const pieces = (Array.isArray(other['parts']) ? other['parts'] : []).map(({ name }) => name);
  assert.deepEqual(pieces, ['prefix', 'body', 'seal', 'derived']);
  const machine = await postToken(world, { grant_type: 'client_credentials', scope: 'read' }, { basic: `machine:${SECRETS.machine}` });
  assert.equal((await inspect(String(machine.json['access_token'])))['accepted'], true);
});

test('the resource, the scope, a changed character, a revocation: which check would refuse it, and why', async () => {
  const tokens = await tokensOf(world, { scope: 'openid read', resource: API });
  const jwt = String(tokens['access_token']);
  assert.deepEqual(failed(await inspect(jwt, { resource: 'https://else.example' })), [false, 'token_audience']);
  assert.deepEqual(failed(await inspect(jwt, { scope: 'write' })), [false, 'scope']);
  const [header = '', claims = '', signature = ''] = jwt.split('.');
  const forged = `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  assert.deepEqual([...failed(await inspect(forged)), (await inspect(forged))['signature']], [false, 'token_signature', 'bad']);
  const grant = String(Object((await inspect(jwt))['grant']).id).replace('/', '-');
  assert.equal((await ask(world, await roleToken(world, 'support'), 'grants.revoke', { params: { grant_id: grant } })).status, 200);
  const dead = await inspect(jwt, { resource: API });
  assert.deepEqual(failed(dead), [false, 'grant_live']);
  assert.match(String(lastOf(dead)['detail']), /revoked_by_admin/);
  assert.deepEqual([Object(dead['grant']).state, dead['resource']], ['dead', API]);
  assert.deepEqual(failed(await inspect(String(tokens['refresh_token']))), [false, 'grant_live']);
});

test('the checks are in words that fit the kind of token: an access token is used again and again', async () => {
  const own = await openAdminWorld();
  const { access_token: access, refresh_token: refresh } = await tokensOf(own, { scope: 'openid read', resource: API });
  const titlesOf = async (token: unknown): Promise<readonly string[]> => {
    const { json } = await ask(own, await roleToken(own, 'read'), 'tokens.inspect', { body: { token } });
    return (Array.isArray(json['checks']) ? json['checks'] : []).map(({ title }) => String(title));
  };
  const [ofAccess, ofRefresh] = [await titlesOf(access), await titlesOf(refresh)];
  assert.ok(ofAccess.includes('Its grant has come as far as the token says') && ofAccess.includes('The access token has not expired'));
  assert.ok(!ofAccess.some((title) => /used/.test(title)));
  assert.ok(ofRefresh.includes('It has not been used before'));
  own.clock.advance(601_000);
  const { json } = await ask(own, await roleToken(own, 'read'), 'tokens.inspect', { body: { token: access } });
  const { check, setting } = lastOf(json);
  assert.deepEqual([check, setting], ['token_fresh', 'resources[].token_ttl, clients[].hufu.access_token_ttl']);
  await own.close();
});

test('a code that is looked at can still be exchanged, and an old refresh token that is looked at ends nothing (RFC 9700 §4.14.2)', async () => {
  const asked = { scope: 'openid read', resource: API };
  const code = answerOf(await authorize(world, await signedIn(world), asked)).get('code') ?? '';
  assert.deepEqual([(await inspect(code))['kind'], (await inspect(code))['accepted']], ['authorization_code', true]);
  const tokens = await tokensOf(world, asked);
  const first = String(tokens['refresh_token']);
  const refresh = (token: string): ReturnType<typeof postToken> =>
    postToken(world, { grant_type: 'refresh_token', refresh_token: token, client_id: 'spa' });
  assert.deepEqual([(await inspect(first))['generation'], (await inspect(first))['accepted']], [1, true]);
  const second = String((await refresh(first)).json['refresh_token']);
  assert.equal((await inspect(first))['accepted'], true, 'within the overlap it gets the same successor');
  const third = String((await refresh(second)).json['refresh_token']);
  const old = await inspect(first);
  assert.deepEqual([...failed(old), old['generation'], old['row_generation']], [false, 'generation', 1, 3]);
  assert.equal((await refresh(third)).status, 200, 'the grant lives');
});

test('an ID token, somebody else’s JWT, an encrypted one, a credential of another kind, and rubbish: what each is, and that no API takes it', async () => {
  const { id_token: idToken } = await tokensOf(world, { scope: 'openid' });
  const told = await inspect(String(idToken));
  assert.deepEqual([told['kind'], ...failed(told)], ['id_token', false, 'token_kind']);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const foreign = await inspect(`${part({ alg: 'ES256', kid: 'else' })}.${part({ iss: 'https://else.example' })}.c2ln`);
  assert.deepEqual([foreign['kind'], foreign['signature'], ...failed(foreign)], ['jwt', 'unknown_key', false, 'token_signature']);
  assert.deepEqual(failed(await inspect(`${part({ alg: 'RSA-OAEP' })}.a.b.c.d`)), [false, 'credential_form']);
  for (const rubbish of ['x', 'hfa_', `hfr_${'A'.repeat(64)}`, 'a.b.c', '\0'])
    assert.deepEqual(failed(await inspect(rubbish)), [false, 'credential_form'], rubbish);
  const { status } = await ask(world, reader, 'tokens.inspect', { body: { token: 'x'.repeat(16_385) } });
  assert.equal(status, 400);
});
