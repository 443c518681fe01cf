/** Signing in with somebody else, in a real browser: in both languages, by form over from another site, with a keyboard, and from the account centre. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { type OidcUpstream, startOidcUpstream, UPSTREAM_SECRET } from '../support/upstreams/oidc-upstream.ts';
import { ALLOWING } from '../support/upstreams/two-upstreams.ts';

let hufu: TestHufu;
let corp: OidcUpstream;
let browser: Browser;

before(async () => {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map([['mei', { name: 'Mei Lin', preferred_username: 'mei' }]]);
  // Another site than ours: none of our cookies comes with a form of it.
  corp = await startOidcUpstream(
    'hufu',
    [`${issuer}/signin/with/corp/callback`, `${issuer}/signin/with/posted/callback`],
    people,
    'localhost',
  );
  const entry = `kind: oidc, issuer: '${corp.issuer}', client_id: hufu, client_secret: ${UPSTREAM_SECRET}`;
  hufu = await startHufu({
    port,
    yaml: `${ALLOWING.replace('[127.0.0.1]', '[127.0.0.1, localhost]')}upstreams:
  - { name: corp, ${entry}, label: Example Corp, create: true }
  - { name: posted, ${entry}, label: Posted, response_mode: form_post }
  - { name: wechat, preset: wechat, client_id: a, client_secret: b }
  - { name: away, kind: oidc, issuer: 'http://localhost:1', client_id: a, client_secret: b, label: Away }
`,
  });
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await hufu.stop();
  await corp.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  return { context, page: await context.newPage() };
}

/** At the upstream's own page. */
async function signInThere(page: Page, as: string): Promise<void> {
  await page.waitForSelector('input[name=login]');
  assert.equal(new URL(page.url()).origin, corp.issuer);
  await page.fill('input[name=login]', as);
  await page.fill('input[name=password]', 'x');
  await page.click('button[type=submit]');
}

const pageName = (page: Page): Promise<string | null> => page.getAttribute('body', 'data-page');

for (const [locale, button, heading] of [
  ['en-US', 'Continue with Example Corp', 'No account here is linked to it'],
  ['zh-CN', '使用 Example Corp 登录', '这里没有与之关联的账号'],
] as const) {
  test(`${locale}: a button, another site, and back in one’s account; whom nobody knows is told so`, async () => {
    const { context, page } = await open({ locale });
    await page.goto(`${hufu.issuer}/signin`);
    await assertAccessible(page, 'sign-in page');
    await page.getByRole('button', { name: button, exact: true }).press('Enter');
    await signInThere(page, 'mei');
    await page.waitForURL(`${hufu.issuer}/account`);
    assert.equal(await pageName(page), 'account');
    assert.deepEqual(
      (await context.cookies(hufu.issuer)).filter(({ name }) => name.startsWith('hufu_up_')),
      [],
    );
    const stranger = await open({ locale });
    await stranger.page.goto(`${hufu.issuer}/signin`);
    await stranger.page.click('#signin-with-posted');
    await signInThere(stranger.page, 'nobody');
    await stranger.page.waitForSelector('body[data-page="error"]');
    assert.equal(await stranger.page.textContent('h1'), heading);
    await assertAccessible(stranger.page, 'error page');
    await context.close();
    await stranger.context.close();
  });

  test(`${locale}: an upstream that is away leaves a page that says what to do, on a phone and in the dark`, async () => {
    const { context, page } = await open({ locale, colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    await page.goto(`${hufu.issuer}/signin`);
    await assertAccessible(page, 'sign-in page on a phone');
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.equal(widths[0], widths[1]);
    await page.click('#signin-with-away');
    await page.waitForSelector('body[data-page="error"]');
    assert.equal(await page.textContent('h1'), locale === 'zh-CN' ? '对方服务没有响应' : 'The other service does not answer');
    await assertAccessible(page, 'error page on a phone');
    await context.close();
  });
}

test('an account elsewhere is linked from the account centre by an answer that another site posts, and then signs its owner in', async () => {
  const { context, page } = await open();
  await page.goto(`${hufu.issuer}/signin`);
  await page.fill('#username', USER.username);
  await page.fill('#password', USER.password);
  await page.click('#signin-submit');
  await page.goto(`${hufu.issuer}/account/security`);
  await page.getByRole('button', { name: 'Link Posted' }).click();
  await signInThere(page, 'alice-there');
  await page.waitForURL(/\/account\/security\?outcome=linked/);
  await assertAccessible(page, 'security page');
  assert.match((await page.textContent('main')) ?? '', /Posted/);
  const again = await open();
  await again.page.goto(`${hufu.issuer}/signin`);
  await again.page.click('#signin-with-posted');
  await signInThere(again.page, 'alice-there');
  await again.page.waitForURL(`${hufu.issuer}/account`);
  assert.match((await again.page.textContent('body')) ?? '', /Alice Example|alice/);
  await context.close();
  await again.context.close();
});

test('without scripts the answer of the other site goes on by a button', async () => {
  const { context, page } = await open({ javaScriptEnabled: false, locale: 'zh-CN' });
  await page.goto(`${hufu.issuer}/signin`);
  await page.click('#signin-with-posted');
  await signInThere(page, 'alice-there');
  // The other site's own page needs one too.
  if (new URL(page.url()).origin === corp.issuer) await page.click('button, input[type=submit]');
  await page.waitForSelector('body[data-page="upstream-return"]');
  assert.equal(await page.textContent('#upstream-return-submit'), '继续');
  await page.click('#upstream-return-submit');
  await page.waitForURL(`${hufu.issuer}/account`);
  await context.close();
});
