/** The console in a real browser, over the real server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.ts';
import { type ConsoleWorld, openContext, startConsoleWorld } from '../support/console-world.ts';

let world: ConsoleWorld;
let browser: Browser;
before(async () => {
  world = await startConsoleWorld();
  browser = await chromium.launch(CHROMIUM);
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

test('an owner signs in and sees the dashboard', async () => {
  const context = await openContext(browser);
  const page = await world.signIn(context, 'owner');
  page.on('console', (m) => console.log('console', m.text()));
  page.on('pageerror', (m) => console.log('pageerror', m.message));
  await page.waitForSelector('body[data-page=console-dashboard]').catch(() => undefined);
  await page.screenshot({ path: '/tmp/shots/first.png' });
  console.log(page.url(), (await page.content()).slice(0, 600));
});
