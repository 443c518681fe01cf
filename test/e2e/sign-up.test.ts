/** People who make their own account, in a real browser: with a keyboard, without scripts, in both languages, on a phone and in the dark. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';

const PASSWORD = 'two halves make a tally';

let hufu: TestHufu;
let browser: Browser;

before(async () => {
  hufu = await startHufu({ yaml: BASIC_YAML.replace('brute_force: off', 'brute_force: off, sign_up: open') });
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await hufu.stop();
});

/** A private window, in which the client's address answers. */
async function open(options: BrowserContextOptions = {}): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  await context.route('https://*.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>app</title><p id="at">app</p>' }),
  );
  return { context, page: await context.newPage() };
}

function request(clientId: 'spa' | 'third', part: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: clientId === 'spa' ? 'https://app.example/cb' : 'https://third.example/cb',
    scope: 'openid profile email',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    state: 's',
    prompt: 'create',
    ...part,
  });
  return `${hufu.issuer}/oauth/authorize?${query.toString()}`;
}

const pageName = (page: Page): Promise<string | null> => page.getAttribute('body', 'data-page');
const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '');

test('somebody new comes from an app, signs up by keyboard alone, agrees, and is back at the app (OpenID Connect Prompt Create §4.1)', async () => {
  const { context, page } = await open();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(request('third', { login_hint: 'mei@post.example' }));
  assert.deepEqual([await pageName(page), await focused(page)], ['sign-up', 'username']);
  await page.keyboard.type('mei');
  await page.keyboard.press('Tab');
  assert.equal(await page.inputValue('#email'), 'mei@post.example');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Mei Example');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('body[data-page="consent"]');
  assert.match((await page.textContent('main')) ?? '', /Mei Example/);
  await page.click('#consent-allow');
  await page.waitForSelector('#at');
  assert.deepEqual([...new URL(page.url()).searchParams.keys()], ['code', 'session_state', 'state', 'iss']);
  await page.goto(`${hufu.issuer}/account`);
  assert.equal(await pageName(page), 'account');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('without scripts a mistake is told at its field; what was typed is still there, and the first mistake has the focus (WCAG 2.2 §3.3.1)', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { context, page } = await open({ javaScriptEnabled });
    await page.goto(request('spa'));
    await page.fill('#username', 'bob');
    await page.fill('#email', 'bob@post.example');
    await page.fill('#password', 'passwordpassword');
    await page.click('#signup-submit');
    await page.waitForSelector('#password-problem');
    assert.deepEqual([await page.inputValue('#username'), await page.inputValue('#password')], ['bob', '']);
    if (javaScriptEnabled) assert.equal(await focused(page), 'password');
    assert.match(await page.title(), /^Not created/);
    await page.fill('#password', PASSWORD);
    await page.click('#signup-submit');
    const problem = page.getByRole('textbox', { name: 'Username' });
    await page.waitForSelector('#username-problem');
    assert.equal(await problem.getAttribute('aria-describedby'), 'username-hint username-problem');
    if (javaScriptEnabled) assert.equal(await focused(page), 'username');
    await page.fill('#username', javaScriptEnabled ? 'robert' : 'roberta');
    await page.fill('#password', PASSWORD);
    await page.click('#signup-submit');
    await page.waitForSelector('#at');
    assert.ok(new URL(page.url()).searchParams.has('code'));
    await context.close();
  }
});

test('the browser itself stops what is plainly wrong, and cancelling is no mistake', async () => {
  const { context, page } = await open();
  await page.goto(request('spa'));
  await page.fill('#username', 'nobody');
  await page.fill('#email', 'not an address');
  await page.click('#signup-submit');
  assert.equal(await page.evaluate(() => document.querySelector<HTMLInputElement>('#email')?.validity.typeMismatch), true);
  assert.equal(await pageName(page), 'sign-up');
  await page.click('#signup-cancel');
  await page.waitForSelector('#at');
  assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied');
  await context.close();
});

test('the two pages lead to each other and keep the request', async () => {
  const { context, page } = await open();
  await page.goto(request('spa', { prompt: 'login' }));
  await page.click('#signin-signup');
  assert.equal(await pageName(page), 'sign-up');
  await page.click('#signup-signin');
  assert.equal(await pageName(page), 'signin');
  await page.click('#signin-signup');
  await page.fill('#username', 'wanderer');
  await page.fill('#password', PASSWORD);
  await page.click('#signup-submit');
  await page.waitForSelector('#at');
  assert.ok(new URL(page.url()).searchParams.has('code'));
  await context.close();
});

test('a finger that presses twice makes one account and is let in', async () => {
  const { context, page } = await open();
  await page.goto(`${hufu.issuer}/signup`);
  await page.fill('#username', 'hasty');
  await page.fill('#password', PASSWORD);
  await page.dblclick('#signup-submit', { noWaitAfter: true });
  await page.waitForURL(`${hufu.issuer}/account`);
  assert.equal(await pageName(page), 'account');
  await context.close();
});

test('the page is for everybody: both languages, light and dark, a phone, twice the size of letters (WCAG 2.2 §1.4.4, §1.4.10)', async () => {
  const phone = { width: 360, height: 740 };
  for (const [name, options] of [
    ['en-light', {}],
    ['en-dark', { colorScheme: 'dark' }],
    ['zh-light', { locale: 'zh-CN' }],
    ['zh-dark-phone', { locale: 'zh-CN', colorScheme: 'dark', viewport: phone }],
    ['en-light-phone', { viewport: phone }],
    ['en-narrow', { viewport: { width: 320, height: 640 } }],
  ] as const) {
    const { context, page } = await open(options);
    const shoot = async (what: string): Promise<void> => {
      await assertAccessible(page, `${name} ${what}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} ${what}`);
      const folder = process.env['HUFU_SCREENSHOTS'];
      if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}-${what}.png`, fullPage: true });
    };
    await page.goto(request('third'));
    await shoot('new');
    await page.fill('#username', 'bob');
    await page.fill('#name', '\u202e');
    await page.fill('#password', 'passwordpassword');
    await page.click('#signup-submit');
    await page.waitForSelector('#password-problem');
    await shoot('wrong');
    await page.click('#signup-signin');
    await shoot('sign-in');
    if (name.endsWith('narrow')) {
      await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'letters twice as large');
    }
    await context.close();
  }
});

test('who is signed in reads that the new account takes their place', async () => {
  const { context, page } = await open();
  await page.goto(`${hufu.issuer}/signin`);
  await page.fill('#username', 'bob');
  await page.fill('#password', 'bobs long password here');
  await page.click('#signin-submit');
  await page.waitForURL(`${hufu.issuer}/account`);
  await page.goto(request('spa'));
  assert.match((await page.textContent('#signup-replaces')) ?? '', /signed in as bob/);
  await assertAccessible(page, 'signed in');
  const folder = process.env['HUFU_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/signed-in.png`, fullPage: true });
  await context.close();
});

test('nothing went wrong meanwhile', () => {
  assert.deepEqual(
    hufu.logLines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !line.includes('mode.test_exposed')),
    [],
  );
});
