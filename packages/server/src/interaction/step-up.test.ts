import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Passwords, passwords } from '../accounts/passwords.ts';
import { authorize } from '../endpoints/authorize.ts';
import type { HttpReply } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { linkedUser, UPSTREAMS, UPSTREAMS_OFF } from '../testing/linked.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { type App, giveApp } from '../testing/second-factors.ts';
import { answerOf, authorizationQuery, claimsOf, postToken, signedIn, VERIFIER, type Visitor } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, PASSWORD, type World, type WorldOptions } from '../testing/world.ts';
import { requireRecent } from './require-recent.ts';
import { signInGet, signInPost } from './sign-in.ts';
import { verifyGet, verifyPost } from './verify.ts';

const TWO = 'urn:hufu:acr:2';
const THREE = 'urn:hufu:acr:3';
const RIGHT = { username: 'alice', password: PASSWORD };
const cheap: Passwords = { ...passwords(), isOutdated: () => false };
after(() => cheap.close());

async function openCheap(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  return { ...world, ctx: { ...world.ctx, passwords: cheap } };
}

const withPolicy = (policy: string): WorldOptions => ({ yaml: `${BASIC_YAML}\npolicies: { sign_in: { ${policy} } }` });
const withClient = (hufu: string): WorldOptions => ({
  yaml: BASIC_YAML.replace('hufu: { first_party: true }', `hufu: { first_party: true, ${hufu} }`),
});
const essential = (...values: readonly string[]): Record<string, string> => ({
  claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }),
});

/** A browser: what it has been given to keep. */
interface Browser {
  cookies: string;
}

/** Somebody who is signed in with a password alone, and what they have. */
async function passwordSession(world: World): Promise<{ readonly browser: Browser; readonly visitor: Visitor }> {
  const visitor = await signedIn(world);
  return { browser: { cookies: `${BROWSER}; ${visitor.cookie}` }, visitor };
}

function take(browser: Browser, reply: HttpReply): HttpReply {
  const session = cookieOf(reply, 'session');
  if (session !== undefined) {
    const others = browser.cookies.split('; ').filter((one) => !one.startsWith('__Host-hufu_session='));
    browser.cookies = [...others, session].join('; ');
  }
  const all = reply.headers['set-cookie'] ?? [];
  const trust = (typeof all === 'string' ? [all] : all).find((one) => one.includes('hufu_trust='));
  if (trust !== undefined) {
    const others = browser.cookies.split('; ').filter((one) => !one.startsWith('__Host-hufu_trust='));
    browser.cookies = [...others, trust.slice(0, trust.indexOf(';'))].join('; ');
  }
  return reply;
}

async function ask(world: World, browser: Browser, part: Readonly<Record<string, string | undefined>>): Promise<HttpReply> {
  const headers = { cookie: browser.cookies };
  return take(browser, await authorize(world.ctx, world.http({ path: '/oauth/authorize', query: authorizationQuery(part), headers })));
}

async function open(world: World, browser: Browser, reply: HttpReply | string): Promise<HttpReply> {
  const location = typeof reply === 'string' ? reply : String(reply.headers['location']);
  const get = location.startsWith('/signin/verify') ? verifyGet : signInGet;
  return take(browser, await get(world.ctx, getOf(world, location, browser.cookies)));
}

async function send(world: World, browser: Browser, page: HttpReply, fields: Record<string, string>): Promise<HttpReply> {
  const [post, path] = pageOf(page) === 'verify' ? ([verifyPost, '/signin/verify'] as const) : ([signInPost, '/signin'] as const);
  return take(browser, await post(world.ctx, postOf(world, path, { ...hiddenOf(page), ...fields }, { cookie: browser.cookies })));
}

async function claimsFrom(world: World, reply: HttpReply): Promise<Readonly<Record<string, unknown>>> {
  const exchanged = await postToken(world, {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answerOf(reply).get('code') ?? '',
    code_verifier: VERIFIER,
  });
  return claimsOf(exchanged.json['id_token']);
}

const sessionOf = (world: World, { cookies }: Browser): ReturnType<typeof findBrowserSession> =>
  findBrowserSession(world.ctx, world.http({ headers: { cookie: cookies } }));

test('acr_values: whoever is signed in with a password shows a code, and the new token says so (RFC 9470 §4, §5, OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const { browser, visitor } = await passwordSession(world);
  world.clock.freeze(world.clock.nowMs() + 60_000);
  const sent = await ask(world, browser, { acr_values: TWO });
  assert.match(String(sent.headers['location']), /^\/signin\/verify\?request=/);
  const page = await open(world, browser, sent);
  assert.match(page.body.toString(), /id="verify-skip"/);
  const before = browser.cookies;
  const claims = await claimsFrom(world, await send(world, browser, page, { code: app.code() }));
  assert.deepEqual([claims['acr'], claims['amr'], claims['auth_time']], [TWO, ['pwd', 'otp', 'mfa'], world.now() - 60]);
  const now = (await sessionOf(world, browser)) ?? assert.fail();
  assert.notEqual(now.session.id, visitor.session.id, 'another id (attacks SES-01)');
  assert.equal(now.session.expiresAt, visitor.session.expiresAt, 'it ends when it would have ended');
  assert.equal(await sessionOf(world, { cookies: before }), undefined, 'the old id is dead');
  assert.equal(answerOf(await ask(world, browser, { acr_values: TWO })).has('code'), true, 'once');
  await world.close();
});

test('what the client would rather have can be left out, is asked for once, and never of somebody who has nothing (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openCheap();
  const nothing = await passwordSession(world);
  assert.equal((await claimsFrom(world, await ask(world, nothing.browser, { acr_values: `${THREE} ${TWO}` })))['acr'], 'urn:hufu:acr:1');
  await giveApp(world);
  const { browser } = await passwordSession(world);
  const page = await open(world, browser, await ask(world, browser, { acr_values: `${THREE} ${TWO} urn:else` }));
  const reply = await send(world, browser, page, { skip: 'skip' });
  assert.equal((await claimsFrom(world, reply))['acr'], 'urn:hufu:acr:1');
  assert.equal(answerOf(await ask(world, browser, { acr_values: TWO, prompt: 'none' })).has('code'), true, 'silently it is left out');
  assert.equal(
    answerOf(await ask(world, browser, { acr_values: 'urn:else' })).has('code'),
    true,
    'of values that are not ours nothing is heard',
  );
  await world.close();
});

test('an essential acr is shown, or refused with the reason (OpenID Connect Core §5.5.1.1, OpenID Connect Unmet Authentication Requirements §2)', async () => {
  const world = await openCheap();
  const nothing = await passwordSession(world);
  assert.equal(answerOf(await ask(world, nothing.browser, essential(TWO))).get('error'), 'unmet_authentication_requirements');
  assert.equal(answerOf(await ask(world, nothing.browser, { ...essential(TWO), prompt: 'none' })).get('error'), 'login_required');
  assert.equal(answerOf(await ask(world, nothing.browser, essential('urn:hufu:acr:1', THREE))).has('code'), true, 'the weakest will do');
  const app = await giveApp(world);
  const { browser } = await passwordSession(world);
  assert.equal(answerOf(await ask(world, browser, { ...essential(TWO), prompt: 'none' })).get('error'), 'login_required');
  assert.equal(
    answerOf(await ask(world, browser, essential(THREE))).get('error'),
    'unmet_authentication_requirements',
    'there is no passkey',
  );
  const page = await open(world, browser, await ask(world, browser, essential(TWO)));
  assert.doesNotMatch(page.body.toString(), /verify-skip/);
  const past = await send(world, browser, page, { skip: 'skip' });
  assert.match(String(past.headers['location']), /^\/signin\/verify/, 'a form of somebody’s own making leaves nothing out');
  assert.equal((await claimsFrom(world, await send(world, browser, page, { code: app.code() })))['acr'], TWO);
  await world.close();
});

test('a new sign-in goes as far as the request needs, and ends at the client where its user has nothing (OpenID Connect Core §5.5.1.1)', async () => {
  const world = await openCheap();
  const browser: Browser = { cookies: BROWSER };
  const page = await open(world, browser, await ask(world, browser, essential(TWO)));
  const refused = await send(world, browser, page, RIGHT);
  assert.equal(answerOf(refused).get('error'), 'unmet_authentication_requirements');
  assert.ok(await sessionOf(world, browser), 'signed in all the same');
  await world.close();
});

test('a client that takes two factors gets no less, whatever it asks (product M15)', async () => {
  const world = await openCheap(withClient(`sign_in: { acr: '${TWO}' }`));
  const app = await giveApp(world);
  const { browser } = await passwordSession(world);
  assert.equal(answerOf(await ask(world, browser, { prompt: 'none' })).get('error'), 'login_required');
  const page = await open(world, browser, await ask(world, browser, {}));
  assert.doesNotMatch(page.body.toString(), /verify-skip/);
  assert.equal((await claimsFrom(world, await send(world, browser, page, { code: app.code() })))['acr'], TWO);
  await world.close();
});

test('a step-up is no new sign-in: prompt=login and max_age begin from nothing (RFC 9470 §5, OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const { browser } = await passwordSession(world);
  world.clock.freeze(world.clock.nowMs() + 300_000);
  for (const part of [{ prompt: 'login' }, { max_age: '60' }]) {
    const sent = await ask(world, browser, { ...part, acr_values: TWO });
    assert.match(String(sent.headers['location']), /^\/signin\?request=/, 'the password first');
    const request = new URLSearchParams(String(sent.headers['location']).split('?')[1]).get('request') ?? '';
    // Straight to the page for the second factor, with the session that is there.
    const page = await open(world, browser, `/signin/verify?${new URLSearchParams({ request }).toString()}`);
    const stepped = await send(world, browser, page, { code: app.code() });
    assert.match(String(stepped.headers['location']), /^\/signin\?request=/, 'still the password');
    const second = await open(world, browser, stepped);
    const verify = await open(world, browser, await send(world, browser, second, RIGHT));
    world.clock.freeze(world.clock.nowMs() + 30_000);
    const claims = await claimsFrom(world, await send(world, browser, verify, { code: app.code() }));
    assert.deepEqual([claims['acr'], claims['auth_time']], [TWO, world.now() - 30]);
    world.clock.freeze(world.clock.nowMs() + 300_000);
  }
  await world.close();
});

test('a session that ends during its step-up takes that with it, and two tabs get one session (attacks SES-11)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const { browser, visitor } = await passwordSession(world);
  const page = await open(world, browser, await ask(world, browser, { acr_values: TWO }));
  await world.store.endSession(world.tenant, visitor.session.id, 'signed_out', world.now());
  const over = await send(world, browser, page, { code: app.code() });
  assert.match(String(over.headers['location']), /^\/signin\?request=.*over=1/);
  assert.equal(cookieOf(over, 'session'), undefined);

  const other = await passwordSession(world);
  const tabs: HttpReply[] = [];
  for (let i = 0; i < 4; i++) tabs.push(await open(world, other.browser, await ask(world, other.browser, { acr_values: TWO })));
  const codes = [app.code(), ...app.recoveryCodes];
  const same = { cookies: other.browser.cookies };
  const replies = await Promise.all(
    tabs.map((tab, i) => send(world, { ...same }, tab, { way: i === 0 ? 'totp' : 'recovery_code', code: codes[i] ?? '' })),
  );
  assert.equal(replies.filter((reply) => cookieOf(reply, 'session') !== undefined).length, 1);
  assert.equal(replies.filter((reply) => String(reply.headers['location']).includes('over=1')).length, 3);
  await world.close();
});

test('somebody else who signs in at this browser meanwhile is stepped up by nobody (attacks SES-11)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const { browser } = await passwordSession(world);
  const page = await open(world, browser, await ask(world, browser, { acr_values: TWO }));
  await giveApp(world, 'bob');
  const bob = await signedIn(world, 'bob');
  assert.equal(bob.user.authVersion, 2, 'as hers is');
  const other = await signedIn(world);
  for (const { cookie } of [bob, other]) {
    const over = await send(world, { cookies: `${BROWSER}; ${cookie}` }, page, { way: 'recovery_code', code: app.recoveryCodes[0] ?? '' });
    assert.deepEqual([String(over.headers['location']).includes('over=1'), cookieOf(over, 'session')], [true, undefined]);
  }
  await world.close();
});

test('a session that is behind says one factor, and more is shown from the beginning (attacks USR-28)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const { browser } = await passwordSession(world);
  const page = await open(world, browser, await ask(world, browser, essential(TWO)));
  await send(world, browser, page, { code: app.code() });
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  await giveApp(world);
  const claims = await claimsFrom(world, await ask(world, browser, {}));
  assert.deepEqual([claims['acr'], claims['amr']], ['urn:hufu:acr:1', ['pwd']]);
  assert.match(String((await ask(world, browser, essential(TWO))).headers['location']), /^\/signin\?request=/);
  await world.store.removeFactors(world.tenant, user.id, world.now());
  assert.equal((await claimsFrom(world, await ask(world, browser, {})))['acr'], 'urn:hufu:acr:1', 'what it was made with is gone');
  await world.close();
});

test('second_factor new_device: a device that was ticked is not asked again, until its time is over or anything changes (attacks USR-28)', async () => {
  const world = await openCheap(withPolicy('second_factor: new_device, trusted_device: 10d'));
  const app = await giveApp(world);
  const browser: Browser = { cookies: BROWSER };
  const signIn = async (): Promise<HttpReply> => send(world, browser, await open(world, browser, '/signin'), RIGHT);
  const page = await open(world, browser, await signIn());
  assert.match(page.body.toString(), /name="trust"/);
  assert.equal((await send(world, browser, page, { code: app.code(), trust: 'on' })).headers['location'], '/account');
  const trusted = browser.cookies;
  const again = await signIn();
  assert.equal(again.headers['location'], '/account');
  assert.deepEqual((await sessionOf(world, browser))?.session.amr, ['pwd'], 'it is no factor');
  assert.notEqual(browser.cookies, trusted);
  const copy: Browser = { cookies: trusted };
  const replay = await send(world, copy, await open(world, copy, '/signin'), RIGHT);
  assert.match(String(replay.headers['location']), /^\/signin\/verify/, 'each secret is used once');

  const strong = await ask(world, browser, essential(TWO));
  assert.match(String(strong.headers['location']), /^\/signin\/verify/, 'it raises nothing');
  const fresh = await send(world, browser, await open(world, browser, '/signin?next=security&fresh=1'), RIGHT);
  assert.match(String(fresh.headers['location']), /^\/signin\/verify.*fresh=1/, 'nor is it enough for what is sensitive');

  const bob = await giveApp(world, 'bob');
  assert.ok(bob);
  const other = await send(world, browser, await open(world, browser, '/signin'), { ...RIGHT, username: 'bob' });
  assert.match(String(other.headers['location']), /^\/signin\/verify/, 'nor for anybody else');

  world.clock.freeze(world.clock.nowMs() + 10 * 86_400_000);
  assert.match(String((await signIn()).headers['location']), /^\/signin\/verify/, 'its time is over');
  await world.close();
});

test('a trusted device is forgotten when anything changes that its user proves themselves with', async () => {
  const world = await openCheap(withPolicy('second_factor: new_device'));
  const app = await giveApp(world);
  const browser: Browser = { cookies: BROWSER };
  const page = await open(world, browser, await send(world, browser, await open(world, browser, '/signin'), RIGHT));
  await send(world, browser, page, { code: app.code(), trust: 'on' });
  await giveApp(world);
  const reply = await send(world, browser, await open(world, browser, '/signin'), RIGHT);
  assert.match(String(reply.headers['location']), /^\/signin\/verify/);
  await world.close();
});

test('no device is trusted where the policy has no such thing, whatever the form says', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const browser: Browser = { cookies: BROWSER };
  const page = await open(world, browser, await send(world, browser, await open(world, browser, '/signin'), RIGHT));
  assert.doesNotMatch(page.body.toString(), /name="trust"/);
  await send(world, browser, page, { code: app.code(), trust: 'on' });
  assert.doesNotMatch(browser.cookies, /trust/);
  await world.close();
});

test('what is sensitive needs a sign-in of this moment, with the second factor where there is one (attacks USR-14)', async () => {
  const world = await openCheap();
  const check = async (browser: Browser): Promise<string> => {
    const session = (await sessionOf(world, browser)) ?? assert.fail();
    const http = world.http({ headers: { cookie: browser.cookies } });
    return String((await requireRecent(world.ctx, http, session, 'security'))?.headers['location'] ?? 'recent');
  };
  const again = '/signin?next=security&fresh=1';
  const plain = await passwordSession(world);
  assert.equal(await check(plain.browser), 'recent');
  world.clock.freeze(world.clock.nowMs() + 601_000);
  assert.equal(await check(plain.browser), again, 'ten minutes are over');
  const app = await giveApp(world);
  const { browser } = await passwordSession(world);
  assert.equal(await check(browser), again, 'the second factor is missing');
  const page = await open(world, browser, again);
  assert.match(page.body.toString(), /id="signin-fresh"[\s\S]*value="alice"/);
  const verify = await open(world, browser, await send(world, browser, page, RIGHT));
  const done = await send(world, browser, verify, { code: app.code() });
  assert.equal(done.headers['location'], '/account/security');
  assert.equal(await check(browser), 'recent');
  await world.close();
});

test('a way to sign in that is off is refused at its form, and what was proved by it counts no more (attacks USR-22)', async () => {
  const world = await openCheap(withPolicy('methods: [passkey]'));
  const browser: Browser = { cookies: BROWSER };
  const page = await open(world, browser, '/signin');
  assert.doesNotMatch(page.body.toString(), /name="password"/);
  const refused = await send(world, browser, page, RIGHT);
  assert.deepEqual([refused.status, pageOf(refused), cookieOf(refused, 'session')], [403, 'error', undefined]);
  assert.match(refused.body.toString(), /this way to sign in is switched off/);

  const on = await openCheap({ store: world.store });
  const app: App = await giveApp(on);
  const verify = await open(on, browser, await send(on, browser, await open(on, browser, '/signin'), RIGHT));
  const late = await send(world, browser, verify, { code: app.code() });
  assert.deepEqual([late.status, cookieOf(late, 'session')], [403, undefined], 'switched off between its two pages');
  await on.close();
  await world.close();
});

test('whoever came by mail begins anew where a password at their directory, or an account elsewhere, leads further (OpenID Connect Unmet Authentication Requirements §2)', async () => {
  for (const [linked, upstreams, further] of [
    [['directory'], UPSTREAMS, true],
    [['corp'], UPSTREAMS, true],
    [['directory', 'corp'], UPSTREAMS_OFF, false],
    [['gone'], UPSTREAMS, false],
    [[], UPSTREAMS, false],
  ] as const) {
    const world = await openCheap({ yaml: `${BASIC_YAML}${upstreams}` });
    await linkedUser(world, linked);
    await giveApp(world, 'lin');
    const { cookie } = await signedIn(world, 'lin', 'email_code', 'totp');
    const reply = await ask(world, { cookies: `${BROWSER}; ${cookie}` }, essential(TWO));
    const sent = String(reply.headers['location']).startsWith('/signin?request=') ? 'anew' : answerOf(reply).get('error');
    assert.equal(sent, further ? 'anew' : 'unmet_authentication_requirements', `${linked.join()} ${upstreams}`);
    await world.close();
  }
});

test('mail alone is not enough for what is sensitive where somebody has a password, here or at their directory (attacks USR-14)', async () => {
  for (const [linked, upstreams, isEnough] of [
    [[], UPSTREAMS, true],
    [['corp'], UPSTREAMS, true],
    [['directory'], UPSTREAMS, false],
    [['directory'], UPSTREAMS_OFF, true],
  ] as const) {
    const world = await openCheap({ yaml: `${BASIC_YAML}${upstreams}` });
    await linkedUser(world, linked);
    const lin = await signedIn(world, 'lin', 'email_code');
    const again = await requireRecent(world.ctx, world.http(), lin, 'security');
    assert.equal(again === undefined, isEnough, `${linked.join()} ${upstreams}`);
    const known = await signedIn(world, 'lin', 'password');
    assert.equal(await requireRecent(world.ctx, world.http(), known, 'security'), undefined);
    await world.close();
  }
});

test('an upstream whose word for two factors counts leads that far alone, and a password that nobody may sign in by leads nowhere (OpenID Connect Unmet Authentication Requirements §2)', async () => {
  const corp = (more: string): WorldOptions => ({
    yaml: `${BASIC_YAML}${UPSTREAMS.replace('client_secret: s', `client_secret: s${more}`)}`,
  });
  for (const [options, username, further] of [
    [corp(', trust_amr: true'), 'lin', true],
    [corp(''), 'lin', false],
    [withPolicy('methods: [password]'), 'alice', true],
    [withPolicy('methods: [passkey]'), 'alice', false],
  ] as const) {
    const world = await openCheap(options);
    if (username === 'lin') await linkedUser(world, ['corp']);
    else await giveApp(world);
    const others = username === 'lin' ? [] : (['totp'] as const);
    const { cookie } = await signedIn(world, username, 'email_code', ...others);
    const reply = await ask(world, { cookies: `${BROWSER}; ${cookie}` }, essential(TWO));
    const sent = String(reply.headers['location']).startsWith('/signin?request=') ? 'anew' : answerOf(reply).get('error');
    assert.equal(sent, further ? 'anew' : 'unmet_authentication_requirements', String(options.yaml));
    await world.close();
  }
});

test('mail is enough for what is sensitive where nobody may sign in by the password that somebody once had (attacks USR-14)', async () => {
  for (const [method, isEnough] of [
    ['passkey', true],
    ['password', false],
  ] as const) {
    const world = await openCheap(withPolicy(`methods: [${method}]`));
    const again = await requireRecent(world.ctx, world.http(), await signedIn(world, 'alice', 'email_code'), 'security');
    assert.equal(again === undefined, isEnough, method);
    await world.close();
  }
});
