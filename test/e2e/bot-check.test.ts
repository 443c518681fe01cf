/** The check against programs in a real browser: solved while somebody types, waited for where they are faster, and without scripts in another way; in both languages. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';

const PASSWORD = 'two halves make a tally';
const SHOTS = process.env['HUFU_SCREENSHOTS'];

let hufu: TestHufu;
let browser: Browser;

before(async () => {
  const policies = 'brute_force: on, sign_up: open, bot_check: { kind: proof_of_work, bits: 11 }';
  hufu = await startHufu({ yaml: BASIC_YAML.replace('brute_force: off', policies) });
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await hufu.stop();
});

async function open(
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${hufu.issuer}${path}`);
  return { page, complaints };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

const LANGUAGES = [
  ['en', 'en-US', /finished a short check/, /20 seconds before you send/],
  ['zh', 'zh-CN', /已完成防止自动程序的简短检查/, /等待 20 秒后再提交/],
] as const;

for (const [name, locale, done, patience] of LANGUAGES) {
  test(`${name}: the browser is done before the form is, and says so`, async () => {
    const { page, complaints } = await open('/signup', { locale, colorScheme: name === 'zh' ? 'dark' : 'light' });
    await page.locator('#bot-done').waitFor({ state: 'visible' });
    assert.match((await page.textContent('#bot-done')) ?? '', done);
    await assertAccessible(page, 'the page');
    await shoot(page, `bot-check-${name}`);
    await page.fill('#username', `slow-${name}`);
    await page.fill('#password', PASSWORD);
    await page.click('#signup-submit');
    await page.waitForURL(/\/account/);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test(`${name}: without scripts somebody waits instead, and is told how long`, async () => {
    const { page } = await open('/signup', { locale, javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
    assert.match((await page.textContent('#bot-patience')) ?? '', patience);
    await shoot(page, `bot-check-${name}-noscript-phone`);
    await page.fill('#username', `patient-${name}`);
    await page.fill('#password', PASSWORD);
    await page.click('#signup-submit');
    assert.equal(await page.getAttribute('body', 'data-page'), 'sign-up');
    assert.notEqual((await page.textContent('#problem')) ?? '', '');
    await shoot(page, `bot-check-${name}-early-phone`);
    await hufu.advance('PT20S');
    await page.fill('#password', PASSWORD);
    await page.click('#signup-submit');
    await page.waitForURL(/\/account/);
    await page.context().close();
  });
}

test('whoever is faster than the check waits for it, and the form is sent by itself', async () => {
  const { page } = await open('/signup');
  // In one turn of the page, before the puzzle can be solved.
  await page.reload();
  await page.evaluate((password) => {
    const form = document.getElementById('signup') as HTMLFormElement;
    const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
    field('username').value = 'hasty';
    field('password').value = password;
    field('bot_answer').value = '';
    form.requestSubmit(document.getElementById('signup-submit'));
  }, PASSWORD);
  await page.waitForURL(/\/account/);
  assert.equal((await hufu.store.findUserByName(hufu.context.tenant, 'hasty'))?.username, 'hasty');
  await page.context().close();
});

test('a sign-in asks after three mistakes and not before, and then lets its owner in', async () => {
  const { page } = await open('/signin');
  for (let mistake = 0; mistake < 3; mistake += 1) {
    assert.equal(await page.locator('#bot-check').count(), 0);
    await page.fill('#username', 'alice');
    await page.fill('#password', 'a wrong password');
    await page.click('#signin-submit');
    await page.locator('#problem').waitFor();
  }
  await page.locator('#bot-done').waitFor({ state: 'visible' });
  await assertAccessible(page, 'the page');
  await shoot(page, 'bot-check-signin');
  await page.fill('#password', 'correct horse battery staple');
  await page.click('#signin-submit');
  await page.waitForURL(/\/account/);
  await page.context().close();
});
