/** Mails in a real browser: signing in, signing up, a forgotten password, another address. In both languages, without scripts, on a phone and in the dark. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askByMail } from '@hufu/server/mail/ask-by-mail';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';
import { codeOf, linkOf, mailFor } from '../support/mails.ts';

const PASSWORD = 'two halves make a tally';
const NEW_PASSWORD = 'another two halves of a tally';
const POLICIES = 'brute_force: off, sign_up: open, sign_up_verification: required, sign_in: { methods: [password, passkey, email] }';

let hufu: TestHufu;
let browser: Browser;

before(async () => {
  hufu = await startHufu({ yaml: BASIC_YAML.replace('brute_force: off', POLICIES) });
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await hufu.stop();
});

interface Window {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly name: string;
}

/** A private window, in which the client's address answers. */
async function open(name: string, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  await context.route('https://*.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>app</title><p id="at">app</p>' }),
  );
  return { context, page: await context.newPage(), name };
}

function request(part: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    scope: 'openid profile email',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    state: 's',
    ...part,
  });
  return `${hufu.issuer}/oauth/authorize?${query.toString()}`;
}

/** Looks at a page: nothing that a screen reader trips over, nothing that runs out of the window, and a picture where somebody wants one. */
async function look({ page, name }: Window, what: string): Promise<void> {
  await assertAccessible(page, `${name} ${what}`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} ${what}`);
  const folder = process.env['HUFU_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}-${what}.png`, fullPage: true });
}

const pageName = (page: Page): Promise<string | null> => page.getAttribute('body', 'data-page');
const isBack = async (page: Page): Promise<boolean> => new URL(page.url()).searchParams.has('code');

let people = 0;
/** Somebody with an address, made without the pages. */
async function somebody(): Promise<{ readonly username: string; readonly address: string }> {
  people += 1;
  const username = `person${people}`;
  const address = `${username}@post.example`;
  const { context, store } = hufu;
  const passwordHash = await context.passwords.hash(PASSWORD);
  const claims = { email: address, email_verified: true, name: 'A Person' };
  const now = Math.floor(context.clock.nowMs() / 1000);
  const made = await store.createUser(context.tenant, { sub: `${username}-sub`, username, passwordHash, claims, source: 'sign_up' }, now);
  assert.equal(made.kind, 'created');
  return { username, address };
}

const VARIANTS = [
  ['en-light', {}],
  ['zh-dark', { locale: 'zh-CN', colorScheme: 'dark' }],
  ['en-dark-phone', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
  ['zh-light-phone', { locale: 'zh-CN', viewport: { width: 390, height: 844 } }],
] as const satisfies readonly (readonly [string, BrowserContextOptions])[];

for (const [name, options] of VARIANTS) {
  test(`${name}: somebody signs in with the code of a mail, after one that is wrong, and is back at the app`, async () => {
    const window = await open(name, options);
    const { page, context } = window;
    const { address } = await somebody();
    await page.goto(request());
    await look(window, 'signin');
    await page.click('#signin-email');
    assert.equal(await pageName(page), 'signin-email');
    await look(window, 'signin-email');
    await page.fill('#address', address);
    await page.keyboard.press('Enter');
    await page.waitForSelector('body[data-page="email-code"]');
    assert.match((await page.textContent('main')) ?? '', new RegExp(address));
    await look(window, 'email-code');
    const mail = await mailFor(hufu.origin, address);
    assert.equal(mail.locale, name.startsWith('zh') ? 'zh-CN' : 'en');
    await page.fill('#code', '0000 0000');
    await page.click('#code-submit');
    await page.waitForSelector('#problem');
    await look(window, 'email-code-wrong');
    await page.keyboard.type(codeOf(mail));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#at');
    assert.ok(await isBack(page));
    await context.close();
  });

  test(`${name}: whoever was invited chooses a password that is too weak, and then one that is not, and signs in with it`, async () => {
    const window = await open(name, options);
    const { page, context } = window;
    people += 1;
    const username = `guest${people}`;
    const address = `${username}@post.example`;
    const { context: ctx, store } = hufu;
    const now = { nowMs: ctx.clock.nowMs() };
    const guest = { sub: `${username}-sub`, username, passwordHash: undefined, claims: { email: address }, source: 'admin' } as const;
    const { user } = await store.createUser(ctx.tenant, guest, Math.floor(now.nowMs / 1000));
    const locale = name.startsWith('zh') ? 'zh-CN' : 'en';
    await askByMail(ctx, now, { purpose: 'invite', user, address, to: address, isOver: false, browserId: 'any', locale, data: {} });
    await page.goto(linkOf(await mailFor(hufu.origin, address)));
    assert.equal(await pageName(page), 'invitation');
    await look(window, 'invitation');
    await page.fill('#password', 'passwordpassword');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#password-problem');
    await look(window, 'invitation-weak');
    await page.fill('#password', NEW_PASSWORD);
    await page.click('#invitation-submit');
    await page.waitForSelector('body[data-page="mail-told"]');
    await look(window, 'invitation-done');
    await page.goto(request());
    await page.fill('#username', username);
    await page.fill('#password', NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#at');
    assert.ok(await isBack(page));
    await context.close();
  });

  test(`${name}: a link signs in the browser that asked; another one shows a code for it, or says that it was somebody else`, async () => {
    const asking = await open(name, options);
    const other = await open(name, options);
    const { address } = await somebody();
    const ask = async (): Promise<void> => {
      await asking.page.goto(request());
      await asking.page.click('#signin-email');
      await asking.page.fill('#address', address);
      await asking.page.click('#address-submit');
      await asking.page.waitForSelector('#code');
    };
    await ask();
    await other.page.goto(linkOf(await mailFor(hufu.origin, address)));
    await look(other, 'link-elsewhere');
    await other.page.click('#link-not-me');
    await other.page.waitForSelector('body[data-page="mail-told"]');
    await look(other, 'link-refused');
    await other.page.goto(linkOf(await mailFor(hufu.origin, address)));
    assert.equal(await pageName(other.page), 'mail-told');
    await look(other, 'link-over');

    await ask();
    await other.page.goto(linkOf(await mailFor(hufu.origin, address, 2)));
    await other.page.click('#link-show-code');
    const code = (await other.page.textContent('#told-code')) ?? '';
    await look(other, 'link-code');
    await asking.page.fill('#code', code);
    await asking.page.click('#code-submit');
    await asking.page.waitForSelector('#at');
    assert.ok(await isBack(asking.page));

    await asking.context.clearCookies({ name: 'hufu_session' });
    await ask();
    const tab = await asking.context.newPage();
    await tab.goto(linkOf(await mailFor(hufu.origin, address, 3)));
    await look({ ...asking, page: tab }, 'link-here');
    await tab.click('#link-go');
    await tab.waitForSelector('#at');
    assert.ok(await isBack(tab));
    await asking.context.close();
    await other.context.close();
  });

  test(`${name}: a forgotten password is replaced by the link of a mail, and the new one signs in`, async () => {
    const window = await open(name, options);
    const { page, context } = window;
    const { username, address } = await somebody();
    await page.goto(request());
    await page.click('#signin-recover');
    assert.equal(await pageName(page), 'recover');
    await look(window, 'recover');
    await page.fill('#address', address);
    await page.click('#address-submit');
    await page.waitForSelector('body[data-page="mail-told"]');
    await look(window, 'recover-sent');
    await page.goto(linkOf(await mailFor(hufu.origin, address)));
    assert.equal(await pageName(page), 'recover-reset');
    await page.fill('#password', 'passwordpassword');
    await page.click('#reset-submit');
    await page.waitForSelector('#password-problem');
    await look(window, 'recover-reset-wrong');
    await page.fill('#password', NEW_PASSWORD);
    await page.click('#reset-submit');
    await page.waitForSelector('#told-onward');
    await look(window, 'recover-done');
    await page.click('#told-onward');
    await page.fill('#username', username);
    await page.fill('#password', NEW_PASSWORD);
    await page.click('#signin-submit');
    await page.waitForURL(`${hufu.issuer}/account`);
    await context.close();
  });

  test(`${name}: somebody new shows their address and is back at the app; their next address is shown in the account`, async () => {
    const window = await open(name, options);
    const { page, context } = window;
    people += 1;
    const address = `new${people}@post.example`;
    await page.goto(request({ prompt: 'create' }));
    await page.fill('#username', `new${people}`);
    await page.fill('#password', PASSWORD);
    await page.fill('#email', address);
    await look(window, 'sign-up');
    await page.click('#signup-submit');
    await page.waitForSelector('body[data-page="email-code"]');
    await look(window, 'sign-up-code');
    await page.fill('#code', codeOf(await mailFor(hufu.origin, address)));
    await page.click('#code-submit');
    await page.waitForSelector('#at');
    assert.ok(await isBack(page));

    await page.goto(`${hufu.issuer}/account/profile/email`);
    await look(window, 'account-email');
    const next = `next${people}@post.example`;
    await page.fill('#address', next);
    await page.click('#email-submit');
    await page.waitForSelector('#code');
    await look(window, 'account-email-code');
    const mail = await mailFor(hufu.origin, next);
    const other = await open(name, options);
    await other.page.goto(linkOf(mail));
    assert.equal(await pageName(other.page), 'mail-told');
    await look(other, 'account-email-elsewhere');
    await other.context.close();
    await page.goto(linkOf(mail));
    await look(window, 'account-email-link');
    await page.click('#link-submit');
    await page.waitForSelector('#email-address');
    assert.equal(await page.textContent('#email-address'), next);
    const notice = await mailFor(hufu.origin, address, 2);
    assert.doesNotMatch(notice.text, /next/);
    await context.close();
  });

  test(`${name}: the mails themselves can be read, in the light and in the dark`, async () => {
    const window = await open(name, options);
    const { page, context } = window;
    await page.goto(`${hufu.issuer}/dev/mail`);
    await look(window, 'dev-mails');
    await page.click('#mails a >> nth=0');
    await page.waitForSelector('iframe.preview');
    assert.ok(((await page.textContent('#mail-text')) ?? '').length > 50);
    const frame = page.frameLocator('iframe.preview');
    assert.ok(((await frame.locator('h1').textContent()) ?? '').length > 3);
    await look(window, 'dev-mail');
    const { number } = (await mailFor(hufu.origin, `person${people - 3}@post.example`, 0).catch(() => undefined)) ?? { number: 1 };
    await page.goto(`${hufu.issuer}/dev/mail/${number}.html`);
    const folder = process.env['HUFU_SCREENSHOTS'];
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}-letter.png`, fullPage: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    await context.close();
  });
}

test('all of it works without scripts', async () => {
  const window = await open('plain', { javaScriptEnabled: false });
  const { page, context } = window;
  const { address } = await somebody();
  await page.goto(request());
  await page.click('#signin-email');
  await page.fill('#address', address);
  await page.click('#address-submit');
  await page.fill('#code', codeOf(await mailFor(hufu.origin, address)));
  await page.click('#code-submit');
  await page.waitForSelector('#at');
  assert.ok(await isBack(page));
  await context.close();
});

test('nothing went wrong meanwhile', () => {
  assert.deepEqual(
    hufu.logLines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !line.includes('mode.test_exposed')),
    [],
  );
});
