/** The page of `examples/flow-plots` in a real browser: what it draws is what the library says, for everybody. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { State } from '@hufu/flow/algorithm';
import { algorithmOf } from '@hufu/flow/algorithms';
import type { AlgorithmRule } from '@hufu/flow/rule';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type Running, startExample, waitFor } from '../examples/running.ts';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort } from '../support/hufu.ts';

let site: Running;
let address: string;
let browser: Browser;

before(async () => {
  const port = await freePort();
  address = `http://localhost:${port}/`;
  site = startExample('flow-plots', { PORT: String(port) });
  await waitFor(address, site);
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await site.stop();
});

async function open(choices: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(`${address}#${choices}`);
  await page.waitForSelector('.card svg.over-time');
  return page;
}

/** A request in the picture. */
interface Drawn {
  readonly atMs: number;
  /** Undefined: it gets no further. */
  readonly goesOnMs: number | undefined;
}

/** What a card shows: every request, by the lines of the picture, and the numbers. */
async function readCard(
  page: Page,
  kind: string,
): Promise<{ readonly drawn: readonly Drawn[]; readonly numbers: Readonly<Record<string, string>> }> {
  const read = await page.evaluate((name) => {
    const card = document.querySelector(`[data-kind=${name}]`);
    const picture = card?.querySelector('svg.over-time');
    const path = (part: string): string => card?.querySelector(`path.thread.${part}`)?.getAttribute('d') ?? '';
    return {
      left: Number(picture?.getAttribute('data-left')),
      perMs: Number(picture?.getAttribute('data-px-per-ms')),
      paths: [path('first'), path('second'), path('refused')],
      numbers: [...(card?.querySelectorAll('[data-number]') ?? [])].map((one): [string, string] => [
        one.getAttribute('data-number') ?? '',
        one.querySelector('dd')?.textContent ?? '',
      ]),
    };
  }, kind);
  const ms = (px: string | undefined): number => Math.round((Number(px) - read.left) / read.perMs);
  const drawn = read.paths.flatMap((path) =>
    [...path.matchAll(/M([\d.]+) [\d.]+(?:L([\d.]+) [\d.]+|V[\d.]+)/g)].map(
      ([, from, to]): Drawn => ({ atMs: ms(from), goesOnMs: to === undefined ? undefined : ms(to) }),
    ),
  );
  return { drawn: drawn.toSorted((a, b) => a.atMs - b.atMs), numbers: Object.fromEntries(read.numbers) };
}

/** 25 a second, evenly, for four seconds. */
const STEADY = Array.from({ length: 100 }, (_, index) => index * 40);

const RULES: readonly AlgorithmRule[] = [
  { kind: 'fixed_window', limit: 10, periodMs: 1_000 },
  { kind: 'sliding_counter', limit: 10, periodMs: 1_000 },
  { kind: 'sliding_log', limit: 10, periodMs: 1_000 },
  { kind: 'token_bucket', capacity: 10, unit: 10, intervalMs: 1_000 },
  { kind: 'gcra', limit: 10, periodMs: 1_000, burst: 5 },
  { kind: 'leaky_bucket', limit: 10, periodMs: 1_000, maxQueueMs: 700 },
  { kind: 'warm_up', limit: 10, periodMs: 1_000, burst: 5, warmUpMs: 4_000, coldFactor: 3 },
  { kind: 'warm_up_pacing', limit: 10, periodMs: 1_000, maxQueueMs: 700, warmUpMs: 4_000, coldFactor: 3 },
  { kind: 'sentinel_warm_up', count: 10, warmUpSeconds: 4, coldFactor: 3 },
];

test('the page draws for every algorithm what the library decides, request by request', async () => {
  const kinds = RULES.map(({ kind }) => kind).join('.');
  const page = await open(`shape=steady&rate=25&seconds=4&limit=10&periodMs=1000&burst=5&maxQueueMs=700&warmUpMs=4000&kinds=${kinds}`);
  for (const rule of RULES) {
    let state: State | undefined;
    let longestMs = 0;
    const said = STEADY.map((atMs): Drawn => {
      const verdict = algorithmOf(rule).decide(state, atMs, 1, rule);
      state = verdict.state;
      longestMs = Math.max(longestMs, verdict.decision.delayMs);
      return { atMs, goesOnMs: verdict.decision.allowed ? atMs + verdict.decision.delayMs : undefined };
    });
    const { drawn, numbers } = await readCard(page, rule.kind);
    assert.deepEqual(drawn, said, rule.kind);
    const allowed = said.filter(({ goesOnMs }) => goesOnMs !== undefined).length;
    assert.ok(allowed > 10 && allowed < 100, rule.kind);
    assert.deepEqual(
      [numbers['requests'], numbers['allowed'], numbers['refused'], numbers['wait']],
      ['100', String(allowed), String(100 - allowed), longestMs === 0 ? '–' : `${longestMs} ms`],
      rule.kind,
    );
  }
  await page.context().close();
});

test('around the end of a window the page shows twice the limit, and that no more may be', async () => {
  const page = await open('shape=bursts&rate=16&limit=10&kinds=fixed_window.sliding_log.gcra&burst=5');
  const worst = async (kind: string): Promise<string | undefined> => (await readCard(page, kind)).numbers['worst'];
  assert.equal(await worst('fixed_window'), '20, bound 20');
  assert.equal(await worst('sliding_log'), '10, bound 10');
  assert.match((await worst('gcra')) ?? '', /, bound 14$/);
  await page.context().close();
});

test('two clients with keys of their own do not feel each other; with one key the calm one does', async () => {
  const calm = async (keys: string): Promise<number> => {
    const page = await open(`shape=two_clients&rate=40&seconds=10&limit=10&burst=5&kinds=gcra&keys=${keys}`);
    const path = (await page.getAttribute('[data-kind=gcra] path.thread.first', 'd')) ?? '';
    await page.context().close();
    return path.split('M').length - 1;
  };
  // Eight a second for ten seconds.
  assert.equal(await calm('apart'), 80);
  assert.ok((await calm('one')) < 80);
});

test('everything is chosen with the keyboard, and the address keeps it', async () => {
  const page = await open('lang=en');
  await page.focus('#limit');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('5000');
  await page.keyboard.press('Tab');
  assert.equal(await page.inputValue('#limit'), '1000');
  await page.focus('#shape');
  await page.keyboard.press('Home');
  await page.focus('input[value=token_bucket]');
  await page.keyboard.press('Space');
  assert.match((await page.textContent('[data-kind=token_bucket] code')) ?? '', /capacity: 1000/);
  const kept = new URLSearchParams(new URL(page.url()).hash.slice(1));
  assert.deepEqual([kept.get('limit'), kept.get('shape')], ['1000', 'steady']);
  await page.reload();
  await page.waitForSelector('[data-kind=token_bucket] svg');
  assert.equal(await page.inputValue('#limit'), '1000');
  await page.focus('#language');
  await page.keyboard.press('Enter');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.match(await page.title(), /^放行了什么/);
  assert.equal(await page.inputValue('#limit'), '1000');
  await page.context().close();
});

test('a rule that the library refuses is not drawn, and says why', async () => {
  const page = await open('limit=1&periodMs=20000&warmUpMs=100&kinds=warm_up.gcra');
  assert.equal(await page.locator('[data-kind=warm_up] svg').count(), 0);
  assert.match((await page.textContent('[data-kind=warm_up] .flaw')) ?? '', /^The library refuses this rule: ./);
  await page.context().close();
});

test('the plots are for everybody: both languages, light and dark, a phone, twice the size of letters (WCAG 2.2 §1.4.4, §1.4.10)', async () => {
  const phone = { width: 390, height: 844 };
  for (const [name, options] of [
    ['en-light', {}],
    ['en-dark', { colorScheme: 'dark' }],
    ['zh-light', { locale: 'zh-CN' }],
    ['zh-dark-phone', { locale: 'zh-CN', colorScheme: 'dark', viewport: phone }],
    ['en-light-phone', { viewport: phone }],
    ['en-narrow', { viewport: { width: 320, height: 640 } }],
  ] as const) {
    const page = await open('shape=two_clients&kinds=fixed_window.gcra.leaky_bucket.warm_up_pacing.sentinel_warm_up', options);
    await assertAccessible(page, name);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, name);
    const folder = process.env['HUFU_SCREENSHOTS'];
    if (folder !== undefined) await page.screenshot({ path: `${folder}/flow-plots-${name}.png`, fullPage: true });
    if (name === 'en-narrow') {
      await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'letters twice as large');
    }
    await page.context().close();
  }
});
