import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.ts';
import { bundlePage } from '../support/page-bundle.ts';
import { type RefreshingServer, startOurs, startStrict } from '../support/refreshing-servers.ts';
import { startTokenProxy, type TokenProxy } from '../support/token-proxy.ts';
import type { Tab } from './client-tabs/page.ts';

const TABS = 20;
const CALLERS = 100;
const HOUR = 3_600_000;
const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Tab</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script></html>';

let browser: Browser;
let script: string;

before(async () => {
  script = await bundlePage(fileURLToPath(new URL('client-tabs/page.ts', import.meta.url)));
  browser = await chromium.launch(CHROMIUM);
});
after(() => browser.close());

for (const start of [startOurs, startStrict]) {
  describe(`tabs that share a session, at ${start === startOurs ? 'Hufu' : 'oidc-provider with strict rotation'}`, () => {
    let server: RefreshingServer;
    let proxy: TokenProxy;
    before(async () => {
      server = await start();
      proxy = await startTokenProxy(() => server.origin, { '/': PAGE, '/page.js': script });
    });
    after(async () => {
      await proxy.stop();
      await server.stop();
    });

    async function openTab(context: BrowserContext, who: number, more: string): Promise<Page> {
      const page = await context.newPage();
      await page.goto(`${proxy.origin}/?issuer=${encodeURIComponent(server.issuer)}&who=${who}${more}`);
      await page.waitForFunction(() => 'tab' in window);
      return page;
    }

    /** Tabs of one browser in which somebody has signed in. */
    async function openTabs(count: number, more = ''): Promise<{ readonly context: BrowserContext; readonly tabs: Page[] }> {
      const context = await browser.newContext();
      const tabs: Page[] = [];
      for (let who = 0; who < count; who++) tabs.push(await openTab(context, who, more));
      const tokens = await server.signIn();
      await tabs[0]?.evaluate((given) => window.tab.signIn(given), tokens);
      proxy.reset();
      return { context, tabs };
    }

    function ask(tabs: readonly Page[], ahead: number): readonly Promise<readonly string[]>[] {
      return tabs.map((page) =>
        page.evaluate(([now, callers]) => window.tab.tokens(now, callers), [ahead, CALLERS] as const satisfies Parameters<Tab['tokens']>),
      );
    }

    function assertOne(got: readonly (readonly string[])[]): void {
      const tokens = new Set(got.flat());
      assert.equal(tokens.size, 1, [...tokens].join(' '));
      assert.doesNotMatch([...tokens][0] ?? 'failed', /^failed/);
    }

    const runs: readonly (readonly [string, readonly number[]])[] =
      start === startOurs
        ? [
            ['', [0, 0, 0, 2_000, 10_000]],
            ['&lock=lease', [0, 2_000]],
          ]
        : [['', [0, 0, 2_000]]];
    for (const [lock, delays] of runs) {
      test(`${TABS} of them with ${CALLERS} callers each cause one refresh per expiry${lock === '' ? '' : ' without Web Locks'}, at a token endpoint that takes ${[...new Set(delays)].join(', ')} ms`, async () => {
        const { context, tabs } = await openTabs(TABS, lock);
        let ahead = 0;
        for (const delayMs of delays) {
          proxy.delayMs = delayMs;
          proxy.reset();
          ahead += HOUR;
          assertOne(await Promise.all(ask(tabs, ahead)));
          assert.deepEqual(
            proxy.requests.map(({ status }) => status),
            [200],
          );
        }
        await context.close();
      });
    }

    const what = start === startOurs ? 'with the answer on its way' : 'before the server has seen its request';
    test(`a tab that is closed while it renews, ${what}, costs the others one more request and nobody the session`, async () => {
      proxy.delayMs = 1_000;
      proxy.forwards = start === startOurs ? 'always' : 'to whom is there';
      const { context, tabs } = await openTabs(6);
      for (let round = 1; round <= 3; round++) {
        proxy.reset();
        const first = proxy.next();
        const asked = ask(tabs, round * HOUR);
        for (const one of asked) one.catch(() => undefined);
        const { who } = await first;
        const victim = tabs.findIndex((page) => new URL(page.url()).searchParams.get('who') === who);
        await tabs[victim]?.close();
        assertOne(await Promise.all(asked.filter((_, index) => index !== victim)));
        assert.equal(proxy.requests.length, 2);
        tabs[victim] = await openTab(context, round * 100, '');
      }
      await context.close();
      Object.assign(proxy, { delayMs: 0, forwards: 'always' });
    });
  });
}

describe('a session in a browser', () => {
  let server: RefreshingServer;
  let proxy: TokenProxy;
  let context: BrowserContext;
  before(async () => {
    server = await startOurs();
    proxy = await startTokenProxy(() => server.origin, { '/': PAGE, '/page.js': script });
    context = await browser.newContext();
  });
  after(async () => {
    await context.close();
    await proxy.stop();
    await server.stop();
  });
  const open = async (more = ''): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${proxy.origin}/?issuer=${encodeURIComponent(server.issuer)}&${more}`);
    await page.waitForFunction(() => 'tab' in window);
    return page;
  };
  const tokensOf = (page: Page): Promise<readonly string[]> => page.evaluate(() => window.tab.tokens(0, 1));

  test('loses no change of 4 tabs that change it 10 times each', async () => {
    const pages = await Promise.all([open(), open(), open(), open()]);
    const won = await Promise.all(pages.map((page) => page.evaluate(() => window.tab.change('contract', 10))));
    assert.deepEqual(won, [10, 10, 10, 10]);
    assert.equal(await pages[0]?.evaluate(async () => (await window.tab.place.storage.read('contract'))?.failures), 40);
  });

  test('keeps a DPoP key that no script can read (RFC 9449 §11.4)', async () => {
    assert.deepEqual(await (await open()).evaluate(() => window.tab.keepKey()), [false, true]);
  });

  test('is not on the disk as it is: neither the refresh token nor an access token', async () => {
    const page = await open('slot=sealed');
    await page.evaluate(() => window.tab.signIn({ access: 'the-access-token', refresh: 'the-refresh-token' }));
    const seen = await page.evaluate(async () => {
      const request = indexedDB.open('hufu');
      const database = await new Promise<IDBDatabase>((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
      const stores = ['sessions', 'keys'] as const;
      const rows = await Promise.all(
        stores.map(
          (name) =>
            new Promise<unknown[]>((resolve) => {
              const all = database.transaction(name).objectStore(name).getAll();
              all.onsuccess = () => resolve(all.result);
            }),
        ),
      );
      const text = (rows[0] ?? []).map((row) => new TextDecoder().decode(Reflect.get(Object(row), 'sealed'))).join();
      const [key] = rows[1] ?? [];
      const members = (rows[0] ?? []).map((row) => Object.keys(Object(row)).toSorted().join());
      return { text, members, keys: rows[1]?.length, extractable: key instanceof CryptoKey && key.extractable };
    });
    assert.ok(!seen.text.includes('the-'));
    assert.ok(seen.members.includes('hash,rev,sealed,session'));
    assert.deepEqual([seen.keys, seen.extractable], [1, false]);
  });

  test('ends in all tabs when one signs out, and no tab takes the session of another user for its own', async () => {
    const [one, two] = [await open('slot=both'), await open('slot=both')];
    await one.evaluate((tokens) => window.tab.signIn(tokens), await server.signIn());
    const mine = await tokensOf(one);
    assert.deepEqual(await tokensOf(two), mine);
    await two.evaluate((tokens) => window.tab.signIn(tokens), await server.signIn());
    await one.waitForFunction(() => window.tab.events.includes('changed'));
    assert.deepEqual(await tokensOf(one), ['failed: session_changed']);
    await one.evaluate(() => window.tab.adopt());
    assert.deepEqual(await tokensOf(one), await tokensOf(two));
    await two.evaluate(() => window.tab.signOut());
    await one.waitForFunction(() => window.tab.events.includes('signed_out'));
    assert.deepEqual([await tokensOf(one), await tokensOf(two)], [['failed: signed_out'], ['failed: signed_out']]);
  });

  test('outlives a restart of its tabs; one of a tab keeps its access token over a reload and its refresh token nowhere', async () => {
    const page = await open('slot=lasting');
    await page.evaluate((tokens) => window.tab.signIn(tokens), await server.signIn());
    const token = await tokensOf(page);
    await page.close();
    assert.deepEqual(await tokensOf(await open('slot=lasting')), token);

    const tab = await open('place=tab');
    await tab.evaluate(() => window.tab.signIn({ access: 'of the tab', refresh: 'never-stored' }));
    await tab.reload();
    await tab.waitForFunction(() => 'tab' in window);
    assert.deepEqual(await tokensOf(tab), ['of the tab']);
    assert.ok(!(await tab.evaluate(() => JSON.stringify({ ...sessionStorage }))).includes('never-stored'));
    assert.deepEqual(await tab.evaluate((ahead) => window.tab.tokens(ahead, 1), HOUR), ['failed: expired']);
  });
});
