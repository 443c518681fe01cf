import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { authorizeAs, exchange } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertClientRefused, assertInactive, assertRedirect, assertTokenError, attempt, CHALLENGE } from './expect.ts';
import { arena } from './oracles.ts';
import { SPA, SPA2, signedIn, WEB, WEB_BASIC } from './sign-ins.ts';
import { codeOf, introspected, refreshed, token } from './token-requests.ts';

describe('COD: who may redeem a code, and once', () => {
  const here = arena({ yaml: BASIC_YAML });

  test('COD-01 · the second use is refused and kills what the first one got (RFC 6749 §4.1.2)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, SPA, USER);
    const first = await exchange(agent, SPA, answer);
    assert.equal((await introspected(here, first.body['access_token'])).body['active'], true);
    assertTokenError(await exchange(agent, SPA, answer), 'invalid_grant');
    assertInactive(await introspected(here, first.body['access_token']));
    assertTokenError(await refreshed(here, first.body['refresh_token']), 'invalid_grant');
    assertTokenError(await exchange(agent, SPA, answer), 'invalid_grant');
  });

  test('COD-02 · half a minute and three refreshes later the newest tokens die too (RFC 6749 §4.1.2)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, WEB, USER);
    const all = [await exchange(agent, WEB, answer, WEB_BASIC)];
    for (let i = 0; i < 3; i++) all.push(await refreshed(here, all.at(-1)?.body['refresh_token'], {}, WEB_BASIC));
    await here.hufu.advance('PT30S');
    for (const { body } of all) assert.equal((await introspected(here, body['access_token'])).body['active'], true);
    assertTokenError(await exchange(agent, WEB, answer, WEB_BASIC), 'invalid_grant');
    for (const { body } of all) assertInactive(await introspected(here, body['access_token']));
    assertTokenError(await refreshed(here, all.at(-1)?.body['refresh_token'], {}, WEB_BASIC), 'invalid_grant');
  });

  test('COD-04 · another redirect_uri than the request had, or none (RFC 6749 §4.1.3)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, SPA, USER);
    for (const redirectUri of ['https://app.example/cb/', 'https://evil.test/cb', 'https://app2.example/cb', '']) {
      assertTokenError(await exchange(agent, { ...SPA, redirectUri }, answer), 'invalid_grant', redirectUri);
    }
    assert.equal((await exchange(agent, SPA, answer)).status, 200);
  });

  test('COD-05 · a wrong verifier of the right client spends the code: nobody guesses (RFC 9700 §4.5)', async () => {
    const agent = await signedIn(here.issuer);
    for (const [request, basic] of [
      [SPA, undefined],
      [WEB, WEB_BASIC],
    ] as const) {
      const answer = await authorizeAs(agent, request, USER);
      assertTokenError(await exchange(agent, request, { ...answer, verifier: 'w'.repeat(43) }, basic), 'invalid_grant');
      assertTokenError(await exchange(agent, request, answer, basic), 'invalid_grant');
    }
  });

  test('COD-05 · COD-06 · a code shown by another client is refused, and nothing happens to it (RFC 6749 §4.1.3)', async () => {
    const agent = await signedIn(here.issuer);
    for (const [owner, ownBasic, other, otherBasic] of [
      [SPA, undefined, SPA2, undefined],
      [SPA, undefined, WEB, WEB_BASIC],
      [WEB, WEB_BASIC, SPA, undefined],
    ] as const) {
      const answer = await authorizeAs(agent, owner, USER);
      for (const redirectUri of [owner.redirectUri, other.redirectUri]) {
        assertTokenError(await exchange(agent, { ...other, redirectUri }, answer, otherBasic), 'invalid_grant');
        assertTokenError(
          await exchange(agent, { ...other, redirectUri }, { ...answer, verifier: 'w'.repeat(43) }, otherBasic),
          'invalid_grant',
        );
      }
      const rightful = await exchange(agent, owner, answer, ownBasic);
      assert.equal(rightful.status, 200, JSON.stringify(rightful.body));
      // After the exchange neither: a stranger's replay is no reason to sign the owner out.
      assertTokenError(await exchange(agent, other, answer, otherBasic), 'invalid_grant');
      assert.equal((await introspected(here, rightful.body['access_token'])).body['active'], true);
    }
  });

  test('COD-06 · a confidential client’s code is not redeemed by its name alone (RFC 6749 §4.1.3)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, WEB, USER);
    assertClientRefused(await exchange(agent, WEB, answer));
    assert.equal((await exchange(agent, WEB, answer, WEB_BASIC)).status, 200);
  });

  test('COD-08 · a code lives 60 seconds, and not one more, even when the clock goes back (RFC 6749 §4.1.2)', async () => {
    const agent = await signedIn(here.issuer);
    const start = '2027-01-01T00:00:00Z';
    await here.hufu.freeze(start);
    // The session began before the clock moved; a code is a matter of seconds.
    const early = await authorizeAs(agent, { ...SPA, parameters: { prompt: 'login' } }, USER);
    await here.hufu.freeze('2027-01-01T00:00:59Z');
    assert.equal((await exchange(agent, SPA, early)).status, 200);
    await here.hufu.freeze(start);
    const late = await authorizeAs(agent, { ...SPA, parameters: { prompt: 'login' } }, USER);
    await here.hufu.freeze('2027-01-01T00:01:00Z');
    assertTokenError(await exchange(agent, SPA, late), 'invalid_grant');
    await here.hufu.freeze('2027-01-01T00:00:30Z');
    assertTokenError(await exchange(agent, SPA, late), 'invalid_grant', 'the clock went back');
    await here.hufu.freeze('2027-01-01T00:20:00Z');
    assertTokenError(await exchange(agent, SPA, late), 'invalid_grant');
  });

  test('COD-09 · no code_verifier (RFC 7636 §4.5, §4.6)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, SPA, USER);
    const fields = { grant_type: 'authorization_code', client_id: 'spa', code: codeOf(answer), redirect_uri: SPA.redirectUri };
    assertTokenError(await token(here, fields), 'invalid_grant');
    const empty = await authorizeAs(agent, SPA, USER);
    assertTokenError(await token(here, { ...fields, code: codeOf(empty), code_verifier: '' }), 'invalid_grant');
  });

  test('COD-10 · there is no code without a challenge, so none can be redeemed without one (RFC 9700 §2.1.1, §4.8.2)', async () => {
    const agent = await signedIn(here.issuer);
    for (const method of ['S256', undefined])
      assertRedirect(await attempt(agent, { code_challenge: undefined, code_challenge_method: method }), 'invalid_request', here);
  });

  const verifiers = [
    'w'.repeat(43),
    CHALLENGE,
    'a'.repeat(42),
    'a'.repeat(129),
    `${'a'.repeat(42)}=`,
    `${'a'.repeat(42)}+`,
    `${'a'.repeat(42)}é`,
    `${'a'.repeat(43)}\0`,
    ' '.repeat(43),
  ];
  for (const verifier of verifiers) {
    test(`COD-11 · the verifier ${JSON.stringify(verifier.slice(-4))} of ${verifier.length} characters (RFC 7636 §4.1, §4.6)`, async () => {
      const agent = await signedIn(here.issuer);
      here.notSecret(CHALLENGE);
      const answer = await authorizeAs(
        agent,
        { ...SPA, ...(verifier === CHALLENGE ? { parameters: { code_challenge: CHALLENGE } } : {}) },
        USER,
      );
      assertTokenError(await exchange(agent, SPA, { ...answer, verifier }), 'invalid_grant');
      assertTokenError(await exchange(agent, SPA, answer), 'invalid_grant');
    });
  }

  test('COD-20 · a reply that never arrives: the retry is refused and the family is dead; there are never two (RFC 6749 §4.1.2)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, SPA, USER);
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'spa',
      code: codeOf(answer),
      redirect_uri: SPA.redirectUri,
      code_verifier: answer.verifier,
    });
    const { store, context } = here.hufu;
    const live = async (): Promise<number> =>
      (await store.listGrants(context.tenant, {}, 1_000)).filter((grant) => grant.clientId === 'spa' && grant.generation > 0).length;
    const before = await live();
    await cutAfterSending(here.issuer, body.toString());
    await until(async () => (await live()) > before);
    assert.equal(await live(), before + 1);
    assertTokenError(await token(here, Object.fromEntries(body)), 'invalid_grant');
    assert.equal(await live(), before);
  });
});

/** A token request whose sender is gone before the reply is. */
function cutAfterSending(issuer: string, body: string): Promise<void> {
  const { hostname, port } = new URL(issuer);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      const head = `POST /oauth/token HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.write(head + body, () => socket.resetAndDestroy());
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}
