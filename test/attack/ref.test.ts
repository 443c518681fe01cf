import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authorizeAs, exchange, type JsonReply, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertClientRefused, assertInactive, assertTokenError, claimsOf } from './expect.ts';
import { arena } from './oracles.ts';
import { API_BASIC, SPA, SPA2, signedIn, THIRD_BASIC, WEB, WEB_BASIC } from './sign-ins.ts';
import { codeOf, exchanged, introspected, refreshed, token } from './token-requests.ts';
import { twoNodes } from './two-nodes.ts';

/** One that may not ask for `offline_access`, and one that has no refresh tokens at all. */
const EXTRA = `
  - { client_id: narrow, token_endpoint_auth_method: none, redirect_uris: [https://narrow.example/cb], grant_types: [authorization_code, refresh_token], scope: openid read }
  - { client_id: once, token_endpoint_auth_method: none, redirect_uris: [https://once.example/cb], grant_types: [authorization_code] }
`;

describe('REF: rotation and theft', () => {
  const here = arena({ yaml: BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`) });

  test('REF-01 · a refresh brings a new refresh token, and the old one is soon dead (RFC 9700 §2.2.2, §4.14.2)', async () => {
    const first = await exchanged(await signedIn(here.issuer));
    const second = await refreshed(here, first.body['refresh_token']);
    assert.equal(second.status, 200);
    assert.notEqual(second.body['refresh_token'], first.body['refresh_token']);
    // Inside the overlap the old one brings the same successor, never another (product 3.2).
    const again = await refreshed(here, first.body['refresh_token']);
    assert.equal(again.body['refresh_token'], second.body['refresh_token']);
    assert.deepEqual(claimsOf(again.body['access_token']), claimsOf(second.body['access_token']));
    assertInactive(await introspected(here, first.body['refresh_token'], WEB_BASIC));
    await here.hufu.advance('PT61S');
    assertTokenError(await refreshed(here, first.body['refresh_token']), 'invalid_grant');
  });

  test('REF-02 · an old refresh token, used again, kills the newest and its access tokens (RFC 9700 §4.14.2)', async () => {
    for (const [request, more, basic] of [
      [SPA, { client_id: 'spa' }, undefined],
      [WEB, {}, WEB_BASIC],
    ] as const) {
      const all = [await exchanged(await signedIn(here.issuer), request, basic)];
      for (let i = 0; i < 3; i++) all.push(await refreshed(here, all.at(-1)?.body['refresh_token'], more, basic));
      for (const { body } of all) assert.equal((await introspected(here, body['access_token'])).body['active'], true);
      assertTokenError(await refreshed(here, all[1]?.body['refresh_token'], more, basic), 'invalid_grant');
      for (const { body } of all) {
        assertTokenError(await refreshed(here, body['refresh_token'], more, basic), 'invalid_grant');
        assertInactive(await introspected(here, body['access_token']));
      }
    }
  });

  test('REF-02 · the one before the newest counts as stolen once the overlap is over (RFC 9700 §4.14.2)', async () => {
    const first = await exchanged(await signedIn(here.issuer));
    const second = await refreshed(here, first.body['refresh_token']);
    await here.hufu.advance('PT61S');
    assertTokenError(await refreshed(here, first.body['refresh_token']), 'invalid_grant');
    assertTokenError(await refreshed(here, second.body['refresh_token']), 'invalid_grant');
    assertInactive(await introspected(here, second.body['access_token']));
  });

  test('REF-06 · another client shows the refresh token: refused, and the owner’s family lives (RFC 6749 §5.2)', async () => {
    const agent = await signedIn(here.issuer);
    const [spa, web] = [await exchanged(agent), await exchanged(agent, WEB, WEB_BASIC)];
    assertTokenError(await refreshed(here, spa.body['refresh_token'], { client_id: 'spa2' }), 'invalid_grant');
    assertTokenError(await refreshed(here, spa.body['refresh_token'], {}, WEB_BASIC), 'invalid_grant');
    assertTokenError(await refreshed(here, web.body['refresh_token']), 'invalid_grant');
    // An old generation in a stranger's hand is no theft report either.
    const next = await refreshed(here, spa.body['refresh_token']);
    const newest = await refreshed(here, next.body['refresh_token']);
    assertTokenError(await refreshed(here, spa.body['refresh_token'], { client_id: 'spa2' }), 'invalid_grant');
    assert.equal((await refreshed(here, newest.body['refresh_token'])).status, 200);
    assert.equal((await refreshed(here, web.body['refresh_token'], {}, WEB_BASIC)).status, 200);
  });

  test('REF-07 · a confidential client does not refresh by its name alone (RFC 6749 §6)', async () => {
    const tokens = await exchanged(await signedIn(here.issuer), WEB, WEB_BASIC);
    assertClientRefused(await refreshed(here, tokens.body['refresh_token'], { client_id: 'web' }));
    assertClientRefused(await refreshed(here, tokens.body['refresh_token'], { client_id: 'web', client_secret: WEB_BASIC.slice(4) }));
    assertClientRefused(await refreshed(here, tokens.body['refresh_token'], {}, 'web:'));
    assertClientRefused(await refreshed(here, tokens.body['refresh_token'], {}));
    assert.equal((await refreshed(here, tokens.body['refresh_token'], {}, WEB_BASIC)).status, 200);
  });

  test('REF-08 · more scope is refused, less makes a narrower access token, and the grant stays what it was (RFC 6749 §6)', async () => {
    const all = { ...SPA, scope: 'openid profile read write' };
    const tokens = await exchanged(await signedIn(here.issuer), { ...SPA, scope: 'openid read' });
    for (const scope of ['openid read write', 'write', 'openid email', 'read opaque', 'read  openid', 'unknown', 'offline_access']) {
      assertTokenError(await refreshed(here, tokens.body['refresh_token'], { client_id: 'spa', scope }), 'invalid_scope', scope);
    }
    const wide = await exchanged(await signedIn(here.issuer), all);
    const narrow = await refreshed(here, wide.body['refresh_token'], { client_id: 'spa', scope: 'read' });
    assert.equal(narrow.body['scope'], 'read');
    assert.equal(claimsOf(narrow.body['access_token'])['scope'], 'read');
    assert.equal(narrow.body['id_token'], undefined);
    const next = await refreshed(here, narrow.body['refresh_token']);
    assert.equal(next.body['scope'], all.scope);
    assert.equal(claimsOf(next.body['access_token'])['scope'], all.scope);
  });

  test('REF-09 · a resource that was never granted (RFC 8707 §2.2)', async () => {
    const tokens = await exchanged(await signedIn(here.issuer));
    for (const resource of ['https://opaque.example/', 'https://unknown.example/', here.issuer, 'https://api.example', 'x']) {
      assertTokenError(await refreshed(here, tokens.body['refresh_token'], { client_id: 'spa', resource }), 'invalid_target', resource);
    }
    const good = await refreshed(here, tokens.body['refresh_token'], { client_id: 'spa', resource: 'https://api.example/' });
    assert.equal(claimsOf(good.body['access_token'])['aud'], 'https://api.example/');
  });

  test('REF-15 · a refreshed ID token says the same of the same sign-in (OpenID Connect Core §12.2)', async () => {
    const tokens = await exchanged(await signedIn(here.issuer), { ...SPA, parameters: { nonce: 'n-0S6_WzA2Mj' } });
    await here.hufu.advance('PT30S');
    const next = await refreshed(here, tokens.body['refresh_token']);
    const [before, after] = [claimsOf(tokens.body['id_token']), claimsOf(next.body['id_token'])];
    for (const name of ['iss', 'sub', 'aud', 'auth_time', 'sid']) assert.deepEqual(after[name], before[name], name);
    assert.equal(before['nonce'], 'n-0S6_WzA2Mj');
    assert.equal(after['nonce'], undefined);
    assert.ok(Number(after['iat']) >= Number(before['iat']) + 30);
  });

  test('REF-16 · a refresh token, a code or a cookie is no access token (RFC 6750 §3.1)', async () => {
    const agent = await signedIn(here.issuer);
    const tokens = await exchanged(agent);
    const code = codeOf(await authorizeAs(agent, SPA, USER));
    for (const path of ['/oauth/userinfo', '/test/resource']) {
      for (const text of [
        String(tokens.body['refresh_token']),
        code,
        agent.cookies.get('hufu_session') ?? '',
        String(tokens.body['id_token']),
      ]) {
        const reply = await fetch(here.issuer + path, { headers: { authorization: `Bearer ${text}` } });
        assert.equal(reply.status, 401, path);
        assert.match(reply.headers.get('www-authenticate') ?? '', /^Bearer .*error="invalid_token"/);
      }
    }
    assert.equal((await refreshed(here, tokens.body['access_token'])).body['error'], 'invalid_grant');
    assert.equal((await refreshed(here, code)).body['error'], 'invalid_grant');
  });

  test('REF-22 · offline_access that is not heard brings no refresh token (OpenID Connect Core §11)', async () => {
    const agent = await signedIn(here.issuer);
    const third = { clientId: 'third', redirectUri: 'https://third.example/cb', scope: 'openid offline_access' };
    const unheard = await exchanged(agent, third, THIRD_BASIC);
    assert.equal(unheard.body['refresh_token'], undefined);
    assert.doesNotMatch(String(unheard.body['scope']), /offline_access/);
    const heard = await exchanged(agent, { ...third, parameters: { prompt: 'consent' } }, THIRD_BASIC);
    assert.match(String(heard.body['refresh_token']), /^hfr_/);
    for (const [clientId, to] of [
      ['narrow', 'https://narrow.example/cb'],
      ['once', 'https://once.example/cb'],
    ] as const) {
      const notAllowed = await exchanged(agent, { ...third, clientId, redirectUri: to, parameters: { prompt: 'consent' } });
      assert.equal(notAllowed.body['refresh_token'], undefined, clientId);
      assert.equal(notAllowed.body['scope'], 'openid', clientId);
    }
  });

  test('REF-23 · revoking one client’s refresh token leaves the same user’s other clients alone (RFC 7009 §2.1)', async () => {
    const agent = await signedIn(here.issuer);
    const [spa, spa2, web, other] = [
      await exchanged(agent),
      await exchanged(agent, SPA2),
      await exchanged(agent, WEB, WEB_BASIC),
      await exchanged(agent),
    ];
    await postForm(`${here.issuer}/oauth/revoke`, { client_id: 'spa', token: String(spa.body['refresh_token']) });
    assertTokenError(await refreshed(here, spa.body['refresh_token']), 'invalid_grant');
    assert.equal((await refreshed(here, spa2.body['refresh_token'], { client_id: 'spa2' })).status, 200);
    assert.equal((await refreshed(here, web.body['refresh_token'], {}, WEB_BASIC)).status, 200);
    assert.equal((await refreshed(here, other.body['refresh_token'])).status, 200, 'another grant of the same client');
    // And nobody revokes for another.
    await postForm(`${here.issuer}/oauth/revoke`, { client_id: 'spa', token: String(web.body['refresh_token']) });
    assert.equal((await introspected(here, web.body['access_token'])).body['active'], true);
  });

  test('REF-02 · refresh tokens that were never given out do nothing (RFC 6749 §5.2)', async () => {
    const tokens = await exchanged(await signedIn(here.issuer));
    const genuine = String(tokens.body['refresh_token']);
    const flipped = [...Array(genuine.length - 4).keys()].map(
      (at) => genuine.slice(0, at + 4) + (genuine[at + 4] === 'A' ? 'B' : 'A') + genuine.slice(at + 5),
    );
    for (const text of [
      ...flipped,
      genuine.slice(0, -1),
      `${genuine}A`,
      `${genuine}=`,
      ` ${genuine}`,
      genuine.toLowerCase(),
      `hfc_${genuine.slice(4)}`,
      'hfr_',
      'x'.repeat(60_000),
    ]) {
      assertTokenError(await refreshed(here, text), 'invalid_grant', text.slice(0, 40));
    }
    assert.equal((await refreshed(here, genuine)).status, 200);
    assert.equal((await token(here, { grant_type: 'refresh_token', client_id: 'spa' })).body['error'], 'invalid_request');
    assert.equal((await exchange(await signedIn(here.issuer), SPA, await authorizeAs(await signedIn(here.issuer), SPA, USER))).status, 200);
  });
});

describe('REF: two nodes', () => {
  const nodes = twoNodes(BASIC_YAML);

  test('REF-17 · revoking a refresh token kills the access tokens of its grant, on every node (RFC 7009 §2.1)', async () => {
    const { first, second } = nodes;
    const bases = [first.origin, second.origin];
    const agent = await signedIn(first.origin);
    for (const request of [SPA, { ...SPA, scope: 'openid opaque' }]) {
      const tokens = await exchanged(agent, request);
      const next = await postForm(`${first.origin}/oauth/token`, {
        grant_type: 'refresh_token',
        client_id: 'spa',
        refresh_token: String(tokens.body['refresh_token']),
      });
      const ask = (base: string, body: JsonReply['body']): Promise<JsonReply> =>
        postForm(`${base}/oauth/introspect`, { token: String(body['access_token']) }, API_BASIC);
      for (const base of bases) for (const { body } of [tokens, next]) assert.equal((await ask(base, body)).body['active'], true);
      assert.equal(
        (await postForm(`${first.origin}/oauth/revoke`, { client_id: 'spa', token: String(next.body['refresh_token']) })).status,
        200,
      );
      for (const base of bases) {
        for (const { body } of [tokens, next]) {
          assertInactive(await ask(base, body));
          const reply = await postForm(`${base}/oauth/token`, {
            grant_type: 'refresh_token',
            client_id: 'spa',
            refresh_token: String(body['refresh_token']),
          });
          assertTokenError(reply, 'invalid_grant', base);
        }
      }
    }
  });
});
