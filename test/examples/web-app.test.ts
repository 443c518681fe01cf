import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { hufuCommand } from './running.ts';
import { type ServedApp, serveApp } from './served-app.ts';
import { signsInAndOut } from './web-app-behaviour.ts';

let served: ServedApp;
before(async () => {
  served = await serveApp('web-app');
});
after(() => served?.stop());

test('the example web-app signs a person in, knows them, and signs them out at both ends (OpenID Connect Core §3.1)', async () => {
  await signsInAndOut(served);
});

test('the example web-app takes no answer that it did not ask for (OpenID Connect Core §3.1.2.7)', async () => {
  const stranger = new Agent(served.app);
  assert.equal((await stranger.get('/callback?code=abc&state=def')).status, 400);
  await stranger.get('/signin');
  assert.equal((await stranger.get('/callback?code=abc&state=def')).status, 400);
  assert.match((await stranger.get('/')).text, /href="\/signin"/);
});

test('the example web-app says so when a person says no (RFC 6749 §4.1.2.1)', async () => {
  const atApp = new Agent(served.app);
  const atHufu = new Agent(served.hufu.issuer);
  let page = await atHufu.get((await atApp.get('/signin')).location);
  page = await atHufu.get(page.location);
  page = await atHufu.submit(page, { cancel: '1' });
  const refused = await atApp.get(page.location);
  assert.match(refused.text, /access_denied/);
});

test('the example web-app notices that a grant was revoked (RFC 6750 §3.1)', async () => {
  const { atApp } = await served.signIn();
  assert.equal(await hufuCommand(['revoke', 'user', 'mei', '--config', served.config], served.hufu.env).ended(), 0);
  assert.match((await atApp.get('/')).text, /Your access has ended/);
});

test('the example web-app signs people out when Hufu says so, and hears nobody else (Back-Channel Logout §2.5, §2.6)', async () => {
  const { atApp } = await served.signIn();
  const other = await served.signIn();
  const list = hufuCommand(['session', 'list', '--user', 'mei', '--json', '--config', served.config], served.hufu.env);
  await list.ended();
  const sessions: readonly { readonly sid: string }[] = JSON.parse(list.lines.find((line) => line.startsWith('[')) ?? '[]');
  // The newest first: that is the other browser's.
  const [newest, mine] = sessions;
  assert.ok(newest !== undefined && mine !== undefined);
  assert.equal(await hufuCommand(['revoke', 'session', mine.sid, '--config', served.config], served.hufu.env).ended(), 0);
  await served.running.line(new RegExp(`Hufu ended the session ${mine.sid}: 1 signed out`));
  assert.match((await atApp.get('/')).text, /href="\/signin"/);
  assert.match((await other.atApp.get('/')).text, /Mei Lin/, 'the other browser stays');
  for (const token of ['', 'x', 'e30.e30.', await idTokenOf(await served.signIn())]) {
    const reply = await fetch(`${served.app}/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
    assert.deepEqual([reply.status, reply.headers.get('cache-control')], [400, 'no-store']);
  }
  assert.match((await other.atApp.get('/')).text, /Mei Lin/);
});

/** As it stands in the address that the app sends the browser to. */
async function idTokenOf({ atApp }: { readonly atApp: Agent }): Promise<string> {
  const browser = new Agent(served.app);
  for (const [name, value] of atApp.cookies) browser.cookies.set(name, value);
  const token = new URL((await browser.post('/signout', {})).location).searchParams.get('id_token_hint') ?? '';
  assert.match(token, /^eyJ/);
  return token;
}
