/**
 * Devices in a real browser: where somebody is signed in on too many (/signin/devices by the policy of all, /devices by the one of a client), and the page of the account that lists them
 * all.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { Agent, authorizeAs, exchange, pkce } from '../support/agent.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';

/** Pictures of the pages, where somebody wants to look at them. */
const SHOTS = process.env['HUFU_SCREENSHOTS'];
const PASSWORD = 'two halves make a tally';
const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid read' };
const SPA2 = { clientId: 'spa2', redirectUri: 'https://app2.example/cb', scope: 'openid read' };
const PHONE = { width: 390, height: 844 };
const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['en light', { locale: 'en-US' }],
  ['zh dark', { locale: 'zh-CN', colorScheme: 'dark' }],
  ['en dark phone', { locale: 'en-US', colorScheme: 'dark', viewport: PHONE }],
  ['zh light phone', { locale: 'zh-CN', viewport: PHONE }],
  ['en narrow', { locale: 'en-US', viewport: { width: 320, height: 640 } }],
];

let strict: TestHufu;
let apps: TestHufu;
let browser: Browser;
let passwordHash = '';
let count = 0;

before(async () => {
  strict = await startHufu({
    host: 'localhost',
    yaml: BASIC_YAML.replace('brute_force: off', 'brute_force: off, devices: { max: 2, on_exceed: refuse }'),
  });
  // The first two are spa and spa2: one refuses a second device, the other takes its place.
  apps = await startHufu({
    host: 'localhost',
    yaml: BASIC_YAML.replace(
      'hufu: { first_party: true }',
      'client_name: Field Notes\n    hufu: { first_party: true, devices: { max: 1, on_exceed: refuse } }',
    ).replace('hufu: { first_party: true }', 'hufu: { first_party: true, devices: { max: 1, on_exceed: replace } }'),
  });
  passwordHash = await apps.context.passwords.hash(PASSWORD);
  browser = await chromium.launch(CHROMIUM);
});
after(async () => {
  await browser.close();
  await Promise.all([strict.stop(), apps.stop()]);
});

async function somebody({ context, store }: TestHufu): Promise<{ readonly username: string; readonly password: string }> {
  count += 1;
  const username = `mei${count}`;
  const claims = { name: 'Mei Example' };
  const at = Math.floor(context.clock.nowMs() / 1000);
  await store.createUser(context.tenant, { sub: `${username}-sub`, username, passwordHash, claims, source: 'sign_up' }, at);
  return { username, password: PASSWORD };
}

interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: readonly string[];
}

async function open(options: BrowserContextOptions): Promise<Window> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await context.route(/^https:\/\/app2?\.example\//, (route) => route.fulfill({ contentType: 'text/html', body: '<title>app</title>' }));
  return { page, context, complaints };
}

async function signIn(page: Page, { username, password }: { readonly username: string; readonly password: string }): Promise<void> {
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.click('#signin-submit');
}

function authorizeUrl({ issuer }: TestHufu, { clientId, redirectUri, scope }: typeof SPA): string {
  const fixed = { response_type: 'code', code_challenge: pkce().challenge, code_challenge_method: 'S256' };
  return `${issuer}/oauth/authorize?${new URLSearchParams({ ...fixed, client_id: clientId, redirect_uri: redirectUri, scope }).toString()}`;
}

async function assertForEverybody(page: Page, name: string, kind = 'devices'): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/devices-${name.replaceAll(' ', '-')}.png`, fullPage: true });
  assert.equal(await page.getAttribute('body', 'data-page'), kind, name);
  await assertAccessible(page, name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name}: nothing to scroll sideways`);
}

/** Nothing chosen is a problem that is said; what was chosen beforehand is enough. */
async function choose(page: Page, name: string): Promise<void> {
  const boxes = page.locator('input[name=device]');
  assert.equal(await page.locator('input[name=device]:checked').count(), 1, 'the oldest is chosen beforehand');
  for (const box of await boxes.all()) await box.uncheck();
  await page.click('#devices-go');
  await page.waitForSelector('#problem[role=alert]');
  await assertForEverybody(page, `${name} too few`);
  await page.locator('input[name=device]').first().check();
  await page.click('#devices-go');
}

test('too many devices: the page is for everybody, in both languages, light and dark, on a phone, and one that is chosen is signed out (WCAG 2.2 §1.4.10)', async () => {
  for (const [name, options] of LOOKS) {
    const person = await somebody(strict);
    const others: Agent[] = [];
    for (const userAgent of [
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    ]) {
      const agent = new Agent(strict.issuer);
      const { hidden } = await agent.get('/signin', { 'user-agent': userAgent });
      assert.equal((await agent.post('/signin', { ...hidden, ...person }, { 'user-agent': userAgent })).location, '/account');
      others.push(agent);
    }
    const { page, context, complaints } = await open(options);
    await page.goto(`${strict.issuer}/signin`);
    await signIn(page, person);
    await page.waitForURL(/\/signin\/devices\?/);
    assert.equal(await page.locator('input[name=device]').count(), 2);
    await assertForEverybody(page, `full ${name}`);
    await choose(page, `full ${name}`);
    await page.waitForSelector('body[data-page="account"]');
    const alive = await Promise.all(others.map(async (agent) => (await agent.get('/account')).status));
    assert.deepEqual(alive, [303, 200], 'the oldest is out, and no other');
    // A browser says by itself that 400 was answered.
    assert.deepEqual(
      complaints.filter((text) => !/status of 400/.test(text)),
      [],
    );
    await context.close();
  }
});

test('whoever would rather not signs nobody out and is not signed in', async () => {
  const person = await somebody(strict);
  const others = [new Agent(strict.issuer), new Agent(strict.issuer)];
  for (const agent of others) assert.equal((await agent.submit(await agent.get('/signin'), person)).location, '/account');
  const { page, context } = await open({ locale: 'en-US', javaScriptEnabled: false });
  await page.goto(`${strict.issuer}/signin`);
  await signIn(page, person);
  await page.click('#devices-cancel');
  assert.equal(
    (await context.cookies()).some(({ name }) => name.endsWith('session')),
    false,
  );
  for (const agent of others) assert.equal((await agent.get('/account')).status, 200);
  await context.close();
});

test('too many devices at a client, and a client that is in use elsewhere: both pages are for everybody, and lead on (WCAG 2.2 §1.4.10)', async () => {
  for (const [name, options] of LOOKS) {
    const person = await somebody(apps);
    const { page, context, complaints } = await open(options);
    await page.goto(`${apps.issuer}/signin`);
    await signIn(page, person);
    await page.waitForSelector('body[data-page="account"]');
    await apps.advance('PT30S');
    const agent = new Agent(apps.issuer);
    for (const client of [SPA, SPA2]) {
      const done = await exchange(agent, client, await authorizeAs(agent, client, person));
      assert.equal(done.status, 200, JSON.stringify(done.body));
    }
    await page.goto(authorizeUrl(apps, SPA));
    await page.waitForURL(/\/devices\?/);
    await assertForEverybody(page, `at client ${name}`);
    await choose(page, `at client ${name}`);
    await page.waitForURL(/^https:\/\/app\.example\/cb\?.*code=/);

    await page.goto(authorizeUrl(apps, SPA2));
    await page.waitForURL(/\/devices\?/);
    assert.equal(await page.locator('input[name=device]').count(), 0);
    await assertForEverybody(page, `elsewhere ${name}`);
    await page.click('#devices-go');
    await page.waitForURL(/^https:\/\/app2\.example\/cb\?.*code=/);
    assert.deepEqual(
      complaints.filter((text) => !/status of 400/.test(text)),
      [],
      name,
    );
    await context.close();
  }
});

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'curl/8.14',
];

/** Somebody with a device of each kind: one is trusted, one has been given the longest of names, an app is connected on one, and on one they are not signed in any more. */
async function withDevices(): Promise<{ readonly username: string; readonly password: string }> {
  const { context, store, issuer } = apps;
  const { tenant } = context;
  const person = await somebody(apps);
  for (const [index, userAgent] of AGENTS.entries()) {
    const agent = new Agent(issuer);
    const { hidden } = await agent.get('/signin', { 'user-agent': userAgent });
    assert.equal((await agent.post('/signin', { ...hidden, ...person }, { 'user-agent': userAgent })).location, '/account');
    if (index === 1) assert.equal((await exchange(agent, SPA, await authorizeAs(agent, SPA, person))).status, 200);
    await apps.advance('PT26H');
  }
  const user = (await store.findUserByName(tenant, person.username)) ?? assert.fail();
  const devices = (await store.listDevices(tenant, user.id)).toSorted((one, other) => one.createdAt - other.createdAt);
  const [desktop, phone, tablet, other] = devices.map(({ id }) => id);
  const now = Math.floor(context.clock.nowMs() / 1000);
  const sessions = await store.listSessions(tenant, user.id, 9, now);
  const old = sessions.find(({ deviceId }) => deviceId === other)?.id ?? assert.fail();
  assert.equal(await store.endSession(tenant, old, 'signed_out', now), 'ended');
  assert.equal(await store.trustDevice(tenant, user.id, tablet ?? 0, user.authVersion, 't'.repeat(43), now + 86_400, now), 'done');
  assert.equal(await store.renameDevice(tenant, user.id, desktop ?? 0, 'W'.repeat(64)), 'done');
  assert.equal(
    await store.renameDevice(tenant, user.id, phone ?? 0, 'The telephone of Mei, which she lost on the train to Vienna'),
    'done',
  );
  return person;
}

test('the devices of an account: each row says what it is and what its buttons are about, in both languages, light and dark, on a phone (WCAG 2.2 §1.4.10)', async () => {
  for (const [name, options] of LOOKS) {
    const person = await withDevices();
    const { page, context, complaints } = await open(options);
    await page.goto(`${apps.issuer}/account/sessions`);
    await signIn(page, person);
    await page.waitForURL(/\/account\/sessions/);
    assert.deepEqual([await page.locator('#signed-in .row').count(), await page.locator('#before .row').count()], [4, 1], name);
    await assertForEverybody(page, `account ${name}`, 'account-sessions');
    const spoken = await page
      .locator('main .row button[aria-label], main .row a[aria-label]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''));
    assert.equal(new Set(spoken).size, spoken.length, `no two say the same: ${spoken.join(', ')}`);
    assert.equal(spoken.length, 6, 'one for each device, and one that stops trusting');
    for (const fold of await page.locator('main summary').all()) await fold.click();
    await assertForEverybody(page, `account ${name} open`, 'account-sessions');
    await page.locator('#before .row button[aria-label]').click();
    await page.waitForSelector('#account-done');
    assert.equal(await page.locator('#before').count(), 0);
    await assertForEverybody(page, `account ${name} done`, 'account-sessions');
    assert.deepEqual(complaints, [], name);
    await context.close();
  }
});
