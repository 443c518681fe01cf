import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { openReceiver, type Receiver } from '@hufu/server/testing/receiver';
import { Agent, authorizeAs, exchange, type Page } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { withSeeds } from '../support/seeds.ts';
import { slowStore } from '../support/slow-store.ts';
import { assertInactive, assertPage, authorizePath, claimsOf } from './expect.ts';
import { arena } from './oracles.ts';
import { API_BASIC, BOB, introspect, refresh, SPA, signedIn, THIRD, THIRD_BASIC, tokensOf, WEB, WEB_BASIC } from './sign-ins.ts';

const OUT = 'https://app.example/out';

function logoutPath(parameters: Readonly<Record<string, string>>): string {
  return `/oauth/logout?${new URLSearchParams(parameters).toString()}`;
}

async function isSignedIn(agent: Agent): Promise<boolean> {
  return (await agent.get(authorizePath({ prompt: 'none' }))).answer.has('code');
}

describe('LOG: who signs out, and where that leads', () => {
  const here = arena();

  test('LOG-01 · an address that is not registered leads nowhere, however near it is to one (RP-Initiated Logout §3)', async () => {
    const agent = await signedIn(here.issuer);
    const { id } = await tokensOf(here.issuer, SPA, undefined, agent);
    for (const uri of [
      `${OUT}?foo=bar`,
      `${OUT}/`,
      `${OUT}#x`,
      'https://app.example/cb',
      'https://APP.example/out',
      'https://app.example/out%2f..',
      'https://app.example.evil.test/out',
      'https://evil.test/',
      'http://app.example/out',
      'javascript:alert(1)//https://app.example/out',
      'data:text/html,<script>alert(1)</script>',
      '//evil.test/',
      '/oauth/authorize',
      `${here.outside}/`,
    ]) {
      const page = await agent.get(logoutPath({ id_token_hint: id, post_logout_redirect_uri: uri, state: 's' }));
      assertPage(page, uri);
      assert.ok(page.text.includes('post_logout_redirect_uri is not registered'), uri);
      const named = await agent.get(logoutPath({ client_id: 'spa', post_logout_redirect_uri: uri }));
      assertPage(named, uri);
    }
    assert.equal(await isSignedIn(agent), true);
  });

  test('LOG-02 · a hint that is unsigned, changed, of another server or no ID token leads nowhere (RP-Initiated Logout §2)', async () => {
    const agent = await signedIn(here.issuer);
    const { id, access } = await tokensOf(here.issuer, SPA, undefined, agent);
    const [header = '', payload = '', signature = ''] = id.split('.');
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = claimsOf(id);
    const bad = [
      `${part({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      `${part({ alg: 'HS256', typ: 'JWT' })}.${payload}.${signature}`,
      `${header}.${part({ ...claims, sub: 'somebody' })}.${signature}`,
      `${header}.${part({ ...claims, iss: 'https://evil.test' })}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -6)}AAAAAA`,
      `${header}.${payload}`,
      access,
      'null',
      '[]',
      'x'.repeat(4_000),
    ];
    for (const hint of bad) {
      const page = await agent.get(logoutPath({ id_token_hint: hint, post_logout_redirect_uri: OUT, state: 's' }));
      assertPage(page, hint.slice(0, 60));
      assert.ok(page.text.includes('id_token_hint is not valid'));
    }
    assert.equal(await isSignedIn(agent), true);
  });

  test('LOG-03 · without parameters somebody is asked, and then told that they are signed out (RP-Initiated Logout §2)', async () => {
    for (const query of ['', '?state=only', '?logout_hint=alice', '?ui_locales=en']) {
      const agent = await signedIn(here.issuer);
      const page = await agent.get(`/oauth/logout${query}`);
      assert.equal(page.name, 'logout', query);
      const done = await agent.submit(page, { decision: 'sign_out' });
      assert.deepEqual([done.name, done.location], ['signed-out', '']);
      assert.match(done.text, /Signed out/);
      assert.equal(await isSignedIn(agent), false);
    }
  });

  test('LOG-04 · no page of others signs anybody out: by link, picture or form there is a question, with a token that they have not (RP-Initiated Logout §2, §6)', async () => {
    const agent = await signedIn(here.issuer);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: 'image/*' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      { referer: 'https://evil.test/', origin: 'https://evil.test' },
    ]) {
      for (const query of ['', `?client_id=spa&post_logout_redirect_uri=${encodeURIComponent(OUT)}`, '?decision=sign_out', '?confirm=1']) {
        assert.equal((await agent.get(`/oauth/logout${query}`, headers)).name, 'logout');
      }
      const sent = await agent.post('/oauth/logout', { decision: 'sign_out' }, headers);
      assert.match(sent.location, /^\/oauth\/logout\?/, 'a form without our token is a request, and is asked about');
      const forged = await agent.post('/oauth/logout', { decision: 'sign_out', csrf: 'x'.repeat(43), request: '' }, headers);
      assert.equal(forged.status, 403);
    }
    assert.equal(await isSignedIn(agent), true);
  });

  test("LOG-05 · somebody else's hint asks, one of another client is refused, and one that has expired is as good as new (RP-Initiated Logout §2)", async () => {
    const agent = await signedIn(here.issuer);
    const mine = await tokensOf(here.issuer, SPA, undefined, agent);
    const theirs = await tokensOf(here.issuer, SPA, undefined, await signedIn(here.issuer, BOB), BOB);
    const elsewhere = await tokensOf(here.issuer, SPA, undefined, await signedIn(here.issuer));
    for (const { id } of [theirs, elsewhere])
      assert.equal((await agent.get(logoutPath({ id_token_hint: id, post_logout_redirect_uri: OUT }))).name, 'logout');
    const mixed = await agent.get(logoutPath({ id_token_hint: mine.id, client_id: 'web' }));
    assertPage(mixed);
    assert.ok(mixed.text.includes('client_id does not match id_token_hint'));
    assert.equal(await isSignedIn(agent), true);
    await here.hufu.advance('PT3H');
    const gone = await agent.get(logoutPath({ id_token_hint: mine.id, post_logout_redirect_uri: OUT, state: 's' }));
    assert.equal(gone.location, `${OUT}?state=s`);
    assert.equal(await isSignedIn(agent), false);
  });

  test('LOG-12 · a state comes back as it was, and nothing of a request runs on a page (RP-Initiated Logout §3)', async () => {
    for (const state of [
      'x'.repeat(128),
      '"><script>alert(1)</script>',
      "'-alert(1)-'",
      '\r\nSet-Cookie: a=b',
      'javascript:alert(1)',
      '虎符 &=+%20#?',
      '</script><svg onload=alert(1)>',
    ]) {
      const agent = await signedIn(here.issuer);
      const { id } = await tokensOf(here.issuer, SPA, undefined, agent);
      for (const name of ['logout_hint', 'ui_locales', 'client_id', 'state']) {
        const page = await new Agent(here.issuer).get(logoutPath({ [name]: state }));
        assert.doesNotMatch(page.text, /<script|<svg onload|alert\(1\)/, name);
      }
      const gone = await agent.get(logoutPath({ id_token_hint: id, post_logout_redirect_uri: OUT, state }));
      const url = new URL(gone.location);
      assert.deepEqual(
        [url.origin + url.pathname, url.searchParams.getAll('state'), [...url.searchParams.keys()]],
        [OUT, [state], ['state']],
      );
      assert.equal(gone.headers.get('set-cookie')?.includes('a=b'), false);
    }
  });
});

const FRONT = `
  - client_id: framed
    token_endpoint_auth_method: none
    redirect_uris: [https://framed.example/cb]
    post_logout_redirect_uris: [https://framed.example/out]
    grant_types: [authorization_code]
    frontchannel_logout_uri: 'https://framed.example/bye?a="b"'
    hufu: { first_party: true }`;

describe('LOG: clients that are told by the browser', () => {
  const framed = { clientId: 'framed', redirectUri: 'https://framed.example/cb', scope: 'openid' };
  const here = arena({ yaml: BASIC_YAML.replace('clients:', `clients: ${FRONT.replaceAll('"', '%22')}`) });

  test('LOG-12 · a frame is of a registered https address and no other, and payloads around it are inert (Front-Channel Logout §3)', async () => {
    for (const state of [
      '"><iframe src=https://evil.test>',
      "';alert(1)//",
      '</script><script>alert(1)</script>',
      '0;url=javascript:alert(1)',
    ]) {
      const agent = await signedIn(here.issuer);
      const { id } = await tokensOf(here.issuer, framed, undefined, agent);
      const gone = await agent.get(
        logoutPath({
          id_token_hint: id,
          post_logout_redirect_uri: 'https://framed.example/out',
          state,
          frontchannel_logout_uri: here.outside,
        }),
      );
      const page = await agent.get(gone.location);
      assert.equal(page.name, 'signing-out');
      const frames = [...page.text.matchAll(/<iframe\b[^>]* src="([^"]*)"/g)].map(([, src = '']) => src.replaceAll('&amp;', '&'));
      const sid = String(claimsOf(id)['sid']);
      assert.deepEqual(frames, [`https://framed.example/bye?a=%22b%22&iss=${encodeURIComponent(here.issuer)}&sid=${sid}`]);
      assert.equal([...page.text.matchAll(/<script\b/g)].length, 1);
      assert.doesNotMatch(page.text, /alert\(1\)|evil\.test"/);
      assert.match(page.headers.get('content-security-policy') ?? '', /; frame-src https:\/\/framed\.example$/);
    }
  });

  test('LOG-12 · nobody makes the page lead elsewhere or tell others: its address is sealed, for one browser (RFC 9700 §4.11)', async () => {
    const attacker = await signedIn(here.issuer, BOB);
    const { id } = await tokensOf(here.issuer, framed, undefined, attacker, BOB);
    const { location } = await attacker.get(logoutPath({ id_token_hint: id, post_logout_redirect_uri: 'https://framed.example/out' }));
    const victim = await signedIn(here.issuer);
    assert.equal((await victim.get(location)).location, '/', "the attacker's page in the victim's browser");
    assert.equal(await isSignedIn(victim), true);
    const [path, query = ''] = location.split('?request=');
    const [body = '', seal = ''] = query.split('.');
    const parts: unknown[] = JSON.parse(Buffer.from(body, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify(parts.with(2, 'https://evil.test/'))).toString('base64url');
    for (const text of [`${forged}.${seal}`, `${body}.`, `${body}.${'A'.repeat(43)}`, 'x.y', '%00', 'x'.repeat(7_500)]) {
      const page = await attacker.get(`${path}?request=${text}`);
      assert.deepEqual([page.name, /<iframe|evil\.test/.test(page.text)], ['signed-out', false], text.slice(0, 30));
    }
  });
});

describe('LOG: clients that are told from here', () => {
  let receiver: Receiver;
  let held: ServerResponse[] = [];
  let answer: (reply: ServerResponse) => void = (reply) => void reply.writeHead(200).end();
  before(async () => {
    receiver = await openReceiver((_, reply) => answer(reply));
  });
  after(() => receiver.close());
  // The receiver's port is known once it is open: the configuration is read after that.
  const here = arena({
    get yaml() {
      return `${BASIC_YAML.replace(
        'policies: { brute_force: off }',
        "policies: { brute_force: off, outbound: { allow_hosts: ['127.0.0.1'] } }",
      )
        .replace('- client_id: spa\n', `- client_id: spa\n    backchannel_logout_uri: ${receiver.origin}/spa\n`)
        .replace('- client_id: third\n', `- client_id: third\n    backchannel_logout_uri: ${receiver.origin}/third\n`)}`;
    },
  });

  async function heardAfter(before: number, count: number): Promise<readonly { readonly path: string; readonly token: string }[]> {
    const all = await receiver.count(before + count);
    return all.slice(before).map(({ path, fields }) => ({ path, token: fields.get('logout_token') ?? '' }));
  }

  test('LOG-06 · after a sign-out the cookie is dead, tokens that live with the session are dead, and clients have been told (Back-Channel Logout §2.7)', async () => {
    const agent = await signedIn(here.issuer);
    const stolen = new Map(agent.cookies);
    const spa = await tokensOf(here.issuer, SPA, undefined, agent);
    const offline = await tokensOf(
      here.issuer,
      { ...THIRD, scope: 'openid read offline_access', parameters: { prompt: 'consent' } },
      THIRD_BASIC,
      agent,
    );
    const already = receiver.heard.length;
    const gone = await agent.get(logoutPath({ id_token_hint: spa.id, post_logout_redirect_uri: OUT }));
    assert.equal(gone.location, OUT);
    assert.equal(gone.headers.get('cache-control'), 'no-store');
    const thief = new Agent(here.issuer);
    for (const [name, value] of stolen) thief.cookies.set(name, value);
    assert.equal(await isSignedIn(thief), false);
    assert.equal((await thief.get('/account')).location, '/signin');
    assert.equal((await refresh(here.issuer, spa.refresh, SPA)).body['error'], 'invalid_grant');
    assertInactive(await introspect(here.issuer, spa.access, API_BASIC));
    assert.equal((await refresh(here.issuer, offline.refresh, THIRD, THIRD_BASIC)).status, 200, 'what is offline was asked for apart');
    const told = await heardAfter(already, 2);
    assert.deepEqual(told.map(({ path }) => path).sort(), ['/spa', '/third']);
  });

  test('LOG-08 · a logout token is for one client, of two minutes, unlike any other and unlike an ID token (Back-Channel Logout §2.4)', async () => {
    const agent = await signedIn(here.issuer);
    const spa = await tokensOf(here.issuer, SPA, undefined, agent);
    await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent);
    const already = receiver.heard.length;
    await agent.get(logoutPath({ id_token_hint: spa.id }));
    const told = await heardAfter(already, 2);
    for (const { path, token } of told) {
      const claims = claimsOf(token);
      const header: Record<string, unknown> = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
      assert.equal(header['typ'], 'logout+jwt');
      assert.match(String(header['alg']), /^(?:RS|ES)256$/);
      assert.deepEqual([claims['iss'], claims['aud']], [here.issuer, path.slice(1)]);
      assert.equal('nonce' in claims, false);
      assert.ok(Number(claims['exp']) - Number(claims['iat']) <= 120);
      assert.deepEqual(claims['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} });
      assert.deepEqual([claims['sid'], claims['sub']], [claimsOf(spa.id)['sid'], claimsOf(spa.id)['sub']]);
      // In an ID token's place, or an access token's, it is nothing.
      const again = await signedIn(here.issuer);
      assertPage(await again.get(logoutPath({ id_token_hint: token, post_logout_redirect_uri: OUT })));
      assert.equal((await fetch(`${here.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status, 401);
    }
    assert.equal(new Set(told.map(({ token }) => claimsOf(token)['jti'])).size, 2);
  });

  test('LOG-10 · clients that hang, fail or redirect keep nobody waiting, and are tried a bounded number of times (Back-Channel Logout §2.8)', async () => {
    const already = receiver.heard.length;
    for (const [what, act] of [
      ['hangs', (reply: ServerResponse) => void held.push(reply)],
      ['fails', (reply: ServerResponse) => void reply.writeHead(500).end('x'.repeat(100_000))],
      ['redirects', (reply: ServerResponse) => void reply.writeHead(307, { location: here.outside }).end()],
    ] as const) {
      answer = act;
      const agent = await signedIn(here.issuer);
      const spa = await tokensOf(here.issuer, SPA, undefined, agent);
      const gone = await agent.get(logoutPath({ id_token_hint: spa.id, post_logout_redirect_uri: OUT }));
      assert.equal(gone.location, OUT, what);
      assert.equal(await isSignedIn(agent), false, what);
    }
    await receiver.count(already + 1);
    for (const reply of held) reply.destroy();
    held = [];
    answer = (reply) => void reply.writeHead(500).end();
    // Two days later each is tried once more, and given up.
    const { store, context } = here.hufu;
    await here.hufu.advance('P2D');
    while ((await store.listDeadDeliveries(context.tenant, 10)).length < 3) {
      // Whoever signs out here wakes what waits.
      const passer = await signedIn(here.issuer, BOB);
      await passer.submit(await passer.get('/oauth/logout'), { decision: 'sign_out' });
    }
    const tried = receiver.heard.length - already;
    assert.ok(tried <= 9, `${tried} attempts`);
    await here.hufu.advance('P2D');
    const passer = await signedIn(here.issuer, BOB);
    await passer.submit(await passer.get('/oauth/logout'), { decision: 'sign_out' });
    assert.deepEqual(await store.takeDeliveries(context.tenant, 10, 1, Math.floor(context.clock.nowMs() / 1000)), []);
    assert.equal(receiver.heard.length - already, tried);
  });
});

describe('LOG: signing out in the midst of other things', () => {
  let slow: ReturnType<typeof slowStore> | undefined;
  const here = arena({
    wrap(store) {
      slow = slowStore(store);
      return slow.store;
    },
  });

  test('LOG-13 · racing with a refresh and with a code, nothing of the session stays but what was declared offline (product 3.2)', () =>
    withSeeds(12, async (seed) => {
      slow?.slowDown(0, 0);
      const agent = await signedIn(here.issuer);
      const spa = await tokensOf(here.issuer, SPA, undefined, agent);
      const code = await authorizeAs(agent, WEB, USER);
      slow?.slowDown(seed, 3);
      const [, refreshed, exchanged] = await Promise.all([
        agent.get(logoutPath({ id_token_hint: spa.id })),
        refresh(here.issuer, spa.refresh, SPA),
        exchange(new Agent(here.issuer), WEB, code, WEB_BASIC),
      ]);
      slow?.slowDown(0, 0);
      for (const reply of [refreshed, exchanged]) assert.ok([200, 400].includes(reply.status), JSON.stringify(reply.body));
      for (const token of [spa.access, refreshed.body['access_token'], exchanged.body['access_token']])
        if (typeof token === 'string') assertInactive(await introspect(here.issuer, token, API_BASIC), `seed ${seed}`);
      for (const [reply, request, basic] of [
        [refreshed, SPA, undefined],
        [exchanged, WEB, WEB_BASIC],
      ] as const) {
        const token = reply.body['refresh_token'];
        if (typeof token === 'string') assert.equal((await refresh(here.issuer, token, request, basic)).body['error'], 'invalid_grant');
      }
      assert.equal((await refresh(here.issuer, spa.refresh, SPA)).body['error'], 'invalid_grant');
      const again: Page = (await authorizeAs(agent, { ...WEB, parameters: { prompt: 'none' } }, USER)).page;
      assert.equal(again.answer.get('error'), 'login_required');
    }));
});
