import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { StoreUnavailable } from '@hufu/store/port';
import { type Passwords, passwords } from '../accounts/passwords.ts';
import { token } from '../endpoints/token.ts';
import type { HttpReply } from '../http.ts';
import { openidConfiguration } from '../server-description.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { answerOf, ask, askUserinfo, claimsOf, post, signedIn, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START, START_MS, type World, type WorldOptions } from '../testing/world.ts';
import { signInGet, signInPost } from './sign-in.ts';
import { signUpGet, signUpPost } from './sign-up.ts';

const OPEN = `${BASIC_YAML}\npolicies: { sign_up: open }`;
const PASSWORD = 'two halves make a tally';
const RIGHT = { username: 'Mei', email: 'mei@post.example', name: 'Mei  Example', password: PASSWORD };

/** Hashes that say what they are of, and count: what hashing costs is not what these tests are about. */
function counted(): Passwords & { readonly hashed: string[] } {
  const hashed: string[] = [];
  return {
    ...real,
    hashed,
    isOutdated: () => false,
    hash: async (password) => {
      hashed.push(password);
      return `of ${password}`;
    },
    verify: async (hash, password) => hash === `of ${password}`,
  };
}
const real = passwords();
after(() => real.close());

async function openSignUp(options: WorldOptions = {}): Promise<World & { readonly hashed: readonly string[] }> {
  const world = await openWorld({ yaml: OPEN, ...options });
  const own = counted();
  return { ...world, ctx: { ...world.ctx, passwords: own }, hashed: own.hashed };
}

/** The page for an authorization request, as a browser that has been here before sees it. */
async function pageFor(world: World, part: Record<string, string> = {}, cookie = BROWSER): Promise<HttpReply> {
  const sent = await ask(world, undefined, { prompt: 'create', ...part });
  assert.match(String(sent.headers['location']), /^\/signup\?request=/);
  return signUpGet(world.ctx, getOf(world, sent, cookie));
}

function send(world: World, page: HttpReply, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<HttpReply> {
  return signUpPost(world.ctx, postOf(world, '/signup', { ...hiddenOf(page), ...fields }, headers));
}

/** Ids of the fields that a page says are wrong. */
function wrongFields(reply: HttpReply): readonly (string | undefined)[] {
  return [...reply.body.toString().matchAll(/<input id="([a-z]+)"[^>]* aria-invalid="true"/g)].map(([, id]) => id);
}

test('prompt=create leads to the page, and that back to the client with a code of the new account (OpenID Connect Prompt Create §4.1)', async () => {
  const world = await openSignUp();
  const page = await pageFor(world, { nonce: 'n', scope: 'openid profile email' });
  assert.deepEqual([page.status, pageOf(page), page.headers['cache-control']], [200, 'sign-up', 'no-store']);
  const reply = await send(world, page, RIGHT);
  assert.deepEqual([reply.status, [...answerOf(reply).keys()]], [303, ['code', 'session_state', 'state', 'iss']]);
  const cookie = cookieOf(reply, 'session') ?? assert.fail();
  const found = await findBrowserSession(world.ctx, world.http({ headers: { cookie } }));
  assert.deepEqual([found?.user.username, found?.session.amr, found?.session.authTime], ['Mei', ['pwd'], START]);
  assert.ok(cookieOf(reply, 'known'), 'the browser is known to the account');
  const exchanged = await post(world, token, {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answerOf(reply).get('code') ?? '',
    code_verifier: VERIFIER,
  });
  const { sub, nonce, auth_time: authTime } = claimsOf(exchanged.json['id_token']);
  assert.deepEqual([nonce, authTime], ['n', START]);
  assert.match(String(sub), /^[\w-]{20}$/);
  const info = JSON.parse((await askUserinfo(world, exchanged.json['access_token'])).body.toString());
  assert.deepEqual(info, {
    sub,
    name: 'Mei Example',
    preferred_username: 'Mei',
    updated_at: START,
    email: 'mei@post.example',
    email_verified: false,
  });
  assert.deepEqual(
    world.events('user.signed_up').map((line) => line['sub']),
    [sub],
  );
  await world.close();
});

test('discovery lists create where people make their own accounts, and not elsewhere (OpenID Connect Prompt Create §4.2)', async () => {
  const [open, closed] = [await openSignUp(), await openWorld()];
  const listed = (world: World): unknown => JSON.parse(openidConfiguration(world.ctx.config).body.toString()).prompt_values_supported;
  assert.deepEqual(listed(open), ['none', 'login', 'consent', 'select_account', 'create']);
  assert.deepEqual(listed(closed), ['none', 'login', 'consent', 'select_account']);
  for (const world of [open, closed]) await world.close();
});

test('where it is off nobody signs up, by the page or without it (attacks USR-22)', async () => {
  const [open, closed] = [await openSignUp(), await openWorld()];
  const hidden = hiddenOf(await signUpGet(open.ctx, getOf(open, '/signup')));
  for (const reply of [
    await signUpGet(closed.ctx, getOf(closed, '/signup')),
    await signUpPost(closed.ctx, postOf(closed, '/signup', { ...hidden, ...RIGHT })),
  ]) {
    assert.deepEqual([reply.status, pageOf(reply), (await closed.why(reply)).failed], [403, 'error', 'sign_up_open']);
    assert.ok(reply.body.toString().includes('sign-up is switched off'));
  }
  assert.equal(await closed.store.findUserByName(closed.tenant, 'mei'), undefined);
  for (const world of [open, closed]) await world.close();
});

test('without a request it leads to the account page; cancelling goes back to the client or to our first page (RFC 6749 §4.1.2.1)', async () => {
  const world = await openSignUp();
  const own = await signUpGet(world.ctx, getOf(world, '/signup'));
  assert.equal((await send(world, own, { cancel: '1' })).headers['location'], '/');
  const back = await send(world, await pageFor(world), { cancel: '1' });
  assert.deepEqual([back.status, answerOf(back).get('error'), answerOf(back).get('state')], [303, 'access_denied', 's-1']);
  const reply = await send(world, own, { username: 'mei', password: PASSWORD });
  assert.deepEqual([reply.status, reply.headers['location']], [303, '/account']);
  assert.deepEqual((await world.store.findUserByName(world.tenant, 'mei'))?.claims, {}, 'who says nothing has no claims');
  await world.close();
});

test('what is wrong is told at each field at once; all but the password comes back, nothing is hashed, and nothing is kept', async () => {
  const world = await openSignUp();
  const page = await pageFor(world);
  for (const [fields, wrong, detail, check] of [
    [
      { username: 'a b', email: 'x', name: 'A\u202eb', password: 'canary' },
      ['username', 'email', 'name', 'password'],
      'username: characters, email: not_an_address, name: not_fit, password: too_short',
      'sign_up_details',
    ],
    [{ ...RIGHT, username: '' }, ['username'], 'username: missing', 'sign_up_details'],
    [{ ...RIGHT, username: '\u0430lice' }, ['username'], 'username: mixed_scripts', 'sign_up_details'],
    [{ ...RIGHT, name: 'n'.repeat(101) }, ['name'], 'name: not_fit', 'sign_up_details'],
    [{ ...RIGHT, password: '' }, ['password'], 'password: too_short', 'password_policy'],
    [{ ...RIGHT, password: 'canary-canary-canary-canary' }, ['password'], 'password: common', 'password_policy'],
    [{ ...RIGHT, password: 'mei@post.example' }, ['password'], 'password: same_as_account', 'password_policy'],
    [{ ...RIGHT, password: '\u6f22'.repeat(1_000) + 'x'.repeat(100) }, ['password'], 'password: too_long', 'password_policy'],
    [{ ...RIGHT, username: 'ALICE' }, ['username'], 'username: taken', 'username_free'],
  ] as const) {
    const reply = await send(world, page, fields);
    assert.deepEqual([reply.status, pageOf(reply), wrongFields(reply)], [400, 'sign-up', wrong]);
    assert.deepEqual(
      [
        cookieOf(reply, 'session'),
        reply.body.toString().includes(fields.password === '' || fields.password === RIGHT.email ? 'no such' : fields.password),
      ],
      [undefined, false],
    );
    const why = await world.why(reply);
    assert.deepEqual([why.failed, why.detail, why.row.endpoint, why.row.error], [check, detail, 'signup', 'invalid_request']);
    if (fields.username !== '') assert.ok(reply.body.toString().includes(`value="${fields.username}"`));
  }
  assert.deepEqual(world.hashed, []);
  assert.equal((await world.store.listUsers(world.tenant, 0, 10)).length, 2);
  const kept = JSON.stringify([await world.store.listDecisions(world.tenant, 100), world.lines]);
  for (const typed of ['canary', 'post.example']) assert.equal(kept.includes(typed), false, typed);
  await world.close();
});

test('nobody gives themselves a claim, a subject or a state that the form does not ask for (attacks ADM-04)', async () => {
  const world = await openSignUp();
  const more = {
    sub: 'alice-sub',
    email_verified: 'true',
    phone_number: '1',
    enabled: '0',
    source: 'config',
    claims: '{"roles":["admin"]}',
    'claims[roles]': 'admin',
  };
  assert.equal((await send(world, await pageFor(world), { ...RIGHT, ...more })).status, 303);
  const made = (await world.store.findUserByName(world.tenant, 'mei')) ?? assert.fail();
  assert.deepEqual(
    [made.claims, made.enabled, made.source, made.passwordHash],
    [{ name: 'Mei Example', email: 'mei@post.example', email_verified: false }, true, 'sign_up', `of ${PASSWORD}`],
  );
  assert.notEqual(made.sub, 'alice-sub');
  await world.close();
});

test('a name is taken in whatever letters it is written, and who has it keeps everything', async () => {
  const world = await openSignUp();
  const before = await world.store.findUserByName(world.tenant, 'alice');
  for (const username of ['alice', 'ALICE', 'Ａｌｉｃｅ', '𝐚lice']) {
    const reply = await send(world, await pageFor(world), { ...RIGHT, username });
    assert.deepEqual([reply.status, wrongFields(reply)], [400, ['username']], username);
  }
  assert.deepEqual(await world.store.findUserByName(world.tenant, 'alice'), before);
  await world.close();
});

test('of two who want one name at once one has it, and the other is told', async () => {
  const world = await openSignUp();
  const pages = await Promise.all(['a', 'b', 'c', 'd'].map(() => pageFor(world)));
  const replies = await Promise.all(
    pages.map((page, i) => send(world, page, { ...RIGHT, username: i % 2 === 0 ? 'mei' : 'MEI', password: `${PASSWORD} ${i}` })),
  );
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [303, 400, 400, 400]);
  for (const reply of replies) assert.equal(cookieOf(reply, 'session') !== undefined, reply.status === 303);
  assert.equal((await world.store.listUsers(world.tenant, 0, 10)).length, 3);
  await world.close();
});

test('the same form sent twice makes one account and gives one code; a minute later the name is just taken (attacks CON-13)', async () => {
  const world = await openSignUp();
  const page = await pageFor(world);
  const replies = [...(await Promise.all([send(world, page, RIGHT), send(world, page, RIGHT)])), await send(world, page, RIGHT)];
  assert.deepEqual(replies.map((reply) => [reply.status, pageOf(reply)]).toSorted(), [
    [200, 'completed'],
    [200, 'completed'],
    [303, ''],
  ]);
  assert.equal((await world.store.listUsers(world.tenant, 0, 10)).length, 3);
  assert.equal((await send(world, page, { ...RIGHT, password: `${PASSWORD}.` })).status, 400, 'with another password it is somebody else');
  world.clock.freeze(START_MS + 61_000);
  assert.deepEqual(wrongFields(await send(world, await pageFor(world), RIGHT)), ['username']);
  await world.close();
});

test('nobody signs in by the sign-up page to an account that the configuration made', async () => {
  const world = await openSignUp();
  const made = { sub: 'carol', username: 'carol', passwordHash: `of ${PASSWORD}`, claims: {} };
  await world.store.createUser(world.tenant, made, START);
  const reply = await send(world, await pageFor(world), { ...RIGHT, username: 'carol' });
  assert.deepEqual([reply.status, cookieOf(reply, 'session')], [400, undefined]);
  await world.close();
});

test('who tries too many names waits, and is told how long; nothing is looked up meanwhile (RFC 6585 §4, attacks USR-06)', async () => {
  const world = await openSignUp();
  const page = await pageFor(world);
  for (let i = 0; i < 30; i++) assert.equal((await send(world, page, { ...RIGHT, password: 'short' })).status, 400, 'a slip costs nothing');
  for (let i = 0; i < 20; i++) assert.equal((await send(world, page, { ...RIGHT, username: 'alice' })).status, 400);
  for (const username of ['alice', 'mei']) {
    const reply = await send(world, page, { ...RIGHT, username });
    assert.deepEqual([reply.status, reply.headers['retry-after'], pageOf(reply), wrongFields(reply)], [429, '180', 'sign-up', []]);
    assert.deepEqual([(await world.why(reply)).failed, (await world.why(reply)).description], ['sign_up_throttle', 'too many attempts']);
    assert.match(reply.body.toString(), /Wait 3 minutes/);
  }
  assert.deepEqual(world.hashed, []);
  await world.close();
});

test('a form that is not from our page in this browser makes no account (RFC 9700 §4.7)', async () => {
  const world = await openSignUp();
  const page = await pageFor(world);
  const signInPage = await signInGet(world.ctx, getOf(world, '/signin'));
  for (const [fields, headers] of [
    [{ ...RIGHT, csrf: 'x' }, {}],
    [{ ...RIGHT, csrf: hiddenOf(signInPage)['csrf'] ?? '' }, {}],
    [RIGHT, { 'sec-fetch-site': 'cross-site' }],
    [RIGHT, { cookie: '' }],
    [RIGHT, { cookie: '__Host-hufu_browser=another-browser-s-cookie' }],
  ] as const) {
    const reply = await send(world, page, fields, headers);
    assert.deepEqual([reply.status, (await world.why(reply)).failed, cookieOf(reply, 'session')], [403, 'same_site', undefined]);
  }
  assert.equal(await world.store.findUserByName(world.tenant, 'mei'), undefined);
  await world.close();
});

test('a ticket that is over or not ours makes no account', async () => {
  const world = await openSignUp();
  const page = await pageFor(world);
  const forged = await send(world, page, { ...RIGHT, request: 'x.y' });
  assert.deepEqual([forged.status, (await world.why(forged)).detail], [400, 'its seal does not hold']);
  world.clock.freeze(START_MS + 1_800_000);
  const late = await send(world, page, RIGHT);
  assert.deepEqual([late.status, (await world.why(late)).detail], [400, 'begun too long ago']);
  assert.equal(await world.store.findUserByName(world.tenant, 'mei'), undefined);
  await world.close();
});

test('who is signed in is told that the new account takes their place, and it does: their session ends', async () => {
  const world = await openSignUp();
  const alice = await signedIn(world);
  const cookie = `${BROWSER}; ${alice.cookie}`;
  const asked = await ask(world, alice, { prompt: 'create' });
  const page = await signUpGet(world.ctx, getOf(world, asked, cookie));
  assert.match(page.body.toString(), /You are signed in as <b>alice<\/b>/);
  const reply = await send(world, page, RIGHT, { cookie });
  assert.ok(answerOf(reply).get('code'));
  assert.equal(await findBrowserSession(world.ctx, world.http({ headers: { cookie: alice.cookie } })), undefined);
  await world.close();
});

test('each page leads to the other with the request; who signs in instead is done with it (OpenID Connect Prompt Create §4.1)', async () => {
  const world = await openSignUp();
  const page = await pageFor(world, { ui_locales: 'zh-CN' });
  const href = /id="signup-signin" href="([^"]+)"/.exec(page.body.toString())?.[1]?.replaceAll('&amp;', '&') ?? assert.fail();
  assert.match(href, /&ui_locales=zh-CN$/);
  await world.store.createUser(world.tenant, { sub: 'carol', username: 'carol', passwordHash: `of ${PASSWORD}`, claims: {} }, START);
  const signIn = await signInGet(world.ctx, getOf(world, href));
  assert.match(signIn.body.toString(), /lang="zh-CN"[\s\S]*id="signin-signup" href="\/signup\?request=[^"]+ui_locales=zh-CN"/);
  const reply = await signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(signIn), username: 'carol', password: PASSWORD }));
  assert.ok(answerOf(reply).get('code'));
  await world.close();
});

test('login_hint fills in the field that it fits (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openSignUp();
  assert.match((await pageFor(world, { login_hint: 'mei@post.example' })).body.toString(), /id="email"[^>]* value="mei@post\.example"/);
  assert.match((await pageFor(world, { login_hint: 'mei' })).body.toString(), /id="username"[^>]* value="mei"/);
  await world.close();
});

test('who has to agree as well goes on to the consent page, in the language of the request', async () => {
  const world = await openSignUp();
  const third = { client_id: 'third', redirect_uri: 'https://third.example/cb', ui_locales: 'zh-CN' };
  const reply = await send(world, await pageFor(world, third), RIGHT);
  assert.match(String(reply.headers['location']), /^\/consent\?request=.*&ui_locales=zh-CN$/);
  await world.close();
});

test('a password is kept in one form, so that it is right on every keyboard (RFC 8265 §4.2.2)', async () => {
  const world = await openSignUp();
  await send(world, await pageFor(world), { ...RIGHT, password: 'zwei Ha\u0308lften, ein Tally' });
  assert.deepEqual(world.hashed, ['zwei H\u00e4lften, ein Tally']);
  await world.close();
});

test('a store that is away is 503, and so are too many who want a password hashed', async () => {
  let away = '';
  const world = await openSignUp({
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const verb: unknown = Reflect.get(target, name);
          if (away === name) return () => Promise.reject(new StoreUnavailable('away'));
          return typeof verb === 'function' ? verb.bind(target) : verb;
        },
      }),
  });
  const page = await pageFor(world);
  for (const verb of ['findUserByName', 'createUser', 'openSession']) {
    away = verb;
    const reply = await send(world, page, { ...RIGHT, username: verb });
    assert.deepEqual([reply.status, reply.headers['retry-after'], cookieOf(reply, 'session')], [503, '1', undefined], verb);
  }
  away = '';
  const again = await send(world, page, { ...RIGHT, username: 'openSession' });
  assert.equal(again.status, 303, 'an account whose session failed is there: the same form again signs in');
  await world.close();
});
