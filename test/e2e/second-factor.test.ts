/** A second factor in a real browser: made, shown, replaced by a recovery code, asked for by an app; with a keyboard, without scripts, in both languages, on a phone and in the dark. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keptLetters } from '@hufu/server/mail/mail-room';
import { giveApp } from '@hufu/server/testing/second-factors';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { app } from '../support/app.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';

const PEOPLE = ['ada', 'ben', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon'];
const PASSWORD = 'two halves make a tally';
const USERS = PEOPLE.map(
  (name) => `  - { username: ${name}, password: ${PASSWORD}, claims: { sub: ${name}-sub, name: ${name} Example } }`,
).join('\n');

let hufu: TestHufu;
let required: TestHufu;
let browser: Browser;

const yamlWith = (signIn: string): string => {
  const yaml = BASIC_YAML.replace('brute_force: off', `brute_force: off, sign_in: { ${signIn} }`);
  return yaml.replace('\nusers:\n', `\nusers:\n${USERS}\n`);
};

before(async () => {
  [hufu, required] = await Promise.all([
    startHufu({ yaml: yamlWith('second_factor: new_device') }),
    startHufu({ yaml: yamlWith('second_factor: required') }),
  ]);
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await hufu.stop();
  await required.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  await context.route('https://*.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>app</title><p id="at">app</p>' }),
  );
  return { context, page: await context.newPage() };
}

function request({ issuer }: TestHufu, part: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    scope: 'openid profile',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    state: 's',
    ...part,
  });
  return `${issuer}/oauth/authorize?${query.toString()}`;
}

const pageName = (page: Page): Promise<string | null> => page.getAttribute('body', 'data-page');
const nowOf = ({ context }: TestHufu): number => Math.floor(context.clock.nowMs() / 1000);

async function signIn(page: Page, username: string): Promise<void> {
  await page.waitForSelector('body[data-page="signin"]');
  await page.fill('#username', username);
  await page.fill('#password', PASSWORD);
  await page.click('#signin-submit');
}

async function shootOne(page: Page, name: string): Promise<void> {
  await assertAccessible(page, name);
  const folder = process.env['HUFU_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** The app that the page for a first factor sets up, and the recovery codes after it. */
async function enrol(page: Page, server: TestHufu): Promise<{ readonly phone: ReturnType<typeof app>; readonly codes: readonly string[] }> {
  await page.waitForSelector('body[data-page="enrol"]');
  const phone = app((await page.textContent('#enrol-secret')) ?? '');
  await page.fill('input[name=code]', phone.code(nowOf(server)));
  await page.click('#enrol-submit');
  await page.waitForSelector('body[data-page="recovery-codes"]');
  const codes = await page.locator('#recovery-codes code').allTextContents();
  return { phone, codes };
}

test('somebody who has to have a second factor makes one by keyboard alone, keeps the codes, and is back at the app; next time they are asked (RFC 6238 §5.1)', async () => {
  const { context, page } = await open();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(request(required));
  await page.waitForFunction(() => document.activeElement?.id === 'username');
  await page.keyboard.type('ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  const { phone, codes } = await enrol(page, required);
  assert.equal(new Set(codes).size, 10);
  await page.click('#codes-kept');
  await page.waitForSelector('#at');
  assert.ok(new URL(page.url()).searchParams.has('code'));

  await page.goto(request(required, { prompt: 'login' }));
  await signIn(page, 'ada');
  await page.waitForSelector('body[data-page="verify"]');
  await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'code');
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#problem');
  assert.match(await page.title(), /^Not signed in/);
  await page.keyboard.type(phone.code(nowOf(required) + 30));
  await page.keyboard.press('Enter');
  await page.waitForSelector('#at');
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  );
  await context.close();
});

test('without scripts everything is there: the key to type, the codes, another way, a recovery code that stands in', async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  await page.goto(`${required.issuer}/signin`);
  await signIn(page, 'ben');
  const { codes } = await enrol(page, required);
  await page.click('#codes-kept');
  await page.waitForURL(`${required.issuer}/account`);
  await page.goto(`${required.issuer}/signin`);
  await signIn(page, 'ben');
  await page.waitForSelector('body[data-page="verify"]');
  await page.click('#verify-recovery-code');
  assert.match((await page.textContent('#code-hint')) ?? '', /10 left/);
  await page.fill('input[name=code]', (codes[0] ?? '').toLowerCase());
  await page.click('#verify-submit');
  await page.waitForURL(`${required.issuer}/account`);
  await context.close();
});

test('a device is trusted by a tick; an app asks for more than that brings: not now, or shown (RFC 9470 §4, OpenID Connect Core §3.1.2.1)', async () => {
  const { context: ctx, store } = hufu;
  const phone = await giveApp({ ctx, store, tenant: ctx.tenant, now: () => nowOf(hufu) }, 'cyd');
  const { context, page } = await open();
  await page.goto(`${hufu.issuer}/signin`);
  await signIn(page, 'cyd');
  await page.fill('input[name=code]', phone.code());
  await page.check('#trust');
  await page.click('#verify-submit');
  await page.waitForURL(`${hufu.issuer}/account`);
  await page.goto(`${hufu.issuer}/signin`);
  await signIn(page, 'cyd');
  await page.waitForURL(`${hufu.issuer}/account`);

  for (const leave of ['#verify-skip', '#verify-submit', '#verify-cancel']) {
    await page.goto(request(hufu, { acr_values: 'urn:hufu:acr:2', prompt: 'login' }));
    await signIn(page, 'cyd');
    await page.waitForSelector('#verify-wish');
    await shootOne(page, 'en-light-wish');
    if (leave === '#verify-submit') await page.fill('input[name=code]', phone.code(1));
    await page.click(leave);
    await page.waitForSelector('#at');
    assert.equal(new URL(page.url()).searchParams.has(leave === '#verify-cancel' ? 'error' : 'code'), true, leave);
  }
  await context.close();
});

test('whoever has a verified address shows first that they read its mail; without scripts, and in Chinese on a phone', async () => {
  const { context, page } = await open({ javaScriptEnabled: false, locale: 'zh-CN', viewport: { width: 390, height: 800 } });
  await page.goto(`${required.issuer}/signin`);
  await page.fill('#username', USER.username);
  await page.fill('#password', USER.password);
  await page.click('#signin-submit');
  await page.waitForSelector('body[data-page="enrol-mail"]');
  const folder = process.env['HUFU_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/zh-phone-enrol-mail.png`, fullPage: true });
  await page.click('#enrol-mail-send');
  await page.waitForSelector('input[name=code]');
  if (folder !== undefined) await page.screenshot({ path: `${folder}/zh-phone-enrol-mail-code.png`, fullPage: true });
  await page.fill('input[name=code]', await codeByMail(required));
  await page.click('#enrol-mail-submit');
  await enrol(page, required);
  await page.click('#codes-kept');
  await page.waitForURL(`${required.issuer}/account`);
  await context.close();
});

/** The code in the latest mail that the server keeps for `/dev/mail`. */
async function codeByMail({ context }: TestHufu): Promise<string> {
  for (let tries = 0; tries < 400; tries++) {
    const code = /(\d{4}) (\d{4})/.exec(keptLetters(context)[0]?.text ?? '');
    if (code !== null) return `${code[1]}${code[2]}`;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no mail came');
}

test('a finger that presses twice is let in once', async () => {
  const { context, page } = await open();
  await page.goto(`${required.issuer}/signin`);
  await signIn(page, 'dan');
  await enrol(page, required);
  await page.dblclick('#codes-kept', { noWaitAfter: true });
  await page.waitForURL((url) => url.pathname === '/account' || url.searchParams.has('over'));
  await page.goto(`${required.issuer}/account`);
  assert.equal(await pageName(page), 'account');
  await context.close();
});

test('the pages are for everybody: both languages, light and dark, a phone, twice the size of letters (WCAG 2.2 §1.4.4, §1.4.10)', async () => {
  const phone = { width: 390, height: 800 };
  const looks = [
    ['en-light', {}, 'eve'],
    ['en-dark', { colorScheme: 'dark' }, 'fay'],
    ['zh-light', { locale: 'zh-CN' }, 'gus'],
    ['zh-dark-phone', { locale: 'zh-CN', colorScheme: 'dark', viewport: phone }, 'hal'],
    ['en-light-phone', { viewport: phone }, 'ida'],
    ['en-narrow', { viewport: { width: 320, height: 640 } }, 'jon'],
  ] as const;
  for (const [name, options, person] of looks) {
    const { context, page } = await open(options);
    const shoot = async (what: string): Promise<void> => {
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} ${what}`);
      await shootOne(page, `${name}-${what}`);
    };
    await page.goto(request(required));
    await signIn(page, person);
    await page.waitForSelector('body[data-page="enrol"]');
    await shoot('enrol');
    await enrol(page, required);
    await shoot('codes');
    await page.click('#codes-kept');
    await page.waitForSelector('#at');
    await page.goto(request(required, { prompt: 'login' }));
    await signIn(page, person);
    await page.waitForSelector('body[data-page="verify"]');
    await shoot('verify');
    await page.fill('input[name=code]', '000000');
    await page.click('#verify-submit');
    await page.waitForSelector('#problem');
    await shoot('wrong');
    await page.click('#verify-recovery-code');
    await shoot('recovery');
    await page.goto(`${required.issuer}/signin?next=security&fresh=1`);
    await shoot('fresh');
    if (name.endsWith('narrow')) {
      await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'letters twice as large');
    }
    await context.close();
  }
});
