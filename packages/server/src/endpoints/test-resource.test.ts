import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { tokensOf } from '../testing/visits.ts';
import { openWorld } from '../testing/world.ts';
import { testResource } from './test-resource.ts';

const world = await openWorld();
after(() => world.close());

function ask(authorization?: string): Promise<HttpReply> {
  return testResource(world.ctx, world.http({ path: '/test/resource', headers: authorization === undefined ? {} : { authorization } }));
}

test('any live access token of ours opens it, of whatever resource and form (product 2.2)', async () => {
  for (const scope of ['openid read', 'unlock']) {
    const reply = await ask(`Bearer ${String((await tokensOf(world, { scope }))['access_token'])}`);
    assert.deepEqual([reply.status, JSON.parse(reply.body.toString())], [200, { sub: 'alice-sub', client_id: 'spa', scope }]);
  }
});

test('without a token there is a challenge without an error, with a bad one invalid_token (RFC 6750 §3.1)', async () => {
  const none = await ask();
  assert.deepEqual(
    [none.status, none.headers['www-authenticate']],
    [401, 'Bearer realm="hufu test", DPoP algs="ES256 EdDSA Ed25519 PS256 ES384 ES512 PS384 PS512"'],
  );
  assert.equal(
    (await ask('Basic eDp5')).headers['www-authenticate'],
    'Bearer realm="hufu test", DPoP algs="ES256 EdDSA Ed25519 PS256 ES384 ES512 PS384 PS512"',
    'another scheme is no token',
  );
  const refresh = String((await tokensOf(world))['refresh_token']);
  const bad = await ask(`Bearer ${refresh}`);
  assert.equal(bad.status, 401);
  assert.match(String(bad.headers['www-authenticate']), /error="invalid_token"/);
  const why = await world.why(bad);
  assert.deepEqual([why.failed, why.detail, why.row.endpoint], ['token_live', 'not an access token of ours, or changed', 'test_resource']);
  assert.equal((await ask('Bearer a b')).status, 400);
});

test('every answer says which interaction it is of: the client’s, or a new one (FAPI 1.0 Baseline §6.2.1 no. 11, RFC 9562 §4)', async () => {
  const idOf = async (sent: string | undefined): Promise<string> => {
    const headers = sent === undefined ? {} : { 'x-fapi-interaction-id': sent };
    const reply = await testResource(world.ctx, world.http({ path: '/test/resource', headers }));
    return String(reply.headers['x-fapi-interaction-id']);
  };
  const own = 'c770aef3-6784-41f7-8e0e-ff5f97bddb3a';
  assert.equal(await idOf(own), own);
  const made = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/;
  for (const strange of [undefined, '', 'x', `${own}0`, `${own.slice(0, 35)}\n`]) assert.match(await idOf(strange), made);
  assert.notEqual(await idOf(undefined), await idOf(undefined));
});
