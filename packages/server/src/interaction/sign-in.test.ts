import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { StoreUnavailable } from '@hufu/store/port';
import { type Passwords, passwords } from '../accounts/passwords.ts';
import { token } from '../endpoints/token.ts';
import type { HttpReply } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { answerOf, ask, claimsOf, post, signedIn, tokensOf, VERIFIER } from '../testing/visits.ts';
import { API, BASIC_YAML, CHEAP_HASH, openWorld, PASSWORD, START, START_MS, type World, type WorldOptions } from '../testing/world.ts';
import { signInGet, signInPost } from './sign-in.ts';

const RIGHT = { username: 'alice', password: PASSWORD };

/** One thread for all, and no hash is made anew: what that costs is not what these tests are about. */
const cheap: Passwords = { ...passwords(), isOutdated: () => false };
after(() => cheap.close());

async function openCheap(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  return { ...world, ctx: { ...world.ctx, passwords: cheap } };
}

/** The page for an authorization request, as a browser that has been here before sees it. */
async function pageFor(world: World, part: Record<string, string> = {}): Promise<HttpReply> {
  const sent = await ask(world, undefined, part);
  assert.match(String(sent.headers['location']), /^\/signin\?request=/);
  return signInGet(world.ctx, getOf(world, sent));
}

function send(world: World, page: HttpReply, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<HttpReply> {
  return signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(page), ...fields }, headers));
}

test('a request that has nobody signed in leads to the page, which leads back with a code (OpenID Connect Core §3.1.2.3)', async () => {
  const world = await openCheap();
  const page = await pageFor(world, { login_hint: 'alice@example.com', nonce: 'n' });
  assert.deepEqual([page.status, pageOf(page), page.headers['cache-control']], [200, 'signin', 'no-store']);
  assert.match(page.body.toString(), /name="username"[^>]* value="alice@example\.com"/);
  const reply = await send(world, page, RIGHT);
  assert.equal(reply.status, 303);
  assert.deepEqual([...answerOf(reply).keys()], ['code', 'session_state', 'state', 'iss']);
  const cookie = cookieOf(reply, 'session') ?? assert.fail();
  const found = await findBrowserSession(world.ctx, world.http({ headers: { cookie } }));
  assert.deepEqual([found?.user.username, found?.session.amr, found?.session.authTime], ['alice', ['pwd'], START]);
  const exchanged = await post(world, token, {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answerOf(reply).get('code') ?? '',
    code_verifier: VERIFIER,
  });
  assert.equal(claimsOf(exchanged.json['id_token'])['nonce'], 'n');
  await world.close();
});

test('an unknown user, a wrong password, a disabled and a nameless one look the same, and are one check in the record (attacks USR-01)', async () => {
  const world = await openCheap();
  const bob = await signedIn(world, 'bob');
  await world.store.setUserEnabled(world.tenant, bob.user.id, false, START);
  const page = await pageFor(world);
  const texts = new Set<string>();
  for (const fields of [
    { username: 'nobody', password: PASSWORD },
    { username: 'alice', password: 'wrong' },
    { username: 'bob', password: PASSWORD },
    { username: '', password: '' },
  ]) {
    const reply = await send(world, page, fields);
    assert.deepEqual(
      [reply.status, pageOf(reply), cookieOf(reply, 'session'), cookieOf(reply, 'known')],
      [401, 'signin', undefined, undefined],
    );
    if (fields.username !== '') texts.add(reply.body.toString().replaceAll(/value="[^"]*"/g, ''));
    const why = await world.why(reply);
    assert.deepEqual(
      [why.failed, why.description, why.detail, why.row.endpoint],
      ['credentials', 'wrong user name or password', 'wrong user name or password', 'signin'],
    );
  }
  assert.equal(texts.size, 1);
  await world.close();
});

test('a password is right however the keyboard writes its letters, and as it was hashed before (RFC 8265 §4.2.2)', async () => {
  const world = await openCheap();
  const [composed, decomposed] = ['p\u00e4ssw\u00f6rd', 'pa\u0308sswo\u0308rd'];
  for (const [username, hashed] of [
    ['carol', composed],
    ['dave', decomposed],
  ] as const) {
    await world.store.createUser(world.tenant, { sub: username, username, passwordHash: await cheap.hash(hashed), claims: {} }, START);
    assert.equal((await send(world, await pageFor(world), { username, password: hashed })).status, 303, 'as before');
  }
  assert.equal((await send(world, await pageFor(world), { username: 'carol', password: decomposed })).status, 303);
  assert.equal((await send(world, await pageFor(world), { username: 'carol', password: 'passw\u00f6rd' })).status, 401);
  await world.close();
});

test('the page leads to sign-up where people make their own accounts, and the client names nobody', async () => {
  const closed = await openCheap();
  assert.doesNotMatch((await pageFor(closed)).body.toString(), /signup/);
  const world = await openCheap({ yaml: `${BASIC_YAML}\npolicies: { sign_up: open }` });
  assert.match((await pageFor(world)).body.toString(), /href="\/signup\?request=[^"]+"/);
  const id = String((await tokensOf(world))['id_token']);
  assert.doesNotMatch((await pageFor(world, { id_token_hint: id })).body.toString(), /signup/);
  for (const one of [closed, world]) await one.close();
});

test('a name in other letters is the same name, and a new browser is remembered for it', async () => {
  const world = await openCheap();
  const page = await signInGet(world.ctx, getOf(world, '/signin', ''));
  const browser = cookieOf(page, 'browser') ?? assert.fail();
  const reply = await send(world, page, { username: 'ALICE', password: PASSWORD }, { cookie: browser });
  assert.deepEqual([reply.status, reply.headers['location']], [303, '/account']);
  assert.ok(cookieOf(reply, 'known'));
  await world.close();
});

test('who fails too often waits, and is told how long; the browser that knows the account does not (RFC 6585 §4)', async () => {
  const world = await openCheap();
  const page = await pageFor(world);
  const known = cookieOf(await send(world, await pageFor(world), RIGHT), 'known') ?? assert.fail();
  for (let i = 0; i < 5; i++) assert.equal((await send(world, page, { ...RIGHT, password: 'wrong' })).status, 401);
  const slowed = await send(world, page, RIGHT);
  assert.deepEqual([slowed.status, slowed.headers['retry-after'], pageOf(slowed)], [429, '60', 'signin']);
  assert.deepEqual(
    [(await world.why(slowed)).failed, (await world.why(slowed)).detail],
    ['sign_in_throttle', 'limit sign-in-source-account'],
  );
  assert.equal((await send(world, page, RIGHT, { cookie: `${BROWSER}; ${known}` })).status, 303);
  await world.close();
});

test('a password with weaker parameters is hashed anew at a sign-in, a changed one is not touched (attacks CRY-08)', async () => {
  const world = await openWorld();
  const before = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  assert.equal(before.passwordHash, CHEAP_HASH);
  await send(world, await pageFor(world), RIGHT);
  const after = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  assert.match(after.passwordHash ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(after.passwordChangedAt, before.passwordChangedAt, 'no change of password: nothing is revoked');
  assert.equal((await send(world, await pageFor(world), RIGHT)).status, 303);
  assert.equal((await world.store.findUserByName(world.tenant, 'alice'))?.passwordHash, after.passwordHash, 'once');
  await world.close();
});

test('a sign-in for prompt=login or max_age counts for that request alone (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openCheap();
  for (const part of [{ prompt: 'login' }, { max_age: '0' }]) {
    const { cookie } = await signedIn(world);
    const page = await signInGet(world.ctx, getOf(world, await ask(world, await signedIn(world), part), `${BROWSER}; ${cookie}`));
    const reply = await send(world, page, RIGHT, { cookie: `${BROWSER}; ${cookie}` });
    assert.ok(answerOf(reply).get('code'), JSON.stringify(part));
    const renewed = { ...(await signedIn(world)), cookie: cookieOf(reply, 'session') ?? assert.fail() };
    assert.match(String((await ask(world, renewed, part)).headers['location']), /^\/signin/, 'a new request asks anew');
    assert.ok(answerOf(await ask(world, renewed, { max_age: '5' })).get('code'), 'the sign-in itself was a moment ago');
  }
  await world.close();
});

test('cancelling goes back to the client as access_denied, or to our first page (RFC 6749 §4.1.2.1)', async () => {
  const world = await openCheap();
  const reply = await send(world, await pageFor(world), { cancel: '1' });
  assert.deepEqual([reply.status, answerOf(reply).get('error'), answerOf(reply).get('state')], [303, 'access_denied', 's-1']);
  const own = await signInGet(world.ctx, getOf(world, '/signin'));
  assert.equal((await send(world, own, { cancel: '1' })).headers['location'], '/');
  await world.close();
});

test('a form that is not from our page in this browser signs nobody in (RFC 9700 §4.7)', async () => {
  const world = await openCheap();
  const page = await pageFor(world);
  for (const [fields, headers] of [
    [{ ...RIGHT, csrf: 'x' }, {}],
    [RIGHT, { 'sec-fetch-site': 'cross-site' }],
    [RIGHT, { cookie: '' }],
    [RIGHT, { cookie: '__Host-hufu_browser=another-browser-s-cookie' }],
  ] as const) {
    const reply = await send(world, page, fields, headers);
    assert.deepEqual([reply.status, (await world.why(reply)).failed, cookieOf(reply, 'session')], [403, 'same_site', undefined]);
    assert.ok(reply.body.toString().includes('form could not be verified'));
  }
  await world.close();
});

test('a ticket lasts half an hour, and what its request names is looked at again (attacks CON-13)', async () => {
  const world = await openCheap();
  const page = await pageFor(world);
  world.clock.freeze(START_MS + 1_799_999);
  assert.equal((await send(world, page, { ...RIGHT, password: 'wrong' })).status, 401);
  world.clock.freeze(START_MS + 1_800_000);
  const late = await send(world, page, RIGHT);
  assert.deepEqual([late.status, (await world.why(late)).detail], [400, 'begun too long ago']);
  assert.ok(late.body.toString().includes('request has expired'));
  const forged = await send(world, page, { ...RIGHT, request: 'x.y' });
  assert.deepEqual([forged.status, (await world.why(forged)).detail], [400, 'its seal does not hold']);
  assert.equal((await signInGet(world.ctx, getOf(world, '/signin?request=x'))).status, 400);
  await world.close();
});

test('one page gives one code, however often it is sent (attacks CON-13)', async () => {
  const world = await openCheap();
  const page = await pageFor(world);
  const replies = [await send(world, page, RIGHT), await send(world, page, RIGHT), await send(world, page, RIGHT)];
  assert.deepEqual(
    replies.map((reply) => [reply.status, 'location' in reply.headers]),
    [
      [303, true],
      [200, false],
      [200, false],
    ],
  );
  assert.equal(pageOf(replies[1] ?? assert.fail()), 'completed');
  await world.close();
});

test('a client that was disabled while the page was open gets no code', async () => {
  const world = await openCheap();
  const page = await pageFor(world);
  const spa = (await world.store.listClients(world.tenant, '', 10)).find(({ clientId }) => clientId === 'spa') ?? assert.fail();
  const { clientId, metadata, secrets, source } = spa;
  await world.store.putClient(world.tenant, { clientId, metadata, secrets, source, enabled: false }, START);
  const reply = await send(world, page, RIGHT);
  assert.deepEqual([reply.status, (await world.why(reply)).failed, 'location' in reply.headers], [400, 'client_enabled', false]);
  await world.close();
});

test('names and passwords without end are refused before anything is hashed, and nothing of them is kept', async () => {
  const world = await openCheap();
  const page = await pageFor(world);
  for (const fields of [
    { username: 'x'.repeat(257), password: 'y' },
    { username: 'alice', password: 'canary-'.repeat(300) },
  ]) {
    const reply = await send(world, page, fields);
    assert.equal(reply.status, 400);
    assert.equal((await world.why(reply)).detail, 'user name or password too long');
  }
  await send(world, page, { username: 'alice', password: 'canary-password' });
  const decisions = await world.store.listDecisions(world.tenant, 100);
  assert.equal(JSON.stringify(decisions).includes('canary'), false);
  assert.equal(
    world.lines.some((line) => line.includes('canary')),
    false,
  );
  await world.close();
});

test('who has to agree as well goes on to the consent page', async () => {
  const world = await openCheap();
  const page = await pageFor(world, {
    client_id: 'third',
    redirect_uri: 'https://third.example/cb',
    ui_locales: 'zh-CN',
    scope: 'openid read',
    resource: API,
  });
  assert.match(page.body.toString(), /lang="zh-CN"/i);
  const reply = await send(world, page, RIGHT);
  assert.match(String(reply.headers['location']), /^\/consent\?request=.*&ui_locales=zh-CN$/);
  await world.close();
});

test('somebody else than the one whom the client named gets login_required, and is signed in (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openCheap();
  const hint = String((await tokensOf(world, {}, await signedIn(world, 'bob')))['id_token']);
  const reply = await send(world, await pageFor(world, { id_token_hint: hint }), RIGHT);
  assert.equal(answerOf(reply).get('error'), 'login_required');
  assert.ok(cookieOf(reply, 'session'));
  await world.close();
});

test('a store that is away takes no attempt from anybody', async () => {
  let away = false;
  const world = await openCheap({
    yaml: BASIC_YAML,
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const verb: unknown = Reflect.get(target, name);
          if (away && name === 'findUserByName') return () => Promise.reject(new StoreUnavailable('away'));
          return typeof verb === 'function' ? verb.bind(target) : verb;
        },
      }),
  });
  const page = await pageFor(world);
  away = true;
  for (let i = 0; i < 10; i++) {
    const reply = await send(world, page, RIGHT);
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '1']);
  }
  away = false;
  assert.equal((await send(world, page, RIGHT)).status, 303);
  await world.close();
});
