/** Single sign-out in a real browser, over https and across sites: frames that tell clients, and the frame that says whether the session is the same. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { jsonLog } from '@hufu/server/log';
import { type RunningServer, startServer } from '@hufu/server/start';
import { openMemory } from '@hufu/store/memory';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { testCertificate } from '../support/certificate.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort } from '../support/hufu.ts';

const USER = { username: 'mei', password: 'two halves make a tally' };
const { cert, key } = testCertificate();

/** A client on a site of its own. */
interface App {
  readonly name: string;
  readonly origin: string;
  /** Queries that its front-channel logout page was asked with. */
  readonly told: URLSearchParams[];
  /** Whether that page answers. */
  answers: boolean;
  close(): Promise<void>;
}

let folder: string;
let issuer: string;
let server: RunningServer;
let browser: Browser;
let apps: readonly [App, App];
const contexts: BrowserContext[] = [];
const lines: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hufu-sign-out-'));
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  const port = await freePort();
  issuer = `https://localhost:${port}`;
  apps = [await openApp('one'), await openApp('two')];
  const clients = apps.map(
    ({ name, origin }) => `
  - client_id: ${name}
    token_endpoint_auth_method: none
    redirect_uris: ['${origin}/cb']
    post_logout_redirect_uris: ['${origin}/out']
    grant_types: [implicit]
    response_types: [id_token]
    scope: openid
    frontchannel_logout_uri: '${origin}/bye'
    hufu: { first_party: true }`,
  );
  const text = `
issuer: ${issuer}
listen: 127.0.0.1:${port}
mode: test
data_dir: ${folder}
tls: { cert: ${join(folder, 'cert.pem')}, key: ${join(folder, 'key.pem')} }
clients: ${clients.join('')}
resources: [{ identifier: 'https://api.example/', scopes: [read], token_format: jwt }]
users: [{ username: ${USER.username}, password: ${USER.password}, claims: { name: Mei } }]
`;
  const config = readConfig({ text, file: 'test.yaml', env: {} });
  const log = jsonLog((line) => lines.push(line), Date.now);
  server = await startServer({ config, store: await openMemory(), log, masterKey: undefined });
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  for (const context of contexts) await context.close();
  await browser.close();
  await server.close();
  for (const app of apps) await app.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Another site than the issuer's: `127.0.0.1` is none of `localhost`. */
async function openApp(name: string): Promise<App> {
  const told: URLSearchParams[] = [];
  const held: ServerResponse[] = [];
  const app = { name, origin: '', told, answers: true };
  const https: Server = createServer({ cert, key }, (request, reply) => {
    const url = new URL(request.url ?? '/', 'https://app');
    if (url.pathname === '/bye') told.push(url.searchParams);
    if (url.pathname === '/bye' && !app.answers) return void held.push(reply);
    reply.writeHead(200, { 'content-type': 'text/html' });
    reply.end(
      url.pathname === '/watch'
        ? WATCH.replaceAll('ISSUER', issuer)
        : `<!doctype html><title>${name}</title><p id="at">${url.pathname}</p>`,
    );
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  const address = https.address();
  app.origin = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return Object.assign(app, {
    close: () =>
      new Promise<void>((resolve) => {
        https.close(() => resolve());
        https.closeAllConnections();
      }),
  });
}

/** What a client does with the frame (OpenID Connect Session Management §3.1). */
const WATCH = `<!doctype html><title>watch</title><iframe id="op" src="ISSUER/oauth/check_session"></iframe><script>
window.ask = (message) => new Promise((resolve) => {
  window.addEventListener('message', (event) => resolve([event.data, event.origin]), { once: true });
  document.getElementById('op').contentWindow.postMessage(message, 'ISSUER');
});
</script>`;

/** A private window. */
async function open(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return kept(await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ignoreHTTPSErrors: true, ...options }));
}

/** Closed in the end, whatever a test does with it. */
function kept(context: BrowserContext): BrowserContext {
  contexts.push(context);
  return context;
}

/** Signs in for an app, with the page where that is asked. @returns what the answer says */
async function signIn(page: Page, app: App): Promise<URLSearchParams> {
  const query = new URLSearchParams({
    response_type: 'id_token',
    client_id: app.name,
    redirect_uri: `${app.origin}/cb`,
    scope: 'openid',
    nonce: 'n-1',
  });
  await page.goto(`${issuer}/oauth/authorize?${query.toString()}`);
  await page.waitForSelector('#signin, #at');
  if (await page.isVisible('#signin')) {
    await page.fill('#signin input[name=username]', USER.username);
    await page.fill('#signin input[name=password]', USER.password);
    await page.click('#signin-submit');
    await page.waitForSelector('#at');
  }
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
}

function logoutAddress(app: App, answer: URLSearchParams, state: string): string {
  const query = new URLSearchParams({
    id_token_hint: answer.get('id_token') ?? '',
    post_logout_redirect_uri: `${app.origin}/out`,
    state,
  });
  return `${issuer}/oauth/logout?${query.toString()}`;
}

function sidOf(answer: URLSearchParams): unknown {
  return Object(JSON.parse(Buffer.from(answer.get('id_token')?.split('.')[1] ?? '', 'base64url').toString())).sid;
}

async function ask(page: Page, app: App, answer: URLSearchParams): Promise<unknown> {
  const message = `${app.name} ${answer.get('session_state') ?? ''}`;
  return page.evaluate((text) => (globalThis as unknown as { ask(text: string): Promise<unknown> }).ask(text), message);
}

async function watch(context: BrowserContext, app: App): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${app.origin}/watch`);
  return page;
}

async function assertForEverybody(page: Page, name: string): Promise<void> {
  // What is in the frames is the clients' own.
  await assertAccessible(page, name, { iframes: false });
}

function forget(): void {
  for (const app of apps) {
    app.told.length = 0;
    app.answers = true;
  }
}

test('both apps are told in frames, with the iss and sid of their ID tokens, and then the browser is where it was to go (Front-Channel Logout §3)', async () => {
  forget();
  const context = await open();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  const [one, two] = apps;
  const answer = await signIn(page, one);
  await signIn(page, two);
  await page.goto(logoutAddress(one, answer, 'ä "1"'));
  await page.waitForURL(`${one.origin}/out?**`);
  assert.equal(new URL(page.url()).searchParams.get('state'), 'ä "1"');
  for (const app of apps) {
    assert.deepEqual(
      app.told.map((query) => [query.get('iss'), query.get('sid')]),
      [[issuer, sidOf(answer)]],
      app.name,
    );
  }
  assert.deepEqual(
    complaints.filter((text) => /Content Security Policy|Refused/.test(text)),
    [],
  );
  await page.goBack();
  assert.doesNotMatch(page.url(), /signed-out/, 'the page in between is not in the history');
  await context.close();
});

test('an app that hangs holds nobody up, and a browser without scripts goes on as well (Front-Channel Logout §3, attacks LOG-10)', async () => {
  for (const javaScriptEnabled of [true, false]) {
    forget();
    const context = await open({ javaScriptEnabled });
    const page = await context.newPage();
    const [one, two] = apps;
    const answer = await signIn(page, one);
    await signIn(page, two);
    two.answers = !javaScriptEnabled;
    await page.goto(logoutAddress(one, answer, 's'), { waitUntil: 'commit' });
    await page.waitForURL(`${one.origin}/out?state=s`);
    assert.deepEqual([one.told.length, two.told.length], [1, 1]);
    await context.close();
  }
});

test('after a click the page stays, and says Signed out while the apps are told (RP-Initiated Logout §2)', async () => {
  forget();
  const context = await open();
  const page = await context.newPage();
  for (const app of apps) await signIn(page, app);
  await page.goto(`${issuer}/oauth/logout`);
  await page.click('#logout-confirm');
  await page.waitForSelector('body[data-page="signed-out"]');
  await page.waitForLoadState('load');
  assert.equal(await page.textContent('h1'), 'Signed out');
  assert.equal(new URL(page.url()).pathname, '/signed-out');
  assert.deepEqual(
    apps.map(({ told }) => told.length),
    [1, 1],
  );
  await assertForEverybody(page, 'signed out');
  await context.close();
});

test('the page on the way is for everybody, in both languages, in the dark and on a phone (WCAG 2.2 §1.4.10)', async () => {
  for (const options of [
    { locale: 'en-US', colorScheme: 'light' as const },
    { locale: 'zh-CN', colorScheme: 'dark' as const, viewport: { width: 360, height: 740 } },
  ]) {
    forget();
    const context = await open(options);
    const page = await context.newPage();
    // The page waits: its timer stands still, and one app does not answer.
    await page.clock.install();
    const [one] = apps;
    one.answers = false;
    const answer = await signIn(page, one);
    await page.goto(logoutAddress(one, answer, 's'), { waitUntil: 'commit' });
    await page.waitForSelector('body[data-page="signing-out"]');
    assert.equal(await page.getAttribute('html', 'lang'), options.locale === 'zh-CN' ? 'zh-CN' : 'en');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    assert.equal(await page.isVisible('iframe'), false);
    await assertForEverybody(page, options.locale);
    await page.click('#signed-out-continue', { noWaitAfter: true });
    await page.waitForURL(`${one.origin}/out?state=s`);
    await context.close();
  }
});

test('the session frame of another site says unchanged, and changed after a sign-out and after another sign-in (Session Management §3)', async () => {
  forget();
  // A window of somebody who allows cookies in frames of other sites; private ones, and some builds, never do.
  const profile = join(folder, 'profile');
  mkdirSync(join(profile, 'Default'), { recursive: true });
  const allowed = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(allowed));
  const context = kept(await chromium.launchPersistentContext(profile, { ...CHROMIUM, ignoreHTTPSErrors: true }));
  const page = await context.newPage();
  const [one, two] = apps;
  const first = await signIn(page, one);
  const watcher = await watch(context, one);
  const refused: string[] = [];
  watcher.on('console', (message) => refused.push(message.text()));
  assert.deepEqual(await ask(watcher, one, first), ['unchanged', issuer]);
  assert.deepEqual(await ask(watcher, one, await signIn(page, one)), ['unchanged', issuer], 'each answer has a salt of its own');
  assert.deepEqual(await ask(watcher, two, first), ['changed', issuer], "another client's");
  const foreign = await watch(context, two);
  assert.deepEqual(await ask(foreign, one, first), ['changed', issuer], 'a page of another origin learns nothing');
  assert.deepEqual(await ask(watcher, one, new URLSearchParams()), ['error', issuer]);

  await page.goto(logoutAddress(one, first, 's'));
  await page.waitForURL(`${one.origin}/out?state=s`);
  assert.deepEqual(await ask(watcher, one, first), ['changed', issuer]);
  const second = await signIn(page, one);
  assert.deepEqual(await ask(watcher, one, first), ['changed', issuer]);
  assert.deepEqual(await ask(watcher, one, second), ['unchanged', issuer]);
  assert.deepEqual(refused, []);
  await context.close();
});

test('where the browser keeps cookies from frames of others, the frame says error and no app signs in again and again (Session Management §3.1)', async () => {
  forget();
  const context = await open();
  const page = await context.newPage();
  const [one] = apps;
  const answer = await signIn(page, one);
  assert.deepEqual(await ask(await watch(context, one), one, answer), ['error', issuer]);
  await context.close();
});

test('nothing went wrong meanwhile', () => {
  assert.deepEqual(
    lines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !line.includes('mode.test_exposed')),
    [],
  );
});
