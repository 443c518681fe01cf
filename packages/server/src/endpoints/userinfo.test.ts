import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { post, signedIn, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START } from '../testing/world.ts';
import { token } from './token.ts';
import { userinfo } from './userinfo.ts';

const world = await openWorld({
  yaml: BASIC_YAML.replace('name: Alice Example', "name: Alice Example, address: { country: FI }, phone_number: '+358 1'"),
});
const METADATA = `${ISSUER}/.well-known/oauth-protected-resource`;
after(() => world.close());

function ask(text: string | undefined, headers: Record<string, string> = {}): Promise<HttpReply> {
  return userinfo(
    world.ctx,
    world.http({ path: '/oauth/userinfo', headers: { ...(text === undefined ? {} : { authorization: `Bearer ${text}` }), ...headers } }),
  );
}

async function accessToken(scope: string): Promise<string> {
  return String((await tokensOf(world, { scope }))['access_token']);
}

async function claimsFor(scope: string): Promise<Record<string, unknown>> {
  const reply = await ask(await accessToken(scope));
  assert.equal(reply.status, 200);
  return JSON.parse(reply.body.toString());
}

test('each scope releases its claims, and none that the user does not have (OpenID Connect Core §5.3.2, §5.4)', async () => {
  assert.deepEqual(await claimsFor('openid'), { sub: 'alice-sub' });
  assert.deepEqual(await claimsFor('openid email'), { sub: 'alice-sub', email: 'alice@example.com', email_verified: true });
  assert.deepEqual(await claimsFor('openid profile'), {
    sub: 'alice-sub',
    name: 'Alice Example',
    preferred_username: 'alice',
    updated_at: START,
  });
  assert.deepEqual(await claimsFor('openid address phone'), { sub: 'alice-sub', address: { country: 'FI' }, phone_number: '+358 1' });
});

test('the token comes in the header by GET or POST, or in the form of a POST, once (OpenID Connect Core §5.3.1, RFC 6750 §2)', async () => {
  const text = await accessToken('openid');
  const form = await post(world, userinfo, { access_token: text });
  assert.deepEqual([form.status, form.json], [200, { sub: 'alice-sub' }]);
  assert.equal((await post(world, userinfo, '', { authorization: `bearer ${text}` })).status, 200);
  const both = await post(world, userinfo, { access_token: text }, { authorization: `Bearer ${text}` });
  assert.equal(both.status, 400);
  assert.match(String(both.headers['www-authenticate']), /error="invalid_request"/);
  const query = await userinfo(world.ctx, world.http({ query: `access_token=${text}` }));
  assert.deepEqual([query.status, query.body], [401, ''], 'never in the address (RFC 6750 §2.3)');
});

test('no token: a challenge without an error, which says where to look; a bad one: invalid_token, and the record says why (RFC 6750 §3.1, RFC 9728 §5.1)', async () => {
  const none = await ask(undefined);
  assert.deepEqual(
    [none.status, none.headers['www-authenticate'], none.body, none.headers['cache-control']],
    [
      401,
      `Bearer realm="hufu", resource_metadata="${METADATA}", ` +
        `DPoP algs="ES256 EdDSA Ed25519 PS256 ES384 ES512 PS384 PS512", resource_metadata="${METADATA}"`,
      '',
      'no-store',
    ],
  );
  assert.equal((await world.why(none)).failed, 'parameters');
  const bad = await ask('hfa_x');
  assert.equal(bad.status, 401);
  assert.match(String(bad.headers['www-authenticate']), /^Bearer error="invalid_token", error_description="/);
  const why = await world.why(bad);
  assert.deepEqual([why.failed, why.detail], ['token_live', 'not an access token of ours, or changed']);
});

test('without openid, or without a user, it is insufficient_scope (RFC 6750 §3.1, OpenID Connect Core §5.3)', async () => {
  const plain = await ask(await accessToken('read'));
  assert.equal(plain.status, 403);
  assert.match(String(plain.headers['www-authenticate']), /error="insufficient_scope".*scope="openid"/);
  const machine = await post(world, token, { grant_type: 'client_credentials', scope: 'read' }, { basic: `machine:${SECRETS.machine}` });
  assert.equal((await ask(String(machine.json['access_token']))).status, 403);
});

test('a user who is gone is gone on the spot', async () => {
  const own = await openWorld();
  const bob = await signedIn(own, 'bob');
  const text = String((await tokensOf(own, { scope: 'openid' }, bob))['access_token']);
  await own.store.setUserEnabled(own.tenant, bob.user.id, false, START);
  const reply = await userinfo(own.ctx, own.http({ headers: { authorization: `Bearer ${text}` } }));
  assert.equal(reply.status, 401);
  await own.close();
});

test('scripts of the client whose token it is may read the answer (Fetch §3.2)', async () => {
  const text = await accessToken('openid');
  assert.deepEqual((await ask(text, { origin: 'https://evil.test' })).origins, ['https://app.example']);
  assert.deepEqual((await ask(text)).origins, []);
  assert.equal((await ask(undefined, { origin: 'https://app.example' })).origins, undefined);
});
