/** The account centre in a real browser: every page, with and without scripts, in both languages, light and dark, on a phone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { Agent, authorizeAs, exchange } from '../support/agent.ts';
import { app } from '../support/app.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';
import { addAuthenticator } from './passkeys/authenticator.ts';

/** Pictures of the pages, where somebody wants to look at them. */
const SHOTS = process.env['HUFU_SCREENSHOTS'];
const PASSWORD = 'two halves make a tally';
const THIRD = {
  clientId: 'third',
  redirectUri: 'https://third.example/cb',
  scope: 'openid profile read offline_access',
  parameters: { prompt: 'consent' },
};
const SECRET = 'third:third-secret-0123456789abcdef01234567';
const PROFILE = 'profile: { editable: [name, given_name, email, phone_number, birthdate, website, address, zoneinfo, locale] }';

let hufu: TestHufu;
let browser: Browser;
let count = 0;

before(async () => {
  hufu = await startHufu({
    host: 'localhost',
    yaml: BASIC_YAML.replace('brute_force: off', `brute_force: off, sign_up: open, ${PROFILE}`),
  });
  browser = await chromium.launch(CHROMIUM);
});
after(async () => {
  await browser.close();
  await hufu.stop();
});

interface Visitor {
  readonly username: string;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: string[];
}

/** Somebody new, signed in in a private window. */
async function newcomer(options: BrowserContextOptions = {}): Promise<Visitor> {
  const username = `mei${++count}`;
  const agent = new Agent(hufu.issuer);
  const made = await agent.submit(await agent.get('/signup'), {
    username,
    password: PASSWORD,
    name: 'Mei Example',
    email: `${username}@post.example`,
  });
  assert.equal(made.location, '/account', made.text.slice(0, 400));
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${hufu.issuer}/signin`);
  await signIn(page, username);
  await page.waitForSelector('body[data-page="account"]');
  return { username, context, page, complaints };
}

async function signIn(page: Page, username: string, password = PASSWORD): Promise<void> {
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.click('#signin-submit');
}

/** An app that has access, used on another device. */
async function connectApp(username: string): Promise<void> {
  const agent = new Agent(hufu.issuer);
  const done = await exchange(agent, THIRD, await authorizeAs(agent, THIRD, { username, password: PASSWORD }), SECRET);
  assert.equal(done.status, 200, JSON.stringify(done.body));
}

async function userOf(username: string): Promise<NonNullable<Awaited<ReturnType<TestHufu['store']['findUserByName']>>>> {
  return (await hufu.store.findUserByName(hufu.context.tenant, username)) ?? assert.fail(username);
}

async function assertForEverybody(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/account-${name.replaceAll(' ', '-')}.png`, fullPage: true });
  await assertAccessible(page, name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name}: nothing to scroll sideways`);
}

const go = (page: Page, side: string): Promise<unknown> => page.goto(`${hufu.issuer}/account${side}`);
const pageName = (page: Page): Promise<string | null> => page.getAttribute('body', 'data-page');

test('every page is for everybody: both languages, light and dark, a phone, and axe finds nothing (WCAG 2.2 §1.4.10)', async () => {
  const sides = {
    overview: '',
    profile: '/profile',
    email: '/profile/email',
    security: '/security',
    password: '/security/password',
    authenticator: '/security/authenticator',
    passkey: '/security/passkey',
    codes: '/security/recovery-codes',
    sessions: '/sessions',
    apps: '/apps',
    activity: '/activity',
    'not-me': '/activity/not-me',
    data: '/data',
    delete: '/data/delete',
    approvals: '/approvals',
  };
  const phone = { width: 390, height: 844 };
  for (const [name, options] of [
    ['en light', {}],
    ['zh dark', { locale: 'zh-CN', colorScheme: 'dark' }],
    ['en dark phone', { colorScheme: 'dark', viewport: phone }],
    ['zh light phone', { locale: 'zh-CN', viewport: phone }],
    ['en narrow', { viewport: { width: 320, height: 640 } }],
  ] as const) {
    const { page, context, username, complaints } = await newcomer(options);
    await connectApp(username);
    for (const [side, path] of Object.entries(sides)) {
      await go(page, path);
      assert.match((await pageName(page)) ?? '', /^(account|approvals)/, side);
      for (const fold of await page.locator('summary').all()) await fold.click();
      await assertForEverybody(page, `${side} ${name}`);
    }
    assert.deepEqual(complaints, [], name);
    await context.close();
  }
});

test('the navigation leads to every side and says where one is; whoever comes by keyboard can skip it (WCAG 2.2 §2.4.1)', async () => {
  const { page, context } = await newcomer();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip');
  const names = ['Profile', 'Security', 'Devices', 'Connected apps', 'Activity', 'Your data', 'Overview'];
  for (const name of names) {
    await page.getByRole('navigation', { name: 'Account' }).getByRole('link', { name }).click();
    assert.equal(await page.getByRole('navigation', { name: 'Account' }).locator('[aria-current=page]').textContent(), name);
  }
  await page.click('#account-signout');
  assert.equal(await pageName(page), 'logout');
  await context.close();
});

test('a profile is edited without scripts; a mistake stands at its field, and the language chosen there is that of the pages', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, context } = await newcomer({ javaScriptEnabled });
    await go(page, '/profile');
    await page.fill('#phone_number', '12');
    await page.fill('#name', 'Mei Zhang');
    await page.click('#profile-save');
    await page.waitForSelector('#phone_number-problem');
    assert.match(await page.title(), /^Not done/);
    assert.equal(await page.inputValue('#name'), 'Mei Zhang', 'what was typed is still there');
    await page.fill('#phone_number', '+86 138 0000 0000');
    await page.fill('#locality', 'Vienna');
    await page.selectOption('#locale', 'zh-CN');
    await page.click('#profile-save');
    await page.waitForSelector('#account-done');
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
    assert.equal(await page.inputValue('#phone_number'), '+8613800000000');
    assert.match((await page.textContent('.who')) ?? '', /Mei Zhang/);
    // The language in the address goes before it, from page to page.
    await page.click('a[hreflang=en]');
    await page.click('.rail a[href^="/account/security"]');
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await context.close();
  }
});

test('a password is changed, shown while it is typed where scripts run, and signs out the other device', async () => {
  const { page, context, username } = await newcomer();
  const elsewhere = await browser.newContext();
  const phone = await elsewhere.newPage();
  await phone.goto(`${hufu.issuer}/signin`);
  await signIn(phone, username);
  await page.goto(`${hufu.issuer}/account/security`);
  await page.click('#change-password');
  await page.fill('#current', 'not that one at all');
  await page.fill('#password', 'another tally in two halves');
  const show = page.locator('.revealing', { has: page.locator('#password') }).getByRole('button');
  assert.deepEqual([await page.getAttribute('#password', 'type'), await show.textContent()], ['password', 'Show']);
  await show.click();
  assert.deepEqual(
    [await page.getAttribute('#password', 'type'), await show.textContent(), await show.getAttribute('aria-pressed')],
    ['text', 'Hide', 'true'],
  );
  await page.click('#password-submit');
  await page.waitForSelector('#current-problem');
  await assertForEverybody(page, 'password wrong');
  await page.fill('#current', PASSWORD);
  await page.fill('#password', 'another tally in two halves');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#account-done');
  assert.equal(await pageName(page), 'account-security');
  await phone.goto(`${hufu.issuer}/account`);
  assert.equal(await pageName(phone), 'signin');
  await go(page, '/activity');
  assert.match((await page.textContent('.events')) ?? '', /The password was changed/);
  await elsewhere.close();
  await context.close();
});

test('an authenticator app is added without scripts, asked for at the next sign-in, gets recovery codes, and goes with them', async () => {
  const { page, context, username } = await newcomer({ javaScriptEnabled: false });
  await go(page, '/security');
  await page.click('#add-totp');
  const secret = (await page.textContent('#totp-secret')) ?? '';
  const phone = app(secret);
  const now = (): number => Math.floor(hufu.context.clock.nowMs() / 1000);
  const wrong = phone.code(now()) === '000000' ? '000001' : '000000';
  await page.fill('#code', wrong);
  await page.fill('#name', 'My phone');
  await page.click('#authenticator-submit');
  await page.waitForSelector('#code-problem');
  assert.equal((await page.textContent('#totp-secret')) ?? '', secret, 'the same one, which is in the app by now');
  await page.fill('#code', phone.code(now()));
  await page.click('#authenticator-submit');
  await page.waitForSelector('#account-done');
  assert.match((await page.textContent('#authenticators')) ?? '', /My phone/);
  // It counts from now on: whoever wants codes shows it.
  await page.click('#new-codes');
  await signIn(page, username);
  await hufu.advance('PT31S');
  await page.waitForSelector('body[data-page="verify"]');
  await page.fill('input[name=code]', phone.code(now()));
  await page.locator('form:has(input[name=code]) button.primary').click();
  await page.waitForSelector('#make-codes-submit');
  await page.click('#make-codes-submit');
  assert.equal(await page.locator('#codes li').count(), 10);
  await page.click('#codes-kept');
  assert.match((await page.textContent('#codes-left')) ?? '', /^10 codes/);
  await page.getByRole('link', { name: 'Remove My phone' }).click();
  assert.match((await page.textContent('main')) ?? '', /your recovery codes go with it/);
  await page.click('#remove-submit');
  await page.waitForSelector('#account-done');
  assert.equal((await hufu.store.listFactors(hufu.context.tenant, (await userOf(username)).id)).length, 0);
  await context.close();
});

test('devices are renamed and signed out, one or all others, and the one at hand is named as such', async () => {
  const { page, context, username } = await newcomer();
  const others = await Promise.all([1, 2].map(() => browser.newContext({ userAgent: IPHONE })));
  const phones = await Promise.all(others.map((other) => other.newPage()));
  for (const phone of phones) {
    await phone.goto(`${hufu.issuer}/signin`);
    await signIn(phone, username);
    await phone.waitForSelector('body[data-page="account"]');
  }
  await go(page, '/sessions');
  const rows = page.locator('#signed-in .row');
  // The one that signed up is not the window.
  assert.equal(await rows.count(), 4);
  assert.match((await rows.first().textContent()) ?? '', /This device/);
  await rows.nth(1).locator('summary').click();
  await rows.nth(1).locator('input[name=name]').fill('Old phone');
  await rows.nth(1).getByRole('button', { name: 'Save' }).click();
  await page.waitForSelector('#account-done');
  await page.getByRole('button', { name: 'Sign out Old phone' }).click();
  await page.waitForSelector('#account-done');
  assert.equal(await rows.count(), 3);
  assert.doesNotMatch((await page.textContent('main')) ?? '', /Old phone/);
  await page.click('#sign-out-others');
  await page.waitForSelector('#account-done');
  assert.equal(await rows.count(), 1);
  for (const phone of phones) {
    await phone.goto(`${hufu.issuer}/account`);
    assert.equal(await pageName(phone), 'signin');
  }
  for (const other of others) await other.close();
  await context.close();
});

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

test('a connected app says what it may do and since when, keeps access while its owner is away, and loses it by one button', async () => {
  const { page, context, username } = await newcomer();
  await connectApp(username);
  await go(page, '/apps');
  const row = page.locator('.row', { hasText: 'Third Party' });
  await row.getByText('What it may do').click();
  const text = (await row.textContent()) ?? '';
  for (const part of ['third.example', 'Access since', 'last used just now', 'See your name', 'offline_access'])
    assert.ok(text.includes(part), part);
  await page.getByRole('button', { name: 'Remove access of Third Party' }).click();
  await page.waitForSelector('#account-removed');
  assert.match((await page.textContent('main')) ?? '', /No app has access/);
  await go(page, '/activity');
  assert.match((await page.textContent('.events')) ?? '', /access of an app was removed: Third Party/);
  await context.close();
});

test('this was not me: everybody else is out at once, and the way leads to a new password', async () => {
  const { page, context, username } = await newcomer();
  await connectApp(username);
  const { id } = await userOf(username);
  await hufu.store.addUserEvent(
    hufu.context.tenant,
    id,
    'new_device',
    { device: 'Firefox on Linux', place: 'Vienna' },
    Math.floor(hufu.context.clock.nowMs() / 1000),
  );
  await go(page, '/activity');
  const time = page.locator('.events time').first();
  assert.doesNotMatch((await time.textContent()) ?? '', /UTC/, 'the reader’s own zone');
  assert.match((await time.getAttribute('title')) ?? '', /UTC$/);
  await page.click('#not-me');
  await page.click('#not-me-sign-out');
  assert.equal(await pageName(page), 'account-password');
  assert.match((await page.textContent('#account-done')) ?? '', /Now choose a new password/);
  const grants = await hufu.store.listGrants(hufu.context.tenant, { userId: id }, 100);
  assert.deepEqual(
    grants.filter(({ dead }) => dead === undefined),
    [],
  );
  await context.close();
});

test('what the server knows is a file to take along, and an account is deleted by whoever types its name', async () => {
  const { page, context, username } = await newcomer();
  await go(page, '/data');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export-submit')]);
  assert.match(download.suggestedFilename(), /^account-\d{4}-\d\d-\d\d\.json$/);
  const { account } = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.equal(account.username, username);
  await page.click('#delete-account');
  await page.fill('#username', 'somebody else');
  await page.click('#delete-submit');
  await page.waitForSelector('#username-problem');
  await assertForEverybody(page, 'delete wrong');
  await page.fill('#username', username);
  await page.click('#delete-submit');
  await page.waitForSelector('body[data-page="account-deleted"]');
  await assertForEverybody(page, 'deleted');
  await go(page, '');
  assert.equal(await pageName(page), 'signin');
  await signIn(page, username);
  await page.waitForSelector('#problem');
  await context.close();
});

test('a passkey is added, renamed and removed in the account centre (WebAuthn §5.1.3)', async () => {
  const { page, context, username } = await newcomer({ locale: 'zh-CN' });
  const key = await addAuthenticator(page);
  await go(page, '/security');
  await page.click('#add-passkey');
  await page.fill('#passkey-name', '工作电脑');
  await page.click('#passkey-use');
  await page.waitForSelector('#account-done');
  assert.match((await page.textContent('#passkeys')) ?? '', /工作电脑/);
  assert.equal((await key.credentials()).length, 1);
  await page.locator('#passkeys summary').click();
  await page.locator('#passkeys input[name=name]').fill('家里的电脑');
  await page.locator('#passkeys form button').click();
  await page.waitForSelector('#account-done');
  await assertForEverybody(page, 'security zh passkey');
  assert.match((await page.textContent('#passkeys')) ?? '', /家里的电脑/);
  assert.equal((await hufu.store.listFactors(hufu.context.tenant, (await userOf(username)).id))[0]?.name, '家里的电脑');
  await context.close();
});

test('nothing went wrong meanwhile', () => {
  assert.deepEqual(
    hufu.logLines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !line.includes('mode.test_exposed')),
    [],
  );
});
