import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, type Page } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { BOB, refresh, SPA, signedIn, THIRD, THIRD_BASIC, tokensOf } from './sign-ins.ts';

describe('CON: forms and frames', () => {
  const here = arena();
  const askThird = authorizePath({ client_id: 'third', redirect_uri: THIRD.redirectUri, scope: 'openid read', prompt: 'consent' });

  interface Victim {
    readonly agent: Agent;
    readonly page: Page;
    readonly fields: Record<string, string>;
    /** What must be as it was. */
    unchanged(): Promise<void>;
  }

  /** The forms there are, each open in a browser that is signed in, with what sends it. */
  const forms: Readonly<Record<string, () => Promise<Victim>>> = {
    consent: async () => {
      const agent = await signedIn(here.issuer);
      const { store, context } = here.hufu;
      const user = (await store.findUserByName(context.tenant, USER.username)) ?? assert.fail();
      const page = await agent.get((await agent.get(askThird)).location);
      const count = async (): Promise<number> =>
        (await store.listConsents(context.tenant, user.id)).length +
        (await store.listGrants(context.tenant, { userId: user.id }, 1_000)).length;
      const before = await count();
      return { agent, page, fields: { decision: 'allow' }, unchanged: async () => assert.equal(await count(), before) };
    },
    signin: async () => {
      const agent = new Agent(here.issuer);
      return {
        agent,
        page: await agent.get('/signin'),
        fields: { ...USER },
        unchanged: async () => assert.equal(agent.cookies.has('hufu_session'), false),
      };
    },
    account: async () => {
      const agent = await signedIn(here.issuer);
      const tokens = await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent);
      const page = await agent.get('/account');
      const unchanged = async (): Promise<void> =>
        assert.equal((await refresh(here.issuer, tokens.refresh, THIRD, THIRD_BASIC)).status, 200, 'still has access');
      return { agent, page, fields: {}, unchanged };
    },
    logout: async () => {
      const agent = await signedIn(here.issuer);
      const page = await agent.get('/oauth/logout');
      assert.equal(page.name, 'logout');
      const unchanged = async (): Promise<void> =>
        assert.ok((await agent.get(authorizePath({ prompt: 'none' }))).answer.has('code'), 'still signed in');
      return { agent, page, fields: { decision: 'sign_out' }, unchanged };
    },
  };

  for (const [name, open] of Object.entries(forms)) {
    test(`CON-02 · the ${name} form is taken from our own page in the same browser alone, and refusing it does nothing (RFC 9700 §4.7, RFC 6819 §5.3.5)`, async () => {
      const { agent, page, fields, unchanged } = await open();
      const attacker = await signedIn(here.issuer, BOB);
      const theirs = (await attacker.get('/signin')).hidden['csrf'] ?? '';
      const good = { ...page.hidden, ...fields };
      const csrf = good['csrf'] ?? '';
      assert.equal(csrf.length, 43);
      const tries: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
        ['empty', { ...good, csrf: '' }, {}],
        ["another browser's", { ...good, csrf: theirs }, {}],
        ['changed', { ...good, csrf: (csrf.startsWith('A') ? 'B' : 'A') + csrf.slice(1) }, {}],
        ['cut', { ...good, csrf: csrf.slice(0, 42) }, {}],
        ['longer', { ...good, csrf: `${csrf}A` }, {}],
        ['from another site', good, { 'sec-fetch-site': 'cross-site' }],
        ['from a sibling', good, { 'sec-fetch-site': 'same-site' }],
      ];
      for (const [what, sent, headers] of tries) {
        const answer = await agent.post(page.action, sent, headers);
        if (name === 'logout' && what === 'empty') {
          // No token is no answer to our page but a request to sign out, which is asked about.
          assert.equal((await agent.get(answer.location)).name, 'logout', what);
        } else {
          assert.equal(answer.status, 403, `${what}: ${answer.status} ${answer.location}`);
          assert.equal(answer.location, '', what);
        }
        await unchanged();
      }
      const { csrf: _dropped, ...without } = good;
      const bare = await agent.post(page.action, without);
      assert.ok(bare.status === 403 || (name === 'logout' && (await agent.get(bare.location)).name === 'logout'), String(bare.status));
      await unchanged();
      // What a form of another site can send without asking: text that looks like JSON or like a form.
      for (const type of [
        'text/plain',
        'application/json',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded;charset=utf-16',
      ]) {
        const reply = await agent.post(page.action, good, { 'content-type': type });
        assert.ok([400, 403, 415].includes(reply.status), `${type}: ${reply.status}`);
        await unchanged();
      }
      // Nor by an address: a link does nothing.
      const linked = await agent.get(`${page.action}?${new URLSearchParams(good).toString()}`);
      assert.ok(linked.status === 403 || linked.name === name, `${linked.status} ${linked.name}`);
      await unchanged();
      // In another browser that knows the token, and in this one with the other's cookie.
      assert.equal((await attacker.post(page.action, good)).status, 403);
      const stranger = await new Agent(here.issuer).post(page.action, good);
      assert.ok(stranger.status === 403 || stranger.location === '/signin', String(stranger.status));
      await unchanged();
      const honest = await agent.post(page.action, good, { 'sec-fetch-site': 'same-origin' });
      assert.ok(honest.status === 303 || honest.status === 200, `the honest form: ${honest.status}`);
    });
  }

  test("CON-02 · a token of one form does not serve another, nor another person's in the same browser (RFC 9700 §4.7)", async () => {
    const agent = await signedIn(here.issuer);
    const consent = await agent.get((await agent.get(askThird)).location);
    const signin = await agent.get('/signin');
    const logout = await agent.get('/oauth/logout');
    const tokens = [consent, signin, logout].map((page) => page.hidden['csrf'] ?? '');
    assert.equal(new Set(tokens).size, 3);
    for (const [page, fields, foreign] of [
      [consent, { decision: 'allow' }, tokens[1]],
      [consent, { decision: 'allow' }, tokens[2]],
      [signin, { ...USER }, tokens[0]],
      [logout, { decision: 'sign_out' }, tokens[0]],
    ] as const) {
      assert.equal((await agent.post(page.action, { ...page.hidden, ...fields, csrf: foreign ?? '' })).status, 403);
    }
    // Somebody else signs in in another tab: the page that asked the first one does not speak for the second.
    await agent.submit(signin, BOB);
    assert.equal((await agent.submit(consent, { decision: 'allow' })).status, 403);
    const { store, context } = here.hufu;
    const bob = (await store.findUserByName(context.tenant, BOB.username)) ?? assert.fail();
    assert.deepEqual(await store.listConsents(context.tenant, bob.id), []);
  });

  test('CON-02 · signing out needs a click, or the ID token of this very session (OpenID Connect RP-Initiated Logout §2, §6)', async () => {
    const alice = await signedIn(here.issuer);
    const mine = await tokensOf(here.issuer, SPA, undefined, alice);
    const bob = await signedIn(here.issuer, BOB);
    const theirs = await tokensOf(here.issuer, SPA, undefined, bob, BOB);
    const otherSession = await tokensOf(here.issuer, SPA, undefined, await signedIn(here.issuer));
    for (const query of [
      '',
      `?id_token_hint=${theirs.id}`,
      `?id_token_hint=${otherSession.id}`,
      '?client_id=spa&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fout',
    ]) {
      const page = await alice.get(`/oauth/logout${query}`);
      assert.equal(page.name, 'logout', query.slice(0, 30));
      assert.ok((await alice.get(authorizePath({ prompt: 'none' }))).answer.has('code'), 'still signed in');
    }
    assert.equal((await refresh(here.issuer, theirs.refresh, SPA)).status, 200, "somebody else's hint signs nobody out");
    const gone = await alice.get(`/oauth/logout?id_token_hint=${mine.id}`);
    assert.equal(gone.name, 'signed-out');
    assert.equal((await alice.get(authorizePath({ prompt: 'none' }))).answer.get('error'), 'login_required');
  });

  test('CON-09 · no page can be framed, none runs a script but ours, and none leaks its address (RFC 9700 §4.16, §4.2.4)', async () => {
    const agent = await signedIn(here.issuer);
    const tokens = await tokensOf(here.issuer, SPA, undefined, agent);
    const consent = await agent.get((await agent.get(askThird)).location);
    const done = await agent.submit(consent, { decision: 'allow' });
    assert.ok(done.answer.has('code'));
    const pages: Readonly<Record<string, Page>> = {
      signin: await new Agent(here.issuer).get('/signin'),
      'a wrong password': await agent.submit(await agent.get('/signin'), { ...USER, password: 'wrong' }),
      consent,
      completed: await agent.submit(consent, { decision: 'allow' }),
      logout: await agent.get('/oauth/logout'),
      'an error': await agent.get('/oauth/authorize'),
      'a refused form': await agent.post('/consent', { csrf: 'x' }),
      'nothing there': await agent.get('/nowhere'),
      'no such method': await agent.post('/', {}),
      home: await agent.get('/'),
      account: await agent.get('/account'),
      'form-post': await agent.get(authorizePath({ response_mode: 'form_post' })),
      'form-post with an error': await agent.get(authorizePath({ response_mode: 'form_post', response_type: 'x' })),
      'signed-out': await agent.get(`/oauth/logout?id_token_hint=${tokens.id}`),
    };
    for (const [name, page] of Object.entries(pages)) {
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/, name);
      assert.equal(page.headers.get('x-frame-options'), 'DENY', name);
      assert.match(policy, /(?:^|; )frame-ancestors 'none'(?:;|$)/, name);
      assert.match(policy, /^default-src 'none';/, name);
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer', name);
      assert.equal(page.headers.get('cache-control'), 'no-store', name);
      const scripts = [...page.text.matchAll(/<script\b[^>]*>/g)];
      if (name.startsWith('form-post')) {
        const nonce = /script-src 'nonce-([\w-]{22,})'/.exec(policy)?.[1] ?? assert.fail(policy);
        assert.deepEqual(
          scripts.map(([tag]) => tag.includes(`nonce="${nonce}"`)),
          [true],
          name,
        );
      } else if (scripts.length > 0) {
        // A file of ours that improves the page: by the nonce of this reply, or by its very path.
        const nonce = /script-src[^;]* 'nonce-([\w-]{22,})'/.exec(policy)?.[1];
        for (const [tag] of scripts) {
          const path = / src="(\/assets\/[\w.-]+\.js)"/.exec(tag)?.[1] ?? assert.fail(tag);
          assert.ok(tag.includes(`nonce="${nonce}"`) || policy.includes(path), name);
        }
        assert.doesNotMatch(page.text, /<script\b[^>]*>[^<]/, name);
      } else {
        assert.doesNotMatch(policy, /script-src/, name);
      }
      assert.doesNotMatch(page.text, /\son\w+="|javascript:|<base\b|<iframe|http-equiv/i, name);
    }
    const nonces = await Promise.all(
      [1, 2, 3].map(async () =>
        (await new Agent(here.issuer).get(authorizePath({ response_mode: 'form_post', prompt: 'none' }))).headers.get(
          'content-security-policy',
        ),
      ),
    );
    assert.equal(new Set(nonces).size, 3, 'a fresh nonce each time');
    assert.ok((await authorizeAs(agent, SPA, USER)).page.answer.has('code'));
  });
});
