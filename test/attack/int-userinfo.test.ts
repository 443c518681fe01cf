import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { BOB, machineToken, refresh, revoke, SPA, THIRD, THIRD_BASIC, tokensOf, userinfo, WEB, WEB_BASIC } from './sign-ins.ts';

describe('INT: userinfo and protected resources', () => {
  const here = arena({ yaml: BASIC_YAML });
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
  const ENDPOINTS = ['/oauth/userinfo', '/test/resource'];

  /** RS(x): status, the code in the challenge and nothing about anybody (RFC 6750 §3.1). */
  async function assertChallenge(reply: Response, status: number, error: string | undefined, about: string): Promise<void> {
    assert.equal(reply.status, status, about);
    const challenge = reply.headers.get('www-authenticate') ?? '';
    assert.match(challenge, /^Bearer /, about);
    assert.equal(/error="([^"]*)"/.exec(challenge)?.[1], error, `${about}: ${challenge}`);
    assert.doesNotMatch(await reply.text(), /"sub"/, about);
  }

  test('INT-12 · no token is 401 without an error code, a bad one invalid_token (RFC 6750 §3, §3.1)', async () => {
    const live = await tokensOf(here.issuer, SPA);
    for (const path of ENDPOINTS) {
      const url = here.issuer + path;
      await assertChallenge(await fetch(url), 401, undefined, 'nothing');
      await assertChallenge(await fetch(url, { headers: { authorization: 'Basic eDp5' } }), 401, undefined, 'another scheme');
      for (const token of [`${live.access}x`, live.refresh, live.id, 'x', 'hfa_', 'x'.repeat(10_000)]) {
        await assertChallenge(
          await fetch(url, { headers: { authorization: `Bearer ${token}` } }),
          401,
          'invalid_token',
          token.slice(0, 10),
        );
      }
      for (const header of [
        'Bearer',
        'Bearer ',
        'Bearer a b',
        'Bearer "x"',
        'Bearer x,y',
        'bearer é',
        `Bearer ${live.access} `.replace(/ $/, ';'),
      ]) {
        const reply = await fetch(url, { headers: { authorization: Buffer.from(header).toString('latin1') } });
        await assertChallenge(reply, 400, 'invalid_request', header.slice(0, 20));
      }
    }
    assert.equal((await userinfo(here.issuer, live.access)).status, 200);
  });

  test('INT-12 · a token without openid is insufficient_scope, and the challenge says what is missing (RFC 6750 §3.1)', async () => {
    const plain = await tokensOf(here.issuer, { ...WEB, scope: 'read' }, WEB_BASIC);
    const reply = await userinfo(here.issuer, plain.access);
    assert.match(reply.headers.get('www-authenticate') ?? '', /scope="openid"/);
    await assertChallenge(reply, 403, 'insufficient_scope', 'read');
  });

  test('INT-12 · a token comes in the header or in the form, never in both and never in the query (RFC 6750 §2, OAuth 2.1 §5.1)', async () => {
    const { access } = await tokensOf(here.issuer, SPA);
    const url = `${here.issuer}/oauth/userinfo`;
    const authorization = `Bearer ${access}`;
    const body = new URLSearchParams({ access_token: access }).toString();
    await assertChallenge(await fetch(url, { method: 'POST', headers: { ...FORM, authorization }, body }), 400, 'invalid_request', 'both');
    await assertChallenge(await fetch(`${url}?access_token=${access}`), 401, undefined, 'in the query');
    await assertChallenge(await fetch(`${url}?access_token=${access}`, { method: 'POST' }), 401, undefined, 'in the query of a POST');
    await assertChallenge(await fetch(url, { method: 'POST', headers: FORM, body: `${body}&${body}` }), 400, 'invalid_request', 'twice');
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
      const reply = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
      assert.notEqual(reply.status, 200, type);
      await reply.arrayBuffer();
    }
    const posted = await fetch(url, { method: 'POST', headers: FORM, body });
    assert.equal(posted.status, 200);
    const inHeader = await fetch(url, { method: 'POST', headers: { authorization } });
    assert.equal(inHeader.status, 200);
    assert.deepEqual(await posted.json(), await inHeader.json());
  });

  test("INT-14 · ID tokens, refresh tokens, codes, session cookies and a client's own tokens open no user's door (RFC 9700 §2.3, RFC 9068 §4)", async () => {
    const one = await tokensOf(here.issuer, SPA);
    for (const path of ENDPOINTS) {
      for (const token of [one.id, one.refresh]) {
        await assertChallenge(
          await fetch(here.issuer + path, { headers: { authorization: `Bearer ${token}` } }),
          401,
          'invalid_token',
          path,
        );
      }
    }
    for (const scope of ['read', 'opaque']) {
      await assertChallenge(
        await userinfo(here.issuer, await machineToken(here.issuer, scope)),
        403,
        'insufficient_scope',
        `a client's ${scope}`,
      );
    }
    // A client cannot ask for openid where it acts for itself.
    const asked = await fetch(`${here.issuer}/oauth/token`, {
      method: 'POST',
      headers: { ...FORM, authorization: `Basic ${Buffer.from(WEB_BASIC).toString('base64')}` },
      body: 'grant_type=client_credentials&scope=openid',
    });
    assert.equal(asked.status, 400);
    await asked.arrayBuffer();
  });

  test('INT-14 · userinfo says no more than the scopes of the token, whatever else the user has (OpenID Connect Core §5.4)', async () => {
    const bare = await tokensOf(here.issuer, { ...SPA, scope: 'openid' });
    const claims: unknown = await (await userinfo(here.issuer, bare.access)).json();
    assert.deepEqual(Object.keys(Object(claims)), ['sub']);
    const full = await tokensOf(here.issuer, SPA);
    const more: unknown = await (await userinfo(here.issuer, full.access)).json();
    assert.equal(Object(more).email, 'alice@example.com');
    assert.equal(Object(more).sub, Object(claims).sub);
    // The scopes of a refreshed token are those that were asked for this time (RFC 6749 §6).
    const form = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: full.refresh, scope: 'openid' };
    const narrowed: unknown = await (
      await fetch(`${here.issuer}/oauth/token`, { method: 'POST', headers: FORM, body: new URLSearchParams(form) })
    ).json();
    const less: unknown = await (await userinfo(here.issuer, String(Object(narrowed).access_token))).json();
    assert.deepEqual(Object.keys(Object(less)), ['sub']);
  });

  test("INT-13 · a disabled user's tokens are dead at once, and enabling brings none of them back (product 3.3)", async () => {
    const { store, context } = here.hufu;
    const bob = await tokensOf(here.issuer, SPA, undefined, undefined, BOB);
    const alice = await tokensOf(here.issuer, SPA);
    const third = await tokensOf(here.issuer, THIRD, THIRD_BASIC, undefined, BOB);
    assert.equal((await userinfo(here.issuer, bob.access)).status, 200);
    const user = (await store.findUserByName(context.tenant, BOB.username)) ?? assert.fail('no bob');
    const now = Math.floor(context.clock.nowMs() / 1000);
    await store.setUserEnabled(context.tenant, user.id, false, now);
    for (const token of [bob.access, third.access]) {
      for (const path of ENDPOINTS) {
        await assertChallenge(
          await fetch(here.issuer + path, { headers: { authorization: `Bearer ${token}` } }),
          401,
          'invalid_token',
          path,
        );
      }
    }
    assert.equal((await refresh(here.issuer, bob.refresh, SPA)).body['error'], 'invalid_grant');
    assert.equal((await userinfo(here.issuer, alice.access)).status, 200, USER.username);
    await store.setUserEnabled(context.tenant, user.id, true, now + 1);
    await assertChallenge(await userinfo(here.issuer, bob.access), 401, 'invalid_token', 'after enabling');
    assert.equal((await refresh(here.issuer, bob.refresh, SPA)).body['error'], 'invalid_grant');
    await revoke(here.issuer, alice.refresh, 'spa');
    await assertChallenge(await userinfo(here.issuer, alice.access), 401, 'invalid_token', 'revoked');
  });
});
