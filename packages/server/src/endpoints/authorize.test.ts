import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pageOf } from '../testing/pages.ts';
import { answerOf, ask, authorizationQuery, post, signedIn } from '../testing/visits.ts';
import { openWorld } from '../testing/world.ts';
import { authorize } from './authorize.ts';

const world = await openWorld();
after(() => world.close());

test('who is signed in and has nothing to decide goes straight back with a code (OpenID Connect Core §3.1.2)', async () => {
  const reply = await ask(world, await signedIn(world));
  assert.equal(reply.status, 303);
  assert.match(answerOf(reply).get('code') ?? '', /^hfc_/);
});

test('a POST is sent on as a GET with the same parameters: across sites it comes without our cookies (OpenID Connect Core §3.1.2.1)', async () => {
  const reply = await post(world, authorize, authorizationQuery({ state: 'ä b&=' }), { 'sec-fetch-site': 'cross-site' });
  assert.equal(reply.status, 303);
  const [path, query = ''] = String(reply.headers['location']).split('?');
  assert.equal(path, '/oauth/authorize');
  assert.deepEqual([...new URLSearchParams(query)], [...new URLSearchParams(authorizationQuery({ state: 'ä b&=' }))]);
  const wrong = await post(world, authorize, { x: 'y' }, { 'content-type': 'text/plain' });
  assert.deepEqual([wrong.status, pageOf(wrong)], [400, 'error']);
});

test('each request is its own: two codes for two requests, and a ticket only where a page is needed', async () => {
  const visitor = await signedIn(world);
  const codes = [answerOf(await ask(world, visitor)).get('code'), answerOf(await ask(world, visitor)).get('code')];
  assert.notEqual(codes[0], codes[1]);
  const page = await ask(world, undefined);
  assert.match(String(page.headers['location']), /^\/signin\?request=[\w-]{24}\.[\w-]+$/);
});

test('an unregistered redirect is a page of ours, everything after that goes to the client (RFC 6749 §4.1.2.1)', async () => {
  const page = await ask(world, undefined, { redirect_uri: 'https://evil.test/' });
  assert.deepEqual([page.status, pageOf(page), 'location' in page.headers], [400, 'error', false]);
  assert.equal((await world.why(page)).row.clientId, 'spa');
  const back = await ask(world, undefined, { prompt: 'none' });
  assert.deepEqual([answerOf(back).get('error'), answerOf(back).get('state')], ['login_required', 's-1']);
  assert.equal((await world.why(back)).failed, 'authentication');
});

test('a request that no address could carry on is told to the client (RFC 6749 §4.1.2.1)', async () => {
  const reply = await ask(world, undefined, { x: 'y'.repeat(5_000) });
  assert.deepEqual(
    [answerOf(reply).get('error'), reply.headers['location']?.toString().startsWith('https://app.example/cb?')],
    ['invalid_request', true],
  );
});
