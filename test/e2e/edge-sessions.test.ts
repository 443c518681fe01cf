/** The example edge-spa in a real browser: a page behind the gateway, which holds its tokens (draft-ietf-oauth-browser-based-apps §6.1). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.ts';
import { type EdgeExample, MEI, startEdgeExample } from '../support/edge-example.ts';

const TABS = 20;

let edge: EdgeExample;
let browser: Browser;
before(async () => {
  edge = await startEdgeExample();
  browser = await chromium.launch(CHROMIUM);
});
after(async () => {
  await browser?.close();
  await edge?.stop();
});

/** Every token that the gateway has been given so far, and their parts that no chance would bring about. */
function secrets(): readonly string[] {
  return edge.asked.flatMap(({ said }) => {
    const { access_token: access, refresh_token: refresh, id_token: id }: Record<string, unknown> = Object(JSON.parse(said));
    return [access, refresh, id].flatMap((token) => (typeof token === 'string' ? [token, token.split('.').at(-1) ?? token] : []));
  });
}

async function visit(context: BrowserContext, path = '/'): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(edge.app + path);
  return page;
}

/** From the sign-in button to the notes. */
async function signIn(page: Page): Promise<void> {
  await page.click('#signin:visible');
  await fillIn(page);
}

async function fillIn(page: Page): Promise<void> {
  await page.fill('input[name=username]', MEI.username);
  await page.fill('input[name=password]', MEI.password);
  await page.click('#signin-submit');
  await page.waitForSelector('#notes li');
}

test('the page signs in, calls, renews and signs out, and no token comes within reach of its scripts (attacks SES, draft-ietf-oauth-browser-based-apps §6.1.2)', async () => {
  edge.asked = [];
  const context = await browser.newContext({ locale: 'en' });
  const page = await visit(context);
  // Everything that the browser's network log has of the page's own origin: addresses, headers and bodies, both ways.
  const log: string[] = [];
  const notes: Promise<void>[] = [];
  const note = async (text: Promise<unknown>): Promise<void> => {
    // What was navigated away from has no body any more.
    const read = await text.catch(() => '');
    log.push(typeof read === 'string' ? read : JSON.stringify(read));
  };
  page.on('request', (request) => {
    log.push(request.url(), request.postData() ?? '');
    notes.push(note(request.allHeaders()));
  });
  page.on('response', (response) => notes.push(note(response.allHeaders()), note(response.text())));
  await signIn(page);
  assert.equal(await page.textContent('#who'), 'Mei Lin');
  assert.equal(page.url(), `${edge.app}/`);

  const got = await page.evaluate(async () => (await (await fetch('/api/notes', { headers: { 'x-csrf': '1' } })).json()).got);
  assert.ok(Array.isArray(got) && got.includes('x-forwarded-for'));
  for (const name of ['authorization', 'cookie', 'x-csrf']) assert.ok(!got.includes(name), name);

  await edge.hufu.advance('PT1H');
  await page.click('#add');
  await page.waitForSelector('#notes li:nth-child(2)');
  assert.deepEqual(
    edge.asked.map(({ grant }) => grant),
    ['authorization_code', 'refresh_token'],
  );

  const told = await page.evaluate(async () => (await fetch('/edge/session', { headers: { 'x-csrf': '1' } })).json());
  assert.deepEqual([told.signed_in, told.claims], [true, { name: 'Mei Lin', preferred_username: 'mei' }]);
  const seen = await page.evaluate(reachable);
  await Promise.all(notes);
  assert.ok(log.some((text) => text.includes('set-cookie')) && log.some((text) => text.includes('buy milk')), 'the log is whole');
  const found = secrets();
  assert.ok(found.length >= 10, 'the gateway has got tokens');
  for (const [where, text] of [
    ['what scripts reach', seen],
    ['the network log', log.join('\n')],
  ] as const) {
    assert.ok(text.length > 100, where);
    for (const token of found) assert.ok(!text.includes(token), `${where} has ${token.slice(0, 12)}…`);
  }
  assert.ok(seen.includes('Mei Lin'), 'the look around sees what there is');

  await page.click('#signout');
  await page.waitForSelector('#logout-confirm, #signin:visible');
  if (await page.isVisible('#logout-confirm')) await page.click('#logout-confirm');
  await page.waitForSelector('#signin:visible');
  assert.deepEqual(await cookiesOfEdge(context), []);
  const refresh = String(Object(JSON.parse(edge.asked.at(-1)?.said ?? '')).refresh_token);
  const basic = `Basic ${btoa('edge:for-this-machine-only-make-your-own')}`;
  const again = await fetch(`${edge.issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: basic },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh }),
  });
  assert.equal(Object(await again.json()).error, 'invalid_grant', 'the refresh token is revoked');
  const left = await page.evaluate(async () => (await fetch('/api/notes', { headers: { 'x-csrf': '1' } })).status);
  assert.equal(left, 401);
  await context.close();
});

/** Runs in the page: everything that a script of it can get at, as text. */
async function reachable(): Promise<string> {
  const texts: string[] = [document.cookie, document.documentElement.outerHTML, location.href, window.name, document.referrer];
  const known = new Set<unknown>();
  const walk = (value: unknown, depth: number): void => {
    if (typeof value === 'string') texts.push(value);
    if (typeof value === 'function') texts.push(String(value));
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || known.has(value) || depth > 4) return;
    known.add(value);
    for (const key of Reflect.ownKeys(value)) {
      try {
        walk(Reflect.get(value, key), depth + 1);
      } catch {
        // What throws gives nothing away.
      }
    }
  };
  walk(globalThis, 0);
  walk(history.state, 0);
  walk(
    performance.getEntries().map((entry) => JSON.stringify(entry)),
    0,
  );
  for (const storage of [localStorage, sessionStorage])
    for (let i = 0; i < storage.length; i += 1) texts.push(String(storage.key(i)), String(storage.getItem(storage.key(i) ?? '')));
  for (const { name: database } of await indexedDB.databases()) {
    const opened = await new Promise<IDBDatabase>((resolve, reject) => {
      const asking = indexedDB.open(database ?? '');
      asking.addEventListener('success', () => resolve(asking.result));
      asking.addEventListener('error', () => reject(asking.error));
    });
    for (const store of opened.objectStoreNames) {
      const rows = opened.transaction(store).objectStore(store).getAll();
      await new Promise((resolve) => rows.addEventListener('success', resolve));
      texts.push(JSON.stringify(rows.result));
    }
  }
  for (const cache of await caches.keys())
    for (const request of await (await caches.open(cache)).keys())
      texts.push(request.url, (await (await caches.match(request))?.text()) ?? '');
  for (const path of ['/', '/edge/session', '/api/notes']) {
    const reply = await fetch(path, { headers: { 'x-csrf': '1' } });
    texts.push(JSON.stringify([...reply.headers]), await reply.text());
  }
  return texts.join('\n');
}

async function cookiesOfEdge(context: BrowserContext): Promise<readonly string[]> {
  return (await context.cookies(edge.app)).map(({ name }) => name).filter((name) => name.startsWith('__Host-Http-hufu'));
}

test(`${TABS} tabs of one browser, all of which call when the token is over, cause one renewal`, async () => {
  const context = await browser.newContext({ locale: 'en' });
  const first = await visit(context);
  await signIn(first);
  const tabs = [first];
  while (tabs.length < TABS) tabs.push(await visit(context));
  for (const tab of tabs) await tab.waitForSelector('#notes li');
  for (let round = 0; round < 2; round += 1) {
    edge.asked = [];
    await edge.hufu.advance('PT1H');
    const statuses = await Promise.all(
      tabs.map((tab) => tab.evaluate(async () => (await fetch('/api/notes', { headers: { 'x-csrf': '1' } })).status)),
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.deepEqual(
      edge.asked.map(({ grant }) => grant),
      ['refresh_token'],
    );
  }
  await context.close();
});

test('two sign-ins that go on in two tabs at once both succeed, and end in one session (attacks SES-01)', async () => {
  const context = await browser.newContext({ locale: 'en' });
  const [one, two] = [await visit(context), await visit(context)];
  // Not by the button, which waits for the other tab: as a link or a bookmark would.
  await one.goto(`${edge.app}/edge/login?return_to=/%3Fone`);
  await two.goto(`${edge.app}/edge/login?return_to=/%3Ftwo`);
  assert.equal((await cookiesOfEdge(context)).length, 2, 'two transactions');
  await fillIn(one);
  await fillIn(two);
  assert.deepEqual([one.url(), two.url()], [`${edge.app}/?one`, `${edge.app}/?two`]);
  for (const page of [one, two]) {
    await page.reload();
    await page.waitForSelector('#notes li');
  }
  assert.equal((await cookiesOfEdge(context)).length, 1);
  await context.close();
});

test('signing out at the issuer ends the session at the edge (OpenID Connect Back-Channel Logout §2.7)', async () => {
  const context = await browser.newContext({ locale: 'en' });
  const page = await visit(context);
  await signIn(page);
  const other = await context.newPage();
  await other.goto(`${edge.issuer}/oauth/logout`);
  await other.click('#logout-confirm');
  await other.waitForSelector('body[data-page]');
  await page.waitForFunction(async () => (await fetch('/api/notes', { headers: { 'x-csrf': '1' } })).status === 401, undefined, {
    polling: 100,
  });
  await page.reload();
  await page.waitForSelector('#signin:visible');
  await context.close();
});

test('a strict cookie is there right after the sign-in, and not with a link from another site (draft-ietf-httpbis-rfc6265bis §5.6.7.1)', async () => {
  const strict = await startEdgeExample('    same_site: strict\n');
  const context = await browser.newContext({ locale: 'en' });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${strict.app}/`);
    await signIn(page);
    const [cookie, ...more] = (await context.cookies(strict.app)).filter(({ name }) => name.startsWith('__Host-Http-hufu'));
    assert.deepEqual([cookie?.sameSite, cookie?.httpOnly, cookie?.secure, more.length], ['Strict', true, true, 0]);
    // Another site, which sends the browser on to the notes.
    await page.route('http://other.test/', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a id="go" href="${strict.app}/">go</a>` }),
    );
    await page.goto('http://other.test/');
    const arrived = page.waitForRequest(`${strict.app}/`);
    await page.click('#go');
    assert.doesNotMatch(String((await (await arrived).allHeaders())['cookie']), /__Host-Http-hufu/);
    // What the page itself asks for is of its own site.
    await page.waitForSelector('#notes li');
  } finally {
    await context.close();
    await strict.stop();
  }
});
