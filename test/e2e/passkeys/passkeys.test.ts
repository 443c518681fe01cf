/** Passkeys in a real browser with a virtual authenticator: made, used alone, out of the list at the user name, as a second factor and in a step-up, in both languages. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../../support/accessible.ts';
import { CHROMIUM } from '../../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../../support/hufu.ts';
import { addAuthenticator, type VirtualAuthenticator } from './authenticator.ts';

const SHOTS = process.env['HUFU_SCREENSHOTS'];

interface Window {
  readonly page: Page;
  readonly key: VirtualAuthenticator;
  /** What the browser complained about. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

interface Person {
  readonly username: string;
  readonly password: string;
}

let hufu: TestHufu;
let browser: Browser;
let count = 0;

before(async () => {
  hufu = await startHufu({ host: 'localhost', yaml: BASIC_YAML });
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await hufu.stop();
});

/**
 * A private window with an authenticator of its own, in which the clients' addresses answer. `list`: passkeys are listed at the user name, and the virtual authenticator chooses from
 * the list at once; the others have to be asked by the button.
 */
async function open({ list = false, ...options }: BrowserContextOptions & { readonly list?: boolean } = {}): Promise<Window> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  if (!list)
    await context.addInitScript(() => {
      if ('PublicKeyCredential' in globalThis) PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
  await context.route('https://*.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>app</title><p id="at">app</p>' }),
  );
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, key: await addAuthenticator(page), complaints, close: () => context.close() };
}

/** Somebody of this test's own. */
async function somebody(): Promise<Person> {
  const { store, context } = hufu;
  const username = `person${++count}`;
  const password = `the long password of ${username}`;
  const now = Math.floor(context.clock.nowMs() / 1000);
  const passwordHash = await context.passwords.hash(password);
  await store.createUser(context.tenant, { sub: `sub-${username}`, username, passwordHash, claims: { name: `Person ${count}` } }, now);
  return { username, password };
}

const pageName = (page: Page): Promise<string | null> => page.getAttribute('body', 'data-page');

async function shoot(page: Page, name: string): Promise<void> {
  await assertAccessible(page, name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, name);
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/passkeys-${name}.png`, fullPage: true });
}

async function typePassword(page: Page, { username, password }: Person): Promise<void> {
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.click('#signin-submit');
}

/** Makes a passkey on the account's page, right after signing in by password. */
async function makePasskey({ page }: Window, person: Person, name?: string): Promise<void> {
  await page.goto(`${hufu.issuer}/signin`);
  await typePassword(page, person);
  await page.waitForURL(`${hufu.issuer}/account`);
  await page.goto(`${hufu.issuer}/account/security/passkey`);
  assert.equal(await pageName(page), 'account-passkey');
  if (name !== undefined) await page.fill('#passkey-name', name);
  await page.click('#passkey-use');
  await page.waitForSelector('body[data-page="account-security"]');
}

async function signOut({ page }: Window): Promise<void> {
  await page.context().clearCookies();
}

function request(part: Record<string, string> = {}): string {
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
  return `${hufu.issuer}/oauth/authorize?${query.toString()}`;
}

async function sessionOf({ username }: Person): Promise<readonly string[]> {
  const { store, context } = hufu;
  const user = (await store.findUserByName(context.tenant, username)) ?? assert.fail();
  const [latest] = (await store.listSessions(context.tenant, user.id, 100, Math.floor(context.clock.nowMs() / 1000))).toSorted(
    (one, other) => other.turn - one.turn,
  );
  return latest?.amr ?? [];
}

/** What the panel shows that went wrong. */
async function problems(page: Page): Promise<readonly string[]> {
  return (await page.locator('#passkey-form [data-problem]:visible, #problem:visible').allInnerTexts()).map((text) => text.trim());
}

for (const [language, options, words] of [
  [
    'English',
    { locale: 'en-US' },
    { use: 'Sign in with a passkey', create: 'Create a passkey', cancelled: /^Nothing was signed in/, gone: /does not work here/ },
  ],
  ['Chinese', { locale: 'zh-CN' }, { use: '用通行密钥登录', create: '创建通行密钥', cancelled: /^没有登录/, gone: /在这里不可用/ }],
] as const) {
  describe(`passkeys in ${language}`, () => {
    test('one is made on the account’s page, is listed there, and signs in alone by the button (WebAuthn §7.1, §7.2)', async () => {
      const person = await somebody();
      const window = await open(options);
      const { page, key } = window;
      await makePasskey(window, person, 'Blue key');
      assert.match((await page.textContent('#passkeys')) ?? '', /Blue key/);
      const [credential, ...more] = await key.credentials();
      assert.deepEqual([more.length, credential?.isResidentCredential, credential?.rpId], [0, true, 'localhost']);
      await signOut(window);
      await page.goto(request());
      assert.equal(await page.innerText('#passkey-use'), words.use);
      await page.click('#passkey-use');
      await page.waitForSelector('#at');
      assert.ok(new URL(page.url()).searchParams.has('code'));
      assert.deepEqual(await sessionOf(person), ['pop', 'user', 'mfa']);
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test('out of the list at the user name (conditional mediation) it signs in without the button (WebAuthn §5.1.4)', async () => {
      const person = await somebody();
      const window = await open({ ...options, list: true });
      const { page } = window;
      await makePasskey(window, person);
      await signOut(window);
      // The holder chooses from the list at once: that is what a virtual authenticator does for them.
      await page.goto(request());
      await page.waitForSelector('#at');
      assert.ok(new URL(page.url()).searchParams.has('code'));
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test('after the password it is the second step, and the session says both', async () => {
      const person = await somebody();
      const window = await open(options);
      const { page, key } = window;
      await makePasskey(window, person);
      await signOut(window);
      await page.goto(request());
      await typePassword(page, person);
      await page.waitForSelector('body[data-page="verify"]');
      await key.verify(false);
      await page.click('#passkey-use');
      await page.waitForSelector('[data-problem="cancelled"]:visible');
      assert.match((await problems(page)).join(), words.cancelled);
      await key.verify(true);
      await page.click('#passkey-use');
      await page.waitForSelector('#at');
      assert.deepEqual(await sessionOf(person), ['pwd', 'pop', 'user', 'mfa']);
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test('a session that is too weak for a request is stepped up with it (RFC 9470 §5)', async () => {
      const person = await somebody();
      const window = await open(options);
      const { page } = window;
      await makePasskey(window, person);
      const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:hufu:acr:3'] } } });
      await page.goto(request({ claims }));
      await page.waitForSelector('body[data-page="verify"]');
      await page.click('#passkey-use');
      await page.waitForSelector('#at');
      assert.ok(new URL(page.url()).searchParams.has('code'), page.url());
      assert.ok((await sessionOf(person)).includes('mfa'));
      await window.close();
    });

    test('what went wrong is told in words: nothing there, and a passkey that was removed', async () => {
      const person = await somebody();
      const window = await open(options);
      const { page } = window;
      await page.goto(`${hufu.issuer}/signin`);
      await page.click('#passkey-use');
      await page.waitForSelector('[data-problem="cancelled"]:visible');
      assert.match((await problems(page)).join(), words.cancelled);
      await makePasskey(window, person);
      const user = (await hufu.store.findUserByName(hufu.context.tenant, person.username)) ?? assert.fail();
      await hufu.store.removeFactors(hufu.context.tenant, user.id, Math.floor(hufu.context.clock.nowMs() / 1000));
      await signOut(window);
      await page.goto(`${hufu.issuer}/signin`);
      await page.click('#passkey-use');
      await page.waitForSelector('#problem');
      assert.match((await problems(page)).join(), words.gone);
      await window.close();
    });
  });
}

test('a browser that knows none of the functions for JSON does it by hand (WebAuthn §5.1.8, §5.1.9)', async () => {
  const person = await somebody();
  const window = await open();
  const { page } = window;
  await page.addInitScript(() => {
    const without: Record<string, unknown> = PublicKeyCredential as never;
    delete without['parseCreationOptionsFromJSON'];
    delete without['parseRequestOptionsFromJSON'];
    delete (PublicKeyCredential.prototype as never as Record<string, unknown>)['toJSON'];
  });
  await makePasskey(window, person);
  assert.equal(await page.evaluate(() => 'toJSON' in PublicKeyCredential.prototype), false);
  await signOut(window);
  await page.goto(request());
  await page.click('#passkey-use');
  await page.waitForSelector('#at');
  await window.close();
});

test('the browser forgets a passkey that does not count any more, on the page that lists those that do (WebAuthn §5.1.10)', async () => {
  const person = await somebody();
  const window = await open();
  const { page, key } = window;
  await makePasskey(window, person);
  const [credential] = await key.credentials();
  assert.ok(credential !== undefined);
  const other = await addAuthenticator(page, 'usb');
  await other.put({ ...credential, credentialId: Buffer.from('a passkey that was removed').toString('base64') });
  await page.goto(`${hufu.issuer}/account/security`);
  await until(async () => (await other.credentials()).length === 0);
  assert.equal((await key.credentials()).length, 1);
  await window.close();
});

for (const locale of ['en-US', 'zh-CN'] as const) {
  test(`where everybody needs a second factor, a passkey made at the sign-in is one (${locale})`, async () => {
    const strict = await startHufu({
      host: 'localhost',
      yaml: BASIC_YAML.replace('brute_force: off', 'brute_force: off, sign_in: { second_factor: required }'),
    });
    const window = await open({ locale });
    const { page, key } = window;
    await page.goto(`${strict.issuer}/signin`);
    await typePassword(page, { username: 'bob', password: 'bobs long password here' });
    await page.waitForSelector('body[data-page="enrol"]');
    await shoot(page, `${locale}-enrol`);
    await key.verify(false);
    await page.click('#passkey-use');
    await page.waitForSelector('[data-problem="cancelled"]:visible');
    await key.verify(true);
    await page.click('#passkey-use');
    await page.waitForSelector('body[data-page="recovery-codes"]');
    assert.equal(
      (await page.context().cookies()).some(({ name }) => name === 'hufu_session'),
      false,
    );
    await page.click('#codes-kept');
    await page.waitForURL(`${strict.issuer}/account`);
    assert.equal((await key.credentials()).length, 1);
    await window.close();
    await strict.stop();
  });
}

test('one authenticator keeps one passkey of an account, and says so', async () => {
  const person = await somebody();
  const window = await open();
  const { page } = window;
  await makePasskey(window, person);
  await page.goto(`${hufu.issuer}/account/security/passkey`);
  // Whoever has a passkey shows it before they make another one.
  await page.waitForSelector('body[data-page="signin"]');
  await page.click('#passkey-use');
  await page.waitForSelector('body[data-page="account-passkey"]');
  await page.click('#passkey-use');
  await page.waitForSelector('[data-problem="already_there"]:visible');
  await window.close();
});

test('without scripts nothing is seen of passkeys on the sign-in page, and the page that makes them says what is missing', async () => {
  const person = await somebody();
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`${hufu.issuer}/signin`);
  assert.equal(await page.isVisible('#passkey-use'), false);
  await typePassword(page, person);
  await page.waitForURL(`${hufu.issuer}/account`);
  await page.goto(`${hufu.issuer}/account/security/passkey`);
  assert.equal(await page.isVisible('#passkey-use'), false);
  assert.match((await page.textContent('main')) ?? '', /JavaScript|scripts/);
  await context.close();
});

test('a browser without passkeys sees no button', async () => {
  const window = await open();
  await window.page.addInitScript(() => {
    delete (globalThis as never as Record<string, unknown>)['PublicKeyCredential'];
  });
  await window.page.goto(`${hufu.issuer}/signin`);
  assert.equal(await window.page.isVisible('#passkey-use'), false);
  assert.deepEqual(window.complaints, []);
  await window.close();
});

test('the pages are for everybody: both languages, light and dark, a phone (WCAG 2.2 §1.4.10)', async () => {
  const phone = { width: 390, height: 844 };
  for (const [name, options] of [
    ['en-light', {}],
    ['en-dark-phone', { colorScheme: 'dark', viewport: phone }],
    ['zh-light-phone', { locale: 'zh-CN', viewport: phone }],
    ['zh-dark', { locale: 'zh-CN', colorScheme: 'dark' }],
  ] as const) {
    const person = await somebody();
    const window = await open(options);
    const { page } = window;
    await page.goto(request());
    await page.waitForSelector('#passkey-use');
    await shoot(page, `${name}-sign-in`);
    await page.click('#passkey-use');
    await page.waitForSelector('[data-problem="cancelled"]:visible');
    await shoot(page, `${name}-cancelled`);
    await page.goto(`${hufu.issuer}/signin`);
    await typePassword(page, person);
    await page.waitForURL(`${hufu.issuer}/account`);
    await page.goto(`${hufu.issuer}/account/security/passkey`);
    await shoot(page, `${name}-new`);
    await page.click('#passkey-use');
    await page.waitForSelector('body[data-page="account-security"]');
    await shoot(page, `${name}-security`);
    await signOut(window);
    await page.goto(request());
    await typePassword(page, person);
    await page.waitForSelector('body[data-page="verify"]');
    await shoot(page, `${name}-verify`);
    await window.close();
  }
});

test('nothing went wrong meanwhile', () => {
  assert.deepEqual(
    hufu.logLines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !line.includes('mode.test_exposed')),
    [],
  );
});
