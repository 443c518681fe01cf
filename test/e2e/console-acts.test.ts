/** What takes something away, and what is looked up one by one, in the console of a real browser: each is asked first, done, and seen to have happened. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { app } from '../support/app.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { type ConsoleWorld, confirm, openContext, PASSWORD, startConsoleWorld } from '../support/console-world.ts';

let world: ConsoleWorld;
let browser: Browser;
let page: Page;
const faults: string[] = [];

// Not at the beginning of the suite: what is dangerous needs a sign-in of the last minutes.
describe('acts in the console', () => {
  before(async () => {
    world = await startConsoleWorld();
    browser = await chromium.launch(CHROMIUM);
    page = await world.signIn(await openContext(browser), 'owner');
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(`${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => faults.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await world?.stop();
  });

  async function open(path: string): Promise<void> {
    await page.goto(`${world.origin}/console${path}`);
    await page.waitForSelector('h1');
  }

  function button(name: string): Locator {
    return page.getByRole('button', { name, exact: true });
  }

  /** From the menu of the page. */
  async function choose(name: string): Promise<void> {
    await page.click('[aria-label=Actions]');
    await page.getByRole('menuitem', { name, exact: true }).click();
  }

  /** The question that is open, with what it says would happen; and yes. */
  async function sayYes(told: RegExp): Promise<void> {
    const dialog = page.getByRole('dialog');
    await dialog.getByTestId('effect').waitFor();
    assert.match((await dialog.textContent()) ?? '', told);
    await confirm(page, 'owner');
  }

  async function signInElsewhere(username: string): Promise<Page> {
    const visitor = await (await openContext(browser)).newPage();
    await visitor.goto(`${world.origin}/signin`);
    await visitor.fill('input[name=username]', username);
    await visitor.fill('input[name=password]', PASSWORD);
    await visitor.click('#signin-submit');
    await visitor.waitForSelector('body:not([data-page=signin])');
    return visitor;
  }

  test('a client: an old secret is ended, all that was granted to it is revoked, and it is deleted', async () => {
    const { client } = await world.admin('POST', '/clients', {
      metadata: { client_name: 'Short Lived', redirect_uris: ['https://short.example/cb'] },
    });
    const id = String(Object(client).client_id);
    await world.admin('POST', `/clients/${id}/secrets`, {});
    await open(`/clients/${id}?tab=secrets`);
    const rows = page.locator('table[aria-label=Secrets] tbody tr');
    await rows.nth(1).getByRole('button').click();
    await page.getByRole('dialog').waitFor();
    await confirm(page, 'owner');
    await page.waitForFunction(() => document.querySelectorAll('table[aria-label=Secrets] tbody tr').length === 1);
    assert.equal(await rows.getByRole('button').isDisabled(), true, 'the only one stays');
    await button('Revoke grants').click();
    await sayYes(/Revoke everything granted to Short Lived\?.*No live grant ends by this/);
    await page.waitForSelector('text=What was granted to Short Lived is revoked.');
    await button('Delete').click();
    await sayYes(/Delete Short Lived\?/);
    await page.waitForURL(/\/console\/clients$/);
    await page.waitForSelector('text=Short Lived is deleted.');
    await assert.rejects(world.admin('GET', `/clients/${id}`), /404/);
  });

  test('a user: disabled and enabled from the note, and their account deleted', async () => {
    await open('/users?prefix=bob');
    await page.click('table.list tbody a');
    await choose('Disable');
    await sayYes(/Disable bob\?/);
    await page.waitForSelector('.facts >> text=Disabled');
    await button('Undo').click();
    await page.waitForSelector('text=bob may sign in again.');
    await page.waitForSelector('.facts >> text=Active');
    await choose('Delete');
    await sayYes(/Delete bob\?.*There is no undo/);
    await page.waitForURL(/\/console\/users$/);
    const { items } = await world.admin('GET', '/users?prefix=bob');
    assert.deepEqual(items, []);
  });

  test('an administrator: a role is given, and taken away again', async () => {
    await open('/users?prefix=carla');
    await page.click('table.list tbody a');
    for (const [role, shown] of [
      ['support', 'support –'],
      ['', 'none'],
    ] as const) {
      await choose('Role');
      await page.getByRole('dialog').getByLabel('Role').selectOption(role);
      await confirm(page, 'owner');
      await page.waitForSelector(`.facts dd:has-text("${shown}")`);
    }
    await open('/administrators');
    await page.waitForSelector('table.list a');
    assert.doesNotMatch((await page.textContent('table.list')) ?? '', /carla/);
  });

  test('somebody who has lost their phone: the factor is removed, and the device signed out', async () => {
    const visitor = await signInElsewhere('nobody');
    await visitor.goto(`${world.origin}/account/security/authenticator`);
    const phone = app((await visitor.textContent('#totp-secret')) ?? '');
    await visitor.fill('input[name=name]', 'Old phone');
    await visitor.fill('input[name=code]', phone.code(Math.floor(performance.timeOrigin + performance.now()) / 1_000));
    await visitor.click('#authenticator-submit');
    await visitor.waitForSelector('#authenticators, #recovery-codes');
    await open('/users/sub-nobody?tab=factors');
    await page.waitForSelector('table.list >> text=Authenticator app Old phone');
    await button('Reset factors').click();
    await page.getByRole('dialog').waitFor();
    await confirm(page, 'owner');
    await page.waitForSelector('text=No second factor');
    await page.getByRole('tab', { name: 'Devices' }).click();
    await page.waitForSelector('table[aria-label=Devices] tbody tr button');
    const before = await page.locator('table[aria-label=Devices] tbody tr').count();
    await page.locator('table[aria-label=Devices] tbody tr', { hasText: 'desktop' }).getByRole('button').click();
    await page.waitForSelector('text=The device is signed out.');
    await page.waitForFunction((count) => document.querySelectorAll('table[aria-label=Devices] tbody tr').length < count, before);
    await visitor.goto(`${world.origin}/account`);
    await visitor.waitForSelector('body[data-page=signin]');
    await visitor.context().close();
  });

  test('a limit has a page: what holds, what comes of it while one looks, and its changes in the audit log', async () => {
    await open('/limits');
    await page.click('table.list a:has-text("watch")');
    await page.waitForSelector('body[data-page=console-limit]');
    const shadow = page.locator('dt:has-text("Would have refused") + dd');
    assert.equal(await shadow.textContent(), '0');
    for (let times = 0; times < 7; times++) await fetch(`${world.origin}/oauth/userinfo`).then((reply) => reply.body?.cancel());
    // Without a reload.
    await page.waitForSelector('dt:has-text("Would have refused") + dd:not(:text-is("0"))');
    await button('Change: watch').click();
    const field = page.getByRole('dialog').getByRole('textbox');
    await field.fill((await field.inputValue()).replace('"limit": 5', '"limit": 50'));
    await button('Save').click();
    await page.waitForSelector('.facts >> text=an administrator');
    await button('Reset: watch').click();
    await page.waitForSelector('pre.json:has-text("\\"limit\\": 5,")');
    // An entry has its place in the chain a moment later.
    const deadline = performance.now() + 30_000;
    let sealed = 0;
    while (sealed < 2 && performance.now() < deadline) {
      const { items } = await world.admin('GET', '/audit/entries?target_kind=limit&target=watch');
      sealed = Array.isArray(items) ? items.length : 0;
      if (sealed < 2) await sleep(100);
    }
    await page.click('text=Its changes in the audit log');
    await page.waitForURL(/audit\?target=limit/);
    await page.waitForSelector('table.list tbody tr >> nth=1');
    assert.doesNotMatch((await page.locator('table.list tbody').textContent()) ?? '', /client|user\./);
  });

  test('an entry of the audit log has a page: what was done, its place in the chain, and the checkpoint that seals it', async () => {
    await open('/audit?actor=client ops');
    await page.click('table.list tbody a:has-text("user.created") >> nth=0');
    await page.waitForSelector('body[data-page=console-audit-entry]');
    await page.waitForSelector('text=What seals it');
    const number = Number(/entries?\/(\d+)|audit\/(\d+)/.exec(page.url())?.[2]);
    const { hash } = await world.admin('GET', `/audit/entries/${number - 1}`);
    await page.waitForSelector(`dd:has-text("${String(hash)}")`);
    // The server signs once a minute by its own clock.
    await world.advance('PT61S');
    await page.waitForSelector('text=/Sealed by the checkpoint of entry \\d+/');
    const kept = (await page.locator('dt:has-text("To keep elsewhere") + dd code').textContent()) ?? '';
    assert.ok(Number(kept.split(':')[0]) >= number, kept);
    await page.click('text=to the same');
    await page.waitForURL(/audit\?target=user/);
    await page.waitForFunction(() => document.querySelectorAll('table.list tbody tr').length === 1);
    await page.getByRole('tab', { name: 'Checkpoints' }).click();
    await page.waitForSelector(`table[aria-label=Checkpoints] >> text=${kept}`);
    await page.getByLabel('From entry').fill('999999');
    await page.waitForSelector('text=No checkpoint is there');
  });

  test('a next key is retired and one in use withdrawn, each after a look at what that does', async () => {
    await open('/keys');
    await button('Rotate now').click();
    await confirm(page, 'owner');
    const next = page.locator('table.list tbody tr', { hasText: 'next' });
    await next.first().waitFor();
    const kid = (await next.first().locator('code').first().textContent()) ?? '';
    await button(`Retire: ${kid}`).click();
    await sayYes(/Nothing stops verifying/);
    await page.waitForSelector(`table.list tbody tr:has-text("${kid}") .state.still, body:not(:has(tr:has-text("${kid}")))`);
    const current = page.locator('table.list tbody tr', { hasText: 'in use' }).filter({ hasText: 'signs' }).first();
    const burnt = (await current.locator('code').first().textContent()) ?? '';
    await button(`Withdraw: ${burnt}`).click();
    await sayYes(/key pair|Another key/);
    await page.waitForSelector('text=The key is withdrawn.');
    const { keys } = Object(await (await fetch(`${world.origin}/oauth/jwks`)).json());
    assert.ok(!JSON.stringify(keys).includes(burnt));
  });

  test('axe finds nothing on these pages, by day and by night, on a desk and on a phone', async () => {
    for (const [index, path] of [
      '/limits/watch',
      '/audit/2',
      '/audit/1',
      '/audit?tab=checkpoints',
      '/users/sub-nobody?tab=devices',
    ].entries())
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 900 });
        await open(path);
        await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root') === null);
        const colorScheme = (index + (width === 360 ? 1 : 0)) % 2 === 0 ? 'light' : 'dark';
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.waitForFunction((scheme) => document.documentElement.dataset['mantineColorScheme'] === scheme, colorScheme);
        await assertAccessible(page, `${path} ${width} ${colorScheme}`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wider <= 0, `${path} is not wider than its window`);
      }
  });

  test('nothing of all this was a fault in the browser', () => {
    assert.deepEqual(faults, []);
  });
});
