import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/provision/chromium.mjs';
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
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? (await ensureChromium()), args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  await running?.stop();
  await hufu?.stop();
});

async function signedIn(): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  await page.goto(app);
  await page.click('#signin');
  await page.fill('input[name=username]', 'mei');
  await page.fill('input[name=password]', 'a tally in two halves');
  await page.click('#signin-submit');
  // Asked once; after that Hufu remembers.
  await page.waitForSelector('#consent-allow, #signout:visible');
  if (await page.isVisible('#consent-allow')) await page.click('#consent-allow');
  await page.waitForSelector('#signout:visible');
  return { context, page };
}

function refreshToken(page: Page): Promise<string> {
  return page.evaluate(() => String(JSON.parse(localStorage.getItem('tokens') ?? '{}').refresh));
}

test('the example single-page-app signs in, reads userinfo across origins, and leaves no code in the address (OpenID Connect Core §3.1)', async () => {
  const { context, page } = await signedIn();
  assert.equal(await page.textContent('#who'), 'Mei Lin <mei@example.com>');
  assert.equal(page.url(), app);
  await page.reload();
  await page.waitForSelector('#signout:visible');
  await context.close();
});

test('two tabs of the example single-page-app that renew at once stay signed in both (product 3.2)', async () => {
  const { context, page } = await signedIn();
  const other = await context.newPage();
  await other.goto(app);
  await other.waitForSelector('#signout:visible');
  const first = await refreshToken(page);
  await Promise.all([page.click('#renew'), other.click('#renew')]);
  for (const tab of [page, other]) await tab.waitForFunction((before) => !String(localStorage.getItem('tokens')).includes(before), first);
  for (const tab of [page, other]) {
    await tab.click('#renew');
    assert.equal(await tab.textContent('#who'), 'Mei Lin <mei@example.com>');
  }
  await context.close();
});

test('signing out of the example single-page-app ends its refresh token too (OpenID Connect RP-Initiated Logout §2)', async () => {
  const { context, page } = await signedIn();
  const token = await refreshToken(page);
  await page.click('#signout');
  await page.waitForSelector('#signin:visible');
  assert.equal(page.url(), app);
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'single-page-app', refresh_token: token });
  const reply = await fetch(`${hufu.issuer}/oauth/token`, { method: 'POST', body });
  assert.equal(Object(await reply.json()).error, 'invalid_grant');
  await context.close();
});
