import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { askByMail } from '../mail/ask-by-mail.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { linkIn, takeLetter, takeOutbox } from '../testing/mails.ts';
import { BROWSER_ID, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { giveApp } from '../testing/second-factors.ts';
import { postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, PASSWORD, START_MS, type World, type WorldOptions } from '../testing/world.ts';
import { recoverGet, recoverPost } from './recover.ts';
import { resetGet, resetPost } from './reset-password.ts';
import { signInGet, signInPost } from './sign-in.ts';
import { verifyGet, verifyPost } from './verify.ts';

const YAML = `${BASIC_YAML}\npolicies: { brute_force: off }`;
const NEW = 'another two halves of one tally';

function openRecovery(options: WorldOptions = {}): Promise<World> {
  return openWorld({ yaml: YAML, ...options });
}

async function askFor(world: World, address: string): Promise<HttpReply> {
  const page = await recoverGet(world.ctx, getOf(world, '/recover'));
  assert.deepEqual([page.status, pageOf(page)], [200, 'recover']);
  return recoverPost(world.ctx, postOf(world, '/recover', { ...hiddenOf(page), address }));
}

async function linkFor(world: World, address = 'alice@example.com'): Promise<string> {
  assert.equal((await askFor(world, address)).status, 200);
  return linkIn(await takeLetter(world));
}

function choose(world: World, page: HttpReply, password = NEW): Promise<HttpReply> {
  return resetPost(world.ctx, postOf(world, '/recover/reset', { ...hiddenOf(page), password }));
}

function signInWith(world: World, password: string): Promise<HttpReply> {
  return signInGet(world.ctx, getOf(world, '/signin')).then((page) =>
    signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(page), username: 'alice', password })),
  );
}

test('a new password is chosen by the link of a mail: it signs nobody in, ends every session and grant, and is told (attacks USR-17)', async () => {
  const world = await openRecovery();
  const before = await signedIn(world);
  const tokens = await tokensOf(world, {}, before);
  const link = await linkFor(world);
  for (let i = 0; i < 3; i += 1)
    assert.equal(pageOf(await resetGet(world.ctx, getOf(world, link, ''))), 'recover-reset', 'looking uses nothing up');
  const page = await resetGet(world.ctx, getOf(world, link));
  for (const [password, status] of [
    ['short', 400],
    ['passwordpassword', 400],
    ['alice@example.com', 400],
  ] as const) {
    const refused = await choose(world, page, password);
    assert.deepEqual(
      [refused.status, (await world.why(refused)).failed, refused.body.toString().includes('password-problem')],
      [status, 'password_policy', true],
    );
  }
  const done = await choose(world, page);
  assert.deepEqual([done.status, pageOf(done), cookieOf(done, 'session')], [200, 'mail-told', undefined]);
  assert.equal(await findBrowserSession(world.ctx, world.http({ headers: { cookie: before.cookie } })), undefined);
  const refresh = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(tokens['refresh_token']) };
  assert.equal((await postToken(world, refresh)).json['error'], 'invalid_grant');
  assert.equal((await signInWith(world, PASSWORD)).status, 401);
  assert.ok(cookieOf(await signInWith(world, NEW), 'session'));
  const notices = (await takeOutbox(world)).map((letter) => (letter === 'drop' ? letter : [letter?.to, letter?.subject]));
  assert.deepEqual(notices[0], ['alice@example.com', 'Your password was changed']);
  await world.close();
});

test('a link is good once, for half an hour, and not after another change of the account (attacks USR-17)', async () => {
  const world = await openRecovery();
  const link = await linkFor(world);
  const page = await resetGet(world.ctx, getOf(world, link));
  const other = await linkFor(world);
  const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => choose(world, page, `${NEW} ${i}`)));
  assert.deepEqual(replies.filter(({ status }) => status === 200).length, 1, 'ten at once');
  for (const spent of [link, other]) assert.equal((await resetGet(world.ctx, getOf(world, spent))).status, 400);
  await takeOutbox(world);

  const late = await linkFor(world);
  const latePage = await resetGet(world.ctx, getOf(world, late));
  world.clock.freeze(START_MS + 1_800_000);
  assert.equal((await choose(world, latePage)).status, 400);

  const changed = await linkFor(world);
  const changedPage = await resetGet(world.ctx, getOf(world, changed));
  await giveApp(world);
  const over = await choose(world, changedPage);
  assert.deepEqual([over.status, (await world.why(over)).failed], [400, 'mail_code']);
  await world.close();
});

test('whoever has a second factor shows it first, wherever they are, and a link alone never gets around it (attacks USR-17)', async () => {
  const world = await openRecovery();
  const app = await giveApp(world);
  world.clock.freeze(START_MS + 60_000);
  const link = await linkFor(world);
  const page = await resetGet(world.ctx, getOf(world, link));
  assert.doesNotMatch(page.body.toString(), /name="password"/);
  const next = await choose(world, page);
  assert.deepEqual([next.status, cookieOf(next, 'session')], [303, undefined]);
  assert.match(String(next.headers['location']), /^\/signin\/verify\?progress=/);
  const verify = await verifyGet(world.ctx, getOf(world, next));
  const early = await resetGet(
    world.ctx,
    getOf(world, `/recover/reset?progress=${encodeURIComponent(hiddenOf(verify)['progress'] ?? '')}`),
  );
  assert.doesNotMatch(early.body.toString(), /name="password"/, 'nothing has been shown yet');
  const shown = await verifyPost(world.ctx, postOf(world, '/signin/verify', { ...hiddenOf(verify), code: app.code() }));
  assert.match(String(shown.headers['location']), /^\/recover\/reset\?progress=/);
  assert.equal(cookieOf(shown, 'session'), undefined);
  const form = await resetGet(world.ctx, getOf(world, shown));
  assert.match(form.body.toString(), /name="password"/);
  assert.equal((await choose(world, form)).status, 200);
  assert.equal((await choose(world, form, `${NEW}!`)).status, 400, 'the same once more');
  await world.close();
});

test('an address that nobody with a password has gets the same answer, and a mail that says so, once a day (attacks USR-01)', async () => {
  const world = await openRecovery();
  const carol = { sub: 'carol', username: 'carol', passwordHash: undefined, claims: { email: 'carol@example.com', email_verified: true } };
  await world.store.createUser(world.tenant, carol, world.now());
  const looks = async (address: string): Promise<string> => {
    const reply = await askFor(world, address);
    return `${reply.status} ${Object.keys(reply.headers).join()} ${reply.body
      .toString()
      .replaceAll(address, '')
      .replaceAll(/href="[^"]*"/g, '')}`;
  };
  const known = await looks('alice@example.com');
  for (const address of ['nobody@example.com', 'carol@example.com', 'nobody@example.com', 'no+body@example.com'])
    assert.equal(await looks(address), known);
  const outbox = await takeOutbox(world);
  assert.deepEqual(
    outbox.map((letter) => (letter === 'drop' || letter === undefined ? letter : [letter.to, letter.subject])),
    [
      ['alice@example.com', 'Choose a new password'],
      ['nobody@example.com', 'No account with a password here'],
      ['carol@example.com', 'No account with a password here'],
      'drop',
      ['no+body@example.com', 'No account with a password here'],
    ],
  );
  await world.close();
});

test('a link of another kind changes no password, and a secret that is wrong uses nothing up', async () => {
  const world = await openRecovery();
  const link = await linkFor(world);
  const guess = link.replace(/\.[^&]+/, `.${'g'.repeat(24)}`);
  for (let i = 0; i < 10; i += 1) assert.equal((await resetGet(world.ctx, getOf(world, guess))).status, 400);
  assert.equal((await resetGet(world.ctx, getOf(world, link))).status, 200);
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  const ask = {
    user,
    address: 'alice@example.com',
    to: 'alice@example.com',
    isOver: false,
    browserId: BROWSER_ID,
    locale: 'en',
    data: {},
  } as const;
  for (const purpose of ['sign_in', 'verify_email'] as const) {
    await askByMail(world.ctx, world.http(), { ...ask, purpose });
    const other = linkIn(await takeLetter(world)).replace(/^[^?]*/, '/recover/reset');
    assert.equal((await resetGet(world.ctx, getOf(world, other))).status, 400, purpose);
  }
  await world.close();
});
