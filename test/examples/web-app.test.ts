import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, type Page } from '../support/agent.ts';
import { freePort } from '../support/hufu.ts';
import { hufuCommand, type Running, type RunningHufu, startExample, startHufu, waitFor } from './running.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };
const CONFIG = 'examples/web-app/hufu.yaml';

let app: string;
let hufu: RunningHufu;
let running: Running;
before(async () => {
  const port = await freePort();
  app = `http://localhost:${port}`;
  hufu = await startHufu(CONFIG, { APP_URL: app });
  running = startExample('web-app', { PORT: String(port), APP_URL: app, ISSUER: hufu.issuer });
  await waitFor(`${app}/`, running);
});
after(async () => {
  await running?.stop();
  await hufu?.stop();
});

/** One browser: an agent for each of the two sites, as their cookies are apart. */
async function signIn(): Promise<{ readonly atApp: Agent; readonly atHufu: Agent }> {
  const atApp = new Agent(app);
  const atHufu = new Agent(hufu.issuer);
  let page: Page = await atHufu.get((await atApp.get('/signin')).location);
  for (let step = 0; step < 6 && !page.location.startsWith(app); step += 1) {
    if (page.location !== '') page = await atHufu.get(page.location);
    else if (page.name === 'signin') page = await atHufu.submit(page, MEI);
    else if (page.name === 'consent') page = await atHufu.submit(page, { decision: 'allow' });
  }
  assert.equal((await atApp.get(page.location)).location, '/');
  return { atApp, atHufu };
}

test('the example web-app signs a person in, knows them, and signs them out at both ends (OpenID Connect Core §3.1)', async () => {
  const { atApp, atHufu } = await signIn();
  assert.match((await atApp.get('/')).text, /Mei Lin &lt;mei@example\.com&gt;/);
  const out = await atApp.post('/signout', {});
  assert.match(out.location, /\/oauth\/logout\?/);
  assert.equal((await atHufu.get(out.location)).location, `${app}/`);
  assert.match((await atApp.get('/')).text, /href="\/signin"/);
});

test('the example web-app takes no answer that it did not ask for (OpenID Connect Core §3.1.2.7)', async () => {
  const stranger = new Agent(app);
  assert.equal((await stranger.get('/callback?code=abc&state=def')).status, 400);
  await stranger.get('/signin');
  assert.equal((await stranger.get('/callback?code=abc&state=def')).status, 400);
  assert.match((await stranger.get('/')).text, /href="\/signin"/);
});

test('the example web-app says so when a person says no (RFC 6749 §4.1.2.1)', async () => {
  const atApp = new Agent(app);
  const atHufu = new Agent(hufu.issuer);
  let page = await atHufu.get((await atApp.get('/signin')).location);
  page = await atHufu.get(page.location);
  page = await atHufu.submit(page, { cancel: '1' });
  const refused = await atApp.get(page.location);
  assert.match(refused.text, /access_denied/);
});

test('the example web-app notices that a grant was revoked (RFC 6750 §3.1)', async () => {
  const { atApp } = await signIn();
  assert.equal(await hufuCommand(['revoke', 'user', 'mei', '--config', CONFIG], hufu.env).ended(), 0);
  assert.match((await atApp.get('/')).text, /Your access has ended/);
});

test('the example web-app signs people out when Hufu says so, and hears nobody else (Back-Channel Logout §2.5, §2.6)', async () => {
  const { atApp } = await signIn();
  const other = await signIn();
  const list = hufuCommand(['session', 'list', '--user', 'mei', '--json', '--config', CONFIG], hufu.env);
  await list.ended();
  const sessions: readonly { readonly sid: string }[] = JSON.parse(list.lines.find((line) => line.startsWith('[')) ?? '[]');
  // The newest first: that is the other browser's.
  const [newest, mine] = sessions;
  assert.ok(newest !== undefined && mine !== undefined);
  assert.equal(await hufuCommand(['revoke', 'session', mine.sid, '--config', CONFIG], hufu.env).ended(), 0);
  await running.line(new RegExp(`Hufu ended the session ${mine.sid}: 1 signed out`));
  assert.match((await atApp.get('/')).text, /href="\/signin"/);
  assert.match((await other.atApp.get('/')).text, /Mei Lin/, 'the other browser stays');
  for (const token of ['', 'x', 'e30.e30.', await idTokenOf(await signIn())]) {
    const reply = await fetch(`${app}/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
    assert.deepEqual([reply.status, reply.headers.get('cache-control')], [400, 'no-store']);
  }
  assert.match((await other.atApp.get('/')).text, /Mei Lin/);
});

/** As it stands in the address that the app sends the browser to. */
async function idTokenOf({ atApp }: { readonly atApp: Agent }): Promise<string> {
  const browser = new Agent(app);
  for (const [name, value] of atApp.cookies) browser.cookies.set(name, value);
  const token = new URL((await browser.post('/signout', {})).location).searchParams.get('id_token_hint') ?? '';
  assert.match(token, /^eyJ/);
  return token;
}
