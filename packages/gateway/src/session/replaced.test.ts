import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { json } from '@hufu/client/testing/issuer';
import { type RevocationFollower, revocationFollower } from '@hufu/resource/follower';
import { readMarks } from '@hufu/resource/marks';
import { startFeed, type TestFeed } from '@hufu/resource/testing/feed';
import { signToken } from '@hufu/resource/testing/issuer';
import type { LiveToken } from '@hufu/resource/verification';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import { type Outage, withOutages } from '@hufu/store/slow';
import { Browser, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import type { SessionOutcome } from './find-session.ts';
import { findReplacement } from './replaced.ts';
import { describeReplacement, readReplacement } from './replacement.ts';
import { SessionEnds } from './session-ends.ts';
import { sessionFinder } from './session-finder.ts';
import { sessionTokens } from './session-tokens.ts';
import type { TokenHandler } from './token-handler.ts';

let as: TestFeed;
let follower: RevocationFollower;
before(async () => {
  as = await startFeed();
  follower = revocationFollower({ issuer: as.issuer, credentials: { clientId: 'edge', clientSecret: 'x' }, node: 'edge' });
  await follower.ready();
});
after(async () => {
  await follower.close();
  await as.close();
});

interface Scene {
  readonly world: TokenHandlerWorld;
  readonly handler: TokenHandler;
  readonly browser: Browser;
  readonly ends: SessionEnds;
  /** Names of the store's verbs that were called. */
  readonly calls: string[];
  /** Of the access token that the session has at its beginning. */
  readonly grant: string;
  find(): Promise<SessionOutcome>;
  setOutage(outage: Outage): void;
}

let places = 0;

async function open(): Promise<Scene> {
  const calls: string[] = [];
  let outage: Outage = 'none';
  const store = withOutages(await openMemory(), (verb) => {
    calls.push(verb);
    return outage;
  });
  const world = await openTokenHandler({}, store);
  const handler: TokenHandler = { ...world.handler, revocations: follower, clock: { ...world.handler.clock, progressMs: () => 0 } };
  const first = places + 1;
  const token = world.issuer.answers.get('/token') ?? assert.fail();
  world.issuer.answers.set('/token', async (asked) => {
    const answer = await (await token(asked)).json();
    places += 1;
    const now = Math.floor(world.issuer.nowMs / 1_000);
    const status = { status_list: { uri: `${as.issuer}/oauth/status/3`, idx: places } };
    const claims = { iss: as.issuer, aud: 'api', sub: 'mei', client_id: 'edge', jti: `j${places}`, iat: now, exp: now + 300, status };
    return json(200, { ...answer, access_token: signToken(as.key, claims) });
  });
  const browser = new Browser(handler);
  await browser.signIn();
  const ends = new SessionEnds(handler);
  await ends.look();
  const find = sessionFinder(handler, ends);
  return {
    world,
    handler,
    browser,
    ends,
    calls,
    grant: `3/${first}`,
    find: () => find(browser.cookieHeader),
    setOutage(next) {
      outage = next;
    },
  };
}

/** Told to the follower, and heard by it. */
async function revoke(id: string, reason: string): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const stop = follower.subscribe((event) => {
      if (event.kind !== 'revoked' || event.entry.id !== id) return;
      stop();
      resolve();
    });
  });
  as.feed.revoke({ kind: 'grant', id, reason });
  await heard;
}

/** The session of a page that asks. */
async function said(browser: Browser): Promise<readonly unknown[]> {
  const { signed_in, reason, replaced_by } = await browser.call('/edge/session');
  return [signed_in, reason, replaced_by];
}

const WORD = 'session_replaced: the user signed in on another device (mobile) on 2026-11-22T22:40:07Z';
const NEVER_ASKED = new Set(['readEdgeEnds', 'readEdgeHead']);

test('a session whose place another device has taken is over with the next request, from memory: no request asks the store', async () => {
  const { world, browser, calls, grant, find, ends, handler } = await open();
  world.issuer.answers.set('/token', () => json(400, { error: 'invalid_grant', error_description: WORD }));
  assert.equal((await find()).kind, 'found');
  calls.length = 0;
  for (let index = 0; index < 20; index += 1) assert.equal((await find()).kind, 'found');
  assert.equal(calls.length, 0);
  await revoke(grant, 'session_replaced');
  const now = Date.now() / 1_000;
  const over = await find();
  assert.ok(over.kind === 'over' && over.reason === 'replaced');
  assert.ok(Math.abs((over.replacement?.at ?? 0) - now) < 60);
  for (let index = 0; index < 20; index += 1) assert.equal((await find()).kind, 'over');
  // What ends it everywhere is asked once, and nobody has waited for it.
  await until(() => calls.includes('settleEdgeTombstone'));
  assert.deepEqual(
    calls.filter((verb) => !NEVER_ASKED.has(verb)),
    ['endEdgeRecord', 'settleEdgeTombstone'],
  );
  assert.deepEqual(await said(browser), [false, 'replaced', 'mobile']);
  const told = await find();
  assert.ok(told.kind === 'over' && told.replacement !== undefined);
  assert.equal(describeReplacement(told.replacement), 'the user signed in on another device (mobile) on 2026-11-22T22:40:07Z');
  const endings: string[] = [];
  ends.on(({ reason }) => endings.push(reason));
  await ends.look();
  assert.deepEqual(endings, ['replaced'], 'streams at all gateways hear of it');
  const elsewhere = await sessionFinder(world.other, new SessionEnds(world.other))(browser.cookieHeader);
  assert.ok(elsewhere.kind === 'over' && elsewhere.reason === 'replaced', 'also where nobody follows the feed');
  assert.equal(handler.replaced.size, 1);
});

test('a store that is away keeps no replaced session alive, and is told as soon as it is back', async () => {
  const { find, grant, setOutage, calls, world, handler } = await open();
  world.issuer.answers.set('/token', () => json(503, {}));
  await find();
  await revoke(grant, 'session_replaced');
  setOutage('before');
  calls.length = 0;
  assert.equal((await find()).kind, 'over');
  await until(() => calls.includes('endEdgeRecord') && handler.replaced.size === 0);
  assert.equal((await find()).kind, 'over');
  await until(() => handler.replaced.size === 0);
  setOutage('none');
  assert.equal((await find()).kind, 'over');
  await until(() => calls.includes('settleEdgeTombstone'));
  assert.equal((await world.store.readEdgeEnds(world.handler.tenant, 'main', 0, 9)).length, 1);
});

test('a token that is revoked for another reason is renewed, if the issuer still gives one, and its session is over if not', async () => {
  const { find, grant, handler, world } = await open();
  const tokens = sessionTokens(handler);
  const before = await find();
  assert.ok(before.kind === 'found');
  const old = await tokens.accessToken(before.session);
  world.advance(60);
  await revoke(grant, 'key_given_up');
  const revoked = await find();
  assert.ok(revoked.kind === 'found', 'the session lives');
  const renewed = await tokens.accessToken(revoked.session);
  assert.notEqual(renewed, old);
  const current = await find();
  assert.ok(current.kind === 'found');
  assert.equal(await tokens.accessToken(current.session), renewed);
  world.issuer.answers.set('/token', () => json(400, { error: 'invalid_grant', error_description: 'session_terminated: it was ended' }));
  world.advance(60);
  await revoke(`3/${places}`, 'revoked_by_admin');
  const last = await find();
  assert.ok(last.kind === 'found');
  await assert.rejects(tokens.accessToken(last.session));
  const over = await find();
  assert.deepEqual([over.kind, over.kind === 'over' && over.reason], ['over', 'signed_out']);
  await tokens.close();
});

test('of a token that is no JWT it is known once the issuer has said what it is (RFC 7662 §2.2); what falls out of memory is known with the next renewal', async () => {
  const { world, handler, browser, find, grant } = await open();
  const now = Math.floor(world.issuer.nowMs / 1_000);
  const access = { token: 'opaque-1', type: 'Bearer', obtainedAt: world.issuer.nowMs, expiresAt: world.issuer.nowMs + 300_000 } as const;
  const [list, idx] = grant.split('/').map(Number);
  const live: LiveToken = {
    kind: 'live',
    issuer: as.issuer,
    subject: 'mei',
    clientId: 'edge',
    scopes: [],
    audience: ['api'],
    authorizationDetails: [],
    confirmation: undefined,
    tokenId: 'opaque-1',
    issuedAt: now,
    expiresAt: now + 300,
    claims: { status: { status_list: { uri: `${as.issuer}/oauth/status/${list}`, idx } } },
  };
  assert.ok(readMarks(live, undefined) !== undefined);
  const before = await find();
  assert.ok(before.kind === 'found');
  const { contents } = before.session;
  const opaque = { ...before.session, contents: { ...contents, tokens: { ...contents.tokens, access: { '': access } } } };
  await revoke(grant, 'session_replaced');
  assert.equal(findReplacement(handler, opaque), undefined, 'nobody knows which grant it is of');
  handler.learnt.learn(access.token, live);
  assert.equal(typeof findReplacement(handler, opaque)?.at, 'number');
  assert.equal((await browser.call('/edge/session'))['signed_in'], false);
  for (let index = 0; index < 10_000; index += 1) handler.learnt.learn(`other-${index}`, live);
  assert.equal(handler.learnt.find(access.token), undefined);
  handler.learnt.learn('eyJhbGciOiJFUzI1NiJ9.e30.x', live);
  assert.equal(handler.learnt.find('eyJhbGciOiJFUzI1NiJ9.e30.x'), undefined, 'of a JWT nothing has to be learnt');
});

test('without a feed the issuer says it when the token is renewed, with when and on what kind of device (RFC 6749 §5.2)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  const tokens = sessionTokens(world.handler);
  const find = sessionFinder(world.handler, new SessionEnds(world.handler));
  const found = await find(browser.cookieHeader);
  assert.ok(found.kind === 'found');
  world.issuer.answers.set('/token', () => json(400, { error: 'invalid_grant', error_description: WORD }));
  world.advance(301);
  await assert.rejects(tokens.accessToken(found.session));
  assert.deepEqual(await said(browser), [false, 'replaced', 'mobile']);
  await tokens.close();
});

test('what an issuer says is believed only in its own form', () => {
  assert.deepEqual(readReplacement(WORD), { at: 1_795_387_207, device: 'mobile' });
  const bare = { at: undefined, device: undefined };
  assert.deepEqual(readReplacement('session_replaced: elsewhere'), bare);
  assert.deepEqual(readReplacement('session_replaced: elsewhere (<script>)'), bare);
  assert.deepEqual(readReplacement('session_replaced: elsewhere on 2026-99-99T00:00:00Z'), bare);
  assert.equal(readReplacement('session_terminated: it was ended'), undefined);
  assert.equal(readReplacement(undefined), undefined);
});
