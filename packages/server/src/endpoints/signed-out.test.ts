import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { MAX_FRAMES } from '../logout/frontchannel.ts';
import { BROWSER, BROWSER_ID, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { ask, authorizationQuery, claimsOf, signedIn, tokensOf, type Visitor } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld } from '../testing/world.ts';
import { authorize } from './authorize.ts';
import { logout } from './logout.ts';
import { signedOut } from './signed-out.ts';

const OUT = 'https://one.example/out';

function client(id: string, uri: string): string {
  return `
  - client_id: ${id}
    token_endpoint_auth_method: none
    redirect_uris: [https://${id}.example/cb]
    post_logout_redirect_uris: [https://${id}.example/out]
    grant_types: [authorization_code]
    scope: openid
    frontchannel_logout_uri: '${uri}'
    hufu: { first_party: true }`;
}

const many = Array.from({ length: MAX_FRAMES + 3 }, (_, i) => `m${i}`);
const YAML = BASIC_YAML.replace(
  'clients:',
  `clients: ${[
    client('one', 'https://one.example/bye'),
    client('two', 'https://two.example/bye?x=1#here'),
    ...many.map((id) => client(id, `https://${id}.example/bye`)),
  ].join('')}`,
);
const world = await openWorld({ yaml: YAML });
after(() => world.close());

async function visit(visitor: Visitor, clientId: string): Promise<string> {
  const part = { client_id: clientId, redirect_uri: `https://${clientId}.example/cb`, scope: 'openid' };
  return String((await tokensOf(world, part, visitor))['id_token']);
}

function signOut(visitor: Visitor, parameters: Readonly<Record<string, string>>): Promise<HttpReply> {
  const cookie = `${BROWSER}; ${visitor.cookie}`;
  return logout(world.ctx, world.http({ path: '/oauth/logout', query: new URLSearchParams(parameters).toString(), headers: { cookie } }));
}

function framesOf(reply: HttpReply): readonly string[] {
  return [...reply.body.toString().matchAll(/<iframe src="([^"]*)"/g)].map(([, src = '']) => src.replaceAll('&amp;', '&'));
}

test('the browser tells each client in a frame, with the iss and the sid of its ID token, and then goes on (Front-Channel Logout §2, §3)', async () => {
  const visitor = await signedIn(world);
  const hint = await visit(visitor, 'one');
  await visit(visitor, 'two');
  await tokensOf(world, {}, visitor);
  const state = 'a"&ä '.repeat(30);
  const gone = await signOut(visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT, state });
  assert.deepEqual([gone.status, String(gone.headers['location']).split('?')[0]], [303, '/signed-out']);
  assert.equal((await world.store.findSession(world.tenant, visitor.session.id))?.endedAt !== undefined, true, 'ended before');
  assert.deepEqual(
    [gone.headers['set-cookie']].flat().map((cookie) => String(cookie).split(';')[0]),
    ['__Host-hufu_session=', '__Host-hufu_browser_state='],
  );
  const page = await signedOut(world.ctx, getOf(world, gone));
  assert.deepEqual([page.status, pageOf(page)], [200, 'signing-out']);
  const sid = String(claimsOf(hint)['sid']);
  const about = `iss=${encodeURIComponent(ISSUER)}&sid=${sid}`;
  assert.deepEqual(framesOf(page), [`https://one.example/bye?${about}`, `https://two.example/bye?x=1&${about}`]);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /; frame-src https:\/\/one\.example https:\/\/two\.example$/);
  assert.match(policy, /frame-ancestors 'none'/);
  const href = /id="signed-out-continue"[^>]* href="([^"]*)"/.exec(page.body.toString())?.[1]?.replaceAll('&amp;', '&') ?? '';
  assert.deepEqual([href.split('?')[0], new URL(href).searchParams.get('state')], [OUT, state]);
  const nonce = /script-src 'nonce-([\w-]+)'/.exec(policy)?.[1];
  assert.ok(page.body.toString().includes(`<script nonce="${nonce}">`));
  assert.deepEqual([page.headers['cache-control'], page.headers['referrer-policy']], ['no-store', 'no-referrer']);
});

test('with nowhere to go it stays and says Signed out; after a click as well (RP-Initiated Logout §3, Front-Channel Logout §3)', async () => {
  const visitor = await signedIn(world);
  await visit(visitor, 'two');
  const asked = await signOut(visitor, { ui_locales: 'zh-CN' });
  assert.equal(pageOf(asked), 'logout');
  const cookie = `${BROWSER}; ${visitor.cookie}`;
  const gone = await logout(world.ctx, postOf(world, '/oauth/logout', { ...hiddenOf(asked), decision: 'sign_out' }, { cookie }));
  const page = await signedOut(world.ctx, getOf(world, gone));
  assert.deepEqual([pageOf(page), framesOf(page).length], ['signed-out', 1]);
  assert.ok(page.body.toString().includes('<html lang="zh-CN">'), 'in the language of the request');
  assert.equal(/<script|http-equiv/.test(page.body.toString()), false);
});

test('opened again later, in another browser or made up, it tells nobody and goes nowhere (RFC 9700 §4.11)', async () => {
  const visitor = await signedIn(world);
  const hint = await visit(visitor, 'one');
  const gone = await signOut(visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT });
  const query = String(gone.headers['location']).split('?')[1] ?? '';
  const own = await openWorld({ yaml: YAML, store: world.store });
  own.clock.advance(600_000);
  const replies = [
    await signedOut(own.ctx, getOf(own, gone)),
    await signedOut(world.ctx, getOf(world, gone, BROWSER.replace(BROWSER_ID, 'another-browser-24-chars'))),
    await signedOut(world.ctx, getOf(world, gone, '')),
    await signedOut(world.ctx, getOf(world, `/signed-out?${query.slice(0, -3)}`)),
    await signedOut(world.ctx, getOf(world, '/signed-out')),
  ];
  for (const reply of replies) assert.deepEqual([reply.status, pageOf(reply), framesOf(reply)], [200, 'signed-out', []]);
  const still = await signedIn(world);
  const home = await signedOut(world.ctx, getOf(world, '/signed-out', `${BROWSER}; ${still.cookie}`));
  assert.deepEqual([home.status, home.headers['location']], [303, '/'], 'whoever is signed in is not told otherwise');
  await own.close();
});

test('a session with very many clients tells as many as a page holds (attacks LOG-12)', async () => {
  const visitor = await signedIn(world);
  for (const id of many) await visit(visitor, id);
  const page = await signedOut(world.ctx, getOf(world, await signOut(visitor, { id_token_hint: await visit(visitor, 'one') })));
  assert.equal(framesOf(page).length, MAX_FRAMES);
  assert.ok(String(page.headers['content-security-policy']).length < 4_000);
});

test('what does not fit into an address is answered at once (RP-Initiated Logout §3)', async () => {
  const visitor = await signedIn(world);
  const hint = await visit(visitor, 'one');
  const page = await signOut(visitor, { id_token_hint: hint, post_logout_redirect_uri: OUT, state: '€'.repeat(1_000) });
  assert.deepEqual([page.status, pageOf(page), framesOf(page).length], [200, 'signing-out', 1]);
  assert.equal([page.headers['set-cookie']].flat().length, 2);
});

test('a client that is switched off, or has no such page any more, is left out (Front-Channel Logout §2)', async () => {
  const visitor = await signedIn(world);
  const hint = await visit(visitor, 'one');
  await visit(visitor, 'two');
  const changed = YAML.replace("frontchannel_logout_uri: 'https://one.example/bye'", '').replace('client_id: two', 'client_id: three');
  const later = await openWorld({ yaml: changed, store: world.store });
  const reply = await logout(
    later.ctx,
    later.http({
      query: new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: OUT }).toString(),
      headers: { cookie: `${BROWSER}; ${visitor.cookie}` },
    }),
  );
  assert.deepEqual([reply.status, reply.headers['location']], [303, OUT], 'nobody to tell: straight on');
  const back = await openWorld({ yaml: YAML, store: world.store });
  await later.close();
  await back.close();
});

test('the browser that signs out without a cookie of its own gets one, as the page is for it alone', async () => {
  const visitor = await signedIn(world);
  const hint = await visit(visitor, 'one');
  const gone = await logout(world.ctx, world.http({ query: `id_token_hint=${hint}`, headers: { cookie: visitor.cookie } }));
  const cookie = [gone.headers['set-cookie']]
    .flat()
    .map(String)
    .find((one) => one.startsWith('__Host-hufu_browser='));
  const page = await signedOut(world.ctx, getOf(world, gone, cookie?.split(';')[0]));
  assert.equal(framesOf(page).length, 1);
});

test('after the sign-out nobody is signed in, at any client (Front-Channel Logout §3)', async () => {
  const visitor = await signedIn(world);
  await signOut(visitor, { id_token_hint: await visit(visitor, 'one') });
  const silent = await ask(world, visitor, { prompt: 'none' });
  assert.equal(new URL(String(silent.headers['location'])).searchParams.get('error'), 'login_required');
  const again = await authorize(world.ctx, world.http({ query: authorizationQuery(), headers: { cookie: visitor.cookie } }));
  assert.match(String(again.headers['location']), /^\/signin\?/);
});
