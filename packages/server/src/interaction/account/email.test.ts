import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../../http.ts';
import { findBrowserSession } from '../../sessions/browser-session.ts';
import { linkedUser, UPSTREAMS } from '../../testing/linked.ts';
import { codeIn, linkIn, takeLetter, takeOutbox } from '../../testing/mails.ts';
import { BROWSER, getOf, hiddenOf, pageOf, postOf } from '../../testing/pages.ts';
import { giveApp } from '../../testing/second-factors.ts';
import { signedIn, tokensOf, type Visitor } from '../../testing/visits.ts';
import { BASIC_YAML, CHEAP_HASH, openWorld, START_MS, type World } from '../../testing/world.ts';
import { accountEmailGet, accountEmailPost } from './email.ts';

const PATH = '/account/profile/email';
const YAML = `${BASIC_YAML}\npolicies: { brute_force: off }`;

/** Mei made her account herself. */
async function openMei(claims: Readonly<Record<string, unknown>> = { email: 'mei@post.example', email_verified: false }): Promise<World> {
  const world = await openWorld({ yaml: YAML });
  const mei = { sub: 'mei-sub', username: 'mei', passwordHash: CHEAP_HASH, claims, source: 'sign_up' } as const;
  await world.store.createUser(world.tenant, mei, world.now());
  return world;
}

function cookieOfVisitor(visitor: Visitor): string {
  return `${BROWSER}; ${visitor.cookie}`;
}

function get(world: World, visitor: Visitor, location: HttpReply | string = PATH): Promise<HttpReply> {
  return accountEmailGet(world.ctx, getOf(world, location, cookieOfVisitor(visitor)));
}

function post(world: World, visitor: Visitor, page: HttpReply, fields: Record<string, string>): Promise<HttpReply> {
  return accountEmailPost(world.ctx, postOf(world, PATH, { ...hiddenOf(page), ...fields }, { cookie: cookieOfVisitor(visitor) }));
}

async function askFor(world: World, visitor: Visitor, address: string): Promise<HttpReply> {
  const page = await get(world, visitor);
  assert.deepEqual([page.status, pageOf(page)], [200, 'account-email']);
  const sent = await post(world, visitor, page, { act: 'ask', address });
  assert.equal(sent.status, 303, sent.body.toString().slice(0, 2_000));
  return get(world, visitor, sent);
}

async function claimsOf(world: World, username = 'mei'): Promise<Readonly<Record<string, unknown>>> {
  return (await world.store.findUserByName(world.tenant, username))?.claims ?? assert.fail();
}

test('an address counts once its code has come back in a session of its account; the one before is told', async () => {
  const world = await openMei({ email: 'old@post.example', email_verified: true });
  const mei = await signedIn(world, 'mei');
  const page = await askFor(world, mei, 'New@Post.example');
  assert.deepEqual(await claimsOf(world), { email: 'old@post.example', email_verified: true }, 'not yet');
  const letter = await takeLetter(world);
  assert.equal(letter.to, 'New@Post.example');
  assert.equal((await post(world, mei, page, { act: 'code', code: '00000000' })).status, 401);
  const done = await post(world, mei, page, { act: 'code', code: codeIn(letter) });
  assert.match(String(done.headers['location']), /^\/account\/profile\?outcome=email_verified/);
  assert.deepEqual(await claimsOf(world), { email: 'New@Post.example', email_verified: true });
  const notice = await takeLetter(world);
  assert.deepEqual([notice.to, notice.subject], ['old@post.example', 'Your address was changed']);
  assert.doesNotMatch(notice.text, /New@/, 'who reads the old one learns nothing of the new one');
  assert.ok(await findBrowserSession(world.ctx, world.http({ headers: { cookie: mei.cookie } })), 'the session goes on');
  await world.close();
});

test('a link counts in a session of its account alone: opened anywhere else it does nothing (attacks USR-26)', async () => {
  const world = await openMei();
  const mei = await signedIn(world, 'mei');
  await askFor(world, mei, 'mei@post.example');
  const link = linkIn(await takeLetter(world));
  assert.ok(link.startsWith(`${PATH}?link=`));
  const alice = await signedIn(world);
  const stranger = await accountEmailGet(world.ctx, getOf(world, link, BROWSER));
  assert.deepEqual([stranger.status, pageOf(stranger)], [200, 'mail-told']);
  assert.doesNotMatch(stranger.body.toString(), /mei/);
  // Alice comes from the configuration: her address is not hers to change. Bob's neither.
  assert.equal((await get(world, alice, link)).status, 404);
  const zoe = { sub: 'zoe-sub', username: 'zoe', passwordHash: CHEAP_HASH, claims: {}, source: 'sign_up' } as const;
  await world.store.createUser(world.tenant, zoe, world.now());
  const other = await signedIn(world, 'zoe');
  assert.deepEqual([(await get(world, other, link)).status, pageOf(await get(world, other, link))], [400, 'mail-told']);
  const page = await get(world, mei, link);
  const zoesPage = await get(world, other);
  const stolen = await post(world, other, zoesPage, { act: 'link', link: hiddenOf(page)['link'] ?? '' });
  assert.equal(stolen.status, 400);
  const done = await post(world, mei, page, { act: 'link' });
  assert.match(String(done.headers['location']), /outcome=email_verified/);
  assert.deepEqual([await claimsOf(world, 'zoe'), await claimsOf(world)], [{}, { email: 'mei@post.example', email_verified: true }]);
  await world.close();
});

test('a taken address is asked for like any other, and found out by whoever reads its mail (attacks USR-01)', async () => {
  const world = await openMei();
  const mei = await signedIn(world, 'mei');
  const free = await askFor(world, mei, 'free@example.com');
  const taken = await askFor(world, mei, 'ALICE@example.com');
  const strip = (reply: HttpReply): string =>
    reply.body.toString().replaceAll(/free@example\.com|ALICE@example\.com|(?:value|href|nonce)="[^"]*"/g, '');
  assert.equal(strip(taken), strip(free));
  const [, letter] = await takeOutbox(world);
  assert.ok(letter !== 'drop' && letter !== undefined);
  const done = await post(world, mei, taken, { act: 'code', code: codeIn(letter) });
  assert.match(String(done.headers['location']), /outcome=taken/);
  assert.deepEqual(await claimsOf(world), { email: 'mei@post.example', email_verified: false });
  assert.equal((await world.store.findUserByEmail(world.tenant, 'alice@example.com'))?.username, 'alice');
  await world.close();
});

test('whoever first shows an address removes what was left at the account before, but not what their own session has shown', async () => {
  const world = await openMei();
  // Somebody who made the account with Mei's address waits in a session, with a linked account and a grant.
  const waiting = await signedIn(world, 'mei');
  await tokensOf(world, {}, waiting);
  const before = waiting.user;
  const identity = { upstream: 'elsewhere', issuer: 'https://elsewhere.example', subject: 'x', label: 'x' };
  await world.store.linkIdentity(world.tenant, before.id, before.authVersion, identity, undefined, world.now());
  const mei = await signedIn(world, 'mei');
  const page = await askFor(world, mei, 'mei@post.example');
  const done = await post(world, mei, page, { act: 'code', code: codeIn(await takeLetter(world)) });
  assert.deepEqual([done.status, pageOf(done)], [200, 'mail-told']);
  const user = (await world.store.findUserByName(world.tenant, 'mei')) ?? assert.fail();
  assert.deepEqual([user.passwordHash, (await world.store.listIdentities(world.tenant, user.id)).length], [undefined, 0]);
  const alive = async (visitor: Visitor): Promise<boolean> =>
    (await findBrowserSession(world.ctx, world.http({ headers: { cookie: visitor.cookie } }))) !== undefined;
  assert.deepEqual([await alive(waiting), await alive(mei)], [false, true]);
  for (const grant of await world.store.listGrants(world.tenant, { userId: user.id }, 10)) assert.ok(grant.dead !== undefined);
  await world.close();

  const own = await openMei();
  const herself = await signedIn(own, 'mei');
  const ownPage = await askFor(own, herself, 'mei@post.example');
  const kept = await post(own, herself, ownPage, { act: 'code', code: codeIn(await takeLetter(own)) });
  assert.match(String(kept.headers['location']), /outcome=email_verified/);
  assert.equal((await own.store.findUserByName(own.tenant, 'mei'))?.passwordHash, CHEAP_HASH, 'her session knew the password');
  await own.close();
});

test('a change asks for a sign-in of a moment ago, and a code is over with the credentials that it was sent under (attacks USR-14)', async () => {
  const world = await openMei({ email: 'old@post.example', email_verified: true });
  const mei = await signedIn(world, 'mei');
  const form = await get(world, mei);
  const page = await askFor(world, mei, 'new@post.example');
  const code = codeIn(await takeLetter(world));
  world.clock.freeze(START_MS + 601_000);
  const late = await post(world, mei, form, { act: 'ask', address: 'other@post.example' });
  assert.match(String(late.headers['location']), /^\/signin/);
  assert.deepEqual(await takeOutbox(world), []);
  await giveApp(world, 'mei');
  assert.equal((await post(world, mei, page, { act: 'code', code })).status, 401);
  assert.deepEqual(await claimsOf(world), { email: 'old@post.example', email_verified: true });
  await world.close();
});

test('what somebody else made while a session was open was not made in it, and goes with the proof of the address', async () => {
  for (const [by, word] of [
    ['waiting', 'forgotten'],
    ['own', 'kept'],
  ] as const) {
    const world = await openMei();
    const user = (await world.store.findUserByName(world.tenant, 'mei')) ?? assert.fail();
    const off = await world.store.changePassword(world.tenant, user.id, 0, undefined, { session: undefined, revokes: 'all' }, world.now());
    assert.equal(off.kind, 'done');
    const mei = await signedIn(world, 'mei');
    const waiting = await signedIn(world, 'mei');
    world.clock.freeze(START_MS + 60_000);
    const maker = by === 'own' ? mei : waiting;
    const identity = { upstream: 'elsewhere', issuer: 'https://elsewhere.example', subject: 'x', label: 'x' };
    await world.store.linkIdentity(world.tenant, user.id, 1, identity, maker.session.id, world.now());
    // Who waits asks for the mail; its link is opened in the session of whoever reads it.
    await askFor(world, maker, 'mei@post.example');
    const page = await get(world, mei, linkIn(await takeLetter(world)));
    const done = await post(world, mei, page, { act: 'link' });
    const told = pageOf(done) === 'mail-told' ? 'forgotten' : /outcome=email_verified/.test(String(done.headers['location'])) ? 'kept' : '';
    assert.deepEqual([told, (await world.store.listIdentities(world.tenant, user.id)).length], [word, word === 'kept' ? 1 : 0]);
    await world.close();
  }
});

test('who came from a directory stays linked to it as they prove an address, whatever else goes', async () => {
  for (const [linked, hash, word] of [
    [['directory'], undefined, 'kept'],
    [['directory'], CHEAP_HASH, 'kept'],
    [['directory', 'corp'], CHEAP_HASH, 'forgotten'],
  ] as const) {
    const world = await openWorld({ yaml: `${YAML}${UPSTREAMS}` });
    const user = await linkedUser(world, linked);
    if (hash !== undefined) {
      const keep = { session: undefined, revokes: 'all' } as const;
      await world.store.changePassword(world.tenant, user.id, user.authVersion, hash, keep, world.now());
    }
    world.clock.freeze(START_MS + 60_000);
    const lin = await signedIn(world, 'lin');
    const page = await askFor(world, lin, 'lin@post.example');
    const done = await post(world, lin, page, { act: 'code', code: codeIn(await takeLetter(world)) });
    const told = pageOf(done) === 'mail-told' ? 'forgotten' : /outcome=email_verified/.test(String(done.headers['location'])) ? 'kept' : '';
    const left = await world.store.listIdentities(world.tenant, user.id);
    assert.deepEqual([told, left.map(({ upstream }) => upstream)], [word, ['directory']], linked.join());
    await world.close();
  }
});
