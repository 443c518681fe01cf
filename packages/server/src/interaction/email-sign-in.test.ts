import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { codeIn, linkIn, takeLetter, takeOutbox } from '../testing/mails.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { answerOf, ask } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START_MS, type World, type WorldOptions } from '../testing/world.ts';
import { emailSignInGet, emailSignInPost, signInCodeGet, signInCodePost } from './email-sign-in.ts';
import { mailLinkGet, mailLinkPost } from './mail-link.ts';
import { signInGet } from './sign-in.ts';

const YAML = `${BASIC_YAML}\npolicies: { sign_in: { methods: [password, email] }, brute_force: off }`;
const LIMITED = YAML.replace(', brute_force: off', '');
const OTHER = '__Host-hufu_browser=other-browser-24-charact';

function openMailWorld(options: WorldOptions = {}): Promise<World> {
  return openWorld({ yaml: YAML, ...options });
}

/** Asks for a mail on the page, for an authorization request. */
async function askFor(world: World, address: string, cookie = BROWSER): Promise<HttpReply> {
  const sent = await ask(world, undefined, {});
  const query = String(sent.headers['location']).split('?')[1] ?? '';
  const page = await emailSignInGet(world.ctx, getOf(world, `/signin/email?${query}`, cookie));
  assert.deepEqual([page.status, pageOf(page)], [200, 'signin-email']);
  return emailSignInPost(world.ctx, postOf(world, '/signin/email', { ...hiddenOf(page), address }, { cookie }));
}

async function codePage(world: World, asked: HttpReply, cookie = BROWSER): Promise<HttpReply> {
  assert.equal(asked.status, 303, asked.body.toString());
  return signInCodeGet(world.ctx, getOf(world, asked, cookie));
}

function typeCode(world: World, page: HttpReply, code: string, cookie = BROWSER): Promise<HttpReply> {
  return signInCodePost(world.ctx, postOf(world, '/signin/email/code', { ...hiddenOf(page), code }, { cookie }));
}

/** What a reply tells a browser, but for what is random in it. */
function looks(reply: HttpReply): string {
  const headers = Object.entries(reply.headers).map(([name, value]) => `${name}: ${String(value).length}`);
  const body = reply.body.toString().replaceAll(/(?:value|href)="[^"]*"/g, '');
  return `${reply.status}\n${headers.join('\n')}\n${body}`;
}

test('the code of a mail signs in the browser that asked, and says how (RFC 8176 §2, attacks USR-28)', async () => {
  const world = await openMailWorld();
  const signIn = await signInGet(world.ctx, getOf(world, '/signin'));
  assert.match(signIn.body.toString(), /id="signin-email" href="\/signin\/email/);
  const page = await codePage(world, await askFor(world, 'Alice@Example.com'));
  assert.match(page.body.toString(), /Alice@Example\.com/);
  const letter = await takeLetter(world);
  assert.equal(letter.to, 'alice@example.com', 'as it is stored, not as it was typed');
  const code = codeIn(letter);
  const reply = await typeCode(world, page, ` ${code.slice(0, 4)}-${code.slice(4)} `);
  assert.ok(answerOf(reply).get('code'), String(reply.headers['location']));
  const found = await findBrowserSession(world.ctx, world.http({ headers: { cookie: cookieOf(reply, 'session') ?? '' } }));
  assert.deepEqual([found?.user.username, found?.session.amr], ['alice', ['email']]);
  const again = await typeCode(world, page, code);
  assert.deepEqual([again.status, pageOf(again), cookieOf(again, 'session')], [401, 'email-code', undefined]);
  await world.close();
});

test('an address that nobody has, one that nobody verified and one of somebody disabled answer as one that is there (attacks USR-01)', async () => {
  const world = await openMailWorld();
  const { store, tenant } = world;
  const made = await store.createUser(
    tenant,
    { sub: 'carol', username: 'carol', passwordHash: undefined, claims: { email: 'carol@example.com', email_verified: false } },
    world.now(),
  );
  assert.equal(made.kind, 'created');
  const dave = await store.createUser(
    tenant,
    { sub: 'dave', username: 'dave', passwordHash: undefined, claims: { email: 'dave@example.com', email_verified: true } },
    world.now(),
  );
  if (dave.kind === 'created') await store.setUserEnabled(tenant, dave.user.id, false, world.now());
  const pages: string[] = [];
  for (const address of ['alice@example.com', 'nobody@example.com', 'carol@example.com', 'dave@example.com']) {
    const asked = await askFor(world, address);
    const page = await codePage(world, asked);
    pages.push(looks(asked) + looks(page).replaceAll(address, '') + looks(await typeCode(world, page, '00000000')).replaceAll(address, ''));
  }
  for (const other of pages.slice(1)) assert.equal(other.replaceAll(/location: \d+/g, ''), pages[0]?.replaceAll(/location: \d+/g, ''));
  const outbox = await takeOutbox(world);
  assert.deepEqual(
    outbox.map((letter) => (letter === 'drop' ? letter : letter?.to)),
    ['alice@example.com', 'drop', 'drop', 'drop'],
  );
  await world.close();
});

test('five wrong codes use a mail up, and the right one is too late then; what is no code costs nothing (attacks USR-13)', async () => {
  const world = await openMailWorld();
  const page = await codePage(world, await askFor(world, 'alice@example.com'));
  const code = codeIn(await takeLetter(world));
  const wrong = String((Number(code) + 1) % 100_000_000).padStart(8, '0');
  for (let i = 0; i < 10; i += 1) assert.equal((await typeCode(world, page, 'abc')).status, 400);
  const left: string[] = [];
  for (let i = 0; i < 5; i += 1)
    left.push(/id="problem"[^>]*>([^<]*)</.exec((await typeCode(world, page, wrong)).body.toString())?.[1] ?? '');
  assert.deepEqual(
    left.map((text) => /(\d|One) tr/.exec(text)?.[1]),
    ['4', '3', '2', 'One', undefined],
  );
  const late = await typeCode(world, page, code);
  assert.deepEqual([late.status, cookieOf(late, 'session'), (await world.why(late)).failed], [401, undefined, 'mail_code']);
  await world.close();
});

test('a code is good in the browser that asked alone, for ten minutes, and under the password that it was sent under (attacks USR-17)', async () => {
  const world = await openMailWorld();
  const page = await codePage(world, await askFor(world, 'alice@example.com'));
  const code = codeIn(await takeLetter(world));
  const elsewhere = await emailSignInGet(world.ctx, getOf(world, '/signin/email', OTHER));
  const stolen = { ...hiddenOf(page), csrf: hiddenOf(elsewhere)['csrf'] ?? '', code };
  const post = postOf(world, '/signin/email/code', stolen, { cookie: OTHER });
  assert.equal((await signInCodePost(world.ctx, post)).status, 403, 'the form is the other browser’s');
  assert.equal((await signInCodeGet(world.ctx, getOf(world, `/signin/email/code?asked=${hiddenOf(page)['asked']}`, OTHER))).status, 400);
  const alice = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  const keep = { session: undefined, revokes: 'all' } as const;
  await world.store.changePassword(world.tenant, alice.id, alice.authVersion, 'x', keep, world.now());
  assert.equal((await typeCode(world, page, code)).status, 401);

  const second = await codePage(world, await askFor(world, 'alice@example.com'));
  const late = codeIn(await takeLetter(world));
  world.clock.freeze(START_MS + 600_000);
  assert.equal((await typeCode(world, second, late)).status, 401);
  await world.close();
});

test('of fifty who type the right code at once one is let in', async () => {
  const world = await openMailWorld();
  const page = await codePage(world, await askFor(world, 'alice@example.com'));
  const code = codeIn(await takeLetter(world));
  const replies = await Promise.all(Array.from({ length: 50 }, () => typeCode(world, page, code)));
  assert.equal(replies.filter((reply) => cookieOf(reply, 'session') !== undefined).length, 1);
  assert.equal(
    (
      await world.store.listSessions(
        world.tenant,
        (await world.store.findUserByName(world.tenant, 'alice'))?.id ?? assert.fail(),
        50,
        world.now(),
      )
    ).length,
    1,
  );
  await world.close();
});

test('opening a link does nothing; sending its form signs in the browser that asked, once, and goes on with the request (attacks USR-26)', async () => {
  const world = await openMailWorld();
  await askFor(world, 'alice@example.com');
  const link = linkIn(await takeLetter(world));
  for (let i = 0; i < 10; i += 1) {
    const scanned = await mailLinkGet(world.ctx, getOf(world, link, ''));
    assert.deepEqual([scanned.status, pageOf(scanned), cookieOf(scanned, 'session')], [200, 'mail-link', undefined]);
  }
  const page = await mailLinkGet(world.ctx, getOf(world, link));
  assert.match(page.body.toString(), /id="link-go"/);
  const send = (): Promise<HttpReply> => mailLinkPost(world.ctx, postOf(world, '/signin/link', { ...hiddenOf(page), act: 'go' }));
  const [one, ...others] = await Promise.all(Array.from({ length: 20 }, send));
  const winners = [one, ...others].filter((reply) => reply !== undefined && cookieOf(reply, 'session') !== undefined);
  assert.equal(winners.length, 1);
  assert.ok(answerOf(winners[0] ?? assert.fail()).get('code'));
  const late = await mailLinkGet(world.ctx, getOf(world, link));
  assert.deepEqual([late.status, pageOf(late)], [400, 'mail-told']);
  await world.close();
});

test('a link that is opened in another browser signs nobody in: neither there nor where it was asked for (attacks USR-26)', async () => {
  const world = await openMailWorld();
  const typing = await codePage(world, await askFor(world, 'alice@example.com'));
  const letter = await takeLetter(world);
  const page = await mailLinkGet(world.ctx, getOf(world, linkIn(letter), OTHER));
  assert.match(page.body.toString(), /id="link-not-me"[\s\S]*id="link-show-code"/, 'first the way out');
  assert.doesNotMatch(page.body.toString(), /id="link-go"/);
  const act = (name: string): Promise<HttpReply> =>
    mailLinkPost(world.ctx, postOf(world, '/signin/link', { ...hiddenOf(page), act: name }, { cookie: OTHER }));
  const forced = await act('go');
  assert.deepEqual([forced.status, pageOf(forced), cookieOf(forced, 'session')], [200, 'mail-link', undefined]);

  const [shown, ...others] = await Promise.all(Array.from({ length: 10 }, () => act('show_code')));
  const codes = [shown, ...others].flatMap(
    (reply) =>
      /id="told-code">(\d{4}) (\d{4})</
        .exec(reply?.body.toString() ?? '')
        ?.slice(1)
        .join('') ?? [],
  );
  assert.equal(codes.length, 1, 'one code for one link');
  assert.notEqual(codes[0], codeIn(letter));
  assert.equal((await typeCode(world, typing, codeIn(letter))).status, 401, 'the one of the mail is over');
  world.clock.freeze(START_MS + 119_000);
  const reply = await typeCode(world, typing, codes[0] ?? '');
  assert.ok(cookieOf(reply, 'session'));
  await world.close();
});

test('a code that was shown is over after two minutes; “not me” ends the mail, its code and its link', async () => {
  const world = await openMailWorld();
  const first = await codePage(world, await askFor(world, 'alice@example.com'));
  const shownPage = await mailLinkGet(world.ctx, getOf(world, linkIn(await takeLetter(world)), OTHER));
  const shown = await mailLinkPost(
    world.ctx,
    postOf(world, '/signin/link', { ...hiddenOf(shownPage), act: 'show_code' }, { cookie: OTHER }),
  );
  const code = /id="told-code">(\d{4}) (\d{4})</.exec(shown.body.toString())?.slice(1).join('') ?? assert.fail();
  world.clock.freeze(START_MS + 120_000);
  assert.equal((await typeCode(world, first, code)).status, 401);

  const second = await codePage(world, await askFor(world, 'alice@example.com'));
  const letter = await takeLetter(world);
  const page = await mailLinkGet(world.ctx, getOf(world, linkIn(letter), OTHER));
  const refused = await mailLinkPost(world.ctx, postOf(world, '/signin/link', { ...hiddenOf(page), act: 'not_me' }, { cookie: OTHER }));
  assert.equal(pageOf(refused), 'mail-told');
  assert.equal((await typeCode(world, second, codeIn(letter))).status, 401);
  assert.equal((await mailLinkGet(world.ctx, getOf(world, linkIn(letter)))).status, 400);
  await world.close();
});

test('guessed links cost nobody’s mail a try: the numbers of mails can be counted up, their secrets not', async () => {
  const world = await openMailWorld();
  const page = await codePage(world, await askFor(world, 'alice@example.com'));
  const letter = await takeLetter(world);
  const [path = '', id = ''] = /^(.*link=)(\d+)\./.exec(linkIn(letter))?.slice(1) ?? [];
  const other = await mailLinkGet(world.ctx, getOf(world, linkIn(letter), OTHER));
  for (let i = 0; i < 20; i += 1) {
    const guess = `${id}.${'g'.repeat(22)}${String(i).padStart(2, '0')}`;
    assert.equal((await mailLinkGet(world.ctx, getOf(world, `${path}${guess}`, OTHER))).status, 400);
    const fields = { ...hiddenOf(other), link: guess, act: 'not_me' };
    assert.equal((await mailLinkPost(world.ctx, postOf(world, '/signin/link', fields, { cookie: OTHER }))).status, 400);
  }
  assert.ok(cookieOf(await typeCode(world, page, codeIn(letter)), 'session'));
  await world.close();
});

test('five mails an hour for an address from a browser, twenty from a network, and then a wait that is told (RFC 6585 §4)', async () => {
  const world = await openMailWorld({ yaml: LIMITED });
  for (let i = 0; i < 5; i += 1) assert.equal((await askFor(world, 'nobody@example.com')).status, 303);
  const limited = await askFor(world, 'Nobody@example.com');
  assert.deepEqual([limited.status, limited.headers['retry-after'], (await world.why(limited)).failed], [429, '3600', 'mail_throttle']);
  for (let i = 0; i < 15; i += 1) assert.equal((await askFor(world, `n${i}@example.com`)).status, 303);
  assert.equal((await askFor(world, 'n99@example.com')).status, 429, 'the network');
  world.clock.freeze(START_MS + 3_600_000);
  assert.equal((await askFor(world, 'nobody@example.com')).status, 303);
  await world.close();
});

test('whoever asks for mails again and again pushes out none that was sent, and learns nothing by it (attacks USR-08, USR-01)', async () => {
  const world = await openMailWorld({ yaml: LIMITED });
  const form = await emailSignInGet(world.ctx, getOf(world, '/signin/email'));
  const flood = (address: string): Promise<readonly HttpReply[]> =>
    Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const cookie = `__Host-hufu_browser=${String(index).padStart(24, '0')}`;
        const page = await emailSignInGet(world.ctx, getOf(world, '/signin/email', cookie));
        const post = postOf(world, '/signin/email', { ...hiddenOf(page), address }, { cookie });
        return await emailSignInPost(world.ctx, { ...post, address: `198.51.100.${index}` });
      }),
    );
  const seen: string[] = [];
  for (const address of ['alice@example.com', 'nobody@example.com']) {
    const asked = await emailSignInPost(world.ctx, postOf(world, '/signin/email', { ...hiddenOf(form), address }));
    const code = address.startsWith('alice') ? codeIn(await takeLetter(world)) : undefined;
    assert.deepEqual(new Set((await flood(address)).map(({ status }) => status)), new Set([303]));
    const page = await codePage(world, asked);
    const wrong = await typeCode(world, page, code === '00000000' ? '00000001' : '00000000');
    assert.equal(wrong.status, 401);
    seen.push(
      looks(wrong)
        .replaceAll(address, '')
        .replaceAll(/hufu-decision: .*/g, ''),
    );
    if (code !== undefined) assert.equal((await typeCode(world, page, code)).status, 303);
  }
  assert.equal(seen[0], seen[1]);
  await world.close();
});

test('what somebody signs in for comes along by code and by link: a page of ours, and that everything has to be shown now', async () => {
  const world = await openMailWorld();
  const page = await emailSignInGet(world.ctx, getOf(world, '/signin/email?next=approvals&fresh=1'));
  const asked = await emailSignInPost(world.ctx, postOf(world, '/signin/email', { ...hiddenOf(page), address: 'alice@example.com' }));
  const typing = await codePage(world, asked);
  const { next, fresh } = hiddenOf(typing);
  assert.deepEqual([next, fresh], ['approvals', '1']);
  const letter = await takeLetter(world);
  const link = await mailLinkGet(world.ctx, getOf(world, linkIn(letter)));
  const reply = await mailLinkPost(world.ctx, postOf(world, '/signin/link', { ...hiddenOf(link), act: 'go' }));
  assert.equal(reply.headers['location'], '/account/approvals');
  await world.close();
});

test('where the policy has no email, or no mail goes out, nothing of it is there (attacks USR-22)', async () => {
  const off = await openWorld();
  const production = await openWorld({ mode: 'production' });
  for (const [world, status, phrase] of [
    [off, 403, 'this way to sign in is switched off'],
    [production, 404, 'page not found'],
  ] as const) {
    for (const reply of [
      await emailSignInGet(world.ctx, getOf(world, '/signin/email')),
      await emailSignInPost(world.ctx, postOf(world, '/signin/email', { address: 'alice@example.com' })),
      await signInCodeGet(world.ctx, getOf(world, '/signin/email/code?asked=x')),
      await signInCodePost(world.ctx, postOf(world, '/signin/email/code', { code: '1' })),
    ])
      assert.deepEqual([reply.status, pageOf(reply), reply.body.toString().includes(phrase)], [status, 'error', true]);
    assert.doesNotMatch((await signInGet(world.ctx, getOf(world, '/signin'))).body.toString(), /signin-email/);
    assert.deepEqual(await takeOutbox(world), []);
    await world.close();
  }
});
