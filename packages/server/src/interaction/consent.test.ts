import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import type { HttpReply } from '../http.ts';
import { BROWSER, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { answerOf, ask, signedIn, type Visitor } from '../testing/visits.ts';
import { API, openWorld, START, type World } from '../testing/world.ts';
import { consentGet, consentPost } from './consent.ts';

const THIRD = { client_id: 'third', redirect_uri: 'https://third.example/cb', scope: 'openid profile read' };

async function pageFor(world: World, visitor: Visitor, part: Record<string, string> = THIRD): Promise<HttpReply> {
  const sent = await ask(world, visitor, part);
  assert.match(String(sent.headers['location']), /^\/consent\?request=/);
  return consentGet(world.ctx, getOf(world, sent, `${BROWSER}; ${visitor.cookie}`));
}

function send(world: World, visitor: Visitor, page: HttpReply, fields: Record<string, string>): Promise<HttpReply> {
  return consentPost(world.ctx, postOf(world, '/consent', { ...hiddenOf(page), ...fields }, { cookie: `${BROWSER}; ${visitor.cookie}` }));
}

test('the page says who asks for what in whose name; agreeing is remembered and gives a code (OpenID Connect Core §3.1.2.4)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const page = await pageFor(world, alice);
  assert.deepEqual([page.status, pageOf(page), page.headers['cache-control']], [200, 'consent', 'no-store']);
  for (const said of ['third.example', 'Alice Example', 'consent-allow', 'consent-deny', API])
    assert.ok(page.body.toString().includes(said), said);
  const reply = await send(world, alice, page, { decision: 'allow' });
  assert.ok(answerOf(reply).get('code'));
  const consent = await world.store.findConsent(world.tenant, alice.user.id, clientId('third'));
  assert.deepEqual([consent?.scopes, consent?.resources, consent?.grantedAt], [['openid', 'profile', 'read'], [API], START]);
  assert.ok(answerOf(await ask(world, alice, { ...THIRD, prompt: 'none' })).get('code'), 'and is not asked again');
  await world.close();
});

test('anything but a clear yes is a no: access_denied, and nothing is remembered (RFC 6749 §4.1.2.1)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const page = await pageFor(world, alice);
  for (const fields of [{ decision: 'deny' }, {}, { decision: 'ALLOW' }, { decision: '' }]) {
    const reply = await send(world, alice, page, fields);
    assert.deepEqual([reply.status, answerOf(reply).get('error'), answerOf(reply).get('state')], [303, 'access_denied', 's-1']);
    assert.equal((await world.why(reply)).failed, 'consent');
  }
  assert.equal(await world.store.findConsent(world.tenant, alice.user.id, clientId('third')), undefined);
  await world.close();
});

test('what is agreed to is what was asked, not what the form says', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const page = await pageFor(world, alice, { ...THIRD, scope: 'openid' });
  await send(world, alice, page, { decision: 'allow', scope: 'openid profile read', scopes: 'read', resource: API });
  assert.deepEqual((await world.store.findConsent(world.tenant, alice.user.id, clientId('third')))?.scopes, ['openid']);
  await world.close();
});

test('the form belongs to the session that was shown: whoever signs in meanwhile does not agree in their name (RFC 9700 §4.7)', async () => {
  const world = await openWorld();
  const [alice, bob] = [await signedIn(world), await signedIn(world, 'bob')];
  const page = await pageFor(world, alice);
  const reply = await send(world, bob, page, { decision: 'allow' });
  assert.deepEqual([reply.status, (await world.why(reply)).failed], [403, 'same_site']);
  assert.equal(await world.store.findConsent(world.tenant, bob.user.id, clientId('third')), undefined);
  await world.close();
});

test('nobody is signed in any more: sign in first, and nothing is agreed to', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const sent = await ask(world, alice, THIRD);
  await world.store.endSession(world.tenant, alice.session.id, 'signed_out', START);
  const page = await consentGet(world.ctx, getOf(world, sent, `${BROWSER}; ${alice.cookie}`));
  assert.match(String(page.headers['location']), /^\/signin\?request=/);
  await world.close();
});

test('a native client is remembered nowhere: it asks again (RFC 8252 §8.6)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const native = { client_id: 'native', redirect_uri: 'com.example.app:/cb', scope: 'openid' };
  assert.ok(answerOf(await send(world, alice, await pageFor(world, alice, native), { decision: 'allow' })).get('code'));
  assert.equal(pageOf(await pageFor(world, alice, native)), 'consent');
  await world.close();
});

test('offline_access is said on the page (OpenID Connect Core §11)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const offline = await pageFor(world, alice, { scope: 'openid offline_access', prompt: 'consent' });
  const online = await pageFor(world, alice, { scope: 'openid', prompt: 'consent' });
  assert.notEqual(offline.body.toString().length, online.body.toString().length);
  const reply = await send(world, alice, offline, { decision: 'allow' });
  assert.ok(answerOf(reply).get('code'));
  await world.close();
});

test('without a ticket, or with a bad one, there is nothing to agree to', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  for (const path of ['/consent', '/consent?request=x.y', '/consent?request=%ff']) {
    assert.equal((await consentGet(world.ctx, getOf(world, path, `${BROWSER}; ${alice.cookie}`))).status, 400, path);
  }
  await world.close();
});
