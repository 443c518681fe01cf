import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readQuery } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { ProvedMethod } from '../sessions/methods.ts';
import { standingOf } from '../sessions/standing.ts';
import { BROWSER_ID, cookieOf, getOf, postOf } from '../testing/pages.ts';
import { giveApp } from '../testing/second-factors.ts';
import { answerOf, ask, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START, type World } from '../testing/world.ts';
import { type Aim, readAim } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { enrolGet } from './enrol.ts';
import { DEVICES_PATH, enter, type Proof, progressPath, VERIFY_PATH } from './enter.ts';
import { newProgress, type Progress, readProgress, writeProgress } from './progress.ts';
import { requireRecent } from './require-recent.ts';
import { signInDevicesGet, signInDevicesPost } from './sign-in-devices.ts';
import { RESET_PATH, verifyGet, verifyPost } from './verify.ts';

const ACCOUNT: Aim = { text: undefined, way: undefined, next: 'account' };
const upstream = (at: number, multiFactor = false): ProvedMethod => ({
  method: 'upstream',
  at,
  upstream: { name: 'corp', multiFactor, dated: true },
});
const mail = (at: number): ProvedMethod => ({ method: 'email_code', at });

async function find(world: World, username = 'alice'): Promise<UserRecord> {
  return (await world.store.findUserByName(world.tenant, username)) ?? assert.fail();
}

const here = (world: World, location = '/'): HttpRequest => getOf(world, location);

function go(world: World, proof: Proof, aim: Aim = ACCOUNT, http = here(world)): Promise<HttpReply | undefined> {
  return enter(world.ctx, 'signin', http, proof, aim, new Trail());
}

test('an upstream is one method: a second factor of ours is asked for behind it, and it says fed (attacks FED-07, USR-28)', async () => {
  const world = await openWorld();
  const plain = (await go(world, { user: await find(world), proved: [upstream(world.now())] })) ?? assert.fail();
  assert.equal(plain.headers['location'], '/account');
  const app = await giveApp(world);
  const sent = (await go(world, { user: await find(world), proved: [upstream(world.now())] })) ?? assert.fail();
  assert.match(String(sent.headers['location']), /^\/signin\/verify\?/);
  assert.equal(cookieOf(sent, 'session'), undefined);
  const page = await verifyGet(world.ctx, getOf(world, sent));
  assert.equal(page.status, 200);
  const fields = {
    csrf: csrfToken(world.ctx, BROWSER_ID, VERIFY_PATH),
    progress: parameter(sent, 'progress'),
    way: 'totp',
    code: app.code(),
  };
  const done = await verifyPost(world.ctx, postOf(world, VERIFY_PATH, fields));
  const [session] = await world.store.listSessions(world.tenant, (await find(world)).id, 1, world.now());
  assert.deepEqual([done.headers['location'], session?.amr], ['/account', ['fed', 'otp', 'mfa']]);
  const trusted = (await go(world, { user: await find(world), proved: [upstream(world.now(), true)] })) ?? assert.fail();
  assert.equal(trusted.headers['location'], '/account', 'where its word for two factors counts, it is two');
  await world.close();
});

test('a user who is disabled or locked is let in by no method, whoever vouches for them (attacks FED-07, USR-09)', async () => {
  const world = await openWorld();
  const before = await find(world);
  await world.store.lockUser(world.tenant, before.id, world.now() + 60, world.now());
  assert.equal(await go(world, { user: before, proved: [upstream(world.now())] }), undefined, 'as read before');
  assert.equal(await go(world, { user: await find(world), proved: [upstream(world.now())] }), undefined);
  await world.store.setUserEnabled(world.tenant, before.id, false, world.now());
  assert.equal(await go(world, { user: await find(world), proved: [upstream(world.now())] }), undefined);
  await world.close();
});

test('what an upstream saw long ago is not fresh: prompt=login and max_age hear login_required (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openWorld();
  for (const [part, at, answer] of [
    [{ prompt: 'login' }, START - 1, 'login_required'],
    [{ max_age: '60' }, START - 61, 'login_required'],
    [{ max_age: '60' }, START - 60, null],
    [{ prompt: 'login' }, START, null],
    [{}, START - 86_400, null],
  ] as const) {
    const asked = await ask(world, undefined, part);
    const http = getOf(world, asked);
    const aim = await readAim(world.ctx, http, readQuery(http.query), new Trail()).catch(() => assert.fail());
    const reply = await go(world, { user: await find(world), proved: [upstream(at)] }, aim, http).catch((error: unknown) =>
      String(Object(error).code),
    );
    if (answer === null) assert.ok(typeof reply === 'object' && answerOf(reply).has('code'), JSON.stringify(part));
    else assert.equal(reply, answer, JSON.stringify(part));
  }
  await world.close();
});

test('progress goes on for its own user, purpose and version alone, and a reset ends in no session (attacks SES-11, USR-17)', async () => {
  const world = await openWorld();
  const app = await giveApp(world);
  const [alice, bob] = [await find(world), await find(world, 'bob')];
  const password: ProvedMethod = { method: 'password', at: world.now() };
  const started = (user: UserRecord, part: Partial<Progress>): Progress => ({
    ...newProgress(world.ctx, here(world), user, { purpose: 'sign_in', methods: [password] }),
    ...part,
  });
  const totp = { method: 'totp', at: world.now() } as const;
  assert.equal(await go(world, { user: bob, proved: [totp], progress: started(alice, {}) }), undefined, 'somebody else’s');
  assert.equal(
    await go(world, { user: alice, proved: [totp], progress: started(alice, { authVersion: alice.authVersion - 1 }) }),
    undefined,
  );
  await assert.rejects(go(world, { user: alice, proved: [totp], progress: started(alice, { purpose: 'reset' }) }), TypeError);

  const send = (progress: Progress): Promise<HttpReply> =>
    verifyPost(
      world.ctx,
      postOf(world, VERIFY_PATH, {
        csrf: csrfToken(world.ctx, BROWSER_ID, VERIFY_PATH),
        progress: writeProgress(world.ctx, progress),
        way: 'totp',
        code: app.code(),
      }),
    );
  const over = await send(started(alice, { purpose: 'enrol' }));
  assert.match(String(over.headers['location']), /over=1/, 'what is to be enrolled is not verified instead');
  const enrol = await enrolGet(world.ctx, getOf(world, progressPath(world.ctx, '/signin/enrol', started(alice, {}), ACCOUNT)));
  assert.match(String(enrol.headers['location']), /over=1/, 'and what is to be verified is not enrolled instead');
  const reset = await send(started(alice, { purpose: 'reset', methods: [{ method: 'email_link', at: world.now() }], challenge: 7 }));
  assert.ok(String(reset.headers['location']).startsWith(`${RESET_PATH}?progress=`));
  assert.equal(cookieOf(reset, 'session'), undefined);
  const read = await readProgress(world.ctx, here(world), parameter(reset, 'progress'), { purposes: ['reset'], ticketId: '' });
  assert.deepEqual([read?.progress.challenge, read?.progress.methods.map(({ method }) => method)], [7, ['email_link', 'totp']]);
  await world.close();
});

test('progress falls with a user who is disabled, or changes their password on a node of the version before, which moves no version', async () => {
  const world = await openWorld();
  const alice = await find(world);
  const text = writeProgress(world.ctx, newProgress(world.ctx, here(world), alice, { purpose: 'sign_in', methods: [mail(world.now())] }));
  const readAs = async (part: Partial<UserRecord>): Promise<boolean> => {
    const store = { ...world.store, findUser: () => Promise.resolve({ ...alice, ...part }) };
    return (await readProgress({ ...world.ctx, store }, here(world), text, { purposes: ['sign_in'], ticketId: '' })) !== undefined;
  };
  assert.equal(await readAs({}), true);
  assert.equal(await readAs({ enabled: false }), false);
  assert.equal(await readAs({ lockedUntil: START + 1 }), false);
  assert.equal(await readAs({ passwordChangedAt: START, createdAt: START - 1 }), false, 'in the same second');
  assert.equal(await readAs({ passwordChangedAt: START - 1, createdAt: START - 100 }), true);
  await world.close();
});

test('whoever has shown a password alone is not led to the devices of the account, and signs none of them out (attacks SES-11)', async () => {
  const world = await openWorld({ yaml: `${BASIC_YAML}\npolicies: { devices: { max: 1, on_exceed: refuse } }` });
  const app = await giveApp(world);
  const there = await signedIn(world);
  const other = 'another-browsers-id-24ch';
  const cookie = `__Host-hufu_browser=${other}`;
  const http = getOf(world, '/', cookie);
  const half =
    (await go(world, { user: await find(world), proved: [{ method: 'password', at: world.now() }] }, ACCOUNT, http)) ?? assert.fail();
  const csrf = csrfToken(world.ctx, other, DEVICES_PATH);
  const [, query = ''] = String(half.headers['location']).split('?');
  assert.match(String((await signInDevicesGet(world.ctx, getOf(world, `${DEVICES_PATH}?${query}`, cookie))).headers['location']), /over=1/);
  const room = await signInDevicesPost(
    world.ctx,
    postOf(world, DEVICES_PATH, { csrf, progress: parameter(half, 'progress'), device: '1' }, { cookie }),
  );
  assert.match(String(room.headers['location']), /over=1/);
  assert.equal((await world.store.findSession(world.tenant, there.session.id))?.endedAt, undefined);

  const fields = { csrf: csrfToken(world.ctx, other, VERIFY_PATH), progress: parameter(half, 'progress'), way: 'totp', code: app.code() };
  const full = await verifyPost(world.ctx, postOf(world, VERIFY_PATH, fields, { cookie }));
  assert.match(String(full.headers['location']), /^\/signin\/devices\?progress=/);
  const page = await signInDevicesGet(world.ctx, getOf(world, full, cookie));
  const device =
    /name="device" value="([^"]+)"/.exec(page.body.toString())?.[1] ??
    /value="([^"]+)"[^>]*name="device"/.exec(page.body.toString())?.[1] ??
    assert.fail(page.body.toString());
  const done = await signInDevicesPost(
    world.ctx,
    postOf(world, DEVICES_PATH, { csrf, progress: parameter(full, 'progress'), device }, { cookie }),
  );
  assert.deepEqual([done.headers['location'], cookieOf(done, 'session') === undefined], ['/account', false]);
  assert.equal((await world.store.findSession(world.tenant, there.session.id))?.endedAt, world.now());
  await world.close();
});

test('no device is trusted without a second factor in that very sign-in, whatever the form said', async () => {
  const world = await openWorld({ yaml: `${BASIC_YAML}\npolicies: { sign_in: { second_factor: new_device } }` });
  const proved = [{ method: 'password', at: world.now() }] as const;
  const reply = (await go(world, { user: await find(world), proved, trust: true })) ?? assert.fail();
  assert.equal(reply.headers['location'], '/account');
  assert.doesNotMatch(String(reply.headers['set-cookie']), /trust/);
  await world.close();
});

test('mail is off unless it is switched on, and is recent for those alone who have nothing else (attacks USR-22, USR-14)', async () => {
  const world = await openWorld();
  await assert.rejects(go(world, { user: await find(world), proved: [mail(world.now())] }), { kind: 'sign_in_method_off' });
  const visitor = await signedIn(world);
  const session = { ...visitor.session, methods: [mail(world.now())], amr: ['email'] };
  const recent = async (part: Partial<UserRecord>): Promise<boolean> =>
    (await requireRecent(world.ctx, here(world), { session, user: { ...visitor.user, ...part } }, 'security')) === undefined;
  assert.equal(await recent({}), false, 'she has a password');
  assert.equal(await recent({ passwordHash: undefined }), true);
  await world.close();
});

test('of a session that is behind the first method is told, and never as two factors (RFC 8176 §2, attacks USR-28)', async () => {
  const world = await openWorld();
  const { session, user } = await signedIn(world);
  const passkey = { method: 'passkey', at: START, passkey: { userVerified: true, backupEligible: false } } as const;
  const strong = { ...session, methods: [passkey, { method: 'totp', at: START }], amr: ['pop', 'user', 'otp', 'mfa'] };
  assert.deepEqual(standingOf({ session: strong, user }).amr, strong.amr);
  const behind = standingOf({ session: strong, user: { ...user, authVersion: user.authVersion + 1 } });
  assert.deepEqual([behind.amr, behind.methods], [['pop', 'user'], []]);
  const old = standingOf({ session: { ...session, methods: [] }, user });
  assert.deepEqual(old.methods, [{ method: 'password', at: session.authTime }], 'of the version before');
  await world.close();
});

function parameter(reply: HttpReply, name: string): string {
  return new URLSearchParams(String(reply.headers['location']).split('?')[1]).get(name) ?? '';
}
