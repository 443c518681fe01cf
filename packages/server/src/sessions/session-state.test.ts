import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { findClient } from '../clients.ts';
import { ask, signedIn } from '../testing/visits.ts';
import { openWorld, START } from '../testing/world.ts';
import { sha256 } from '../tokens/secrets.ts';
import { openBrowserSession } from './browser-session.ts';
import { browserState, browserStateCookie, missingBrowserState } from './browser-state.ts';
import { sessionState } from './session-state.ts';

const world = await openWorld();
after(() => world.close());

const NAME = '__Host-hufu_browser_state';

test('session_state is a salted hash over client, origin and browser state, and never the same twice (Session Management §2)', async () => {
  const visitor = await signedIn(world);
  const client = (await findClient(world.ctx, 'spa')) ?? assert.fail();
  const of = (redirectUri: string): string | undefined => sessionState(world.ctx, { client, redirectUri }, visitor);
  const one = of('https://app.example/cb?x=1') ?? assert.fail();
  const [hash, salt = ''] = one.split('.');
  assert.match(one, /^[\w-]{43}\.[\w-]{24}$/);
  assert.equal(hash, sha256(`spa https://app.example ${browserState(world.ctx, visitor.session.id)} ${salt}`));
  assert.notEqual(of('https://app.example/cb'), of('https://app.example/cb'));
  const port = of('https://app.example:443/cb')?.split('.') ?? [];
  assert.equal(
    port[0],
    sha256(`spa https://app.example ${browserState(world.ctx, visitor.session.id)} ${port[1]}`),
    'as browsers write it',
  );
  assert.equal(of('com.example.app:/cb'), undefined, 'a program has no frames');
});

test('an answer to an OpenID request carries it, and the cookie where the browser has lost it (Session Management §2)', async () => {
  const visitor = await signedIn(world);
  const answer = async (cookie: string, scope: string) => {
    const reply = await ask(world, { ...visitor, cookie }, { scope });
    return [new URL(String(reply.headers['location'])).searchParams.has('session_state'), reply.headers['set-cookie']];
  };
  const state = browserState(world.ctx, visitor.session.id);
  const cookie = browserStateCookie(world.ctx, visitor.session, START);
  assert.deepEqual(await answer(visitor.cookie, 'openid read'), [true, cookie]);
  assert.deepEqual(await answer(`${visitor.cookie}; ${NAME}=another`, 'openid read'), [true, cookie]);
  assert.deepEqual(await answer(`${visitor.cookie}; ${NAME}=${state}`, 'openid read'), [true, undefined]);
  assert.deepEqual(await answer(visitor.cookie, 'read'), [false, undefined], 'no OpenID request');
});

test('the browser state is for scripts and for frames, lives as long as the session, and opens nothing (Session Management §3.2)', async () => {
  const visitor = await signedIn(world);
  const cookie = browserStateCookie(world.ctx, visitor.session, START);
  const lifetime = visitor.session.expiresAt - START;
  const state = browserState(world.ctx, visitor.session.id);
  assert.equal(cookie, `${NAME}=${state}; Path=/; Max-Age=${lifetime}; SameSite=None; Secure`);
  const plain = browserStateCookie({ ...world.ctx, issuer: 'http://localhost:1' }, visitor.session, START);
  assert.equal(
    plain,
    `hufu_browser_state=${state}; Path=/; Max-Age=${lifetime}; SameSite=Lax`,
    'browsers drop SameSite=None without Secure',
  );
  assert.equal(missingBrowserState(world.ctx, world.http({ headers: { cookie: `${NAME}=${state}` } }), visitor.session), undefined);
  const thief = await ask(world, { ...visitor, cookie: `${NAME}=${state}; __Host-hufu_session=${state}` }, { prompt: 'none' });
  assert.equal(new URL(String(thief.headers['location'])).searchParams.get('error'), 'login_required');
});

test('each sign-in has a browser state of its own, the same user’s too (Session Management §2)', async () => {
  const states = new Set<string>();
  let cookie = '';
  for (const name of ['alice', 'alice', 'bob']) {
    const user = (await world.store.findUserByName(world.tenant, name)) ?? assert.fail();
    const opened = await openBrowserSession(world.ctx, world.http({ headers: { cookie } }), user, [
      { method: 'password', at: world.now() },
    ]);
    if (opened.kind !== 'opened') assert.fail();
    cookie = opened.cookie.slice(0, opened.cookie.indexOf(';'));
    states.add(opened.stateCookie.slice(0, opened.stateCookie.indexOf(';')));
  }
  assert.equal(states.size, 3);
});
