import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHolder, writeHolder } from '@hufu/protocol/tally';
import type { HttpRequest } from '../http.ts';
import { signedIn } from '../testing/visits.ts';
import { openWorld, START, type World } from '../testing/world.ts';
import { sha256 } from '../tokens/secrets.ts';
import { findBrowserSession, openBrowserSession } from './browser-session.ts';
import { sessionName } from './session-name.ts';

function withCookie(world: World, cookie: string): HttpRequest {
  return world.http({ headers: { cookie } });
}

test('the cookie is a sealed half; the row keeps the hash of its secret, the time and the methods (OpenID Connect Core §2 auth_time, amr)', async () => {
  const world = await openWorld();
  world.clock.advance(1_500);
  const alice = await signedIn(world);
  const text = alice.cookie.slice(alice.cookie.indexOf('=') + 1);
  const holder = readHolder(world.ctx.keys.tally, 'session', text) ?? assert.fail();
  assert.equal(holder.id, alice.session.id);
  assert.equal(alice.session.secretHash, sha256(holder.secret));
  assert.deepEqual([alice.session.authTime, alice.session.amr], [START + 1, ['pwd']]);
  assert.equal(alice.session.expiresAt, START + 1 + 14 * 86_400);
  const found = await findBrowserSession(world.ctx, withCookie(world, alice.cookie));
  assert.deepEqual([found?.session.id, found?.user.sub], [alice.session.id, 'alice-sub']);
  await world.close();
});

test('a cookie that is forged, ended, over, of another secret or of a disabled user is as if there were none', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const [name = '', text = ''] = alice.cookie.split('=');
  const find = (cookie: string, at = START): Promise<unknown> =>
    findBrowserSession(world.ctx, { ...withCookie(world, cookie), nowMs: at * 1000 });
  const other = (id: number): string =>
    writeHolder(world.ctx.keys.tally, 'session', { keyId: world.ctx.keys.sealKeyId, id, generation: 0 }, 'x'.repeat(24));
  for (const bad of [
    '',
    'x',
    text.slice(0, -1),
    `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`,
    text.replace('hfs_', 'hfr_'),
    other(alice.session.id),
    other(99),
  ]) {
    assert.equal(await find(`${name}=${bad}`), undefined, bad);
  }
  assert.ok(await find(alice.cookie, alice.session.expiresAt - 1));
  assert.equal(await find(alice.cookie, alice.session.expiresAt), undefined);
  await world.store.endSession(world.tenant, alice.session.id, 'signed_out', START);
  assert.equal(await find(alice.cookie), undefined);
  const bob = await signedIn(world, 'bob');
  await world.store.setUserEnabled(world.tenant, bob.user.id, false, START);
  assert.equal(await find(bob.cookie), undefined);
  assert.deepEqual(await openBrowserSession(world.ctx, world.http(), bob.user, [{ method: 'password', at: world.now() }]), {
    kind: 'refused',
    reason: 'user_inactive',
  });
  await world.close();
});

test('a sign-in replaces the session that the browser had: its id and its cookie never survive (ASVS 7.2.4)', async () => {
  const world = await openWorld();
  const before = await signedIn(world);
  const agent = { headers: { cookie: before.cookie, 'user-agent': 'u'.repeat(1_000) } };
  const opened = await openBrowserSession(world.ctx, world.http(agent), before.user, [{ method: 'password', at: world.now() }]);
  assert.ok(opened.kind === 'opened');
  assert.notEqual(opened.session.session.id, before.session.id);
  assert.equal(opened.session.session.userAgent.length, 256);
  assert.equal(await findBrowserSession(world.ctx, withCookie(world, before.cookie)), undefined);
  assert.ok(await findBrowserSession(world.ctx, withCookie(world, opened.cookie.split(';')[0] ?? '')));
  await world.close();
});

test('sid names a session for ever and counts nothing (OpenID Connect Front-Channel Logout §3)', async () => {
  const world = await openWorld();
  const [one, other] = [await signedIn(world), await signedIn(world)];
  assert.equal(sessionName(world.ctx, one.session.id), sessionName(world.ctx, one.session.id));
  const numbers = [one, other].map(({ session }) => Number.parseInt(sessionName(world.ctx, session.id), 36));
  assert.notEqual(Math.abs((numbers[0] ?? 0) - (numbers[1] ?? 0)), 1);
  await world.close();
});
