import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { postForm } from '../support/agent.ts';
import { BASIC_YAML, type TestHufu } from '../support/hufu.ts';
import { assertClientRefused, assertInactive, assertTokenError } from './expect.ts';
import { arena } from './oracles.ts';
import {
  API_BASIC,
  introspect,
  MACHINE_BASIC,
  machineToken,
  refresh,
  revoke,
  SPA,
  SPA2,
  THIRD_BASIC,
  tokensOf,
  userinfo,
  WEB,
  WEB_BASIC,
} from './sign-ins.ts';
import { SHARED_ENGINES, twoNodes } from './two-nodes.ts';

const OPAQUE = { ...SPA, scope: 'openid opaque' };

describe('INT: revocation', () => {
  const here = arena();

  test("INT-07 · another client's token stays as it is, and the caller learns nothing (RFC 7009 §2.1)", async () => {
    const spa = await tokensOf(here.issuer, OPAQUE);
    const web = await tokensOf(here.issuer, WEB, WEB_BASIC);
    const machine = await machineToken(here.issuer, 'opaque');
    for (const token of [spa.access, spa.refresh, machine, web.access, web.refresh, web.id]) {
      for (const by of ['spa2', THIRD_BASIC, API_BASIC]) {
        const reply = await revoke(here.issuer, token, by);
        assert.equal(reply.status, 200, by);
        assert.deepEqual(reply.body, {}, by);
      }
    }
    for (const token of [spa.access, machine]) assert.equal((await introspect(here.issuer, token, API_BASIC)).body['active'], true);
    assert.equal((await refresh(here.issuer, spa.refresh, OPAQUE)).status, 200);
    assert.equal((await refresh(here.issuer, web.refresh, WEB, WEB_BASIC)).status, 200);
    // Whoever does not authenticate changes nothing either, with the right name or without.
    for (const [fields, basic] of [
      [{}, undefined],
      [{ client_id: 'web' }, undefined],
      [{}, 'web:wrong'],
      [{ client_id: 'nobody' }, undefined],
    ] as const) {
      const fresh = await tokensOf(here.issuer, WEB, WEB_BASIC);
      assertClientRefused(await postForm(`${here.issuer}/oauth/revoke`, { token: fresh.refresh, ...fields }, basic));
      assert.equal((await refresh(here.issuer, fresh.refresh, WEB, WEB_BASIC)).status, 200);
    }
  });

  test('INT-08 · what is unknown, dead or no token at all is answered 200 with nothing in it (RFC 7009 §2.2)', async () => {
    const dead = await tokensOf(here.issuer, SPA);
    await revoke(here.issuer, dead.refresh, 'spa');
    const live = await tokensOf(here.issuer, SPA);
    const junk = [
      dead.refresh,
      dead.access,
      'x',
      'hfr_',
      'hfa_x',
      `hfr_${'A'.repeat(64)}`,
      `${live.refresh.slice(0, -1)}!`,
      live.refresh.toUpperCase(),
      ` ${live.refresh}`,
      live.id,
      'a.b.c',
      'eyJhbGciOiJub25lIn0.e30.',
      '\u0000',
      'é。😀',
      '__proto__',
      "' OR 1=1 --",
      'x'.repeat(50_000),
    ];
    for (const token of junk) {
      const reply = await revoke(here.issuer, token, 'spa');
      assert.equal(reply.status, 200, token.slice(0, 40));
      assert.deepEqual(reply.body, {});
      assert.equal(reply.headers.get('cache-control'), 'no-store');
    }
    assertTokenError(await postForm(`${here.issuer}/oauth/revoke`, { client_id: 'spa' }), 'invalid_request', 'no token');
    assert.equal((await refresh(here.issuer, live.refresh, SPA)).status, 200, 'none of it hit a live token');
  });

  test('INT-08 · a refresh token takes its access tokens along, an access token only itself (RFC 7009 §2.1)', async () => {
    const one = await tokensOf(here.issuer, OPAQUE);
    await revoke(here.issuer, one.access, 'spa');
    assertInactive(await introspect(here.issuer, one.access, API_BASIC));
    const next = await refresh(here.issuer, one.refresh, OPAQUE);
    assert.equal(next.status, 200);
    assert.equal((await introspect(here.issuer, String(next.body['access_token']), API_BASIC)).body['active'], true);
    // The refresh token before it does as well: a client that lost a reply signs out with what it has.
    await revoke(here.issuer, one.refresh, 'spa');
    assertInactive(await introspect(here.issuer, String(next.body['access_token']), API_BASIC));
    assertTokenError(await refresh(here.issuer, String(next.body['refresh_token']), OPAQUE), 'invalid_grant');
  });
});

for (const engine of SHARED_ENGINES) {
  describe(`INT: revocation on two nodes over ${engine}`, () => {
    const nodes = twoNodes(BASIC_YAML, engine);
    const first = (): TestHufu => nodes.first;
    const second = (): TestHufu => nodes.second;

    test('INT-10 · what one node has revoked is dead at the other with the next request (product 3.1, M13)', async () => {
      for (const [there, elsewhere] of [
        [first().origin, second().origin],
        [second().origin, first().origin],
      ] as const) {
        const jwt = await tokensOf(there, SPA);
        const opaque = await tokensOf(there, OPAQUE);
        const machine = await machineToken(there, 'read');
        // Seen alive at the other node first, so that whatever it remembers is in the way.
        for (const token of [jwt.access, opaque.access, machine])
          assert.equal((await introspect(elsewhere, token, API_BASIC)).body['active'], true);
        assert.equal((await userinfo(elsewhere, jwt.access)).status, 200);

        await revoke(there, jwt.refresh, 'spa');
        await revoke(there, opaque.access, 'spa');
        await revoke(there, machine, MACHINE_BASIC);
        for (const token of [jwt.access, opaque.access, machine]) assertInactive(await introspect(elsewhere, token, API_BASIC));
        assert.equal((await userinfo(elsewhere, jwt.access)).status, 401);
        assertTokenError(await refresh(elsewhere, jwt.refresh, SPA), 'invalid_grant');
        assert.equal((await refresh(elsewhere, opaque.refresh, OPAQUE)).status, 200, 'its refresh token was not asked about');
      }
    });

    test('INT-10 · a replay that one node sees revokes at both (RFC 9700 §4.14.2)', async () => {
      const one = await tokensOf(first().origin, SPA2);
      const two = await refresh(second().origin, one.refresh, SPA2);
      const three = await refresh(first().origin, String(two.body['refresh_token']), SPA2);
      assert.equal(three.status, 200);
      assertTokenError(await refresh(second().origin, one.refresh, SPA2), 'invalid_grant');
      for (const node of [first(), second()]) {
        assertTokenError(await refresh(node.origin, String(three.body['refresh_token']), SPA2), 'invalid_grant');
        assertInactive(await introspect(node.origin, String(three.body['access_token']), API_BASIC));
      }
    });

    test("INT-10 · both nodes have one key set and read one another's tokens (RFC 7517 §5)", async () => {
      const sets = await Promise.all([first(), second()].map(async (node) => await (await fetch(`${node.origin}/oauth/jwks`)).text()));
      assert.equal(sets[0], sets[1]);
      for (const node of [first(), second()]) {
        const metadata: unknown = await (await fetch(`${node.origin}/.well-known/openid-configuration`)).json();
        assert.equal(Object(metadata).issuer, first().issuer);
      }
    });
  });
}
