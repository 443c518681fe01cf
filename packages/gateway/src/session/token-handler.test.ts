import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '@hufu/client/testing/issuer';
import { openMemory } from '@hufu/store/memory';
import { StoreUnavailable } from '@hufu/store/port';
import { type Outage, withOutages } from '@hufu/store/slow';
import { Browser, locationOf, openTokenHandler } from '../testing/token-handler-world.ts';
import { sweep } from './end-session.ts';
import { answerEndpoint, findEndpoint } from './endpoints.ts';
import { findSession } from './find-session.ts';
import { handleOf, isOtherSession } from './session-contents.ts';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

test('a browser signs in and holds one cookie and no token; the page learns who it is (draft-ietf-oauth-browser-based-apps §6.1.2, RFC 9110 §15.4.4)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  assert.deepEqual(await browser.call('/edge/session'), {
    status: 200,
    signed_in: false,
    login_url: '/edge/login',
    logout_url: '/edge/logout',
  });
  const reply = await browser.signIn('?return_to=/notes%3Fa%3D1%23b');
  assert.deepEqual([reply.status, locationOf(reply)], [303, '/notes?a=1#b']);
  const { session } = world.handler.cookies;
  assert.match(session, /^__Host-Http-hufu-[\w-]{8}$/);
  assert.deepEqual([...browser.jar.keys()], [session]);
  const { handle, ...said } = await browser.call('/edge/session');
  assert.match(String(handle), /^[\w-]{22}$/);
  assert.deepEqual(said, {
    status: 200,
    signed_in: true,
    sub: 'mei',
    claims: { name: 'Mei' },
    expires_in: 3_600,
    login_url: '/edge/login',
    logout_url: '/edge/logout',
  });
  const kept = await world.store.findEdgeRecord(world.handler.tenant, 'main', [...browser.jar.values()].join());
  assert.equal(kept, undefined, 'the store knows a hash of the cookie alone');
  for (const header of reply.headers)
    assert.doesNotMatch(header[1], /(?<![\w-])(?:at1|rt1)(?![\w-])/, 'as a word: random ids have letters of any kind');
  assert.ok(
    reply.headers.some(([name, value]) => name === 'set-cookie' && value.endsWith(' Secure; HttpOnly; SameSite=Lax; Max-Age=86400')),
  );
});

test('what the page is shown is asked for, where the issuer can be asked for claims of the ID token (OpenID Connect Core §5.5)', async () => {
  const world = await openTokenHandler();
  const asked = async (): Promise<string | null> =>
    new URL(locationOf(await new Browser(world.handler).ask('/edge/login'))).searchParams.get('claims');
  assert.equal(await asked(), null);
  const other = await openTokenHandler();
  other.issuer.metadata['claims_parameter_supported'] = true;
  const reply = await new Browser(other.handler).ask('/edge/login');
  assert.equal(new URL(locationOf(reply)).searchParams.get('claims'), '{"id_token":{"name":null,"nobody":null}}');
});

test('two sign-ins in two tabs both succeed, and the session of the first ends once the second is kept (attacks SES-01)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  const [one, two] = [await browser.begin('?return_to=/one'), await browser.begin('?return_to=/two')];
  assert.equal(browser.jar.size, 2);
  assert.equal(locationOf(await browser.ask(one)), '/one');
  const first = browser.cookieHeader;
  assert.equal(locationOf(await browser.ask(two)), '/two');
  assert.equal(browser.jar.size, 1);
  assert.equal((await browser.call('/edge/session'))['signed_in'], true);
  const before = await browser.ask('/edge/session', { headers: { 'x-csrf': '1', cookie: first ?? '' } });
  assert.deepEqual([JSON.parse(before.body).signed_in, JSON.parse(before.body).reason], [false, 'renewed']);
  assert.deepEqual(world.revoked(), ['rt1']);
});

test('an answer that comes twice, to two gateways at once, is redeemed once, and both say the same (RFC 6749 §4.1.2)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  const answer = await browser.begin('?return_to=/x');
  const twin = new Browser(world.other);
  for (const [name, value] of browser.jar) twin.jar.set(name, value);
  const replies = await Promise.all([browser.ask(answer), twin.ask(answer)]);
  assert.deepEqual(replies.map(locationOf), ['/x', '/x']);
  assert.deepEqual([...browser.jar], [...twin.jar]);
  assert.equal(world.issuer.asked.filter(({ url }) => url.endsWith('/token')).length, 1);
});

test('a sign-in that the issuer refuses is told to the page by a word, and to the log with the issuer’s own id for it', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  const answer = await browser.begin('?return_to=/here');
  const headers = { 'content-type': 'application/json', 'hufu-decision': '01M82P2HKB24GT7QBS' };
  world.issuer.answers.set('/token', () => new Response('{"error":"invalid_client"}', { status: 401, headers }));
  const reply = await browser.ask(answer);
  assert.equal(locationOf(reply), '/here?edge_error=sign_in_failed');
  assert.deepEqual(reply.failed, {
    code: 'sign_in_failed',
    detail: 'the sign-in did not succeed',
    cause: 'decision 01M82P2HKB24GT7QBS of the issuer: the token endpoint says invalid_client',
  });
  assert.equal((await browser.ask(answer)).failed?.code, 'sign_in_expired', 'its transaction has fallen');
});

test('an answer without its transaction, with another state or an error signs nobody in and nobody out (RFC 9207 §2.4, attacks SES)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  const kept = browser.cookieHeader;
  const answer = await browser.begin('?return_to=/here?q=1');
  const stranger = new Browser(world.handler);
  assert.equal(locationOf(await stranger.ask(answer)), '/?edge_error=sign_in_expired');
  assert.equal(stranger.jar.size, 0);
  assert.equal(locationOf(await browser.ask(`${answer}&state=x`)), '/?edge_error=sign_in_expired');
  const state = new URL(answer, 'https://x').searchParams.get('state') ?? '';
  const mixed = `/edge/callback?code=c&state=${state}&iss=https://evil.example`;
  assert.equal(locationOf(await browser.ask(mixed)), '/here?q=1&edge_error=sign_in_failed');
  assert.equal(browser.cookieHeader, kept);
  for (const [error, told] of [
    ['access_denied', 'access_denied'],
    ['%3Cscript%3E', 'sign_in_failed'],
  ]) {
    const begun = new URL(await browser.begin(), 'https://x');
    const { searchParams } = begun;
    const reply = await browser.ask(`/edge/callback?error=${error}&state=${searchParams.get('state')}&iss=${searchParams.get('iss')}`);
    assert.equal(locationOf(reply), `/?edge_error=${told}`);
  }
  assert.equal(browser.cookieHeader, kept);
  assert.equal((await browser.call('/edge/session'))['signed_in'], true);
});

test('a page that means another session than the cookie is told so', async () => {
  const { handler } = await openTokenHandler();
  const browser = new Browser(handler);
  await browser.signIn();
  const outcome = await findSession(handler, browser.cookieHeader);
  if (outcome.kind !== 'found') assert.fail();
  const handle = handleOf(handler, outcome.session.record.id);
  assert.equal((await browser.call('/edge/session'))['handle'], handle);
  assert.deepEqual(
    [undefined, handle, '', `${handle}x`].map((said) => isOtherSession(handler, outcome.session, said)),
    [false, false, true, true],
  );
});

test('whoever signs in as somebody else than before lands on the front page', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  assert.equal(locationOf(await browser.signIn('?return_to=/mine')), '/mine');
  world.claims = { sub: 'eve', sid: 'sid-2' };
  assert.equal(locationOf(await browser.signIn('?return_to=/mine')), '/');
  assert.equal((await browser.call('/edge/session'))['sub'], 'eve');
});

test('a sign-in is a navigation of this site, and goes on to a path of this host (RFC 9700 §4.11.1, attacks GTW-03)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  const status = async (query: string, headers: Record<string, string> = {}): Promise<number> =>
    (await browser.ask(`/edge/login${query}`, { headers })).status;
  for (const bad of [
    '//evil.example',
    '/%5Cevil',
    '/\\evil',
    'https://evil.example',
    '/a/../b',
    '/a%2Fb',
    '/%00',
    '/edge/logout/end',
    '',
    '/ö',
  ])
    assert.equal(await status(`?return_to=${encodeURIComponent(bad)}`), 400, bad);
  assert.equal(await status(`?return_to=/${'x'.repeat(512)}`), 400);
  assert.equal(await status('?return_to=/a&return_to=/b'), 400);
  assert.equal(await status('?max_age=-1'), 400);
  for (const headers of [{ 'sec-fetch-dest': 'iframe' }, { 'sec-purpose': 'prefetch;prerender' }, { 'sec-fetch-site': 'cross-site' }])
    assert.equal(await status('', headers), 403);
  assert.equal((await browser.ask('/edge/login', { method: 'POST' })).status, 405);
  assert.equal(browser.jar.size, 0);
  assert.equal(await status('?prompt=login', { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }), 303);
});

test('of six sign-ins on their way the oldest falls: cookies have a bound (attacks SES)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  const answers: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    answers.push(await browser.begin(`?return_to=/${index}`));
    world.advance(1);
  }
  assert.equal(browser.jar.size, 5);
  assert.equal(locationOf(await browser.ask(answers[0] ?? '')), '/?edge_error=sign_in_expired');
  assert.equal(locationOf(await browser.ask(answers[1] ?? '')), '/1');
  assert.ok((browser.cookieHeader ?? '').length < 12_000);
});

test('a sign-out clears every cookie, revokes the refresh token, and goes on at the issuer by a ticket that serves once (OpenID Connect RP-Initiated Logout §2)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  await browser.begin();
  assert.equal(browser.jar.size, 2);
  const old = browser.cookieHeader ?? '';
  const { status, location } = await browser.call('/edge/logout', 'POST');
  assert.equal(status, 200);
  assert.match(String(location), /^\/edge\/logout\/end\?t=[\w-]{43}$/);
  assert.deepEqual([...browser.jar.keys()], [world.handler.cookies.signOut]);
  assert.deepEqual(world.revoked(), ['rt1']);
  const stranger = new Browser(world.handler);
  assert.equal(locationOf(await stranger.ask(String(location))), '/');
  const end = new URL(locationOf(await browser.ask(String(location))));
  assert.equal(end.origin + end.pathname, `${world.issuer.issuer}/logout`);
  assert.equal(end.searchParams.get('id_token_hint')?.split('.').length, 3);
  assert.equal(end.searchParams.get('post_logout_redirect_uri'), 'https://app.example/');
  assert.equal(browser.jar.size, 0);
  browser.jar.set(world.handler.cookies.signOut, 'x');
  assert.equal(locationOf(await browser.ask(String(location))), '/');
  const after = await browser.ask('/edge/session', { headers: { 'x-csrf': '1', cookie: old } });
  assert.deepEqual([JSON.parse(after.body).signed_in, JSON.parse(after.body).reason], [false, 'signed_out']);
});

test('whoever has no session any more can sign out nevertheless', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  world.advance(4_000);
  assert.equal((await browser.call('/edge/session'))['reason'], 'expired');
  const { location } = await browser.call('/edge/logout', 'POST');
  const end = new URL(locationOf(await browser.ask(String(location))));
  assert.equal(end.searchParams.get('client_id'), 'app');
  assert.deepEqual([browser.jar.size, world.revoked()], [0, ['rt1']]);
  const { location: again } = await browser.call('/edge/logout', 'POST');
  assert.equal(new URL(locationOf(await browser.ask(String(again)))).searchParams.get('id_token_hint'), null);
});

test('signing out without a session keeps nothing, and leads to the issuer only in the browser that did it', async () => {
  let kept = 0;
  const store = withOutages(await openMemory(), (verb): Outage => {
    if (verb === 'putEdgeRecord') kept += 1;
    return 'none';
  });
  const world = await openTokenHandler({}, store);
  const browser = new Browser(world.handler);
  const { location } = await browser.call('/edge/logout', 'POST');
  assert.equal(kept, 0);
  const stranger = new Browser(world.handler);
  assert.equal(locationOf(await stranger.ask(String(location))), '/');
  assert.match(locationOf(await browser.ask(String(location))), /^https:\/\/.*client_id=app/);
  assert.equal(locationOf(await browser.ask(String(location))), '/', 'once');
});

test('a refresh token that the issuer could not revoke is revoked by the sweep of any gateway, once (RFC 7009 §2.1)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  world.issuer.answers.set('/revoke', () => json(503, {}));
  assert.equal((await browser.call('/edge/logout', 'POST'))['status'], 200);
  assert.equal(await sweep(world.other), 0);
  world.advance(61);
  assert.equal(await sweep(world.other), 0);
  world.issuer.answers.set('/revoke', () => json(200, {}));
  world.advance(121);
  assert.equal(await sweep(world.other), 1);
  assert.deepEqual(world.revoked(), ['rt1', 'rt1', 'rt1']);
  world.advance(1_000);
  assert.equal(await sweep(world.handler), 0);
});

test('requests of other sites read nothing and end nothing: method, Origin and header (draft-ietf-oauth-browser-based-apps §6.1.3.3.1, attacks SES-07)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  for (const [path, method] of [
    ['/edge/session', 'GET'],
    ['/edge/logout', 'POST'],
  ] as const) {
    for (const [origin, isListed] of [
      [undefined, true],
      ['https://app.example', true],
      ['https://www.app.example', true],
      ['null', false],
      ['https://evil.example', false],
      ['https://sub.app.example', false],
      ['http://app.example', false],
    ] as const) {
      for (const csrf of [undefined, '0', '1']) {
        const headers = { ...(origin !== undefined && { origin }), ...(csrf !== undefined && { 'x-csrf': csrf }) };
        const isRight = isListed && csrf === '1';
        if (isRight && method === 'POST') continue;
        const { status } = await browser.ask(path, { method, headers });
        assert.equal(status, isRight ? 200 : 403, `${method} ${origin} ${csrf}`);
      }
    }
  }
  assert.equal((await browser.ask('/edge/logout', { headers: { 'x-csrf': '1' } })).status, 405);
  assert.equal((await browser.call('/edge/session'))['signed_in'], true);
});

test('a logout token ends the session it names at every gateway, or all of a person; a repeat is fine (OpenID Connect Back-Channel Logout §2.5, §2.7, §2.8)', async () => {
  const world = await openTokenHandler();
  const browsers: Browser[] = [];
  for (const [sub, sid] of [
    ['mei', 'sid-1'],
    ['mei', 'sid-2'],
    ['eve', 'sid-3'],
  ]) {
    const browser = new Browser(world.handler);
    world.claims = { sub, sid };
    await browser.signIn();
    browsers.push(browser);
  }
  const tell = async (claims: Record<string, unknown>): Promise<number> => {
    const token = await world.issuer.idToken({ events: EVENTS, jti: 'j', ...claims }, { typ: 'logout+jwt' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return (await new Browser(world.other).ask('/edge/backchannel-logout', { method: 'POST', headers, body: `logout_token=${token}` }))
      .status;
  };
  const living = async (): Promise<unknown[]> =>
    await Promise.all(browsers.map(async (browser) => (await browser.call('/edge/session'))['signed_in']));
  assert.equal(await tell({ sub: 'mei', sid: 'sid-1', events: {} }), 400);
  assert.deepEqual(await living(), [true, true, true]);
  assert.equal(await tell({ sub: 'mei', sid: 'sid-1' }), 200);
  assert.equal(await tell({ sub: 'mei', sid: 'sid-1' }), 200);
  assert.deepEqual(await living(), [false, true, true]);
  assert.equal((await browsers[0]?.call('/edge/session'))?.['reason'], 'signed_out_elsewhere');
  assert.equal(await tell({ sub: 'mei' }), 200);
  assert.deepEqual(await living(), [false, false, true]);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const twice = await new Browser(world.handler).ask('/edge/backchannel-logout', {
    method: 'POST',
    headers,
    body: 'logout_token=a&logout_token=b',
  });
  assert.equal(twice.status, 400);
});

test('a sign-in whose session was signed out before it came back begins none, and its tokens are given back (OpenID Connect Back-Channel Logout §2.7)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  const answer = await browser.begin('?return_to=/x');
  const token = await world.issuer.idToken({ events: EVENTS, jti: 'j', sid: 'sid-1' }, { typ: 'logout+jwt' });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await new Browser(world.other).ask('/edge/backchannel-logout', { method: 'POST', headers, body: `logout_token=${token}` });
  assert.equal(locationOf(await browser.ask(answer)), '/x?edge_error=signed_out');
  assert.deepEqual([browser.jar.size, world.revoked()], [0, ['rt1']]);
});

test('a strict cookie is set by a page of our own that goes on, without a script (draft-ietf-httpbis-rfc6265bis §5.6.7.1)', async () => {
  const world = await openTokenHandler({ sameSite: 'strict' });
  const browser = new Browser(world.handler);
  const reply = await browser.signIn('?return_to=/a?b=1%26c=%222');
  assert.equal(reply.status, 200);
  assert.match(reply.body, /content="0;url=\/a\?b=1&amp;c=%222"/);
  assert.ok(reply.headers.some(([name, value]) => name === 'set-cookie' && value.includes('SameSite=Strict')));
  assert.equal((await browser.call('/edge/session'))['signed_in'], true);
});

test('a session that is used lives on to its absolute end, and looking without sliding is no use', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  for (let hour = 0; hour < 30; hour += 1) {
    world.advance(3_000);
    if ((await browser.call('/edge/session'))['signed_in'] !== true) break;
  }
  assert.equal(world.issuer.nowMs, 1_800_000_000_000 + 29 * 3_000_000);
  const idle = new Browser(world.handler);
  await idle.signIn();
  for (const slide of [true, true, false]) {
    world.advance(1_500);
    assert.equal((await idle.call('/edge/session?slide=false'))['signed_in'], slide);
    world.advance(300);
  }
});

test('a store that is away signs nobody in, nobody out, and no token is left behind', async () => {
  let outage: Outage = 'none';
  let verb = '';
  const store = withOutages(await openMemory(), (name) => (name === verb ? outage : 'none'));
  const world = await openTokenHandler({}, store);
  const browser = new Browser(world.handler);
  await browser.signIn();
  const kept = browser.cookieHeader;
  outage = 'before';
  for (const [name, ask] of [
    ['findEdgeRecord', async () => await browser.call('/edge/session')],
    ['endEdgeRecord', async () => await browser.call('/edge/logout', 'POST')],
  ] as const) {
    verb = name;
    await assert.rejects(ask(), StoreUnavailable);
  }
  const endpoint = findEndpoint('/edge/session') ?? assert.fail();
  verb = 'findEdgeRecord';
  const header = (name: string): string | undefined => ({ cookie: kept, 'x-csrf': '1' })[name];
  const reply = await answerEndpoint(endpoint, world.handler, { method: 'GET', query: new URLSearchParams(), header });
  assert.deepEqual([reply.status, JSON.parse(reply.body).code], [503, 'sessions_unavailable']);
  verb = '';
  assert.equal(browser.cookieHeader, kept);
  const answer = await browser.begin();
  verb = 'putEdgeRecord';
  await assert.rejects(browser.ask(answer), StoreUnavailable);
  assert.deepEqual(world.revoked(), []);
  assert.equal(world.issuer.asked.filter(({ url }) => url.endsWith('/token')).length, 1, 'the code was not spent');
  verb = '';
  assert.equal((await browser.ask(answer)).status, 303);
  assert.equal((await browser.call('/edge/session'))['signed_in'], true);
});

test('the endpoints are where the settings say, and whoever has signed in is not sent back to one of them (attacks GTW-03)', async () => {
  const world = await openTokenHandler({ base: '/console', home: '/console', signedOut: '/console/signed-out' });
  const login = findEndpoint('/console/login', '/console') ?? assert.fail();
  assert.equal(findEndpoint('/edge/login', '/console'), undefined);
  const ask = (query: string) =>
    answerEndpoint(login, world.handler, { method: 'GET', query: new URLSearchParams(query), header: () => undefined });
  const begun = await ask('return_to=/console/keys');
  assert.equal(new URL(locationOf(begun)).searchParams.get('redirect_uri'), 'https://app.example/console/callback');
  for (const path of ['/console/login', '/console/Logout/end', '/console/callback?x', '/edge/login'])
    assert.equal((await ask(`return_to=${encodeURIComponent(path)}`)).status, 400, path);
  const session = findEndpoint('/console/session', '/console') ?? assert.fail();
  const told = await answerEndpoint(session, world.handler, {
    method: 'GET',
    query: new URLSearchParams(),
    header: (name) => (name === 'x-csrf' ? '1' : undefined),
  });
  assert.deepEqual(JSON.parse(told.body), { signed_in: false, login_url: '/console/login', logout_url: '/console/logout' });
  const end = findEndpoint('/console/logout/end', '/console') ?? assert.fail();
  const left = await answerEndpoint(end, world.handler, { method: 'GET', query: new URLSearchParams(), header: () => undefined });
  assert.equal(locationOf(left), '/console/signed-out');
  const callback = findEndpoint('/console/callback', '/console') ?? assert.fail();
  const lost = await answerEndpoint(callback, world.handler, {
    method: 'GET',
    query: new URLSearchParams('state=x'),
    header: () => undefined,
  });
  assert.equal(locationOf(lost), '/console?edge_error=sign_in_expired', 'nobody has signed out');
  await assert.rejects(openTokenHandler({ base: '/console/' }), TypeError);
});
