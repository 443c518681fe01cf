import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/provision/chromium.mjs';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort } from '../support/hufu.ts';
import { type Running, type RunningHufu, startExample, startHufu, waitFor } from './running.ts';

let app: string;
let hufu: RunningHufu;
let running: Running;
let browser: Browser;
before(async () => {
  const port = await freePort();
  app = `http://localhost:${port}/`;
  hufu = await startHufu('examples/single-page-app/hufu.yaml', { APP_URL: app.slice(0, -1) });
  running = startExample('single-page-app', { PORT: String(port), ISSUER: hufu.issuer });
  await waitFor(app, running);
  browser = await chromium.launch({ ...CHROMIUM, executablePath: process.env.CHROMIUM ?? (await ensureChromium()) });
});
after(async () => {
  await browser?.close();
  await running?.stop();
  await hufu?.stop();
});

/**
 * Contexts are left to the end of the browser, which has a bound: Chromium has stood still in `context.close()` under load, and said nothing. So have what waits there, and in
 * `newContext` and `newPage`, no bound of their own.
 */
const BOUNDED = { timeout: 120_000 };

async function signedIn(
  address: string = app,
): Promise<{ readonly context: BrowserContext; readonly page: Page; readonly refreshToken: Promise<string> }> {
  const context = await browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  let kept: (token: string) => void = () => undefined;
  const refreshToken = new Promise<string>((resolve) => {
    kept = resolve;
  });
  await page.route('**/oauth/token', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    if (body !== '') kept(String(JSON.parse(body).refresh_token));
    await route.fulfill({ response, body });
  });
  await page.goto(address);
  await page.click('#signin');
  await page.fill('input[name=username]', 'mei');
  await page.fill('input[name=password]', 'a tally in two halves');
  await page.click('#signin-submit');
  // Asked once; after that Hufu remembers.
  await page.waitForSelector('#consent-allow, #signout:visible');
  if (await page.isVisible('#consent-allow')) await page.click('#consent-allow');
  await page.waitForSelector('#signout:visible');
  return { context, page, refreshToken };
}

test(
  'the example single-page-app signs in, reads userinfo across origins, and leaves no code in the address (OpenID Connect Core §3.1)',
  BOUNDED,
  async () => {
    const { page } = await signedIn();
    await page.waitForFunction(() => document.querySelector('#who')?.textContent === 'Mei Lin <mei@example.com>');
    assert.equal(page.url(), app);
    await page.reload();
    await page.waitForSelector('#signout:visible');
  },
);

test('the example single-page-app goes on where somebody was when they signed in', BOUNDED, async () => {
  const { page } = await signedIn(`${app}?sketch=7#corner`);
  await page.waitForURL(`${app}?sketch=7#corner`);
});

test(
  'signing out in one tab of the example single-page-app signs out all of them, here and at Hufu (OpenID Connect RP-Initiated Logout §2)',
  BOUNDED,
  async () => {
    const { context, page, refreshToken } = await signedIn();
    const other = await context.newPage();
    await other.goto(app);
    await other.waitForSelector('#signout:visible');
    await page.click('#signout');
    for (const tab of [page, other]) await tab.waitForSelector('#signin:visible');
    assert.equal(page.url(), app);
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'single-page-app', refresh_token: await refreshToken });
    const reply = await fetch(`${hufu.issuer}/oauth/token`, { method: 'POST', body, signal: AbortSignal.timeout(20_000) });
    // A token that lives is `invalid_grant` as well for whoever has not its key: only the reason tells that it has ended.
    const { error, error_description: reason }: { readonly error?: unknown; readonly error_description?: unknown } = Object(
      await reply.json(),
    );
    assert.equal(error, 'invalid_grant');
    assert.match(String(reason), /^session_terminated: /);
  },
);
