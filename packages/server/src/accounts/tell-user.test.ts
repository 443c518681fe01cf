import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable, type UserRecord } from '@hufu/store/port';
import { openBrowserSession } from '../sessions/browser-session.ts';
import { takeLetter, takeOutbox } from '../testing/mails.ts';
import { BROWSER } from '../testing/pages.ts';
import { openWorld, START, START_MS, type World } from '../testing/world.ts';
import { tellSignIn } from './tell-sign-in.ts';
import { tellUser } from './tell-user.ts';

async function alice(world: World): Promise<UserRecord> {
  return (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
}

async function kinds(world: World): Promise<readonly string[]> {
  return (await world.store.listUserEvents(world.tenant, (await alice(world)).id, 10)).map(({ kind }) => kind);
}

test('what matters is written down and mailed to the address that is verified, in the language of the page or of the user', async () => {
  const world = await openWorld();
  const user = await alice(world);
  await tellUser(world.ctx, user, 'password_changed', {}, 'zh-CN');
  assert.equal((await takeLetter(world)).subject, '你的密码已更改');
  await tellUser(world.ctx, { ...user, claims: { ...user.claims, locale: 'zh-Hans' } }, 'factor_added', { name: 'Key' });
  assert.equal((await takeLetter(world)).locale, 'zh-CN');
  await tellUser(world.ctx, user, 'factor_removed', { name: 'Key' });
  assert.match((await takeLetter(world)).text, /^Which: Key$/m);
  await tellUser(world.ctx, user, 'app_removed', { name: 'Reader' });
  assert.deepEqual(await takeOutbox(world), [], 'not everything is worth a mail');
  assert.deepEqual(await kinds(world), ['app_removed', 'factor_removed', 'factor_added', 'password_changed']);
  await world.close();
});

test('an address that nobody has shown gets nothing (attacks USR-01)', async () => {
  const world = await openWorld();
  const user = await alice(world);
  for (const claims of [{ email: 'a@post.example' }, { email: 'a@post.example', email_verified: 'true' }, { email_verified: true }, {}])
    await tellUser(world.ctx, { ...user, claims }, 'password_changed');
  assert.deepEqual(await takeOutbox(world), []);
  assert.equal((await kinds(world)).length, 4);
  await world.close();
});

test('too many tries are told once a day, whatever a stranger does', async () => {
  const world = await openWorld();
  const user = await alice(world);
  for (let i = 0; i < 5; i += 1) await tellUser(world.ctx, user, 'too_many_tries');
  assert.equal((await takeOutbox(world)).length, 1);
  world.clock.freeze(START_MS + 86_400_000);
  await tellUser(world.ctx, user, 'too_many_tries');
  assert.equal((await takeOutbox(world)).length, 1);
  await world.close();
});

test('a store that is away undoes nothing: it is logged, and what has happened has', async () => {
  const world = await openWorld();
  const away = { ...world.ctx, store: { ...world.store, addUserEvent: () => Promise.reject(new StoreUnavailable('away')) } };
  await tellUser(away, await alice(world), 'password_changed');
  assert.equal(world.events('job.failed')[0]?.['job'], 'tell user');
  await world.close();
});

test('the first browser of an account is nothing to tell; a second one is, with its name from our own list', async () => {
  const world = await openWorld();
  const user = await alice(world);
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 <script>evil.example</script>';
  for (const cookie of [BROWSER, '__Host-hufu_browser=other-browser-24-charact']) {
    const http = world.http({ headers: { cookie, 'user-agent': agent } });
    const opened = await openBrowserSession(world.ctx, http, user, [{ method: 'password', at: START }]);
    assert.ok(opened.kind === 'opened' && opened.isNewDevice);
    await tellSignIn(world.ctx, http, user, 'new', 'en');
  }
  assert.deepEqual(await kinds(world), ['new_device', 'signed_in']);
  const letter = await takeLetter(world);
  assert.match(letter.text, /^Where: Firefox 140 · Linux$/m);
  assert.doesNotMatch(letter.text + letter.html, /evil\./);
  await world.close();
});
