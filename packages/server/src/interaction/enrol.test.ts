import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { timeStep } from '@hufu/protocol/totp';
import { type Passwords, passwords } from '../accounts/passwords.ts';
import type { HttpReply } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { codeIn, takeLetter, takeOutbox } from '../testing/mails.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { appCode } from '../testing/second-factors.ts';
import { answerOf, ask, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, PASSWORD, type World, type WorldOptions } from '../testing/world.ts';
import { enrolGet, enrolPost } from './enrol.ts';
import { enrolMailGet, enrolMailPost } from './enrol-mail.ts';
import { signInGet, signInPost } from './sign-in.ts';
import { verifyGet } from './verify.ts';

const cheap: Passwords = { ...passwords(), isOutdated: () => false };
after(() => cheap.close());

async function openRequired(more = '', options: WorldOptions = {}): Promise<World> {
  const world = await openWorld({ yaml: `${BASIC_YAML}\npolicies: { sign_in: { second_factor: required } }\n${more}`, ...options });
  return { ...world, ctx: { ...world.ctx, passwords: cheap } };
}

async function afterPassword(world: World, username = 'bob', part?: Record<string, string>): Promise<HttpReply> {
  const page = await signInGet(world.ctx, getOf(world, part === undefined ? '/signin' : await ask(world, undefined, part)));
  return signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(page), username, password: PASSWORD }));
}

const send = (world: World, page: HttpReply, fields: Record<string, string>): Promise<HttpReply> =>
  enrolPost(world.ctx, postOf(world, '/signin/enrol', { ...hiddenOf(page), ...fields }));

/** The secret that the page shows, as an app takes it. */
function secretOf(page: HttpReply): Uint8Array {
  const text = /data-copy-text="([A-Z2-7]{32})"/.exec(page.body.toString())?.[1] ?? assert.fail('no secret');
  const bits = [...text].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

const codeOf = (world: World, page: HttpReply, steps = 0): string => appCode(secretOf(page), timeStep(world.now()) + steps);

test('second_factor required: who has none makes one before there is a session, and goes on to where they wanted (RFC 6238 §5.1, attacks SES-11)', async () => {
  const world = await openRequired();
  const first = await afterPassword(world, 'bob', {});
  assert.match(String(first.headers['location']), /^\/signin\/enrol\?progress=/);
  assert.equal(cookieOf(first, 'session'), undefined);
  const page = await enrolGet(world.ctx, getOf(world, first));
  assert.deepEqual([page.status, pageOf(page)], [200, 'enrol']);
  assert.match(page.body.toString(), /<form id="enrol"[\s\S]*<svg class="qr"[\s\S]*name="code"[^>]*autocomplete="one-time-code"/);

  const wrong = await send(world, page, { code: codeOf(world, page) === '000000' ? '111111' : '000000' });
  assert.deepEqual([wrong.status, pageOf(wrong)], [400, 'enrol']);
  assert.deepEqual(secretOf(wrong), secretOf(page), 'the app has it already');

  const codes = await send(world, wrong, { code: codeOf(world, page) });
  assert.deepEqual([codes.status, pageOf(codes), cookieOf(codes, 'session')], [200, 'recovery-codes', undefined]);
  const shown = [...codes.body.toString().matchAll(/<li><code>([0-9A-Z]{5}-[0-9A-Z]{5})<\/code>/g)].map(([, code]) => code);
  assert.equal(new Set(shown).size, 10);
  const done = await send(world, codes, { kept: 'kept' });
  assert.equal(answerOf(done).has('code'), true);
  const session = await findBrowserSession(world.ctx, world.http({ headers: { cookie: `${BROWSER}; ${cookieOf(done, 'session')}` } }));
  assert.deepEqual(session?.session.amr, ['pwd', 'otp', 'mfa']);
  assert.equal(session.session.authVersion, session.user.authVersion);
  assert.deepEqual(
    (await world.store.listUserEvents(world.tenant, session.user.id, 10)).map(({ kind }) => kind),
    ['signed_in', 'factor_added'],
  );

  assert.equal((await send(world, codes, { kept: 'kept' })).headers['location']?.includes('over=1'), true, 'one session for one sign-in');
  assert.equal(
    (await send(world, page, { code: codeOf(world, page, 1) })).headers['location']?.includes('over=1'),
    true,
    'the version has moved',
  );
  const next = await afterPassword(world);
  assert.match(String(next.headers['location']), /^\/signin\/verify/);
  const verify = await verifyGet(world.ctx, getOf(world, next));
  assert.equal(pageOf(verify), 'verify');
  await world.close();
});

test('the secret on the page is of this sign-in, this user and a quarter of an hour (attacks CRY-03)', async () => {
  const world = await openRequired();
  const bobs = await enrolGet(world.ctx, getOf(world, await afterPassword(world, 'bob')));
  const second = await enrolGet(world.ctx, getOf(world, await afterPassword(world, 'bob')));
  const swapped = await send(world, second, { totp: hiddenOf(bobs)['totp'] ?? '', code: codeOf(world, bobs) });
  assert.equal(pageOf(swapped), 'enrol', 'of another sign-in');
  assert.match(swapped.body.toString(), /id="problem"/);
  assert.notDeepEqual(secretOf(swapped), secretOf(bobs));
  const user = (await world.store.findUserByName(world.tenant, 'bob')) ?? assert.fail();
  assert.deepEqual(await world.store.listFactors(world.tenant, user.id), []);
  assert.equal((await send(world, second, { code: codeOf(world, second) })).status, 200);
  const [factor] = await world.store.listFactors(world.tenant, user.id);
  assert.doesNotMatch(JSON.stringify(factor), new RegExp(Buffer.from(secretOf(second)).toString('base64url')), 'sealed at rest');
  await world.close();
});

test('a code that added the app signs nobody in: its step is used up (RFC 6238 §5.2, attacks USR-11)', async () => {
  const world = await openRequired();
  const page = await enrolGet(world.ctx, getOf(world, await afterPassword(world)));
  await send(world, page, { code: codeOf(world, page) });
  const user = (await world.store.findUserByName(world.tenant, 'bob')) ?? assert.fail();
  const [factor] = await world.store.listFactors(world.tenant, user.id);
  assert.equal(factor?.counter, timeStep(world.now()));
  await world.close();
});

test('with mail, whoever makes a second factor in a sign-in shows their verified address first', async () => {
  const world = await openRequired('', {
    yaml: `${BASIC_YAML}\nlisten: 127.0.0.1:8080\npolicies: { sign_in: { second_factor: required } }`,
  });
  const first = await afterPassword(world, 'alice');
  const sent = await enrolGet(world.ctx, getOf(world, first));
  assert.match(String(sent.headers['location']), /^\/signin\/enrol\/mail\?progress=/);
  const blind = await enrolPost(
    world.ctx,
    postOf(world, '/signin/enrol', { ...hiddenOf(await formOf(world)), progress: progressIn(first), code: '000000' }),
  );
  assert.match(String(blind.headers['location']), /over=1/, 'and not by leaving that page out');

  const page = await enrolMailGet(world.ctx, getOf(world, sent));
  assert.deepEqual(
    [pageOf(page), page.body.toString().includes('a…@example.com'), page.body.toString().includes('alice@example.com')],
    ['enrol-mail', true, false],
  );
  assert.deepEqual(await takeOutbox(world), [], 'nothing is sent before somebody presses');
  const sendMail = (from: HttpReply, fields: Record<string, string>): Promise<HttpReply> =>
    enrolMailPost(world.ctx, postOf(world, '/signin/enrol/mail', { ...hiddenOf(from), ...fields }));
  const asked = await sendMail(page, { send: 'send' });
  const code = codeIn(await takeLetter(world));
  const wrong = await sendMail(asked, { code: code === '12345678' ? '87654321' : '12345678' });
  assert.deepEqual([wrong.status, pageOf(wrong)], [401, 'enrol-mail']);
  const mallory = await afterPassword(world, 'alice');
  const theirs = await enrolMailGet(world.ctx, getOf(world, await enrolGet(world.ctx, getOf(world, mallory))));
  assert.equal((await sendMail(theirs, { code })).status, 400, 'without having asked');
  const next = await sendMail(asked, { code });
  assert.equal(pageOf(await enrolGet(world.ctx, getOf(world, next))), 'enrol');
  assert.equal((await sendMail(asked, { code })).status, 401, 'once');
  assert.equal(pageOf(await enrolGet(world.ctx, getOf(world, await afterPassword(world, 'bob')))), 'enrol', 'bob has no such address');
  await world.close();
});

/** Any page with a form of that path, for its token. */
async function formOf(world: World): Promise<HttpReply> {
  return enrolGet(world.ctx, getOf(world, await afterPassword(world, 'bob')));
}

function progressIn(reply: HttpReply): string {
  return new URLSearchParams(String(reply.headers['location']).split('?')[1]).get('progress') ?? '';
}

test('a session without a second factor, from before the policy, is sent to a sign-in that makes one', async () => {
  const world = await openRequired();
  const visitor = await signedIn(world, 'bob');
  assert.match(String((await ask(world, visitor)).headers['location']), /^\/signin\?request=/);
  assert.equal(answerOf(await ask(world, visitor, { prompt: 'none' })).get('error'), 'login_required');
  await world.close();
});
