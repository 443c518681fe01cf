import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, type CodeRequest, exchange, type JsonReply } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertRedirect, attempt, authorizePath, claimsOf } from './expect.ts';
import { arena } from './oracles.ts';

const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid' } as const;
const BOB = { username: 'bob', password: 'bobs long password here' } as const;
const THIRD = { client_id: 'third', redirect_uri: 'https://third.example/cb' } as const;

describe('AUT: who is signed in', () => {
  const here = arena({ yaml: BASIC_YAML });

  /** Through whatever pages come up, to an ID token. */
  async function signIn(agent: Agent, parameters: Record<string, string> = {}, user: typeof USER | typeof BOB = USER): Promise<JsonReply> {
    const request: CodeRequest = { ...SPA, parameters };
    const tokens = await exchange(agent, request, await authorizeAs(agent, request, user));
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    return tokens;
  }

  test('AUT-23 · prompt=none without a session is login_required (OpenID Connect Core §3.1.2.6)', async () => {
    const agent = new Agent(here.issuer);
    assertRedirect(await attempt(agent, { prompt: 'none' }), 'login_required', here);
    for (const cookie of ['hufu_session=x', `hufu_session=hfs_${'A'.repeat(64)}`, 'hufu_session=; hufu_session=x']) {
      assertRedirect(await new Agent(here.issuer).get(authorizePath({ prompt: 'none' }), { cookie }), 'login_required', here);
    }
  });

  test('AUT-23 · prompt=none without consent is consent_required, and the page is not shown (OpenID Connect Core §3.1.2.6)', async () => {
    const agent = new Agent(here.issuer);
    await signIn(agent);
    assertRedirect(await attempt(agent, { ...THIRD, prompt: 'none' }), 'consent_required', { issuer: here.issuer, to: THIRD.redirect_uri });
    assert.match((await attempt(agent, { ...THIRD })).location, /^\/consent\?/);
    assert.match((await attempt(agent, { prompt: 'none' })).answer.get('code') ?? '', /^hfc_/);
  });

  test('AUT-23 · prompt=none goes with nothing else, and other words are none (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    await signIn(agent);
    for (const prompt of [
      'none login',
      'login none',
      'none consent',
      'none none select_account',
      'create',
      'NONE',
      'login  consent',
      ' none',
      'none\0',
    ]) {
      assertRedirect(await attempt(agent, { prompt }), 'invalid_request', here, prompt);
    }
  });

  test('AUT-23 · a max_age that is no number of seconds (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    await signIn(agent);
    for (const max_age of ['-1', '1.5', '1e3', ' 1', '+1', '٣', '99999999999999999999', 'null']) {
      assertRedirect(await attempt(agent, { max_age }), 'invalid_request', here, max_age);
    }
  });

  for (const parameters of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '1' }, { prompt: 'select_account' }] as const) {
    test(`AUT-24 · ${JSON.stringify(parameters)} asks for the password again, and auth_time moves (OpenID Connect Core §3.1.2.1)`, async () => {
      const agent = new Agent(here.issuer);
      const before = claimsOf((await signIn(agent)).body['id_token']);
      await here.hufu.advance('PT5S');
      const asked = await attempt(agent, parameters);
      assert.match(asked.location, /^\/signin\?/);
      // Neither the consent page nor the ticket gets round it.
      const ticket = new URL(asked.location, here.issuer).searchParams.get('request') ?? '';
      const consent = await agent.get(`/consent?request=${ticket}`);
      if (consent.name === 'consent') assert.match((await agent.submit(consent, { decision: 'allow' })).location, /^\/signin\?/);
      const after = claimsOf((await signIn(agent, parameters)).body['id_token']);
      assert.ok(Number(after['auth_time']) >= Number(before['auth_time']) + 5);
      assertRedirect(await attempt(agent, { ...parameters, prompt: 'none', max_age: '0' }), 'login_required', here);
    });
  }

  test('AUT-24 · without either the session is enough, and auth_time stays (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    const before = claimsOf((await signIn(agent)).body['id_token']);
    await here.hufu.advance('PT5S');
    const after = claimsOf((await signIn(agent, { max_age: '3600' })).body['id_token']);
    assert.equal(after['auth_time'], before['auth_time']);
  });

  test('AUT-26 · an id_token_hint of somebody else is no sign-in, and is not answered for the one who is there (OpenID Connect Core §3.1.2.1)', async () => {
    const alice = new Agent(here.issuer);
    const bob = new Agent(here.issuer);
    const aliceToken = String((await signIn(alice)).body['id_token']);
    const bobToken = String((await signIn(bob, {}, BOB)).body['id_token']);
    assertRedirect(await attempt(alice, { prompt: 'none', id_token_hint: bobToken }), 'login_required', here);
    assert.match((await attempt(alice, { prompt: 'none', id_token_hint: aliceToken })).answer.get('code') ?? '', /^hfc_/);
    assertRedirect(await attempt(new Agent(here.issuer), { prompt: 'none', id_token_hint: aliceToken }), 'login_required', here);
    // Not silent: the person may sign in as the one that the hint names, and as nobody else.
    const asked = await attempt(alice, { id_token_hint: bobToken });
    assert.match(asked.location, /^\/signin\?/);
    const wrong = await alice.submit(await alice.get(asked.location), USER);
    assertRedirect(wrong, 'login_required', here);
    const again = await attempt(alice, { id_token_hint: bobToken });
    const right = await alice.submit(await alice.get(again.location), BOB);
    assert.match(right.answer.get('code') ?? '', /^hfc_/);
  });

  test('AUT-26 · a hint that we did not sign, or not for this client, is refused (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    const tokens = await signIn(agent);
    const genuine = String(tokens.body['id_token']);
    const [head = '', payload = '', signature = ''] = genuine.split('.');
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const other = encode({ ...claimsOf(genuine), sub: 'somebody-else' });
    const forged = [
      'x',
      'a.b.c',
      `${head}.${payload}.`,
      `${head}.${payload}`,
      `${head}.${other}.${signature}`,
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${other}.${signature}`,
      String(tokens.body['refresh_token']),
    ];
    for (const hint of forged) {
      assertRedirect(await attempt(agent, { id_token_hint: hint }), 'invalid_request', here, hint.slice(0, 20));
      assertRedirect(await attempt(agent, { id_token_hint: hint, prompt: 'none' }), 'invalid_request', here, hint.slice(0, 20));
    }
    const elsewhere = await attempt(agent, { client_id: 'spa2', redirect_uri: 'https://app2.example/cb', id_token_hint: genuine });
    assertRedirect(elsewhere, 'invalid_request', { issuer: here.issuer, to: 'https://app2.example/cb' });
  });

  test('AUT-26 · an access token is no hint (RFC 8725 §3.11)', async () => {
    const agent = new Agent(here.issuer);
    const request = { ...SPA, scope: 'openid read' };
    const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER));
    assert.equal(String(tokens.body['access_token']).split('.').length, 3);
    assertRedirect(await attempt(agent, { id_token_hint: String(tokens.body['access_token']) }), 'invalid_request', here);
  });

  test('AUT-26 · an old hint is still a hint: it only names somebody (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    const genuine = String((await signIn(agent)).body['id_token']);
    await here.hufu.advance('PT2H');
    assert.match((await attempt(agent, { prompt: 'none', id_token_hint: genuine })).answer.get('code') ?? '', /^hfc_/);
  });
});
