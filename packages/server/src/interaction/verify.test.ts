import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Passwords, passwords } from '../accounts/passwords.ts';
import type { HttpReply } from '../http.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { giveApp, wrongCode } from '../testing/second-factors.ts';
import { answerOf, ask, claimsOf, postToken, VERIFIER } from '../testing/visits.ts';
import { openWorld, PASSWORD, type World, type WorldOptions } from '../testing/world.ts';
import { csrfToken } from './csrf.ts';
import { signInGet, signInPost } from './sign-in.ts';
import { verifyGet, verifyPost } from './verify.ts';

const RIGHT = { username: 'alice', password: PASSWORD };
const cheap: Passwords = { ...passwords(), isOutdated: () => false };
after(() => cheap.close());

async function openCheap(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  return { ...world, ctx: { ...world.ctx, passwords: cheap } };
}

/** The reply to a right password: for an authorization request, or for our own pages. */
async function afterPassword(world: World, part?: Record<string, string>, cookies = BROWSER): Promise<HttpReply> {
  const sent = part === undefined ? '/signin' : await ask(world, undefined, part);
  const page = await signInGet(world.ctx, getOf(world, sent, cookies));
  return signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(page), ...RIGHT }, { cookie: cookies }));
}

/** The page that asks for a second factor. */
function verifyPage(world: World, reply: HttpReply, cookies = BROWSER): Promise<HttpReply> {
  assert.match(String(reply.headers['location']), /^\/signin\/verify\?/);
  return verifyGet(world.ctx, getOf(world, reply, cookies));
}

function send(world: World, page: HttpReply, fields: Record<string, string>, cookies = BROWSER): Promise<HttpReply> {
  return verifyPost(world.ctx, postOf(world, '/signin/verify', { ...hiddenOf(page), ...fields }, { cookie: cookies }));
}

async function idTokenOf(world: World, reply: HttpReply): Promise<Readonly<Record<string, unknown>>> {
  const exchanged = await postToken(world, {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answerOf(reply).get('code') ?? '',
    code_verifier: VERIFIER,
  });
  return claimsOf(exchanged.json['id_token']);
}

test('whoever has an authenticator app is asked for it, and has no session before (RFC 6238 §4, attacks SES-11, USR-28)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const first = await afterPassword(world, {});
  assert.equal(first.status, 303);
  assert.equal(cookieOf(first, 'session'), undefined, 'no session with one factor of two');
  assert.equal(cookieOf(first, 'known'), undefined);
  const page = await verifyPage(world, first);
  assert.deepEqual(
    [page.status, pageOf(page), page.headers['cache-control'], page.headers['referrer-policy']],
    [200, 'verify', 'no-store', 'no-referrer'],
  );
  assert.match(page.body.toString(), /<form id="verify"[\s\S]*name="code"[^>]*autocomplete="one-time-code"[\s\S]*id="verify-submit"/);
  world.clock.freeze(world.clock.nowMs() + 20_000);
  const reply = await send(world, page, { code: app.code() });
  const claims = await idTokenOf(world, reply);
  assert.deepEqual([claims['amr'], claims['acr']], [['pwd', 'otp', 'mfa'], 'urn:hufu:acr:2']);
  assert.equal(claims['auth_time'], world.now() - 20, 'of the oldest method');
  assert.ok(cookieOf(reply, 'known'));
  await world.close();
});

test('a code is taken once, whatever the browser sends again, and a wrong one not at all (RFC 6238 §5.2, attacks USR-11)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const page = await verifyPage(world, await afterPassword(world));
  const wrong = await send(world, page, { code: wrongCode(app) });
  assert.deepEqual([wrong.status, pageOf(wrong), cookieOf(wrong, 'session')], [401, 'verify', undefined]);
  assert.equal((await world.why(wrong)).failed, 'second_factor');
  assert.equal((await send(world, page, { code: app.code() })).status, 303);
  const other = await verifyPage(world, await afterPassword(world));
  assert.equal((await send(world, other, { code: app.code() })).status, 401, 'the same step in another sign-in');
  assert.equal((await send(world, other, { code: app.code(-1) })).status, 401, 'a step before it');
  assert.equal((await send(world, other, { code: app.code(2) })).status, 401, 'a clock a minute ahead');
  assert.equal((await send(world, other, { code: ` ${app.code(1).slice(0, 3)} ${app.code(1).slice(3)} ` })).status, 303, 'one step ahead');
  await world.close();
});

test('what was proved is completed once: a second code sent with the same progress begins anew (attacks SES-11)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const page = await verifyPage(world, await afterPassword(world));
  assert.equal((await send(world, page, { code: app.code() })).headers['location'], '/account');
  const again = await send(world, page, { code: app.code(1) });
  assert.deepEqual([again.headers['location'], cookieOf(again, 'session')], ['/signin?over=1', undefined]);
  assert.match((await signInGet(world.ctx, getOf(world, again))).body.toString(), /id="problem"/);
  await world.close();
});

test('a recovery code stands in once, is told, and counts as a second factor (attacks USR-28)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const [code = '', second = ''] = app.recoveryCodes;
  const first = await afterPassword(world, {});
  const page = await verifyGet(world.ctx, getOf(world, `${String(first.headers['location'])}&way=recovery_code`));
  assert.match(page.body.toString(), /name="way" value="recovery_code"/);
  assert.equal((await send(world, page, { code: 'AAAAA-AAAAA' })).status, 401);
  const reply = await send(world, page, { code: code.toLowerCase().replace('-', ' ') });
  const claims = await idTokenOf(world, reply);
  assert.deepEqual([claims['amr'], claims['acr']], [['pwd', 'otp', 'mfa'], 'urn:hufu:acr:2']);
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  assert.equal(await world.store.countRecoveryCodes(world.tenant, user.id), 9);
  assert.deepEqual(
    (await world.store.listUserEvents(world.tenant, user.id, 10)).map(({ kind }) => kind),
    ['signed_in', 'recovery_code_used'],
  );
  const other = await verifyGet(world.ctx, getOf(world, `${String((await afterPassword(world)).headers['location'])}&way=recovery_code`));
  assert.equal((await send(world, other, { code })).status, 401, 'gone');
  assert.equal((await send(world, other, { code: second })).status, 303);
  await world.close();
});

test('progress is of one browser, one request and ten minutes, and of a user who still proves themselves so (attacks SES-11)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const isOver = (reply: HttpReply): boolean =>
    /^\/signin\?.*over=1/.test(String(reply.headers['location'])) && cookieOf(reply, 'session') === undefined;
  const first = await afterPassword(world);
  const page = await verifyPage(world, first);
  const other = 'another-browsers-id-24ch';
  const theirs = `__Host-hufu_browser=${other}`;
  assert.ok(isOver(await verifyGet(world.ctx, getOf(world, first, theirs))), 'another browser');
  const csrf = csrfToken(world.ctx, other, '/signin/verify');
  assert.ok(isOver(await send(world, page, { csrf, code: app.code() }, theirs)), 'in its form');
  const asked = await ask(world, undefined, {});
  const request = new URLSearchParams(String(asked.headers['location']).split('?')[1]).get('request') ?? '';
  assert.ok(isOver(await send(world, page, { request, code: app.code() })), 'another request');
  const text = hiddenOf(page)['progress'] ?? '';
  assert.ok(isOver(await send(world, page, { progress: `${text.slice(0, -4)}AAAA`, code: app.code() })), 'changed');

  world.clock.freeze(world.clock.nowMs() + 600_000);
  assert.ok(isOver(await send(world, page, { code: app.code() })), 'too old');

  const fresh = await verifyPage(world, await afterPassword(world));
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  await world.store.lockUser(world.tenant, user.id, world.now() + 60, world.now());
  assert.ok(isOver(await send(world, fresh, { code: app.code() })), 'locked');
  world.clock.freeze(world.clock.nowMs() + 61_000);
  assert.ok(isOver(await send(world, fresh, { code: app.code() })), 'the version has moved');
  const last = await verifyPage(world, await afterPassword(world));
  await world.store.setUserEnabled(world.tenant, user.id, false, world.now());
  assert.ok(isOver(await send(world, last, { code: app.code() })), 'disabled');
  await world.close();
});

test('guessing is counted for the user, whoever begins anew and wherever, and a browser that knows the account has tries of its own (attacks USR-13)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const known =
    cookieOf(await send(world, await verifyPage(world, await afterPassword(world)), { code: app.code() }), 'known') ?? assert.fail();
  for (let i = 0; i < 10; i++) {
    const page = await verifyPage(world, await afterPassword(world));
    assert.equal((await send(world, page, { code: wrongCode(app) })).status, 401);
  }
  world.clock.freeze(world.clock.nowMs() + 30_000);
  const page = await verifyPage(world, await afterPassword(world));
  const limited = await send(world, page, { code: app.code() });
  assert.deepEqual([limited.status, limited.headers['retry-after'], pageOf(limited)], [429, '870', 'verify']);
  assert.equal((await world.why(limited)).failed, 'second_factor_throttle');
  assert.equal((await send(world, page, { code: app.code() })).status, 429);
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  const told = (await world.store.listUserEvents(world.tenant, user.id, 50)).filter(({ kind }) => kind === 'too_many_tries');
  assert.equal(told.length, 1, 'told once a day, however long somebody goes on');
  const cookies = `${BROWSER}; ${known}`;
  const own = await verifyPage(world, await afterPassword(world, undefined, cookies), cookies);
  assert.equal((await send(world, own, { code: app.code() }, cookies)).status, 303, 'the owner at their own browser');
  world.clock.freeze(world.clock.nowMs() + 900_000);
  const later = await verifyPage(world, await afterPassword(world));
  assert.equal((await send(world, later, { code: app.code() })).status, 303, 'the window is over');
  await world.close();
});

test('a hundred wrong codes in a row close that way, until something else is shown (attacks USR-13)', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  for (let i = 0; i < 100; i++) await world.store.takeTry(world.tenant, 'totp_failures', String(user.id), 100, 400 * 86_400, world.now());
  const page = await verifyPage(world, await afterPassword(world));
  const off = await send(world, page, { code: app.code() });
  assert.deepEqual([off.status, pageOf(off)], [429, 'verify']);
  assert.equal((await send(world, page, { way: 'recovery_code', code: app.recoveryCodes[0] ?? '' })).status, 303);
  const next = await verifyPage(world, await afterPassword(world));
  for (let i = 0; i < 99; i++) await world.store.takeTry(world.tenant, 'totp_failures', String(user.id), 100, 400 * 86_400, world.now());
  assert.equal((await send(world, next, { code: app.code() })).status, 303, 'taken again');
  const begins = await world.store.takeTry(world.tenant, 'totp_failures', String(user.id), 100, 400 * 86_400, world.now());
  assert.deepEqual(begins, { kind: 'taken', count: 1 }, 'a right one begins the row anew');
  await world.close();
});

test('fifty who send one code at once: one session on two nodes, and one for a recovery code (attacks USR-11)', async () => {
  const one = await openCheap();
  const two = await openCheap({ store: one.store });
  const app = await giveApp(one);
  for (const [way, code] of [
    ['totp', app.code()],
    ['recovery_code', app.recoveryCodes[0] ?? ''],
  ] as const) {
    const pages: HttpReply[] = [];
    for (let i = 0; i < 50; i++) pages.push(await verifyPage(one, await afterPassword(one)));
    const unlimited = (world: World): World => ({
      ...world,
      ctx: { ...world.ctx, config: { ...world.ctx.config, policies: { ...world.ctx.config.policies, bruteForce: 'off' } } },
    });
    const nodes = [unlimited(one), unlimited(two)] as const;
    const replies = await Promise.all(pages.map((page, i) => send(nodes[i % 2] ?? one, page, { way, code })));
    assert.equal(replies.filter((reply) => cookieOf(reply, 'session') !== undefined).length, 1, way);
    assert.equal(replies.filter(({ status }) => status === 401).length, 49, way);
  }
  await two.close();
  await one.close();
});

test('the same progress sent fifty times with two right codes opens one session', async () => {
  const world = await openCheap();
  const app = await giveApp(world);
  const page = await verifyPage(world, await afterPassword(world));
  const codes = [app.code(-1), app.code(), app.code(1), ...app.recoveryCodes];
  const replies = await Promise.all(codes.map((code, i) => send(world, page, { way: i < 3 ? 'totp' : 'recovery_code', code })));
  assert.equal(replies.filter((reply) => cookieOf(reply, 'session') !== undefined).length, 1);
  await world.close();
});
