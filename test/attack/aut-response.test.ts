import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, exchange } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertRedirect, attempt, authorizePath, CHALLENGE, claimsOf, postQuery } from './expect.ts';
import { arena } from './oracles.ts';

const EXTRA = `
  - { client_id: formonly, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], response_modes: [form_post], hufu: { first_party: true } }
`;
const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid' } as const;

describe('AUT: PKCE, state and what comes back', () => {
  const here = arena({ yaml: BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`) });

  async function signedIn(): Promise<Agent> {
    const agent = new Agent(here.issuer);
    await authorizeAs(agent, SPA, USER);
    return agent;
  }

  test('AUT-07 · AUT-12 · no client goes without PKCE, public or confidential (RFC 7636 §4.4.1, RFC 9700 §2.1.1)', async () => {
    const agent = await signedIn();
    for (const [client, to] of [
      ['spa', SPA.redirectUri],
      ['web', 'https://web.example/cb'],
    ] as const) {
      const base = { client_id: client, redirect_uri: to };
      for (const without of [
        { code_challenge: undefined },
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge: '' },
      ]) {
        assertRedirect(await attempt(agent, { ...base, ...without }), 'invalid_request', { issuer: here.issuer, to }, client);
      }
    }
  });

  for (const method of ['plain', 'S512', 's256', 'none', ' S256', 'S256 ', undefined]) {
    test(`AUT-08 · code_challenge_method=${method} is not S256 (RFC 7636 §4.4.1)`, async () => {
      assertRedirect(await attempt(await signedIn(), { code_challenge_method: method }), 'invalid_request', here);
    });
  }

  test('AUT-11 · a challenge that no SHA-256 has (RFC 7636 §4.2)', async () => {
    const agent = await signedIn();
    const bad = [
      CHALLENGE.slice(1),
      `${CHALLENGE}A`,
      `${CHALLENGE.slice(1)}=`,
      `${CHALLENGE}=`,
      `+${CHALLENGE.slice(1)}`,
      `/${CHALLENGE.slice(1)}`,
      `é${CHALLENGE.slice(1)}`,
      `${CHALLENGE.slice(1)} `,
      `${CHALLENGE}\n`,
      'a'.repeat(128),
    ];
    for (const challenge of bad) assertRedirect(await attempt(agent, { code_challenge: challenge }), 'invalid_request', here, challenge);
  });

  test('AUT-13 · iss stands in every answer, by query and by form (RFC 9207 §2)', async () => {
    const agent = await signedIn();
    const metadata: { readonly issuer: string; readonly authorization_response_iss_parameter_supported: boolean } = await (
      await fetch(`${here.issuer}/.well-known/oauth-authorization-server`)
    ).json();
    assert.equal(metadata.authorization_response_iss_parameter_supported, true);
    const cases: readonly Readonly<Record<string, string>>[] = [
      {},
      { scope: 'unknown' },
      { response_type: 'token' },
      { resource: 'x' },
      { prompt: 'none login' },
      { request: 'x' },
      { max_age: '-1' },
    ];
    for (const overrides of cases) {
      const byQuery = await attempt(agent, overrides);
      assert.deepEqual(byQuery.answer.getAll('iss'), [metadata.issuer]);
      const byForm = await attempt(agent, { ...overrides, response_mode: 'form_post' });
      assert.equal(byForm.status, 200);
      assert.equal(byForm.hidden['iss'], metadata.issuer);
      assert.equal(byForm.hidden['state'], 'st-1');
      assert.equal(byForm.action, SPA.redirectUri);
    }
  });

  test('AUT-15 · a response mode that is not there, not registered or not possible (OAuth Multiple Response Types §2.1)', async () => {
    const agent = await signedIn();
    for (const mode of ['web_message', 'foo', 'jwt.query', 'Query', 'JWT', 'query.jwt.jwt', '__proto__']) {
      assertRedirect(await attempt(agent, { response_mode: mode }), 'invalid_request', here, mode);
    }
    // Registered for form_post alone: neither asking for another nor leaving it out gets round that.
    assert.match((await attempt(agent, { client_id: 'formonly', response_mode: 'form_post' })).hidden['code'] ?? '', /^hfc_/);
    assertRedirect(await attempt(agent, { client_id: 'formonly', response_mode: 'query' }), 'invalid_request', here);
    assertRedirect(await attempt(agent, { client_id: 'formonly' }), 'invalid_request', here);
    const answer = claimsOf((await attempt(agent, { client_id: 'formonly', response_mode: 'form_post.jwt' })).hidden['response']);
    assert.deepEqual([answer['error'], answer['code']], ['invalid_request', undefined]);
    // No form can be posted to a program's own scheme.
    const app = { client_id: 'native', redirect_uri: 'com.example.app:/cb', response_mode: 'form_post' };
    assertRedirect(await attempt(agent, app), 'invalid_request', { issuer: here.issuer, to: 'com.example.app:/cb' });
    assertRedirect(await attempt(agent, { ...app, scope: 'unknown' }), 'invalid_request', {
      issuer: here.issuer,
      to: 'com.example.app:/cb',
    });
  });

  const states = [
    'a b+c&d=e',
    '%00',
    '\0',
    '\r\nSet-Cookie: x=1',
    '"><svg onload=1>',
    "';alert(1)//",
    '☃𝌆日本',
    'é',
    '\u2028',
    '{"a":"b c"}',
    '%',
    '=',
    '&state=2',
    '#x',
    's'.repeat(2_048),
    '日'.repeat(300),
  ];
  for (const state of states) {
    test(`AUT-19 · state ${JSON.stringify(state.slice(0, 24))} (${state.length}) comes back as it went (RFC 6749 §4.1.2)`, async () => {
      const agent = await signedIn();
      const page = await attempt(agent, { state });
      assert.equal(page.answer.get('state'), state);
      assert.deepEqual([...page.answer.keys()].toSorted(), ['code', 'iss', 'session_state', 'state']);
      assertRedirect(await attempt(agent, { state, scope: 'unknown' }), 'invalid_scope', { issuer: here.issuer, state });
      const form = await attempt(agent, { state, response_mode: 'form_post' });
      assert.doesNotMatch(form.text, /<svg onload/);
      // A browser turns line breaks of a form's field into CRLF and NUL into U+FFFD: better no answer than another state.
      if (/[\0\r\n]/.test(state)) assert.deepEqual([form.hidden['error'], form.hidden['state']], ['invalid_request', undefined]);
      else assert.equal(form.hidden['state'], state);
      // Through our own pages as well.
      const fresh = await authorizeAs(new Agent(here.issuer), { ...SPA, parameters: { state } }, USER);
      assert.equal(fresh.page.answer.get('state'), state);
    });
  }

  test('AUT-19 · a state that is too long, or no text, is refused and not sent back (RFC 6749 §4.1.2)', async () => {
    const agent = await signedIn();
    for (const state of ['s'.repeat(2_049), 's'.repeat(8_192), '日'.repeat(2_100)]) {
      const expected = { issuer: here.issuer, state: null } as const;
      assertRedirect(
        await postQuery(agent, authorizePath({ state }).split('?')[1] ?? ''),
        'invalid_request',
        expected,
        `POST ${state.length}`,
      );
      if (encodeURIComponent(state).length < 12_000)
        assertRedirect(await attempt(agent, { state }), 'invalid_request', expected, `GET ${state.length}`);
    }
    for (const state of ['%FF', '%C0%80', '%zz', '%']) {
      assertRedirect(
        await attempt(agent, { state: undefined }, `state=${state}`),
        'invalid_request',
        { issuer: here.issuer, state: null },
        state,
      );
    }
  });

  test('AUT-19 · a request that is too long as a whole goes back to the client (RFC 6749 §4.1.2.1)', async () => {
    const agent = await signedIn();
    for (const [overrides, more] of [
      [{ state: '日'.repeat(900) }, ''],
      [{ state: '日'.repeat(600) }, ''],
      [{}, `foo=${'x'.repeat(6_000)}`],
    ] as const) {
      const page = await attempt(agent, overrides, more);
      assert.equal(page.status, 303, page.text.slice(0, 200));
      assert.equal(page.answer.get('error'), 'invalid_request');
      assert.equal(page.answer.get('iss'), here.issuer);
    }
  });

  test('AUT-20 · a nonce of 64 and of 1,000 characters comes back in the ID token (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = await signedIn();
    for (const nonce of ['n'.repeat(64), 'n'.repeat(1_000), 'n'.repeat(1_024), '"><svg>', 'é日𝌆', 'a b+c']) {
      const tokens = await exchange(agent, SPA, await authorizeAs(agent, { ...SPA, parameters: { nonce } }, USER));
      assert.equal(claimsOf(tokens.body['id_token'])['nonce'], nonce);
    }
    assertRedirect(await attempt(agent, { nonce: 'n'.repeat(1_025) }), 'invalid_request', here);
  });
});
