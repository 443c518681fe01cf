import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, type CodeRequest, exchange, type Page } from '../support/agent.ts';
import { BASIC_YAML, OPAQUE_RESOURCE, RESOURCE, USER } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { API_BASIC, BOB, introspect, refresh, signedIn, THIRD, THIRD_BASIC } from './sign-ins.ts';

const YAML = BASIC_YAML.replace(
  '  - client_id: native\n',
  `  - client_id: public-web
    token_endpoint_auth_method: none
    redirect_uris: [https://public.example/cb, 'http://localhost:3000/cb']
  - client_id: local-server
    client_secret: local-secret-0123456789abcdef01234567
    redirect_uris: ['http://localhost:3000/cb']
  - client_id: native
`,
);
const CHALLENGE = { response_type: 'code', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256', state: 'st' };

describe('CON: consent', () => {
  const here = arena({ yaml: YAML });

  function ask(agent: Agent, { clientId, redirectUri, scope = 'openid', parameters = {} }: CodeRequest): Promise<Page> {
    return agent.get(
      `/oauth/authorize?${new URLSearchParams({ ...CHALLENGE, client_id: clientId, redirect_uri: redirectUri, scope, ...parameters }).toString()}`,
    );
  }

  /** The consent page that a request leads to. */
  async function consentPage(agent: Agent, request: CodeRequest): Promise<Page> {
    const page = await agent.get((await ask(agent, request)).location);
    assert.equal(page.name, 'consent', page.location);
    return page;
  }

  /** `code`, `consent`, or the error that a silent request gets. */
  async function outcome(agent: Agent, request: CodeRequest): Promise<string> {
    const page = await ask(agent, request);
    if (page.location.startsWith('/consent?')) return 'consent';
    return page.answer.has('code') ? 'code' : (page.answer.get('error') ?? page.location);
  }

  test('CON-01 · a third party asks the first time: who, what, where to and for how long stand on the page (ASVS 10.7.1, 10.7.2)', async () => {
    const agent = await signedIn(here.issuer);
    const request = { ...THIRD, scope: 'openid profile read opaque offline_access', parameters: { prompt: 'consent', resource: RESOURCE } };
    assert.equal(await outcome(agent, { ...THIRD, parameters: { prompt: 'none' } }), 'consent_required');
    const refused = await ask(agent, request);
    assert.equal(refused.answer.get('error'), 'invalid_scope', 'a scope that the named resource does not have');
    const page = await consentPage(agent, { ...request, scope: 'openid profile read offline_access' });
    for (const text of [
      'Third Party',
      'third.example',
      RESOURCE,
      '<code>read</code>',
      '<code>profile</code>',
      '<code>offline_access</code>',
      USER.username,
      'id="consent-allow"',
      'id="consent-deny"',
    ]) {
      assert.ok(page.text.includes(text), text);
    }
    assert.match(page.text, /<dl class="facts">/, 'for how long');
    assert.doesNotMatch(page.text, /opaque|<code>write<\/code>/, 'nothing that was not asked for');
    const two = await consentPage(agent, { ...THIRD, scope: 'openid read opaque' });
    for (const text of [RESOURCE, OPAQUE_RESOURCE]) assert.ok(two.text.includes(text), 'every resource is named');
  });

  test('CON-03 · what the form adds is not given, whatever it is called (OAuth 2.1 §3.2.3)', async () => {
    const agent = await signedIn(here.issuer, BOB);
    const request = { ...THIRD, scope: 'openid read' };
    const page = await consentPage(agent, request);
    const extras = {
      scope: 'openid read write profile offline_access',
      scopes: 'write',
      'scope[]': 'write',
      resource: OPAQUE_RESOURCE,
      client_id: 'spa',
      redirect_uri: 'https://evil.test/cb',
      state: 'evil',
      user: 'alice',
      user_id: '1',
      prompt: 'none',
    };
    const answer = await agent.submit(page, { ...extras, decision: 'allow' });
    assert.ok(answer.location.startsWith(`${THIRD.redirectUri}?`), answer.location);
    assert.equal(answer.answer.get('state'), 'st');
    const { store, context } = here.hufu;
    const bob = (await store.findUserByName(context.tenant, BOB.username)) ?? assert.fail();
    const [consent] = await store.listConsents(context.tenant, bob.id);
    assert.deepEqual(consent?.scopes.toSorted(), ['openid', 'read']);
    assert.deepEqual(consent?.resources, [RESOURCE]);
    const [grant] = await store.listGrants(context.tenant, { userId: bob.id }, 1);
    assert.deepEqual(grant?.scopes, ['openid', 'read']);
    assert.deepEqual(grant?.resources, [RESOURCE]);
    assert.equal(grant?.offline, false);
    // Twice the decision is no decision.
    const again = await consentPage(agent, { ...THIRD, scope: 'openid write' });
    const both = await agent.post(`${again.action}`, { ...again.hidden, decision: 'allow', decision2: 'x' });
    assert.ok(both.answer.has('code'));
    const third = await consentPage(agent, { ...THIRD, scope: 'openid opaque' });
    for (const decision of ['', 'ALLOW', 'allow ', 'yes', 'true', '1', 'deny']) {
      const denied = await agent.submit(third, { decision });
      assert.equal(denied.answer.get('error'), 'access_denied', decision);
    }
  });

  test('CON-05 · more than was agreed to asks again, the same or less does not, and no request turns in a circle (attacks CON-05)', async () => {
    const agent = new Agent(here.issuer);
    const first = await authorizeAs(agent, { ...THIRD, scope: 'openid profile read' }, USER);
    assert.ok(first.page.answer.has('code'));
    const expected: readonly (readonly [string, Record<string, string>, string])[] = [
      ['openid profile read', {}, 'code'],
      ['read profile openid', {}, 'code'],
      ['openid read', {}, 'code'],
      ['openid', {}, 'consent'], // another resource: our own, for userinfo
      ['openid profile read write', {}, 'consent'],
      ['openid email read', {}, 'consent'],
      ['openid profile read', { resource: RESOURCE }, 'code'],
      ['openid', { resource: RESOURCE }, 'code'],
      ['openid profile read opaque', {}, 'consent'],
      ['openid profile read', { prompt: 'consent' }, 'consent'],
      ['openid profile read offline_access', { prompt: 'consent' }, 'consent'],
    ];
    for (const [scope, parameters, result] of expected) {
      assert.equal(await outcome(agent, { ...THIRD, scope, parameters }), result, `${scope} ${JSON.stringify(parameters)}`);
      const quiet = { ...parameters, prompt: 'none' };
      if (parameters['prompt'] === undefined)
        assert.equal(await outcome(agent, { ...THIRD, scope, parameters: quiet }), result === 'code' ? 'code' : 'consent_required', scope);
    }
    const grown = await agent.submit(await consentPage(agent, { ...THIRD, scope: 'openid write' }), { decision: 'allow' });
    assert.ok(grown.answer.has('code'));
    assert.equal(await outcome(agent, { ...THIRD, scope: 'openid profile read write' }), 'code', 'what was agreed to adds up');
    const denied = await agent.submit(await consentPage(agent, { ...THIRD, scope: 'openid email read' }), { decision: 'deny' });
    assert.equal(denied.answer.get('error'), 'access_denied');
    assert.equal(await outcome(agent, { ...THIRD, scope: 'openid profile read' }), 'code', 'a no takes nothing back');
    assert.equal(await outcome(agent, { ...THIRD, scope: 'openid email read' }), 'consent');
  });

  test('CON-07 · a client that anybody on the machine could claim to be asks every time (RFC 8252 §8.6, OAuth 2.1 §7.3)', async () => {
    const agent = await signedIn(here.issuer);
    const clients: readonly (readonly [CodeRequest, string])[] = [
      [{ clientId: 'native', redirectUri: 'http://127.0.0.1:51234/cb', scope: 'openid' }, 'consent'],
      [{ clientId: 'native', redirectUri: 'com.example.app:/cb', scope: 'openid' }, 'consent'],
      [{ clientId: 'public-web', redirectUri: 'http://localhost:3000/cb', scope: 'openid' }, 'consent'],
      [{ clientId: 'public-web', redirectUri: 'https://public.example/cb', scope: 'openid' }, 'code'],
      [{ clientId: 'local-server', redirectUri: 'http://localhost:3000/cb', scope: 'openid' }, 'code'],
    ];
    for (const [request, result] of clients) {
      const answer = await agent.submit(await consentPage(agent, request), { decision: 'allow' });
      assert.ok(answer.answer.has('code'), request.redirectUri);
      // public-web agreed to at one address is agreed to; whether it asks is the other address's business.
      for (let i = 0; i < 2; i++) assert.equal(await outcome(agent, request), result, `${request.clientId} ${request.redirectUri}`);
      assert.equal(
        await outcome(agent, { ...request, parameters: { prompt: 'none' } }),
        result === 'code' ? 'code' : 'consent_required',
        request.redirectUri,
      );
      if (request.clientId === 'public-web' && result === 'consent') {
        const { store, context } = here.hufu;
        const user = (await store.findUserByName(context.tenant, USER.username)) ?? assert.fail();
        const client = context.config.clients.find(({ clientId }) => clientId === 'public-web') ?? assert.fail();
        await store.withdrawConsent(context.tenant, user.id, client.clientId, Math.floor(context.clock.nowMs() / 1000));
      }
    }
  });

  test('CON-08 · what was taken back is asked for again, and nothing of it lives (ASVS 10.7.3)', async () => {
    const agent = await signedIn(here.issuer, BOB);
    const answer = await authorizeAs(agent, { ...THIRD, scope: 'openid read' }, BOB);
    const tokens = await exchange(agent, THIRD, answer, THIRD_BASIC);
    const pending = await authorizeAs(agent, { ...THIRD, scope: 'openid read' }, BOB);
    // A page that was open meanwhile, for more than was agreed to.
    const open = await consentPage(agent, { ...THIRD, scope: 'openid email' });
    const taken = await agent.submit(await agent.get('/account'), { client_id: 'third' });
    assert.equal(taken.status, 303);
    assert.equal((await refresh(here.issuer, String(tokens.body['refresh_token']), THIRD, THIRD_BASIC)).body['error'], 'invalid_grant');
    assert.deepEqual((await introspect(here.issuer, String(tokens.body['access_token']), API_BASIC)).body, { active: false });
    assert.equal((await exchange(agent, THIRD, pending, THIRD_BASIC)).body['error'], 'invalid_grant');
    assert.equal(await outcome(agent, { ...THIRD, scope: 'openid read' }), 'consent');
    const later = await agent.submit(open, { decision: 'allow' });
    assert.ok(later.answer.has('code'));
    assert.equal(
      await outcome(agent, { ...THIRD, scope: 'openid read' }),
      'consent',
      'agreeing to one thing does not bring back the other',
    );
  });

  test('CON-13 · a consent that is sent twice, or ten times at once, gives one code (attacks CON-13)', async () => {
    const agent = await signedIn(here.issuer);
    const { store, context } = here.hufu;
    const user = (await store.findUserByName(context.tenant, USER.username)) ?? assert.fail();
    const grants = async (): Promise<number> => (await store.listGrants(context.tenant, { userId: user.id }, 1_000)).length;
    const page = await consentPage(agent, { ...THIRD, scope: 'openid email', parameters: { prompt: 'consent' } });
    const before = await grants();
    const answers = await Promise.all(Array.from({ length: 10 }, () => agent.submit(page, { decision: 'allow' })));
    const codes = answers.filter((answer) => answer.location !== '' && answer.answer.has('code'));
    assert.equal(codes.length, 1);
    for (const answer of answers) if (!codes.includes(answer)) assert.equal(answer.name, 'completed');
    assert.equal(await grants(), before + 1);
    assert.equal((await agent.submit(page, { decision: 'allow' })).name, 'completed', 'the back button');
    assert.equal(await grants(), before + 1);
    // The same for the form before it.
    const browser = new Agent(here.issuer);
    const start = await ask(browser, { clientId: 'spa', redirectUri: 'https://app.example/cb' });
    const form = await browser.get(start.location);
    const sent = await Promise.all(Array.from({ length: 3 }, () => browser.submit(form, USER)));
    assert.equal(
      sent.filter((answer) => answer.location !== '' && answer.location.startsWith('https:') && answer.answer.has('code')).length,
      1,
    );
  });

  test('CON-11 · who the owner is widens nothing: a third party has what was agreed to (attacks CON-11)', async () => {
    const agent = await signedIn(here.issuer);
    const answer = await agent.submit(await consentPage(agent, { ...THIRD, scope: 'openid read', parameters: { prompt: 'consent' } }), {
      decision: 'allow',
    });
    assert.ok(answer.answer.has('code'));
    const { store, context } = here.hufu;
    const user = (await store.findUserByName(context.tenant, USER.username)) ?? assert.fail();
    const [grant] = await store.listGrants(context.tenant, { userId: user.id }, 1);
    assert.deepEqual(grant?.scopes, ['openid', 'read']);
  });
});
