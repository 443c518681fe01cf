/** The console in a real browser, over the real server: who gets in, what they see, and what they can do. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { type ConsoleWorld, confirm, fillIn, openContext, startConsoleWorld } from '../support/console-world.ts';
import { linkOf, mailFor } from '../support/mails.ts';

let world: ConsoleWorld;
let browser: Browser;
/** An owner who stays signed in over the tests, so that each of them is about one thing. */
let page: Page;
const faults: string[] = [];

// Not at the beginning of the suite: what is dangerous needs a sign-in of the last minutes.
describe('the console', () => {
  before(async () => {
    world = await startConsoleWorld();
    browser = await chromium.launch(CHROMIUM);
    page = await world.signIn(await openContext(browser), 'owner');
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await world?.stop();
  });

  async function open(path: string, on: Page = page): Promise<void> {
    await on.goto(`${world.origin}/console${path}`);
    await on.waitForSelector('h1');
  }

  function button(name: string): Locator {
    return page.getByRole('button', { name, exact: true });
  }

  /** What a page’s own script may ask of the API, as its session. */
  function callFrom(
    on: Page,
    method: string,
    path: string,
    headers: Record<string, string> = { 'x-csrf': '1' },
  ): Promise<{ status: number; error: unknown }> {
    return on.evaluate(
      async ([how, where, sent]) => {
        const reply = await fetch(`/console/admin/v1${where}`, { method: how, headers: sent });
        const text = await reply.text();
        return { status: reply.status, error: text === '' ? undefined : Object(JSON.parse(text)).error };
      },
      [method, path, headers] as const,
    );
  }

  test('the document and its files come with headers that let nothing else in (attacks ADM-18, CON-09)', async () => {
    const reply = await fetch(`${world.origin}/console/clients/x`);
    const policy = reply.headers.get('content-security-policy') ?? '';
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w-]{22}'/);
    for (const part of ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) assert.ok(policy.includes(part), part);
    assert.equal(reply.headers.get('cache-control'), 'no-store');
    const html = await reply.text();
    const again = (await fetch(`${world.origin}/console`)).headers.get('content-security-policy');
    assert.notEqual(again, policy, 'a nonce is used once');
    assert.doesNotMatch(html, /__NONCE__|<script(?![^>]* src=)|\son\w+=/);
    const [, entry = ''] = /src="(\/console\/assets\/[^"]+\.js)"/.exec(html) ?? assert.fail('no script');
    const script = await fetch(world.origin + entry);
    assert.equal(script.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(script.headers.get('content-encoding'), 'gzip');
    assert.doesNotMatch(await script.text(), /sourceMappingURL/);
    for (const path of [
      '/console/assets/../index.html',
      '/console/assets/%2e%2e%2findex.html',
      '/console/assets/nothing.js',
      `${entry}.map`,
    ])
      assert.equal((await fetch(world.origin + path, { redirect: 'manual' })).status === 200 && path.includes('assets/no'), false, path);
    assert.equal((await fetch(`${world.origin}${entry}.map`)).status, 404);
    assert.equal((await fetch(`${world.origin}/console`, { method: 'POST' })).status, 405);
  });

  test('the browser holds a cookie that no script can read, and no token anywhere (attacks ADM-18, draft-ietf-oauth-browser-based-apps §6.1)', async () => {
    await open('');
    const cookies = (await page.context().cookies()).filter(({ name }) => name.startsWith('__Host-Http-hufu-'));
    assert.equal(cookies.length, 1);
    const [cookie = assert.fail()] = cookies;
    assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], [true, true, 'Lax', '/']);
    const seen = await page.evaluate(() => {
      const stored = [localStorage, sessionStorage].map((one) => JSON.stringify({ ...one }));
      return [document.cookie, document.documentElement.outerHTML, location.href, JSON.stringify(history.state), ...stored].join('\n');
    });
    // What tokens of ours begin with, and what a JWT does.
    assert.doesNotMatch(seen, /\bhf[a-z]_[\w-]{20}|\beyJ[\w-]{10,}\./);
    assert.ok(!seen.includes(cookie.value));
    const answers: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/console/')) answers.push(JSON.stringify(response.headers()));
    });
    await open('/clients');
    await page.waitForSelector('table.list a');
    assert.doesNotMatch(answers.join('\n'), /bearer|\bhf[a-z]_[\w-]{20}/i);
  });

  test('the first page needs at most 250 kB of script, compressed, in each language, and no other page comes along', async () => {
    for (const locale of ['en', 'zh-CN']) {
      const context = await openContext(browser, { locale });
      const first = await world.signIn(context, 'owner');
      await first.waitForSelector('.bars li');
      assert.equal(await first.getAttribute('html', 'lang'), locale);
      const loaded = await first.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .filter((entry): entry is PerformanceResourceTiming => entry.name.endsWith('.js'))
          .map(({ name, encodedBodySize }) => ({ name, bytes: encodedBodySize })),
      );
      const sum = loaded.reduce((total, { bytes }) => total + bytes, 0);
      assert.ok(loaded.length > 1 && sum > 50_000 && sum <= 250_000, `${locale}: ${sum} bytes`);
      assert.deepEqual(
        loaded.filter(({ name }) => /refused-chart|new-client/.test(name)),
        [],
      );
      assert.equal(
        loaded.some(({ name }) => /zh-cn/.test(name)),
        locale === 'zh-CN',
      );
      await context.close();
    }
  });

  test('the dashboard tells what was counted and since when, follows what happens, and each number leads to what it is made of', async () => {
    const refuse = async (): Promise<void> => {
      await fetch(`${world.origin}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'password', client_id: 'nobody' }),
      });
    };
    await refuse();
    await open('');
    await page.waitForSelector('.figures li');
    assert.match((await page.textContent('.page-head .lead')) ?? '', /Counted by \d+ nodes? since .+; as of .+/);
    const figure = async (name: string): Promise<number> =>
      Number((await page.textContent(`[data-figure=${name}] .figure`))?.replaceAll(/\D/g, ''));
    for (const name of ['sign-ins', 'tokens', 'refusals', 'requests']) assert.ok((await figure(name)) > 0, name);
    const text = (await page.textContent('main')) ?? '';
    for (const part of ['client_credentials', 'token-exchange', 'password', 'database', 'live', 'ES256'])
      assert.ok(text.includes(part), part);
    assert.equal(await page.locator('.time-bars svg[aria-label]').count(), 8);

    // What happens while one looks is there without a reload.
    const before = await figure('refusals');
    for (let times = 0; times < 5; times++) await refuse();
    await page.waitForFunction(
      (least) => Number(document.querySelector('[data-figure=refusals] .figure')?.textContent?.replaceAll(/\D/g, '')) >= least,
      before + 5,
    );
    const first = await page.textContent('[data-testid=live-revocations] li a');
    // Of somebody who has no grant: those of nobody are looked at below.
    await world.admin('POST', '/users/sub-read/revoke');
    await page.waitForFunction((old) => document.querySelector('[data-testid=live-revocations] li a')?.textContent !== old, first);

    await page.click('.bars a:has-text("invalid_client")');
    await page.waitForURL(/decisions\?error=invalid_client/);
    await page.waitForSelector('table.list a');
    await open('');
    await page.click('[data-figure=sign-ins] .figure');
    await page.waitForURL(/audit\?action=session\.opened/);
    await open('');
    await page.click('.windows >> text=24 h');
    await page.waitForURL(/window=24h/);
    await page.waitForSelector('.windows a.current:has-text("24 h")');
    await page.hover('.tiles .time-bars svg');
    await page.waitForSelector('.readout');
  });

  test('where nothing was counted the dashboard says what would be, and where the server is away it says how old its numbers are', async () => {
    const context = await openContext(browser);
    const empty = await world.signIn(context, 'security');
    await empty.route('**/admin/v1/metrics*', async (route) => {
      const reply = await route.fetch();
      const body: Record<string, unknown> = Object(await reply.json());
      const none = { count: 0, p50_ms: null, p95_ms: null, p99_ms: null, points: Array.from({ length: 60 }, () => null), endpoint: '' };
      await route.fulfill({
        response: reply,
        json: { ...body, series: [], limits: [], latency: [none], store_latency: none, held_since: null },
      });
    });
    await empty.reload();
    await empty.waitForSelector('.nothing');
    assert.equal(await empty.locator('.nothing').count(), 5);
    assert.match((await empty.textContent('main')) ?? '', /Nobody has signed in, or tried to/);
    await assertAccessible(empty, 'the empty dashboard');
    await empty.unroute('**/admin/v1/metrics*');
    await empty.route('**/admin/v1/metrics*', (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{}' }),
    );
    await empty.waitForSelector('text=these are the numbers it gave last');
    await context.close();
  });

  test('a request that another site could make is refused: without the header, or with another origin (attacks CON-02, SES-07)', async () => {
    assert.deepEqual(await callFrom(page, 'GET', '/me', {}), { status: 403, error: undefined });
    assert.equal((await callFrom(page, 'POST', '/keys/rotate', {})).status, 403);
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name.startsWith('__Host-Http-hufu-'));
    const foreign = await fetch(`${world.origin}/console/admin/v1/keys/rotate`, {
      method: 'POST',
      headers: { 'x-csrf': '1', origin: 'https://evil.example', cookie: `${cookie?.name}=${cookie?.value}` },
    });
    assert.equal(foreign.status, 403);
    const login = await fetch(`${world.origin}/console/login`, {
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' },
    });
    assert.equal(login.status, 403);
  });

  test('a sign-in leads back into the console and nowhere else of the host (attacks GTW-03)', async () => {
    assert.equal((await fetch(`${world.origin}/console/login?return_to=/console/login`, { redirect: 'manual' })).status, 400);
    assert.equal((await fetch(`${world.origin}/console`, { method: 'HEAD' })).status, 200, 'it is a document (RFC 9110 §9.3.2)');
    for (const [asked, back] of [
      ['/console/keys?x=1', '/console/keys?x=1'],
      ['/account', '/console'],
      ['//evil.example/', '/console'],
    ] as const) {
      const context = await openContext(browser);
      const coming = await world.signIn(context, 'support', `/console/login?return_to=${encodeURIComponent(asked)}`);
      await coming.waitForSelector('h1');
      assert.equal(coming.url(), world.origin + back);
      await context.close();
    }
  });

  test('what people and clients call themselves is text, and nothing else (attacks XSS-05)', async () => {
    await open('/clients?source=registered');
    await page.waitForSelector('table.list a');
    assert.match((await page.textContent('table.list')) ?? '', /Field Recorder <img src=x/);
    assert.equal(await page.locator('table.list img').count(), 0);
  });

  test('a client is made, its secret is shown once, a second one beside it, and disabling it tells first what it does, and can be undone', async () => {
    await open('/clients');
    await page.click('text=New client');
    await page.getByLabel('Name', { exact: false }).first().fill('Made in the console');
    await page.getByLabel('Redirect URIs').fill('https://made.example/cb');
    await page.click('button[type=submit]');
    const secret = (await page.textContent('[data-testid=secret]')) ?? '';
    assert.ok(secret.length >= 32);
    await page.click('text=To the client');
    await page.waitForSelector('body[data-page=console-client]');
    await page.waitForSelector('text=https://made.example/cb');
    assert.ok(!(await page.content()).includes(secret), 'it is nowhere any more');

    await page.getByRole('tab', { name: 'Secrets' }).click();
    await page.click('text=New secret');
    await confirm(page, 'owner');
    const second = (await page.textContent('[data-testid=secret]')) ?? '';
    assert.notEqual(second, secret);
    await button('Close').click();
    await page.waitForFunction(() => document.querySelectorAll('table.list tbody tr').length === 2);

    await button('Disable').click();
    await page.waitForSelector('[data-testid=effect]');
    assert.match(page.url(), /do=disable/);
    await confirm(page, 'owner');
    await page.click('text=Undo');
    await page.waitForSelector('text=is enabled again');
    const { items } = await world.admin('GET', '/clients?source=admin');
    const made = (items as { name: string; enabled: boolean }[]).find(({ name }) => name === 'Made in the console');
    assert.equal(made?.enabled, true);
  });

  test('a grant shows where it comes from, and revoking it tells what falls with it', async () => {
    await open('/grants?client_id=notes-api');
    await page.click('table.list a.mono');
    await page.waitForSelector('svg.lineage');
    const names = await page.locator('svg.lineage a').evaluateAll((all) => all.map((one) => one.textContent));
    assert.equal(names.length, 2);
    assert.match(names[0] ?? '', /^notes \d+-\d+ · live/);
    await button('Revoke').click();
    assert.match((await page.textContent('[data-testid=effect]')) ?? '', /: 1\. Users: 1\./);
    await button('Cancel').click();
    await page.locator('svg.lineage a').first().click();
    await page.waitForFunction(() => document.querySelectorAll('svg.lineage a').length === 3);
    // The same question about another grant: what was found of the first is not told of it, however late the answer is.
    const { promise: looked, resolve: letGo } = Promise.withResolvers<void>();
    await page.route('**/revoke?dry_run=true', async (route) => {
      await looked;
      await route.continue();
    });
    await button('Revoke').click();
    await page.waitForSelector('[data-testid=go]');
    assert.deepEqual([await page.locator('[data-testid=effect]').count(), await page.locator('[data-testid=go]').isDisabled()], [0, true]);
    letGo();
    assert.match((await page.textContent('[data-testid=effect]')) ?? '', /Live grants that end.*: 3\. Users: 1\./);
    await confirm(page, 'owner');
    await page.waitForSelector('.state.bad');
    await open('/revocations');
    await page.click('table.list a');
    await page.waitForSelector('text=the server itself');
  });

  test('an answer that is lost on its way makes nothing twice: the same form once more gets what the first attempt made', async () => {
    for (const [path, operation, fill] of [
      ['/clients/new', '/clients', async () => await page.getByRole('textbox', { name: 'Name' }).fill('Lost And Found')],
      ['/webhooks/new', '/webhooks', async () => await page.getByRole('textbox', { name: 'Address' }).fill('http://127.0.0.1:9/lost')],
    ] as const) {
      await open(path);
      await page.waitForSelector('form, [data-testid=step-up]');
      if ((await page.locator('[data-testid=step-up]').count()) > 0) {
        await page.click('[data-testid=step-up]');
        await fillIn(page, 'owner');
        await page.waitForSelector('form');
      }
      if (operation === '/clients') await page.getByText('A program for itself').click();
      await fill();
      const count = async (): Promise<number> => Object.values(await world.admin('GET', operation)).flat().length;
      const before = await count();
      await page.route(
        `**/console/admin/v1${operation}`,
        async (route) => {
          await route.fetch();
          await route.abort();
        },
        { times: 1 },
      );
      await page.click('main form button[type=submit]');
      await page.waitForSelector('main [role=alert]');
      assert.equal(await count(), before + 1, 'it was made');
      await page.click('main form button[type=submit]');
      await page.waitForSelector('main .secret');
      assert.equal(await count(), before + 1, 'and not once more');
    }
    faults.length = 0;
  });

  test('a user is found, locked and unlocked, gets a role, and loses a session', async () => {
    await open('/users');
    await page.getByLabel('User name').fill('ali');
    await page.waitForURL(/prefix=ali/);
    await page.waitForFunction(() => document.querySelectorAll('table.list tbody tr').length === 1);
    await page.click('table.list a');
    await page.waitForSelector('body[data-page=console-user]');
    await button('Lock').click();
    await confirm(page, 'owner');
    await page.click('text=Undo');
    await page.waitForSelector('text=is unlocked');

    await page.click('[aria-label=Actions]');
    await page.getByRole('menuitem', { name: 'Role' }).click();
    await page.getByRole('dialog').getByLabel('Role').selectOption('support');
    await confirm(page, 'owner');
    await page.waitForSelector('text=The role of alice is changed');
    await open('/administrators');
    await page.waitForSelector('table.list >> text=alice');

    await open('/users/sub-nobody?tab=sessions');
    await page.click('table.list button');
    await page.waitForSelector('text=The session is ended');
  });

  test('somebody is invited when their account is made, and once more; the link of the later mail alone sets their password', async () => {
    await open('/users');
    await button('New user').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name').fill('guest');
    await dialog.getByLabel('E-mail address').fill('guest@post.example');
    await dialog.getByLabel('Send an invitation').check();
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await page.waitForURL(/\/console\/users\/(?!sub-)/);
    await page.getByText('An invitation is on its way to guest@post.example.').waitFor();
    const first = linkOf(await mailFor(world.origin, 'guest@post.example'));
    await page.click('[aria-label=Actions]');
    await page.getByRole('menuitem', { name: 'Send an invitation' }).click();
    const second = linkOf(await mailFor(world.origin, 'guest@post.example', 2));
    const guest = await (await openContext(browser)).newPage();
    for (const [link, name] of [
      [first, 'mail-told'],
      [second, 'invitation'],
    ] as const) {
      await guest.goto(link);
      assert.equal(await guest.getAttribute('body', 'data-page'), name);
    }
    await guest.fill('#password', 'two halves make one tally');
    await guest.click('#invitation-submit');
    await guest.waitForSelector('body[data-page="mail-told"]');
    await page.reload();
    await page.waitForSelector('h1');
    await page.click('[aria-label=Actions]');
    await page.getByRole('menuitem', { name: 'Disable' }).waitFor();
    assert.equal(await page.getByRole('menuitem', { name: 'Send an invitation' }).count(), 0);
    await page.keyboard.press('Escape');
    await guest.context().close();
  });

  test('a refusal is explained check by check, from its id', async () => {
    const reply = await fetch(`${world.origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'nobody-knows' }),
    });
    const id = reply.headers.get('hufu-decision') ?? assert.fail();
    await open('/decisions');
    await page.getByLabel('Why was this refused?').fill(id);
    await page.click('text=Explain');
    await page.waitForSelector('.checks li.failed');
    assert.match((await page.textContent('.checks li.failed')) ?? '', /The client is registered.*Stopped here/);
    assert.match((await page.textContent('main')) ?? '', /The setting clients decides this check/);
  });

  test('keys are rotated after a look at what that does, and a limit is changed and changed back', async () => {
    await open('/keys');
    await page.waitForSelector('svg.timeline');
    await page.click('text=Rotate now');
    assert.match((await page.textContent('[data-testid=effect]')) ?? '', /Makes \d+ key pairs/);
    await confirm(page, 'owner');
    await page.waitForSelector('.state.wait');

    await open('/limits');
    await page.click('[aria-label="Change: watch"]');
    const field = page.getByRole('dialog').getByRole('textbox');
    await field.fill((await field.inputValue()).replace('"limit": 5', '"limit": 6'));
    await button('Save').click();
    await page.waitForSelector('text=an administrator');
    await page.click('text=Undo');
    await page.waitForFunction(() => !(document.querySelector('table.list')?.textContent ?? '').includes('an administrator'));

    // What is changed, and gone back to, is what held when it was opened.
    for (const [from, to] of [
      ['5', '8'],
      ['8', '9'],
    ]) {
      await page.click('[aria-label="Change: watch"]');
      assert.match(await field.inputValue(), new RegExp(`"limit": ${from}`));
      await field.fill((await field.inputValue()).replace(`"limit": ${from}`, `"limit": ${to}`));
      await button('Save').click();
      await page.waitForSelector(`table.list >> text=limit: ${to}`);
    }
    await button('Undo').last().click();
    await page.waitForSelector('table.list >> text=limit: 8');
    await page.click('[aria-label^="Reset: watch"], [aria-label$=": watch"]:not([aria-label^=Change])');
    await page.waitForSelector('table.list >> text=limit: 5');
  });

  test('settings and resources say what holds, and no secret', async () => {
    await open('/resources');
    await page.waitForSelector('text=https://files.example/');
    await open('/settings');
    await page.waitForSelector('text=Effective configuration');
    const text = (await page.textContent('main')) ?? '';
    assert.match(text, /"administrators"/);
    assert.doesNotMatch(text, /console-test-secret|correct horse/);
  });

  test('what was changed here stands in the audit log, with who did it', async () => {
    await open('/audit');
    await page.waitForSelector('table.list code');
    const text = (await page.textContent('table.list')) ?? '';
    assert.match(text, /limits\.|keys\.|limit|key/);
    assert.match(text, /through hufu-console/);
  });

  test('the palette opens by the keyboard, and leads to a page and to whatever an id is of', async () => {
    await open('');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('textbox').fill('keys');
    await page.keyboard.press('Enter');
    await page.waitForSelector('body[data-page=console-keys]');
  });

  test('a client is compared with a profile that is chosen, and what to change is told by its member (issue 9)', async () => {
    await open('/clients/notes');
    await page.getByRole('tab', { name: 'Profile' }).click();
    await page.getByText('meets it', { exact: true }).waitFor();
    await page.getByLabel('Compare with').selectOption('fapi2_security');
    await page.getByText('falls short', { exact: true }).waitFor();
    const row = page.getByRole('row').filter({ hasText: 'dpop_bound_access_tokens' });
    assert.match((await row.textContent()) ?? '', /this, or tls_client_certificate_bound_access_tokens.*nothing is said.*change it/);
    assert.match(page.url(), /profile=fapi2_security/, 'which one can be sent to somebody else');
    assert.ok((await page.getByText('Change it in hufu.yaml: issuer').count()) === 1, 'the issuer of this test is plain http');
    await open('/clients/notes?tab=secrets');
    await page.getByText('No keys', { exact: true }).waitFor();
  });

  test('axe finds nothing on any page, by day and by night, on a desk and on a phone', async () => {
    const { items: grants } = await world.admin('GET', '/grants?client_id=notes-api');
    const { items: decisions } = await world.admin('GET', '/decisions');
    const idOf = (items: unknown): string => String((items as { id: string }[])[0]?.id);
    const pages = [
      '',
      '/clients',
      '/clients/notes',
      '/clients/notes?tab=secrets',
      '/clients/notes?tab=profile&profile=fapi1_advanced',
      '/clients/new',
      '/users',
      '/users/sub-nobody',
      '/users/sub-nobody?do=revoke',
    ];
    const more = [
      '/administrators',
      '/grants',
      `/grants/${idOf(grants).replace(/\D+/g, '-')}`,
      '/decisions',
      `/decisions/${idOf(decisions)}`,
    ];
    const others = ['/audit', '/revocations', '/revocations/1', '/keys', '/limits', '/resources', '/settings', '/nowhere', '/signed-out'];
    for (const [index, path] of [...pages, ...more, ...others].entries()) {
      // Each of them is seen in both widths over the run, and in both themes here.
      await page.setViewportSize(index % 2 === 0 ? { width: 1280, height: 900 } : { width: 360, height: 780 });
      await open(path);
      await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root') === null);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.waitForFunction((scheme) => document.documentElement.dataset['mantineColorScheme'] === scheme, colorScheme);
        await assertAccessible(page, `${path} ${colorScheme}`);
      }
      assert.ok(
        (await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0,
        `${path} is not wider than its window`,
      );
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('whoever may only read sees no button that changes something, and the API says no all the same', async () => {
    const context = await openContext(browser);
    const reader = await world.signIn(context, 'read');
    for (const path of ['/clients', '/users', '/users/sub-nobody', '/keys', '/limits', '/grants']) {
      await open(path, reader);
      await reader.waitForSelector('table.list tbody a, table.list tbody code, .facts');
      assert.deepEqual(await reader.locator('main button:not([role=tab]):not([aria-label^=Copy])').allTextContents(), [], path);
    }
    assert.deepEqual(await callFrom(reader, 'POST', '/keys/rotate'), { status: 403, error: 'access_denied' });
    assert.deepEqual(await callFrom(reader, 'POST', '/users/sub-nobody/revoke'), { status: 403, error: 'access_denied' });
    await reader.click('[data-testid=account]');
    assert.equal(await reader.textContent('[data-testid=role]'), 'Role: read');
    await context.close();
  });

  test('whoever has no role is told so, and sees nothing', async () => {
    const context = await openContext(browser);
    const nobody = await world.signIn(context, 'nobody', '/console/users');
    await nobody.waitForSelector('body[data-page=console-no-role]');
    assert.equal(await nobody.locator('nav').count(), 0);
    assert.equal((await callFrom(nobody, 'GET', '/users')).status, 403);
    await context.close();
  });

  test('another node of the same platform serves the same session, and knows when it has ended', async () => {
    const node = await world.another();
    const context = await openContext(browser);
    const here = await world.signIn(context, 'security');
    const cookie = (await context.cookies())
      .filter(({ name }) => name.startsWith('__Host-Http-hufu-'))
      .map(({ name, value }) => `${name}=${value}`);
    const ask = async (): Promise<number> =>
      (await fetch(`${node.origin}/console/admin/v1/me`, { headers: { 'x-csrf': '1', cookie: cookie.join() } })).status;
    assert.equal(await ask(), 200);
    assert.equal(
      await here.evaluate(async () => (await fetch('/console/logout', { method: 'POST', headers: { 'x-csrf': '1' } })).status),
      200,
    );
    assert.equal(await ask(), 401, 'its grant is revoked, whatever the other node remembers');
    await context.close();
    await node.stop();
  });

  test('a sign-out ends the session and its tokens, and nobody is signed in again by it', async () => {
    const context = await openContext(browser);
    const leaving = await world.signIn(context, 'security');
    const before = await context.cookies();
    await leaving.evaluate(() => sessionStorage.setItem('hufu-draft', '{}'));
    await leaving.click('[data-testid=account]');
    await leaving.click('[data-testid=sign-out]');
    await leaving.waitForSelector('body[data-page=console-signed-out], #logout-confirm');
    if (await leaving.locator('#logout-confirm').count()) await leaving.click('#logout-confirm');
    await leaving.waitForSelector('body[data-page=console-signed-out]');
    assert.equal(await leaving.evaluate(() => sessionStorage.getItem('hufu-draft')), null);
    const kept = before.filter(({ name }) => name.startsWith('__Host-Http-hufu-')).map(({ name, value }) => `${name}=${value}`);
    const again = await fetch(`${world.origin}/console/admin/v1/me`, { headers: { 'x-csrf': '1', cookie: kept.join('; ') } });
    assert.equal(again.status, 401, 'the cookie of before is worth nothing');
    assert.equal((await callFrom(leaving, 'GET', '/me')).status, 401);
    await leaving.goto(`${world.origin}/console/keys`);
    await leaving.waitForSelector('input[name=password]');
    await context.close();
  });

  test('ten minutes later what is dangerous asks for a new sign-in, and comes back to the very question (RFC 9470 §4)', async () => {
    await world.advance('PT11M');
    await open('/users/sub-support');
    assert.deepEqual(await callFrom(page, 'POST', '/users/sub-support/revoke'), { status: 401, error: 'insufficient_user_authentication' });
    await button('Sign out everywhere').click();
    await page.waitForSelector('[data-testid=effect]');
    // The page goes by its own clock, which has not moved: the server is the one that asks.
    await page.click('[data-testid=go], [data-testid=step-up]');
    await page.waitForURL(/\/signin/);
    await fillIn(page, 'owner');
    await page.waitForURL(/\/console\/users\/sub-support\?do=revoke/);
    await confirm(page, 'owner');
    await page.waitForSelector('text=is signed out everywhere');
  });

  test('a sign-out that the server cannot do is told as that, and not as done', async () => {
    const context = await openContext(browser);
    const staying = await world.signIn(context, 'security');
    await staying.route('**/console/logout', (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{}' }),
    );
    await staying.click('[data-testid=account]');
    await staying.click('[data-testid=sign-out]');
    await staying.waitForSelector('text=You are still signed in');
    assert.equal(staying.url(), `${world.origin}/console`);
    assert.equal((await callFrom(staying, 'GET', '/me')).status, 200);
    await context.close();
  });

  test('whoever signs in as somebody else than before is in the console, and is not told to have signed out', async () => {
    const context = await openContext(browser);
    const shared = await world.signIn(context, 'security', '/console/keys');
    await shared.waitForSelector('h1');
    // The session of the console stays; that of the issuer is gone, and somebody else comes.
    await context.clearCookies({ name: /^(?!__Host-Http-hufu-)/ });
    await shared.goto(`${world.origin}/console/login?return_to=%2Fconsole%2Fkeys&max_age=0`);
    await fillIn(shared, 'support');
    await shared.waitForSelector('[data-testid=account]');
    assert.equal(shared.url(), `${world.origin}/console`);
    assert.equal(await shared.textContent('[data-testid=account]'), 'support');
    await context.close();
  });

  test('from the page of a client whose id is an address (a document’s) the sign-in comes back to that page', async () => {
    const context = await openContext(browser);
    const path = `/console/clients/${encodeURIComponent('https://app.example/client.json')}`;
    const coming = await world.signIn(context, 'security', path);
    await coming.waitForSelector('h1');
    assert.equal(coming.url(), world.origin + path);
    assert.equal(await coming.textContent('h1'), 'https://app.example/client.json');
    await coming.goto(`${world.origin}/console?at=${encodeURIComponent('https://evil.example/console/keys')}`);
    await coming.waitForSelector('body[data-page=console-dashboard]');
    assert.equal(new URL(coming.url()).origin, world.origin);
    await context.close();
  });

  test('a session that is revoked at the server is over in the console with the next request', async () => {
    await world.admin('POST', '/users/sub-support/unlock').catch(() => undefined);
    const context = await openContext(browser);
    const support = await world.signIn(context, 'support', '/console/grants');
    await support.waitForSelector('table.list');
    await world.admin('POST', '/users/sub-support/revoke');
    await support.click('nav >> text=Users');
    await support.waitForURL(/\/signin/);
    await context.close();
  });

  test('nothing of all this was a fault in the browser, nor a breach of the policy', () => {
    const unexpected = faults.filter((text) => !/status of (?:40[0139]|428)/.test(text));
    assert.deepEqual(unexpected, []);
  });
});
