import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { UserRecord } from '@hufu/store/port';
import { Agent, authorizeAs, exchange, type Page } from '../support/agent.ts';
import { BASIC_YAML, type TestHufu, USER } from '../support/hufu.ts';
import { assertInactive, authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { API_BASIC, BOB, introspect, refresh, SPA, signedIn, THIRD, THIRD_BASIC, tokensOf } from './sign-ins.ts';
import { SHARED_ENGINES, twoNodes } from './two-nodes.ts';

for (const engine of SHARED_ENGINES) {
  describe(`SES: what ends elsewhere, over ${engine}`, () => {
    const nodes = twoNodes(BASIC_YAML, engine);
    const silent = (agent: Agent): Promise<Page> => agent.get(authorizePath({ prompt: 'none' }));
    const bob = async (node: TestHufu): Promise<UserRecord> =>
      (await node.store.findUserByName(node.context.tenant, BOB.username)) ?? assert.fail('no bob');
    const now = (): number => Math.floor(nodes.first.context.clock.nowMs() / 1000);

    /** The same browser as another node sees it. */
    function at(node: TestHufu, agent: Agent): Agent {
      const other = new Agent(node.origin);
      for (const [name, value] of agent.cookies) other.cookies.set(name, value);
      return other;
    }

    async function assertGone(agents: readonly Agent[]): Promise<void> {
      for (const agent of agents) {
        for (const node of [nodes.first, nodes.second]) assert.equal((await silent(at(node, agent))).answer.get('error'), 'login_required');
      }
    }

    test('SES-09 · disabling a user ends every session at both nodes at once, and enabling brings none back (ASVS 7.4.2)', async () => {
      const here = await signedIn(nodes.first.origin, BOB);
      const there = await signedIn(nodes.second.origin, BOB);
      const alice = await signedIn(nodes.first.origin, USER);
      const tokens = await tokensOf(nodes.second.origin, SPA, undefined, at(nodes.second, here), BOB);
      for (const node of [nodes.first, nodes.second])
        for (const agent of [here, there, alice]) assert.ok((await silent(at(node, agent))).answer.get('code') !== null);
      const user = await bob(nodes.first);
      await nodes.first.store.setUserEnabled(nodes.first.context.tenant, user.id, false, now());
      await assertGone([here, there]);
      for (const node of [nodes.first, nodes.second]) {
        assertInactive(await introspect(node.origin, tokens.access, API_BASIC));
        assert.equal((await refresh(node.origin, tokens.refresh, SPA)).body['error'], 'invalid_grant');
        const refused = await new Agent(node.origin).submit(await new Agent(node.origin).get('/signin'), BOB);
        assert.equal(refused.status, 403, 'a form of another browser');
        const browser = new Agent(node.origin);
        const page = await browser.submit(await browser.get('/signin'), BOB);
        assert.equal(page.status, 401, 'the right password of somebody who is disabled');
        assert.equal(browser.cookies.has('hufu_session'), false);
        assert.ok((await silent(at(node, alice))).answer.get('code') !== null, 'nobody else is touched');
      }
      await nodes.second.store.setUserEnabled(nodes.second.context.tenant, user.id, true, now() + 1);
      await assertGone([here, there]);
      assert.ok((await silent(await signedIn(nodes.first.origin, BOB))).answer.get('code') !== null);
    });

    test('SES-09 · a new password, and signing out everywhere, end the sessions at both nodes (ASVS 7.4.3)', async () => {
      const { context, store } = nodes.first;
      const user = await bob(nodes.first);
      const before = [await signedIn(nodes.first.origin, BOB), await signedIn(nodes.second.origin, BOB)];
      const code = await authorizeAs(at(nodes.second, before[0] ?? new Agent('')), SPA, BOB);
      const change = async (password: string): Promise<void> => {
        const { authVersion } = await bob(nodes.first);
        const hash = await context.passwords.hash(password);
        const keep = { session: undefined, revokes: 'all' } as const;
        assert.equal((await store.changePassword(context.tenant, user.id, authVersion, hash, keep, now())).kind, 'done');
      };
      await change('another long password');
      await assertGone(before);
      assert.equal((await exchange(new Agent(nodes.second.origin), SPA, code)).body['error'], 'invalid_grant', 'a code that was under way');
      const again = { ...BOB, password: 'another long password' };
      const after = [await signedIn(nodes.first.origin, again), await signedIn(nodes.second.origin, again)];
      await nodes.second.store.revokeUser(context.tenant, user.id, 'revoked_by_admin', now());
      await assertGone(after);
      await change(BOB.password);
    });

    test('SES-09 · a page that was open when the session ended goes nowhere (product 3.3)', async () => {
      const { context, store } = nodes.first;
      const agent = new Agent(nodes.first.origin);
      const start = await agent.get(authorizePath({ client_id: 'third', redirect_uri: THIRD.redirectUri, scope: 'openid read' }));
      const consent = await agent.get((await agent.submit(await agent.get(start.location), BOB)).location);
      assert.equal(consent.name, 'consent');
      const user = await bob(nodes.first);
      await store.setUserEnabled(context.tenant, user.id, false, now());
      for (const node of [nodes.second, nodes.first]) {
        const answer = await at(node, agent).submit(consent, { decision: 'allow' });
        assert.ok(answer.status === 403 || answer.location.startsWith('/signin?'), `${answer.status} ${answer.location}`);
      }
      assert.equal(
        await store.findConsent(
          context.tenant,
          user.id,
          (await store.findClient(context.tenant, context.config.clients[3]?.clientId ?? assert.fail()))?.clientId ?? assert.fail(),
        ),
        undefined,
        'nobody agreed',
      );
      await store.setUserEnabled(context.tenant, user.id, true, now() + 1);
    });

    test('CON-08 · taking back a consent kills refresh tokens, access tokens and codes that are under way, at both nodes (ASVS 10.7.3)', async () => {
      const { context, store } = nodes.first;
      const agent = await signedIn(nodes.first.origin, BOB);
      const tokens = await tokensOf(nodes.first.origin, THIRD, THIRD_BASIC, agent, BOB);
      const kept = await tokensOf(nodes.second.origin, SPA, undefined, at(nodes.second, agent), BOB);
      const code = await authorizeAs(agent, THIRD, BOB);
      assert.ok(code.page.answer.get('code') !== null, 'agreed already');
      const user = await bob(nodes.first);
      const third = context.config.clients.find((client) => client.clientId === 'third')?.clientId ?? assert.fail();
      const { revokedGrants } = await store.withdrawConsent(context.tenant, user.id, third, now());
      assert.equal(revokedGrants, 2);
      for (const node of [nodes.second, nodes.first]) {
        assert.equal((await refresh(node.origin, tokens.refresh, THIRD, THIRD_BASIC)).body['error'], 'invalid_grant');
        assertInactive(await introspect(node.origin, tokens.access, API_BASIC));
        assert.equal((await exchange(new Agent(node.origin), THIRD, code, THIRD_BASIC)).body['error'], 'invalid_grant');
        const silently = await at(node, agent).get(
          authorizePath({ client_id: 'third', redirect_uri: THIRD.redirectUri, scope: 'openid', prompt: 'none' }),
        );
        assert.equal(silently.answer.get('error'), 'consent_required');
      }
      assert.equal((await refresh(nodes.first.origin, kept.refresh, SPA)).status, 200, 'another client is not touched');
    });
  });
}

describe("SES: login CSRF, and one's own account", () => {
  const here = arena();

  test("SES-12 · the account page shows and touches only one's own (CVE-2024-39683)", async () => {
    const alice = await signedIn(here.issuer);
    const bob = await signedIn(here.issuer, BOB);
    const mine = await tokensOf(here.issuer, THIRD, THIRD_BASIC, alice);
    const page = await bob.get('/account');
    assert.doesNotMatch(page.text, /Third Party|alice/i);
    const theirs = await tokensOf(here.issuer, THIRD, THIRD_BASIC, bob, BOB);
    const form = await bob.get('/account');
    for (const more of [{ user: 'alice' }, { user_id: '1' }, { sub: 'x' }, { username: USER.username }]) {
      assert.equal((await bob.submit(form, { client_id: 'third', ...more })).status, 303);
      assert.equal(
        (await refresh(here.issuer, mine.refresh, THIRD, THIRD_BASIC)).status,
        200,
        'the other user of the same client is not touched',
      );
    }
    assert.equal((await refresh(here.issuer, theirs.refresh, THIRD, THIRD_BASIC)).body['error'], 'invalid_grant');
    for (const client of ['nobody', '__proto__', 'x'.repeat(255)])
      assert.ok((await bob.submit(form, { client_id: client })).status < 500, client);
    assert.equal((await bob.submit(form, { client_id: '' })).status, 400);
    const shown = await bob.get(`/account?removed=${encodeURIComponent('<script>alert(1)</script>')}`);
    assert.doesNotMatch(shown.text, /<script(?! type="module" src="\/assets\/)|alert\(1\)/);
  });

  test('SES-15 · a sign-in that another site sends, with credentials of the attacker, is 403 and signs nobody in (RFC 6819 §4.4.1.8)', async () => {
    const victim = new Agent(here.issuer);
    const own = await victim.get('/signin');
    const attacker = new Agent(here.issuer);
    const theirs = await attacker.get('/signin');
    const tries: readonly (readonly [string, Record<string, string>, Record<string, string>, Agent])[] = [
      ['without a token', {}, {}, victim],
      ['with an empty token', { csrf: '' }, {}, victim],
      ["with the attacker's token", { csrf: theirs.hidden['csrf'] ?? '' }, {}, victim],
      ["with another form's token", { csrf: 'x'.repeat(43) }, {}, victim],
      ['from another site', { csrf: own.hidden['csrf'] ?? '' }, { 'sec-fetch-site': 'cross-site' }, victim],
      ['from a sibling', { csrf: own.hidden['csrf'] ?? '' }, { 'sec-fetch-site': 'same-site' }, victim],
      ['in a browser without cookies', { csrf: own.hidden['csrf'] ?? '' }, {}, new Agent(here.issuer)],
    ];
    for (const [what, fields, headers, agent] of tries) {
      const page = await agent.post('/signin', { ...fields, ...BOB }, headers);
      assert.equal(page.status, 403, what);
      assert.equal(page.name, 'error', what);
      assert.equal(agent.cookies.has('hufu_session'), false, what);
    }
    const honest = await victim.post('/signin', { ...own.hidden, ...USER }, { 'sec-fetch-site': 'same-origin' });
    assert.equal(honest.status, 303, 'and the honest form still works');
    assert.ok(victim.cookies.has('hufu_session'));
  });

  test('SES-15 · a sign-in under way cannot be handed to somebody else (RFC 9700 §4.7, RFC 6819 §4.4.1.8)', async () => {
    // The attacker signs in and keeps the victim from seeing it: the ticket that knows of the sign-in is worth nothing without the session.
    const attacker = new Agent(here.issuer);
    const start = await attacker.get(
      authorizePath({ client_id: 'third', redirect_uri: THIRD.redirectUri, scope: 'openid read', prompt: 'login' }),
    );
    const consent = await attacker.submit(await attacker.get(start.location), BOB);
    assert.match(consent.location, /^\/consent\?/);
    const victim = new Agent(here.issuer);
    assert.match((await victim.get(consent.location)).location, /^\/signin\?/);
    const aliceInside = await signedIn(here.issuer, USER);
    assert.match(
      (await aliceInside.get(consent.location)).name + (await aliceInside.get(consent.location)).location,
      /^consent$|^\/signin\?/,
    );
    const page = await attacker.get(consent.location);
    assert.equal((await aliceInside.submit(page, { decision: 'allow' })).status, 403, "the attacker's form in the victim's browser");
  });
});
