import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRecord } from '@hufu/store/port';
import { withLatency } from '@hufu/store/slow';
import type { HttpReply } from '../http.ts';
import { ADMIN_YAML, ask, openAdminWorld, personToken, roleToken, type Told } from '../testing/admin-world.ts';
import { linkIn, takeLetter, takeOutbox } from '../testing/mails.ts';
import { cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { START_MS, type World, type WorldOptions } from '../testing/world.ts';
import { invitationGet, invitationPost } from './invitation.ts';
import { resetGet } from './reset-password.ts';
import { signInGet, signInPost } from './sign-in.ts';

const OFF = `${ADMIN_YAML}  brute_force: off\n`;
const PASSWORD = 'another two halves of one tally';
const WEEK_MS = 7 * 86_400_000;

interface Scene {
  readonly world: World;
  readonly token: string;
  readonly sub: string;
}

async function scene(options: WorldOptions = {}, claims: object = { email: 'Lin@example.com' }): Promise<Scene> {
  const world = await openAdminWorld({ yaml: OFF, ...options });
  const token = await roleToken(world, 'security');
  return { world, token, sub: await make({ world, token }, 'lin', claims) };
}

async function make(
  { world, token }: Pick<Scene, 'world' | 'token'>,
  username: string,
  claims: object,
  more: object = {},
): Promise<string> {
  const made = await ask(world, token, 'users.create', { body: { username, claims, ...more } });
  assert.equal(made.status, 201, made.body.toString());
  return String(made.json['sub']);
}

function invite({ world, token, sub }: Scene): Promise<Told> {
  return ask(world, token, 'users.invite', { params: { sub } });
}

async function linkFor(one: Scene): Promise<string> {
  const told = await invite(one);
  assert.equal(told.status, 200, told.body.toString());
  return linkIn(await takeLetter(one.world));
}

async function userOf({ world, sub }: Scene): Promise<UserRecord> {
  return (await world.store.findUserBySub(world.tenant, sub)) ?? assert.fail();
}

function open({ world }: Scene, link: string, cookie = ''): Promise<HttpReply> {
  return invitationGet(world.ctx, getOf(world, link, cookie));
}

/** In a browser that has never been here before. */
function choose({ world }: Scene, page: HttpReply, password = PASSWORD): Promise<HttpReply> {
  return invitationPost(
    world.ctx,
    postOf(world, '/invitation', { ...hiddenOf(page), password }, { cookie: cookieOf(page, 'browser') ?? assert.fail() }),
  );
}

async function signIn({ world }: Scene, username: string, password: string): Promise<string | undefined> {
  const page = await signInGet(world.ctx, getOf(world, '/signin'));
  return cookieOf(await signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(page), username, password })), 'session');
}

test('an invitation sets a first password in any browser, confirms the address, is good once, and signs nobody in (attacks USR-17)', async () => {
  const one = await scene();
  const told = await invite(one);
  assert.deepEqual(told.json, { sub: one.sub, email: 'Lin@example.com', expires_at: Math.floor((START_MS + WEEK_MS) / 1000) });
  const letter = await takeLetter(one.world);
  const link = linkIn(letter);
  assert.ok(!told.body.toString().includes('/invitation'), 'nobody but its reader learns the link');
  assert.deepEqual([letter.to, letter.subject], ['Lin@example.com', 'Your account at Hufu']);
  for (let i = 0; i < 3; i += 1)
    assert.deepEqual(pageOf(await open(one, link)), 'invitation', 'what scans mails uses nothing up (attacks USR-26)');
  assert.equal((await userOf(one)).passwordHash, undefined);
  const page = await open(one, link);
  for (const password of ['short', 'passwordpassword', 'lin@example.com']) {
    const refused = await choose(one, page, password);
    assert.deepEqual([refused.status, (await one.world.why(refused)).failed], [400, 'password_policy'], password);
  }
  const done = await choose(one, page);
  assert.deepEqual([done.status, pageOf(done), cookieOf(done, 'session')], [200, 'mail-told', undefined]);
  const { claims } = await userOf(one);
  assert.deepEqual(claims, { email: 'Lin@example.com', email_verified: true });
  assert.ok(await signIn(one, 'lin', PASSWORD));
  for (const reply of [await open(one, link), await choose(one, page, `${PASSWORD}!`)])
    assert.deepEqual([reply.status, (await one.world.why(reply)).failed], [400, 'mail_code']);
  assert.ok(await signIn(one, 'lin', PASSWORD), 'the password is as it was');
  assert.equal((await invite(one)).status, 409);
  await one.world.close();
});

test('of many who send one invitation at once one has set the password, also where the address was shown before (attacks USR-17)', async () => {
  for (const [seed, claims] of [{ email: 'lin@example.com' }, { email: 'lin@example.com', email_verified: true }].entries()) {
    const one = await scene({ wrap: (store) => withLatency(store, { seed, maxMs: 3 }) }, claims);
    const page = await open(one, await linkFor(one));
    const replies = await Promise.all(Array.from({ length: 10 }, (_, index) => choose(one, page, `${PASSWORD} ${index}`)));
    const winners = replies.flatMap(({ status }, index) => (status === 200 ? [index] : []));
    assert.equal(winners.length, 1);
    for (const index of replies.keys())
      assert.equal((await signIn(one, 'lin', `${PASSWORD} ${index}`)) !== undefined, winners.includes(index), String(index));
    await one.world.close();
  }
});

test('an address that is changed while an invitation is used is never the one that it had before with a password (attacks USR-14)', async () => {
  for (let seed = 0; seed < 8; seed += 1) {
    const one = await scene({ wrap: (store) => withLatency(store, { seed, maxMs: 4 }) });
    const page = await open(one, await linkFor(one));
    const owner = await personToken(one.world, 'u-owner');
    const user = await ask(one.world, owner, 'users.get', { params: { sub: one.sub } });
    const [used, changed] = await Promise.all([
      choose(one, page),
      ask(one.world, owner, 'users.claims.put', {
        params: { sub: one.sub },
        headers: { 'if-match': String(user.headers['etag']) },
        body: { claims: { email: 'new@example.com' } },
      }),
    ]);
    const after = await userOf(one);
    const isSet = after.passwordHash !== undefined;
    if (changed.status === 200) assert.equal(after.claims['email'], 'new@example.com');
    assert.ok(used.status !== 200 || changed.status !== 200, 'one of the two');
    assert.equal(used.status === 200, isSet, `${seed}: ${used.status} ${changed.status}`);
    await one.world.close();
  }
});

test('an invitation is over after seven days, with the next one, another address, a lock, a disabling, a password and a proof (attacks USR-17)', async () => {
  const endings: readonly (readonly [string, (one: Scene, user: UserRecord) => Promise<unknown>])[] = [
    ['time', ({ world }) => Promise.resolve(world.clock.freeze(START_MS + WEEK_MS))],
    ['the next one', (one) => linkFor(one)],
    ['another address', ({ world }, { id }) => world.store.setClaims(world.tenant, id, { email: 'eve@example.com' }, world.now())],
    ['no address', ({ world }, { id }) => world.store.setClaims(world.tenant, id, {}, world.now())],
    ['its end', ({ world }, { id }) => world.store.deleteUser(world.tenant, id, world.now())],
    [
      'a password',
      ({ world }, { id }) => world.store.changePassword(world.tenant, id, 0, 'hash', { session: undefined, revokes: 'all' }, world.now()),
    ],
    [
      'disabled and enabled',
      async ({ world }, { id }) => {
        for (const enabled of [false, true]) await world.store.setUserEnabled(world.tenant, id, enabled, world.now());
      },
    ],
    [
      'locked and unlocked',
      async ({ world }, { id }) => {
        for (const until of [world.now() + 60, undefined]) await world.store.lockUser(world.tenant, id, until, world.now());
      },
    ],
    [
      'somebody else has shown the address',
      async ({ world, token }) => {
        await make({ world, token }, 'eve', { email: 'lin@example.com', email_verified: true });
      },
    ],
  ];
  for (const [what, end] of endings) {
    const one = await scene();
    const link = await linkFor(one);
    const page = await open(one, link);
    await end(one, await userOf(one));
    const reply = await choose(one, page);
    assert.deepEqual([reply.status, (await one.world.why(reply)).failed], [400, 'mail_code'], what);
    assert.equal(await signIn(one, 'lin', PASSWORD), undefined, what);
    await one.world.close();
  }
});

test('links of other mails and guesses are no invitation, nor is an invitation another link (attacks USR-17)', async () => {
  const one = await scene();
  const link = await linkFor(one);
  for (let i = 0; i < 10; i += 1) assert.equal((await open(one, link.replace(/\.[^&]+/, `.${'g'.repeat(24)}`))).status, 400);
  assert.equal((await open(one, link)).status, 200, 'a guess uses nothing up');
  assert.equal((await resetGet(one.world.ctx, getOf(one.world, link.replace(/^[^?]*/, '/recover/reset')))).status, 400);
  const cross = postOf(
    one.world,
    '/invitation',
    { ...hiddenOf(await open(one, link)), password: PASSWORD },
    { 'sec-fetch-site': 'cross-site' },
  );
  assert.equal((await invitationPost(one.world.ctx, cross)).status, 403, 'the form of another site or browser');
  assert.equal((await userOf(one)).passwordHash, undefined);
  await one.world.close();
});

test('who has another way in, stands in hufu.yaml, has no address of their own, or is disabled is not invited: 409, and no mail', async () => {
  const one = await scene();
  const { world, token } = one;
  const subs = {
    config: 'alice-sub',
    password: await make(one, 'secret', { email: 'secret@example.com' }, { password: PASSWORD }),
    none: await make(one, 'none', {}),
    taken: await make(one, 'taken', { email: 'alice@example.com' }),
    disabled: await make(one, 'disabled', { email: 'disabled@example.com' }),
    signedUp: 'signed-up',
    linked: await make(one, 'linked', { email: 'linked@example.com' }),
  };
  await ask(world, token, 'users.disable', { params: { sub: subs.disabled } });
  const linked = await userOf({ ...one, sub: subs.linked });
  const identity = { upstream: 'corp', issuer: 'https://corp.example', subject: '1', label: '' };
  const done = await world.store.linkIdentity(world.tenant, linked.id, linked.authVersion, identity, undefined, world.now());
  assert.equal(done.kind, 'done');
  const claims = { email: 'up@example.com' };
  await world.store.createUser(
    world.tenant,
    { sub: 'signed-up', username: 'up', passwordHash: undefined, claims, source: 'sign_up' },
    world.now(),
  );
  for (const [what, sub] of Object.entries(subs)) {
    const told = await invite({ ...one, sub });
    assert.deepEqual([told.status, told.json['error']], [409, 'conflict'], what);
  }
  assert.equal((await takeOutbox(world)).length, 0);
  await world.close();
  const mute = await scene({ yaml: `${OFF}listen: 0.0.0.0:1\n` });
  assert.match((await invite(mute)).body.toString(), /mail is not configured/);
  await mute.world.close();
});

test('five invitations a day go to a mailbox, and the log of changes has each with who sent it (attacks ADM-12)', async () => {
  const one = await scene({ yaml: ADMIN_YAML });
  for (let i = 0; i < 5; i += 1) assert.equal((await invite(one)).status, 200);
  const limited = await invite(one);
  assert.deepEqual([limited.status, Number(limited.headers['retry-after']) > 0], [429, true]);
  const other = { ...one, sub: await make(one, 'other', { email: 'lin+other@example.com' }) };
  assert.equal((await invite(other)).status, 429, 'another name of the same mailbox');
  assert.equal((await takeOutbox(one.world)).length, 5);
  await one.world.store.sealAudit(one.world.tenant, 100);
  const entries = await one.world.store.readAudit(one.world.tenant, 0, 100);
  const invited = entries.filter(({ action }) => action === 'user.invited').map(({ actor, target }) => [actor.id, target?.id]);
  assert.deepEqual(
    invited,
    Array.from({ length: 5 }, () => ['ops-security', one.sub]),
  );
  await one.world.close();
});

test('an invitation is in the language of its user, with the name of the service, and nothing that somebody typed (attacks XSS-05)', async () => {
  const yaml = `${OFF}  appearance: { name: "Acme & <Söhne> $&" }\n`;
  const one = await scene({ yaml }, { email: 'lin@example.com', locale: 'zh-CN', name: 'visit evil.example' });
  await invite(one);
  const letter = await takeLetter(one.world);
  assert.equal(letter.subject, '你在 Acme & <Söhne> $& 的账号');
  assert.ok(letter.html.includes('Acme &amp; &lt;Söhne&gt; $&amp; 为你开通了账号'));
  for (const text of [letter.html, letter.text]) assert.ok(!text.includes('evil.') && !text.includes('{name}'));
  const page = await open(one, linkIn(letter));
  assert.match(page.body.toString(), /<html lang="zh-CN"[\s\S]*设置密码/);
  await one.world.close();
});
