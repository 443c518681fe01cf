import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SPA } from '../attack/sign-ins.ts';
import { Agent, exchange, type Page, pkce } from '../support/agent.ts';
import { BASIC_YAML, freePort, startHufu, type TestHufu } from '../support/hufu.ts';
import { type OidcUpstream, startOidcUpstream, UPSTREAM_SECRET } from '../support/upstreams/oidc-upstream.ts';
import { follow, press, signInThere } from '../support/upstreams/visitor.ts';

describe('oidc-provider as an upstream', () => {
  let hufu: TestHufu;
  let corp: OidcUpstream;
  let port: number;
  before(async () => {
    port = await freePort();
    const people = new Map([
      ['mei', { email: 'mei@corp.example', email_verified: true, name: 'Mei Lin', preferred_username: 'mei.lin' }],
      ['al', { email: 'ALICE@example.com', email_verified: true, name: 'Alice' }],
    ]);
    // The upstream has to know our callback before we know its issuer: both get their ports first.
    const issuer = `http://127.0.0.1:${port}`;
    corp = await startOidcUpstream('hufu', [`${issuer}/signin/with/corp/callback`, `${issuer}/signin/with/posted/callback`], people);
    const entry = `kind: oidc, issuer: '${corp.issuer}', client_id: hufu, client_secret: ${UPSTREAM_SECRET}, create: true`;
    hufu = await startHufu({
      port,
      yaml: `${BASIC_YAML.replace('brute_force: off', 'brute_force: off, outbound: { allow_hosts: [127.0.0.1] }')}
upstreams:
  - { name: corp, ${entry}, label: Corp, domains: [example.com], link: verified_email, trust_amr: true }
  - { name: posted, ${entry}, response_mode: form_post }
`,
    });
  });
  after(async () => {
    await hufu.stop();
    await corp.stop();
  });

  const callback = (name: string): string => `${hufu.issuer}/signin/with/${name}/callback`;

  test('somebody whom it names for the first time gets an account, and the same one each time after (OpenID Connect Core §3.1.3.7, §5.7)', async () => {
    const subjects: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const agent = new Agent(hufu.issuer);
      const back = await agent.get(await signInThere(agent, await press(agent, 'corp'), 'mei', callback('corp')));
      assert.equal(back.status, 303, back.text);
      assert.equal(back.location, '/account');
      assert.equal((await agent.get('/account')).status, 200);
      const user = (await hufu.store.findUserByName(hufu.context.tenant, 'mei.lin')) ?? assert.fail();
      assert.deepEqual(
        [user.source, user.passwordHash, user.claims],
        ['upstream', undefined, { name: 'Mei Lin', email: 'mei@corp.example', email_verified: false }],
      );
      subjects.push(user.sub);
    }
    assert.equal(new Set(subjects).size, 1);
  });

  test('an answer by form comes without our cookies, and is sent once more from our own page (OAuth 2.0 Form Post Response Mode §2)', async () => {
    const agent = new Agent(hufu.issuer);
    const sent = await press(agent, 'posted');
    const signIn = await follow(agent, sent, hufu.issuer);
    const form = await follow(
      agent,
      await agent.post(new URL(signIn.page.action, signIn.url).href, { prompt: 'login', login: 'mei', password: 'x' }),
      signIn.url,
    );
    assert.equal(form.page.action, callback('posted'), form.page.text);
    const cookies = new Map(agent.cookies);
    agent.cookies.clear();
    const relay = await agent.post(form.page.action, form.page.hidden, { 'sec-fetch-site': 'cross-site' });
    for (const [name, value] of cookies) agent.cookies.set(name, value);
    assert.equal(relay.name, 'upstream-return');
    const done = await agent.submit(relay, {});
    assert.deepEqual([done.status, done.location, agent.cookies.has('hufu_session')], [303, '/account', true], done.text);
    // Whoever reads the page cannot send it from elsewhere.
    const other = await new Agent(hufu.issuer).post(callback('posted'), relay.hidden);
    assert.equal(other.status, 403);
  });

  test('a request goes on to its client afterwards, and the ID token says by what somebody signed in (OpenID Connect Core §3.1.2.1, RFC 8176 §2)', async () => {
    const agent = new Agent(hufu.issuer);
    const { verifier, challenge } = pkce();
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'spa',
      redirect_uri: 'https://app.example/cb',
      scope: 'openid',
      state: 'their-state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      prompt: 'login',
    });
    const first = await agent.get(`/oauth/authorize?${query.toString()}`);
    const sent = await press(agent, 'corp', first.location);
    const asked = new URL(sent.location).searchParams;
    assert.deepEqual([asked.get('prompt'), asked.get('max_age'), asked.get('code_challenge_method')], ['login', '0', 'S256']);
    const page = await agent.get(await signInThere(agent, sent, 'mei', callback('corp')));
    assert.equal(page.answer.get('state'), 'their-state', page.location);
    const { body } = await exchange(agent, SPA, { page, verifier });
    const claims = Object(JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString()));
    assert.deepEqual([claims.amr, claims.acr], [['fed'], 'urn:hufu:acr:1']);
    assert.ok(Math.abs(claims.auth_time - Date.now() / 1000) < 60);
  });

  test('where a sign-in has to be fresh, one that the upstream says is old ends in login_required, and one that it says nothing of as well (OpenID Connect Core §3.1.2.1)', async () => {
    for (const auth_time of [Math.floor(Date.now() / 1000) - 3_600, undefined]) {
      const agent = new Agent(hufu.issuer);
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: 'spa',
        redirect_uri: 'https://app.example/cb',
        scope: 'openid',
        code_challenge: pkce().challenge,
        code_challenge_method: 'S256',
        prompt: 'login',
      });
      const first = await agent.get(`/oauth/authorize?${query.toString()}`);
      const url = await signInThere(agent, await press(agent, 'corp', first.location), 'mei', callback('corp'));
      corp.bend = { idToken: (claims) => ({ ...claims, auth_time }) };
      const page = await agent.get(url);
      corp.bend = {};
      assert.equal(page.answer.get('error'), 'login_required', page.location);
      assert.equal(agent.cookies.has('hufu_session'), false);
    }
  });

  test('two factors there count as two where the configuration trusts its word, and as one where it does not (RFC 8176 §2)', async () => {
    for (const [name, amr] of [
      ['corp', ['fed', 'mfa']],
      ['posted', ['fed']],
    ] as const) {
      const agent = new Agent(hufu.issuer);
      const sent = await press(agent, name);
      let page: Page;
      if (name === 'corp') {
        const url = await signInThere(agent, sent, 'strong', callback(name));
        corp.bend = { idToken: (claims) => ({ ...claims, amr: ['pwd', 'mfa'] }) };
        page = await agent.get(url);
      } else {
        const signIn = await follow(agent, sent, hufu.issuer);
        const form = await follow(
          agent,
          await agent.post(new URL(signIn.page.action, signIn.url).href, { prompt: 'login', login: 'strong', password: 'x' }),
          signIn.url,
        );
        corp.bend = { idToken: (claims) => ({ ...claims, amr: ['pwd', 'mfa'] }) };
        page = await agent.post(form.page.action, form.page.hidden);
      }
      corp.bend = {};
      assert.equal(page.status, 303, page.text);
      const identity = await hufu.store.findIdentity(hufu.context.tenant, name, corp.issuer, 'strong');
      const [session] = await hufu.store.listSessions(
        hufu.context.tenant,
        identity?.userId ?? assert.fail(),
        1,
        Math.floor(Date.now() / 1000),
      );
      assert.deepEqual(session?.amr, amr);
    }
  });

  test('a request that is too long to be carried there and back is told so, before anybody is sent', async () => {
    const agent = new Agent(hufu.issuer);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'spa',
      redirect_uri: 'https://app.example/cb',
      scope: 'openid',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      state: 's'.repeat(500),
      something_else: 'x'.repeat(3_000),
    });
    const first = await agent.get(`/oauth/authorize?${query.toString()}`);
    const page = await agent.get(first.location);
    assert.match(page.text, /id="signin-with-none"/);
    assert.doesNotMatch(page.text, /id="signin-with-corp"/);
    assert.equal((await agent.post('/signin/with/corp', page.hidden)).status, 413);
  });

  test('a browser has five sign-ins under way; with the sixth the oldest falls', async () => {
    const agent = new Agent(hufu.issuer);
    const states: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const sent = await press(agent, 'corp');
      states.push(new URL(sent.location).searchParams.get('state') ?? '');
      await hufu.advance('PT1S');
    }
    const kept = [...agent.cookies.keys()].filter((name) => name.startsWith('hufu_up_'));
    assert.deepEqual(
      kept.toSorted(),
      states
        .slice(1)
        .map((state) => `hufu_up_${state.slice(0, 8)}`)
        .toSorted(),
    );
  });
});
