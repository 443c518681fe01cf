import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Passwords, passwords } from '../accounts/passwords.ts';
import type { HttpReply } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { codeIn, linkIn, takeLetter, takeOutbox } from '../testing/mails.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { answerOf, ask } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START_MS, type World } from '../testing/world.ts';
import { mailLinkGet, mailLinkPost } from './mail-link.ts';
import { signUpGet, signUpPost } from './sign-up.ts';
import { signUpCodeGet, signUpCodePost } from './sign-up-by-mail.ts';

const YAML = `${BASIC_YAML}\npolicies: { sign_up: open, sign_up_verification: required, brute_force: off }`;
const MEI = { username: 'mei', email: 'Mei@Post.example', name: 'Mei', password: 'two halves make a tally' };
const OTHER = '__Host-hufu_browser=other-browser-24-charact';

const real = passwords();
after(() => real.close());

/** What hashing costs is not what these tests are about. */
async function openSignUp(yaml = YAML): Promise<World & { readonly hashed: string[] }> {
  const world = await openWorld({ yaml });
  const hashed: string[] = [];
  const cheap: Passwords = {
    ...real,
    hash: async (password) => {
      hashed.push(password);
      return `of ${password}`;
    },
  };
  return { ...world, ctx: { ...world.ctx, passwords: cheap }, hashed };
}

async function signUp(world: World, fields: Record<string, string> = MEI): Promise<HttpReply> {
  const sent = await ask(world, undefined, { prompt: 'create' });
  const page = await signUpGet(world.ctx, getOf(world, sent));
  return signUpPost(world.ctx, postOf(world, '/signup', { ...hiddenOf(page), ...fields }));
}

async function typeCode(world: World, asked: HttpReply, code: string): Promise<HttpReply> {
  const page = await signUpCodeGet(world.ctx, getOf(world, asked));
  assert.deepEqual([page.status, pageOf(page)], [200, 'email-code']);
  return signUpCodePost(world.ctx, postOf(world, '/signup/code', { ...hiddenOf(page), code }));
}

test('there is an account once its address has been shown, with that address, and its owner is back at the app', async () => {
  const world = await openSignUp();
  const asked = await signUp(world);
  assert.deepEqual([asked.status, cookieOf(asked, 'session')], [303, undefined]);
  assert.equal(await world.store.findUserByName(world.tenant, 'mei'), undefined, 'nobody yet');
  const letter = await takeLetter(world);
  assert.deepEqual([letter.to, letter.subject], ['Mei@Post.example', 'Confirm your address']);
  assert.doesNotMatch(letter.text + letter.html, /(?<![\w-])Mei(?![\w@-])|two halves/, 'nothing that somebody typed');
  const reply = await typeCode(world, asked, codeIn(letter));
  assert.ok(answerOf(reply).get('code'));
  const made = (await world.store.findUserByEmail(world.tenant, 'mei@post.example')) ?? assert.fail();
  assert.deepEqual([made.username, made.claims], ['mei', { name: 'Mei', email: 'Mei@Post.example', email_verified: true }]);
  const found = await findBrowserSession(world.ctx, world.http({ headers: { cookie: cookieOf(reply, 'session') ?? '' } }));
  assert.deepEqual([found?.user.id, found?.session.amr], [made.id, ['pwd']]);
  const again = await typeCode(world, asked, codeIn(letter));
  assert.deepEqual([again.status, (await world.store.listUsers(world.tenant, 0, 10)).length], [401, 3]);
  await world.close();
});

test('an address that somebody has answers as one that is free, costs as much, and its owner is told, once a day (attacks USR-01)', async () => {
  const world = await openSignUp();
  const looks = async (reply: HttpReply, address: string): Promise<string> => {
    const page = await signUpCodeGet(world.ctx, getOf(world, reply));
    return `${reply.status} ${Object.keys(reply.headers).join()} ${page.body
      .toString()
      .replaceAll(address, '')
      .replaceAll(/(?:value|href)="[^"]*"/g, '')}`;
  };
  const free = await looks(await signUp(world), MEI.email);
  const [real] = await takeOutbox(world);
  assert.ok(real !== 'drop');
  for (let i = 0; i < 2; i += 1) {
    const taken = await signUp(world, { ...MEI, username: 'mallory', email: 'alice@example.com' });
    assert.equal(await looks(taken, 'alice@example.com'), free);
    const [letter] = await takeOutbox(world);
    assert.equal(letter === 'drop' ? letter : letter?.subject, i === 0 ? 'You have an account already' : 'drop');
  }
  assert.equal(world.hashed.length, 3, 'the same work');
  assert.equal((await world.store.listUsers(world.tenant, 0, 10)).length, 2);
  await world.close();
});

test('the link does the same in the browser that asked; in another it only shows a code (attacks USR-26)', async () => {
  const world = await openSignUp();
  const asked = await signUp(world);
  const link = linkIn(await takeLetter(world));
  const elsewhere = await mailLinkGet(world.ctx, getOf(world, link, OTHER));
  assert.match(elsewhere.body.toString(), /link-not-me/);
  const forced = await mailLinkPost(world.ctx, postOf(world, '/signin/link', { ...hiddenOf(elsewhere), act: 'go' }, { cookie: OTHER }));
  assert.equal(cookieOf(forced, 'session'), undefined);
  assert.equal(await world.store.findUserByName(world.tenant, 'mei'), undefined);
  const page = await mailLinkGet(world.ctx, getOf(world, link));
  const reply = await mailLinkPost(world.ctx, postOf(world, '/signin/link', { ...hiddenOf(page), act: 'go' }));
  assert.ok(cookieOf(reply, 'session'));
  assert.ok(asked);
  await world.close();
});

test('of two who want one name the first to show an address has it; the other is told, and has no account', async () => {
  const world = await openSignUp();
  const one = await signUp(world);
  const first = await takeLetter(world);
  const other = await signUp(world, { ...MEI, email: 'other@post.example' });
  const second = await takeLetter(world);
  assert.ok(cookieOf(await typeCode(world, other, codeIn(second)), 'session'));
  const late = await typeCode(world, one, codeIn(first));
  assert.deepEqual([late.status, cookieOf(late, 'session')], [303, undefined]);
  const page = await signUpGet(world.ctx, getOf(world, late, BROWSER));
  assert.match(page.body.toString(), /id="username-problem"/);
  assert.equal(await world.store.findUserByEmail(world.tenant, 'mei@post.example'), undefined);
  const now = await signUp(world);
  assert.equal(now.status, 400, 'a name that is taken is told at once');
  await world.close();
});

test('without an address nobody signs up here; the page says so at its field, and without mail it is as it was', async () => {
  const world = await openSignUp();
  const { email: _, ...without } = MEI;
  const reply = await signUp(world, { ...without, email: '' });
  assert.deepEqual([reply.status, (await world.why(reply)).detail], [400, 'email: missing']);
  assert.match(reply.body.toString(), /id="email-problem"/);
  assert.deepEqual(await takeOutbox(world), []);
  await world.close();
  const off = await openSignUp(YAML.replace('required', "'off'"));
  assert.ok(cookieOf(await signUp(off), 'session'), 'at once');
  assert.deepEqual(await takeOutbox(off), []);
  await off.close();
});

test('half an hour is long enough, and sign-up that is switched off meanwhile makes nobody (attacks USR-22)', async () => {
  const world = await openSignUp();
  const asked = await signUp(world);
  const code = codeIn(await takeLetter(world));
  const page = await signUpCodeGet(world.ctx, getOf(world, asked));
  const closed = { ...world.ctx, config: { ...world.ctx.config, policies: { ...world.ctx.config.policies, signUp: 'off' } } } as const;
  assert.equal((await signUpCodePost(closed, postOf(world, '/signup/code', { ...hiddenOf(page), code }))).status, 403);
  world.clock.freeze(START_MS + 1_800_000);
  const late = await signUpCodePost(world.ctx, postOf(world, '/signup/code', { ...hiddenOf(page), code, request: '' }));
  assert.equal(late.status, 401);
  assert.equal(await world.store.findUserByName(world.tenant, 'mei'), undefined);
  await world.close();
});

test('a request as long as one may be, and names as long, are kept with the mail or go on by the code', async () => {
  const world = await openSignUp();
  const name = '\u6f22'.repeat(100);
  const email = `${'e'.repeat(64)}@${'d'.repeat(60)}.${'d'.repeat(60)}.example`;
  for (const [length, least] of [
    [2_000, 6_400],
    [1_000, 3_000],
  ] as const) {
    const [state, nonce] = ['s'.repeat(length), 'n'.repeat(Math.min(length, 1_000))];
    const display = Object.fromEntries(['x1', 'x2'].map((extra) => [extra, 'x'.repeat(length * 0.4)]));
    const sent = await ask(world, undefined, { prompt: 'create', state, nonce, ...display });
    const page = await signUpGet(world.ctx, getOf(world, sent));
    assert.ok((hiddenOf(page)['request'] ?? '').length > least, `${hiddenOf(page)['request']?.length}`);
    const fields = { ...hiddenOf(page), ...MEI, username: '\u6f22'.repeat(64), name, email };
    const asked = await signUpPost(world.ctx, postOf(world, '/signup', fields));
    assert.equal(asked.status, 303, asked.body.toString().slice(0, 500));
    const [letter] = await takeOutbox(world);
    assert.ok(letter !== 'drop' && letter !== undefined);
    assert.equal((await mailLinkGet(world.ctx, getOf(world, linkIn(letter)))).status, 200);
  }
  await world.close();
});
