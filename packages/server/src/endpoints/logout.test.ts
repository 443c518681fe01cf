import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { BROWSER, hiddenOf, pageOf } from '../testing/pages.ts';
import { claimsOf, signedIn, tokensOf, type Visitor } from '../testing/visits.ts';
import { openWorld, START } from '../testing/world.ts';
import { logout } from './logout.ts';

const OUT = 'https://app.example/out';

const world = await openWorld();
after(() => world.close());

interface Visit {
  readonly visitor: Visitor;
  /** An ID token of the session. */
  readonly hint: string;
}

async function visit(username = 'alice'): Promise<Visit> {
  const visitor = await signedIn(world, username);
  return { visitor, hint: String((await tokensOf(world, {}, visitor))['id_token']) };
}

function get(visitor: Visitor | undefined, parameters: Readonly<Record<string, string>>): Promise<HttpReply> {
  const cookie = visitor === undefined ? BROWSER : `${BROWSER}; ${visitor.cookie}`;
  return logout(world.ctx, world.http({ path: '/oauth/logout', query: new URLSearchParams(parameters).toString(), headers: { cookie } }));
}

function post(
  visitor: Visitor | undefined,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpReply> {
  const cookie = visitor === undefined ? BROWSER : `${BROWSER}; ${visitor.cookie}`;
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return logout(
    world.ctx,
    world.http({
      method: 'POST',
      path: '/oauth/logout',
      headers: { cookie, ...type, ...headers },
      body: new URLSearchParams(fields).toString(),
    }),
  );
}

async function isSignedIn(visitor: Visitor): Promise<boolean> {
  return (await findBrowserSession(world.ctx, world.http({ headers: { cookie: visitor.cookie } }))) !== undefined;
}

async function refusedOnPage(reply: HttpReply, visitor: Visitor, kind: string, phrase: string, check: string): Promise<void> {
  assert.deepEqual([reply.status, 'location' in reply.headers, 'set-cookie' in reply.headers], [400, false, false]);
  assert.ok(reply.body.toString().includes(phrase));
  const why = await world.why(reply);
  assert.deepEqual([why.failed, why.row.endpoint, why.description], [check, 'logout', phrase], kind);
  assert.equal(await isSignedIn(visitor), true);
}

test('a hint of the session, a registered address and a state: signed out, sent back with the state as it was (RP-Initiated Logout §2, §3)', async () => {
  const { visitor, hint } = await visit();
  const state = 'ä &='.repeat(32);
  const reply = await get(visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT, state, client_id: 'spa' });
  assert.equal(reply.status, 303);
  const location = new URL(String(reply.headers['location']));
  assert.deepEqual([location.origin + location.pathname, [...location.searchParams]], [OUT, [['state', state]]]);
  assert.deepEqual(reply.headers['set-cookie'], [
    '__Host-hufu_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
    '__Host-hufu_browser_state=; Path=/; Max-Age=0; SameSite=None; Secure',
  ]);
  assert.equal(await isSignedIn(visitor), false);
  assert.deepEqual((await world.store.findSession(world.tenant, visitor.session.id))?.endedAt, START);
});

test('what the session gave ends with it (RP-Initiated Logout §2)', async () => {
  const { visitor, hint } = await visit();
  await get(visitor, { id_token_hint: hint });
  const [grant] = (await world.store.listGrants(world.tenant, { userId: visitor.user.id }, 100)).filter(
    ({ sessionId }) => sessionId === visitor.session.id,
  );
  assert.equal(grant, undefined, 'no living grant of it');
});

test('without a state there is none in the address, and a registered query stays (RP-Initiated Logout §3)', async () => {
  const one = await visit();
  assert.equal((await get(one.visitor, { id_token_hint: one.hint, post_logout_redirect_uri: OUT })).headers['location'], OUT);
  const other = await visit();
  const reply = await get(other.visitor, { id_token_hint: other.hint, post_logout_redirect_uri: `${OUT}?x=1`, state: 's' });
  assert.equal(reply.headers['location'], `${OUT}?x=1&state=s`);
});

test('with a hint and no address: signed out, and a page says so (RP-Initiated Logout §3)', async () => {
  for (const extra of [{}, { state: 'only' }]) {
    const { visitor, hint } = await visit();
    const reply = await get(visitor, { id_token_hint: hint, ...extra });
    assert.deepEqual([reply.status, pageOf(reply)], [200, 'signed-out']);
    assert.ok(reply.body.toString().includes('Signed out'));
    assert.equal(await isSignedIn(visitor), false);
  }
});

test('an address that is not registered to the character leads nowhere, and nobody is signed out (RP-Initiated Logout §3)', async () => {
  const { visitor, hint } = await visit();
  for (const uri of [
    `${OUT}/`,
    `${OUT}?x=2`,
    'https://app.example/cb',
    'https://web.example/out',
    'javascript:alert(1)',
    'https://evil.test/',
  ]) {
    const reply = await get(visitor, { id_token_hint: hint, post_logout_redirect_uri: uri });
    await refusedOnPage(reply, visitor, uri, 'post_logout_redirect_uri is not registered', 'logout_redirect_uri');
    assert.equal((await world.why(reply)).detail, uri);
  }
});

test('a hint that is unsigned, changed, signed by somebody else or no ID token is refused (RP-Initiated Logout §2, §4)', async () => {
  const { visitor, hint } = await visit();
  const [header = '', payload = '', signature = ''] = hint.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  const stranger = await openWorld();
  const foreign = stranger.ctx.keys.signerFor('ES256', START)?.sign('JWT', claimsOf(hint)) ?? assert.fail();
  const access = String((await tokensOf(world, {}, visitor))['access_token']);
  for (const bad of [
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    foreign,
    access,
    'x',
  ]) {
    const reply = await get(visitor, { id_token_hint: bad, post_logout_redirect_uri: OUT, state: 's' });
    await refusedOnPage(reply, visitor, bad, 'id_token_hint is not valid', 'logout_hint');
  }
  await stranger.close();
});

test('an expired hint is a hint: whoever signs out late signs out all the same (RP-Initiated Logout §2)', async () => {
  const own = await openWorld();
  const visitor = await signedIn(own);
  const hint = String((await tokensOf(own, {}, visitor))['id_token']);
  own.clock.advance(7 * 86_400_000);
  const reply = await logout(
    own.ctx,
    own.http({
      query: new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: OUT }).toString(),
      headers: { cookie: visitor.cookie },
    }),
  );
  assert.equal(reply.headers['location'], OUT);
  await own.close();
});

test('an address without a hint leads nowhere by itself: an error without a client, a question with one (RP-Initiated Logout §3)', async () => {
  const { visitor } = await visit();
  await refusedOnPage(
    await get(visitor, { post_logout_redirect_uri: OUT }),
    visitor,
    '',
    'id_token_hint is missing',
    'logout_redirect_uri',
  );
  const asked = await get(visitor, { post_logout_redirect_uri: OUT, client_id: 'spa', state: 's' });
  assert.deepEqual([asked.status, pageOf(asked), 'location' in asked.headers], [200, 'logout', false]);
  assert.equal(await isSignedIn(visitor), true);
  const nobody = await get(undefined, { post_logout_redirect_uri: OUT, client_id: 'spa' });
  assert.deepEqual([nobody.status, pageOf(nobody)], [200, 'signed-out']);
});

test('client_id and the hint agree, or the request is refused (RP-Initiated Logout §2)', async () => {
  const { visitor, hint } = await visit();
  const reply = await get(visitor, { id_token_hint: hint, client_id: 'web' });
  await refusedOnPage(reply, visitor, '', 'client_id does not match id_token_hint', 'logout_hint');
});

test('without any parameter the user is asked, and signs out with a click (RP-Initiated Logout §2)', async () => {
  const { visitor } = await visit();
  const asked = await get(visitor, {});
  assert.equal(pageOf(asked), 'logout');
  for (const id of ['logout-confirm', 'logout-cancel']) assert.ok(asked.body.toString().includes(`id="${id}"`), id);
  assert.equal(await isSignedIn(visitor), true);
  const stayed = await post(visitor, { ...hiddenOf(asked), decision: 'stay' });
  assert.deepEqual([stayed.status, stayed.headers['location'], await isSignedIn(visitor)], [303, '/', true]);
  const done = await post(visitor, { ...hiddenOf(asked), decision: 'sign_out' });
  assert.deepEqual([done.status, pageOf(done), await isSignedIn(visitor)], [200, 'signed-out', false]);
  assert.equal(pageOf(await post(visitor, { ...hiddenOf(asked), decision: 'sign_out' })), 'signed-out', 'twice is once');
});

test('the click goes where the client that was named has registered (RP-Initiated Logout §3)', async () => {
  const { visitor } = await visit();
  const asked = await get(visitor, { post_logout_redirect_uri: OUT, client_id: 'spa', state: 's&t' });
  const done = await post(visitor, { ...hiddenOf(asked), decision: 'sign_out' });
  assert.equal(done.headers['location'], `${OUT}?state=s%26t`);
  assert.equal(await isSignedIn(visitor), false);
});

test("the click of another site, of another browser or of a GET is nobody's (RFC 9700 §4.7)", async () => {
  const { visitor } = await visit();
  const hidden = { ...hiddenOf(await get(visitor, {})), decision: 'sign_out' };
  for (const reply of [
    await post(visitor, hidden, { 'sec-fetch-site': 'cross-site' }),
    await post(visitor, { ...hidden, csrf: 'x' }),
    await post(visitor, hidden, { cookie: visitor.cookie }),
    await get(visitor, hidden),
  ]) {
    assert.deepEqual([reply.status, (await world.why(reply)).failed], [403, 'same_site']);
  }
  assert.equal(await isSignedIn(visitor), true);
});

test("somebody else's hint, or one of another session, asks first: no page signs people out (RP-Initiated Logout §2)", async () => {
  const alice = await visit();
  const bob = await visit('bob');
  const elsewhere = await visit();
  for (const hint of [bob.hint, elsewhere.hint]) {
    const reply = await get(alice.visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT });
    assert.deepEqual([pageOf(reply), await isSignedIn(alice.visitor)], ['logout', true]);
  }
});

test('logout_hint and ui_locales are heard and move nobody: the hint of the session decides (RP-Initiated Logout §2)', async () => {
  const { visitor, hint } = await visit();
  const asked = await get(visitor, { logout_hint: 'bob', ui_locales: 'zh-CN' });
  assert.equal(pageOf(asked), 'logout');
  assert.ok(asked.body.toString().includes('<html lang="zh-CN">') && asked.body.toString().includes('Alice Example'));
  const page = await get(visitor, { id_token_hint: hint, logout_hint: 'bob', ui_locales: 'zh-CN fr' });
  assert.equal(pageOf(page), 'signed-out');
  assert.ok(page.body.toString().includes('<html lang="zh-CN">'));
});

test('nobody is signed in: with a hint it goes on to where it was to go (RP-Initiated Logout §3)', async () => {
  const { visitor, hint } = await visit();
  await get(visitor, { id_token_hint: hint });
  const reply = await get(visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT, state: 's' });
  assert.deepEqual([reply.status, reply.headers['location']], [303, `${OUT}?state=s`]);
});

test('a POST is sent on as a GET: across sites it comes without our cookies (RP-Initiated Logout §2)', async () => {
  const { visitor, hint } = await visit();
  const parameters = { id_token_hint: hint, post_logout_redirect_uri: OUT, state: 'ä b' };
  const reply = await post(undefined, parameters, { 'sec-fetch-site': 'cross-site' });
  assert.deepEqual([reply.status, 'set-cookie' in reply.headers], [303, false]);
  const [path, query = ''] = String(reply.headers['location']).split('?');
  assert.deepEqual([path, Object.fromEntries(new URLSearchParams(query))], ['/oauth/logout', parameters]);
  assert.equal(await isSignedIn(visitor), true, 'not yet');
  assert.equal((await get(visitor, Object.fromEntries(new URLSearchParams(query)))).headers['location'], `${OUT}?state=%C3%A4%20b`);
  assert.equal((await post(visitor, {})).headers['location'], '/oauth/logout');
  const long = await post(visitor, { state: 'x'.repeat(9_000) });
  assert.equal(long.status, 413);
});

test('a repeated parameter and a state without end are refused on a page (RFC 6749 §3.1)', async () => {
  const { visitor, hint } = await visit();
  const twice = await logout(
    world.ctx,
    world.http({ path: '/oauth/logout', query: `id_token_hint=${hint}&id_token_hint=${hint}`, headers: { cookie: visitor.cookie } }),
  );
  assert.deepEqual([twice.status, (await world.why(twice)).failed], [400, 'parameters']);
  const long = await get(visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT, state: 'x'.repeat(2_049) });
  assert.deepEqual([long.status, (await world.why(long)).detail], [413, 'state']);
  assert.equal(await isSignedIn(visitor), true);
});
