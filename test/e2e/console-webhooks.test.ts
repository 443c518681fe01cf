/** Webhooks in the console, in a real browser over the real server, with a receiver that really answers. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openReceiver, type Receiver } from '@hufu/server/testing/receiver';
import { expectedSignature } from '@hufu/server/testing/webhooks';
import { type Browser, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { type ConsoleWorld, confirm, openContext, startConsoleWorld } from '../support/console-world.ts';

/** Where somebody wants to look at the pages. */
const SCREENS = process.env['HUFU_SCREENSHOTS'];
const WIDTHS = [
  { width: 1280, height: 900 },
  { width: 360, height: 780 },
];

let world: ConsoleWorld;
let browser: Browser;
let page: Page;
let receiver: Receiver;
let status = 200;
const faults: string[] = [];

// Not at the beginning of the suite: what is dangerous needs a sign-in of the last minutes.
describe('webhooks in the console', () => {
  before(async () => {
    receiver = await openReceiver((_, reply) => void reply.writeHead(status).end());
    world = await startConsoleWorld();
    browser = await chromium.launch(CHROMIUM);
    page = await world.signIn(await openContext(browser), 'security');
    page.on('pageerror', (error) => faults.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await world?.stop();
    await receiver?.close();
  });

  async function open(path: string): Promise<void> {
    await page.goto(`${world.origin}/console${path}`);
    await page.waitForSelector('h1');
  }

  /** On a desk and on a phone: nobody is kept out of it, and it is not wider than its window. */
  async function lookAt(name: string): Promise<void> {
    for (const size of WIDTHS) {
      await page.setViewportSize(size);
      await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root') === null);
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await assertAccessible(page, `${name} ${size.width}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${name} is not wider than its window`);
      if (SCREENS !== undefined) await page.screenshot({ path: join(SCREENS, `${name}-${size.width}.png`), fullPage: true });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  function button(name: string | RegExp): ReturnType<Page['getByRole']> {
    return page.getByRole('button', { name, exact: true });
  }

  test('a webhook is made with a secret that is shown once, and is sent what is done from then on', async () => {
    await open('/webhooks');
    await page.waitForSelector('.empty');
    await lookAt('webhooks-empty');
    await page.click('main >> text=New webhook');
    await page.getByLabel('Address').fill(`${receiver.origin}/hook?key=capability`);
    await page.getByLabel('Told of').fill('user.* webhook.redelivered');
    await page.getByLabel('What it is for').fill('the watch');
    await lookAt('new-webhook');
    await button('Make the webhook').click();
    const secret = (await page.textContent('[data-testid=secret]')) ?? '';
    assert.match(secret, /^whsec_/);
    await lookAt('webhook-made');
    await page.click('text=To the webhook');
    await page.waitForSelector('text=Nothing has been sent yet');
    assert.ok(!(await page.content()).includes(secret.slice(6)), 'it is nowhere any more');
    await world.admin('POST', '/users/sub-nobody/lock', {});
    await world.admin('POST', '/users/sub-nobody/unlock');
    const heard = await receiver.count(2);
    for (const one of heard) assert.equal(one.headers['webhook-signature'], expectedSignature(secret, one));
    await page.waitForSelector('table.list >> text=user.unlocked');
    await page.waitForSelector('text=Delivered');
  });

  test('a test, a failure, a new attempt by hand: the page says what became of it, and nothing of what was answered', async () => {
    await button('Send a test').click();
    await page.waitForSelector('text=The receiver has taken it.');
    status = 500;
    await button('Send a test').click();
    await page.waitForSelector('.mantine-Notification-root >> text=The receiver answered, and not with success.');
    await world.admin('POST', '/users/sub-nobody/lock', {});
    await page.waitForSelector('table.list >> text=Tried again');
    await lookAt('webhook');
    status = 200;
    const count = receiver.heard.length;
    await page.click('[aria-label^="Send again: user.unlocked"]');
    await receiver.count(count + 1);
    await page.getByLabel('State').selectOption('delivered');
    await page.waitForURL(/state=delivered/);
  });

  test('a new secret, switched off and on, and removed: each is asked first', async () => {
    // The answer is lost on its way: it has been made, and the next attempt gets that one.
    const count = async (): Promise<number> => {
      const { webhooks } = await world.admin('GET', '/webhooks');
      return Array.isArray(webhooks) ? Object(webhooks[0]).secrets.length : 0;
    };
    assert.equal(await count(), 1);
    await page.route(
      '**/console/admin/v1/webhooks/*/secrets*',
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
    await button('New secret').click();
    await confirm(page, 'security');
    await page.waitForSelector('[role=dialog] [role=alert]');
    assert.equal(await count(), 2);
    await page.click('[data-testid=go]');
    await page.waitForSelector('[data-testid=secret]');
    assert.equal(await count(), 2, 'not a third one');
    const secret = (await page.textContent('[data-testid=secret]')) ?? '';
    const before = receiver.heard.length;
    await world.admin('POST', '/users/sub-nobody/unlock');
    const next = (await receiver.count(before + 1)).at(-1) ?? assert.fail();
    assert.ok(String(next.headers['webhook-signature']).split(' ').includes(expectedSignature(secret, next)));
    faults.length = 0;
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click();
    await button('Disable').click();
    await confirm(page, 'security');
    await page.waitForSelector('.facts >> text=Disabled');
    await button('Enable').click();
    await confirm(page, 'security');
    await page.waitForSelector('.facts >> text=Working');
    await open('/webhooks');
    await page.waitForSelector('table.list >> text=the watch');
    assert.ok(!((await page.textContent('main')) ?? '').includes('capability'), 'the list shows hosts alone');
    await lookAt('webhooks');
    await page.click('table.list a');
    await button('Remove').click();
    await confirm(page, 'security');
    await page.waitForSelector('.empty');
  });

  test('in Chinese, and for whoever may only read', async () => {
    const context = await browser.newContext({ locale: 'zh-CN', reducedMotion: 'reduce' });
    const chinese = await world.signIn(context, 'security', '/console/webhooks');
    await chinese.waitForSelector('text=还没有通知任何人');
    await chinese.click('main >> text=新建 Webhook');
    await chinese.waitForSelector('text=创建 Webhook');
    if (SCREENS !== undefined) await chinese.screenshot({ path: join(SCREENS, 'new-webhook-zh.png'), fullPage: true });
    await context.close();
    const reading = await openContext(browser);
    const reader = await world.signIn(reading, 'read', '/console/webhooks');
    await reader.waitForSelector('text=This page needs the role');
    assert.equal(await reader.locator('main button, main a[href$=new]').count(), 0);
    await reading.close();
    assert.deepEqual(faults, []);
  });
});
