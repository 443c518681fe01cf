/** `@hufu/client` in a real browser: sign-in by redirect and in a window, keys that nobody reads, answers that serve once. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { bundlePage } from '../support/page-bundle.ts';

let hufu: TestHufu;
let app: Server;
let origin: string;
let browser: Browser;

before(async () => {
  const port = await freePort();
  origin = `http://localhost:${port}`;
  hufu = await startHufu({
    yaml: `
clients:
  - client_id: app
    client_name: Sketchbook
    token_endpoint_auth_method: none
    redirect_uris: ['${origin}/callback', '${origin}/popup']
    grant_types: [authorization_code, refresh_token]
users:
  - { username: ${USER.username}, password: ${USER.password}, claims: { name: Alice Example } }
`,
  });
  const script = await bundlePage(fileURLToPath(new URL('client-app/app.ts', import.meta.url)));
  const page = `<!doctype html><html lang="en" data-issuer="${hufu.issuer}"><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">
<button id="redirect">Sign in</button><button id="popup">Sign in here</button>
<p id="user"></p><p id="error"></p><p id="address"></p><script type="module" src="/app.js"></script></html>`;
  app = createServer((request, reply) => {
    const isScript = request.url === '/app.js';
    reply.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' }).end(isScript ? script : page);
  });
  await new Promise<void>((resolve) => app.listen(port, '127.0.0.1', resolve));
  browser = await chromium.launch(CHROMIUM);
});
after(async () => {
  await browser?.close();
  app?.closeAllConnections();
  app?.close();
  await hufu?.stop();
});

async function open(path = '/'): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  await page.goto(origin + path);
  await page.waitForSelector('body[data-ready]');
  return { context, page };
}

/** On the pages of the server. */
async function allow(page: Page): Promise<void> {
  await page.fill('input[name=username]', USER.username);
  await page.fill('input[name=password]', USER.password);
  await page.click('#signin-submit');
  await page.click('#consent-allow');
}

async function textOf(page: Page, id: string): Promise<string> {
  await page.waitForFunction((name) => document.getElementById(name)?.textContent !== '', id);
  return (await page.textContent(`#${id}`)) ?? '';
}

const SIGNED_IN = { name: 'Alice Example', tokenType: 'DPoP', isReadable: false };

test('a page leaves, comes back, and knows who it is for; the code is in no address, and the key is read by nobody (OpenID Connect Core §3.1, RFC 9449 §10)', async () => {
  const { context, page } = await open();
  await page.click('#redirect');
  await allow(page);
  assert.deepEqual(JSON.parse(await textOf(page, 'user')), { ...SIGNED_IN, returnTo: '/notes?page=2' });
  assert.equal(page.url(), `${origin}/callback`);
  await page.goBack();
  assert.equal(page.url().includes('code='), false);
  await context.close();
});

test('a window signs in, closes itself, and the page knows who it is for (RFC 9700 §4.11.1, attacks SDK-08)', async () => {
  const { context, page } = await open();
  const [popup] = await Promise.all([context.waitForEvent('page'), page.click('#popup')]);
  await popup.waitForURL(/signin/);
  assert.equal(await popup.evaluate(() => window.opener), null);
  await allow(popup);
  assert.deepEqual(JSON.parse(await textOf(page, 'user')), SIGNED_IN);
  if (!popup.isClosed()) await popup.waitForEvent('close');
  assert.deepEqual(context.pages(), [page]);
  await context.close();
});

test('a user who closes the window, or who says no, is heard (RFC 6749 §4.1.2.1)', async () => {
  const { context, page } = await open();
  const [closed] = await Promise.all([context.waitForEvent('page'), page.click('#popup')]);
  await closed.waitForURL(/signin/);
  await closed.close();
  await page.bringToFront();
  assert.equal(await textOf(page, 'error'), 'refused popup_closed');
  await page.reload();
  await page.waitForSelector('body[data-ready]');
  const [popup] = await Promise.all([context.waitForEvent('page'), page.click('#popup')]);
  await popup.click('button[name=cancel]');
  assert.equal(await textOf(page, 'error'), 'refused access_denied');
  await context.close();
});

test('an answer that this browser did not ask for, or that was taken already, signs nobody in (RFC 6749 §10.12, attacks SDK-01)', async () => {
  const stranger = await open(`/callback?page=2&code=x&state=${'y'.repeat(43)}&iss=${encodeURIComponent(hufu.issuer)}`);
  assert.equal(await textOf(stranger.page, 'error'), 'mismatch state');
  assert.equal(await textOf(stranger.page, 'address'), `${origin}/callback?page=2`);
  await stranger.context.close();

  const { context, page } = await open();
  const answered = page.waitForRequest(/callback\?/).then((request) => request.url());
  await page.click('#redirect');
  await allow(page);
  await textOf(page, 'user');
  await page.goto(await answered);
  assert.equal(await textOf(page, 'error'), 'mismatch state');
  // Another browser that got hold of the whole address has neither the verifier nor the key.
  const other = await open(new URL(await answered).pathname + new URL(await answered).search);
  assert.equal(await textOf(other.page, 'error'), 'mismatch state');
  await other.context.close();
  await context.close();
});
