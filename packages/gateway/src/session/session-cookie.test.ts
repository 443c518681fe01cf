import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '@hufu/client/testing/issuer';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import type { SessionAnswer } from '../identify/session-source.ts';
import { Browser, locationOf, openTokenHandler, SECRET, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { edgeKeys } from './edge-keys.ts';
import { findSession } from './find-session.ts';
import { RecentIds } from './recent-ids.ts';
import { runSessions } from './run-sessions.ts';
import { readPresented } from './session-cookie.ts';
import { sessionSource } from './session-source.ts';
import type { TokenHandler, TokenHandlerSettings } from './token-handler.ts';

interface Scene {
  readonly world: TokenHandlerWorld;
  readonly browser: Browser;
  /** Cookies as they are now. */
  copy(): Browser;
}

async function open(more: Partial<TokenHandlerSettings> = {}): Promise<Scene> {
  const world = await openTokenHandler({ keep: 'cookie', ...more });
  const browser = new Browser(world.handler);
  await browser.signIn();
  const copy = (): Browser => {
    const other = new Browser(world.handler);
    for (const [name, value] of browser.jar) other.jar.set(name, value);
    return other;
  };
  return { world, browser, copy };
}

/** The same gateway after a start: it remembers nothing. */
async function restarted({ handler }: TokenHandlerWorld): Promise<TokenHandler> {
  const store = await openMemory();
  const { id: tenant } = await store.ensureTenant('default');
  return { ...handler, store, tenant, replaced: new Map(), over: new RecentIds(100), held: new Set() };
}

/** What a request to an upstream is answered with. */
async function ask(handler: TokenHandler, browser: Browser): Promise<SessionAnswer> {
  const running = runSessions(handler);
  try {
    await running.ends.look();
    return await sessionSource(handler, running).find(browser.cookieHeader ?? '', undefined);
  } finally {
    await running.close();
  }
}

/** Keeps what an answer says. */
function keep(browser: Browser, answer: SessionAnswer): number {
  const lines = answer.kind === 'found' ? (answer.cookies?.() ?? []) : [];
  for (const line of lines) {
    const [, name = '', value = '', age] = /^([^=]+)=([^;]*);.*Max-Age=(\d+)/.exec(line) ?? [];
    if (age === '0') browser.jar.delete(name);
    else browser.jar.set(name, value);
  }
  return lines.length;
}

function tokenOf(answer: SessionAnswer): string {
  return answer.kind === 'found' ? answer.token : answer.kind;
}

test('a session is in its cookie as a JWE that only the edge can read (RFC 7516 §7.1, RFC 7518 §4.5, §5.3), and is there after a start', async () => {
  const { world, browser } = await open();
  const { session } = world.handler.cookies;
  assert.deepEqual([...browser.jar.keys()], [session]);
  const value = browser.jar.get(session) ?? '';
  const parts = value.slice(2).split('.');
  assert.equal(value.slice(0, 2), '1.');
  assert.equal(parts.length, 5);
  const { salt, sid, ...header } = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString());
  assert.equal(salt.length, 43);
  assert.deepEqual(header, { cookie: session, edge: 'main', alg: 'dir', enc: 'A256GCM', kid: 'k1' });
  assert.equal(parts[1], '');
  assert.doesNotMatch(
    Buffer.from(value.slice(2), 'base64url').toString('latin1'),
    /"(?:at1|rt1)"/,
    'as they stand in it: three letters alone come about in sealed bytes',
  );
  const before = await ask(world.handler, browser);
  const after = await ask(await restarted(world), browser);
  assert.ok(before.kind === 'found' && after.kind === 'found');
  assert.deepEqual([before.id, before.token, before.expiresAt], [after.id, after.token, after.expiresAt]);
  assert.equal(before.id, sid);
  assert.deepEqual([before.cookies?.(), after.cookies?.()], [[], []], 'nothing has changed');
});

test('a renewal is waited for, so that the answer brings the new cookie; one that was lost costs nothing while the gateway lives', async () => {
  const { world, browser, copy } = await open();
  const lost = copy();
  world.advance(241);
  const renewed = await ask(world.handler, browser);
  assert.equal(tokenOf(renewed), 'at2');
  assert.ok(keep(browser, renewed) > 0);
  const again = await ask(world.handler, lost);
  assert.equal(tokenOf(again), 'at2');
  assert.ok(keep(lost, again) > 0);
  const fresh = await restarted(world);
  assert.equal(tokenOf(await ask(fresh, browser)), 'at2');
  world.advance(301);
  assert.equal(tokenOf(await ask(fresh, browser)), 'at3');
  const sent = world.issuer.asked.flatMap(({ form }) => form.get('refresh_token') ?? []);
  assert.deepEqual(sent, ['rt1', 'rt2']);
});

test('an issuer that is away leaves a token that lives as it is', async () => {
  const { world, browser } = await open();
  world.issuer.answers.set('/token', () => json(503, {}));
  world.advance(250);
  assert.equal(tokenOf(await ask(world.handler, browser)), 'at1');
});

test('a session that is too large for one cookie has two, and one that is too large for two is no sign-in (attacks SES)', async () => {
  const world = await openTokenHandler({ keep: 'cookie' });
  const browser = new Browser(world.handler);
  world.claims = { name: 'x'.repeat(1_700) };
  await browser.signIn();
  const { session, more } = world.handler.cookies;
  assert.deepEqual([...browser.jar.keys()].toSorted(), [session, more]);
  assert.ok([...browser.jar.values()].every(({ length }) => length <= 3_800));
  assert.equal(tokenOf(await ask(await restarted(world), browser)), 'at1');
  // Half of it is none.
  const half = new Browser(world.handler);
  half.jar.set(session, browser.jar.get(session) ?? '');
  assert.deepEqual(await ask(world.handler, half), { kind: 'over', reason: 'expired' });
  // Pieces of two sessions are none.
  const other = new Browser(world.handler);
  await other.signIn();
  other.jar.set(more, browser.jar.get(more) ?? '');
  assert.deepEqual(await ask(world.handler, other), { kind: 'over', reason: 'expired' });
  // Smaller again: the rest falls.
  world.claims = { name: 'y' };
  await browser.signIn();
  assert.deepEqual([...browser.jar.keys()], [session]);
  world.claims = { name: 'x'.repeat(8_000) };
  const large = new Browser(world.handler);
  const reply = await large.signIn();
  assert.match(locationOf(reply), /edge_error=session_too_large/);
  assert.equal(large.jar.size, 0);
  assert.ok(world.revoked().includes('rt4'), 'what cannot be kept is given back');
});

test('what was not sealed for this cookie, by one of our keys, is no session (attacks SES)', async () => {
  const { world, browser } = await open();
  const { handler } = world;
  const { session } = handler.cookies;
  const value = browser.jar.get(session) ?? '';
  const [first = '', , iv = '', sealed = '', tag = ''] = value.slice(2).split('.');
  const header = JSON.parse(Buffer.from(first, 'base64url').toString());
  const withHeader = (changes: object): string =>
    `1.${Buffer.from(JSON.stringify({ ...header, ...changes })).toString('base64url')}..${iv}.${sealed}.${tag}`;
  const content = JSON.stringify({
    v: 1,
    tokens: { v: 1, rev: 1, session: 's', access: {} },
    sub: 'x',
    lastSeenAt: 1,
    expiresAt: 9e9,
    issuedAt: 1,
  });
  const foreign = edgeKeys([{ kid: 'k1', secret: new Uint8Array(32).fill(8) }]);
  const wrong = [
    '',
    '1.',
    '1.a.b',
    `2.${value.slice(2)}`,
    `3.${value.slice(2)}`,
    `${value}A`,
    `${value}.x`,
    value.slice(2),
    withHeader({ sid: 'another' }),
    withHeader({ kid: 'k2' }),
    withHeader({ zip: 'DEF' }),
    withHeader({ enc: 'A128GCM' }),
    withHeader({ alg: 'A256KW' }),
    withHeader({ salt: 7 }),
    `1.${foreign.encrypt('cookie', { cookie: session, edge: 'main', sid: 'x' }, content)}`,
    `1.${handler.keys.encrypt('cookie', { cookie: `${session}x`, edge: 'main', sid: 'x' }, content)}`,
    `1.${handler.keys.encrypt('transaction', { cookie: session, edge: 'main', sid: 'x' }, content)}`,
    `1.${handler.keys.encrypt('cookie', { cookie: session, edge: 'main', sid: 'x' }, content.replace('"v":1', '"v":2'))}`,
    `1.${handler.keys.encrypt('cookie', { cookie: session, edge: 'other', sid: 'x' }, content)}`,
    `1.${handler.keys.encrypt('cookie', { cookie: session, sid: 'x' }, content)}`,
    `1.${'A'.repeat(4_000)}`,
  ];
  for (const text of wrong) assert.equal(readPresented(handler, `${session}=${text}`), 'unreadable', text.slice(0, 80));
  const good = handler.keys.encrypt('cookie', { cookie: session, edge: 'main', sid: 'x' }, content);
  assert.equal(Object(readPresented(handler, `${session}=1.${good}`)).id, 'x', 'the cases differ from a good one by their fault alone');
  const next = edgeKeys([
    { kid: 'k2', secret: new Uint8Array(32).fill(9) },
    { kid: 'k1', secret: SECRET },
  ]);
  assert.equal((await findSession({ ...handler, keys: next }, browser.cookieHeader)).kind, 'found', 'an older key is read');
});

test('who signs out is out, also at a gateway that has only the cookie; an answer on its way brings no cookie back', async () => {
  const { world, browser, copy } = await open();
  const stolen = copy();
  world.advance(241);
  const underWay = await ask(world.handler, stolen);
  assert.ok(underWay.kind === 'found' && (underWay.cookies?.() ?? []).length > 0);
  await browser.call('/edge/logout', 'POST');
  assert.deepEqual([...browser.jar.keys()], [world.handler.cookies.signOut]);
  assert.deepEqual(underWay.cookies?.(), []);
  assert.deepEqual(await ask(world.handler, stolen), { kind: 'over', reason: 'signed_out' });
  assert.deepEqual(world.revoked(), ['rt2'], 'the newest, which the cookie does not know');

  const elsewhere = await open();
  const handler = await restarted(elsewhere.world);
  elsewhere.browser.handler = handler;
  await elsewhere.browser.call('/edge/logout', 'POST');
  assert.deepEqual(elsewhere.world.revoked(), ['rt1']);
  const replay = elsewhere.copy();
  assert.equal(replay.jar.has(handler.cookies.session), false);
});

test('the idle time and the end of a session hold after a start too, and use is noted in the cookie now and then', async () => {
  const { world, browser } = await open({ idleSeconds: 900, absoluteSeconds: 3_600 });
  world.issuer.answers.set('/token', async () => json(200, { access_token: 'long', token_type: 'Bearer', expires_in: 9_000 }));
  world.advance(290);
  assert.ok(keep(browser, await ask(world.handler, browser)) > 0);
  world.advance(100);
  assert.equal(keep(browser, await ask(world.handler, browser)), 0);
  world.advance(200);
  assert.ok(keep(browser, await ask(world.handler, browser)) > 0, 'a quarter of the idle time is over');
  world.advance(899);
  assert.equal((await ask(await restarted(world), browser)).kind, 'found');
  world.advance(1);
  assert.deepEqual(await ask(await restarted(world), browser), { kind: 'over', reason: 'expired' });
  const never = await open({ idleSeconds: 0, absoluteSeconds: 600 });
  never.world.advance(600);
  assert.deepEqual(await ask(await restarted(never.world), never.browser), { kind: 'over', reason: 'expired' });
});

test('a gateway holds so many sessions of cookies in its memory, and the others come back with theirs', async () => {
  const { world, browser } = await open({ maxHeld: 2 });
  const others = [new Browser(world.handler), new Browser(world.handler)];
  for (const other of others) await other.signIn();
  const presented = readPresented(world.handler, browser.cookieHeader);
  assert.ok(typeof presented === 'object');
  const find = (): ReturnType<typeof world.store.findEdgeRecord> => world.store.findEdgeRecord(world.handler.tenant, 'main', presented.id);
  const now = Math.floor(world.issuer.nowMs / 1_000);
  await until(async () => ((await find())?.expiresAt ?? 0) <= now);
  assert.equal(world.handler.held.size, 2);
  assert.equal(tokenOf(await ask(world.handler, browser)), 'at1');
});

test('a session that the issuer has just ended does not come back with its cookie (OpenID Connect Back-Channel Logout §2.7)', async () => {
  const { world, browser } = await open();
  const { store, tenant, keys, client } = world.handler;
  const [sid = ''] = keys.hashes('subject', JSON.stringify(['sid', client.issuer, 'sid-1']));
  const now = Math.floor(world.issuer.nowMs / 1_000);
  const fresh = await restarted(world);
  for (const one of [store, fresh.store]) await one.endEdgeSessions(tenant, 'main', { sid }, 'signed_out_elsewhere', now);
  for (const handler of [world.handler, fresh])
    assert.deepEqual(await ask(handler, browser), { kind: 'over', reason: 'signed_out_elsewhere' });
});
