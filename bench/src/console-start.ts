/**
 * How long a page of the console takes to be there in a browser that has nothing of it yet: `node --conditions=source bench/src/console-start.ts [runs]`. Somebody is
 * signed in; each page is opened in a new browser context with a cold cache, `runs` times. Headless Chromium and the server share the machine.
 *
 * Interactive: the page's heading is there, so that whatever is on it has its handlers, and the last task of more than 50 ms before the page is whole is over. Whole: no
 * placeholder is left. The bars, for the first page after a sign-in: interactive in 1.5 s, 250 kB of compressed script.
 */
import { loadavg } from 'node:os';
import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM } from '../../test/support/chromium.ts';
import { openContext, startConsoleWorld } from '../../test/support/console-world.ts';

const PAGES = ['', '/clients', '/clients/notes', '/users', '/grants', '/workbench', '/audit', '/limits', '/policies', '/appearance'];
const BARS = { interactiveMs: 1_500, scriptBytes: 250_000 };
const WITHIN_MS = 30_000;

interface Opened {
  readonly paintMs: number;
  readonly interactiveMs: number;
  readonly wholeMs: number;
  readonly scriptBytes: number;
}

type Session = Awaited<ReturnType<Awaited<ReturnType<Browser['newContext']>>['storageState']>>;

const runs = Number(process.argv[2] ?? 5);
const world = await startConsoleWorld();
const browser = await chromium.launch(CHROMIUM);
try {
  for (const locale of ['en', 'zh-CN']) {
    const signedIn = await openContext(browser, { locale });
    // The first visit has the files built, in a checkout.
    const first = await world.signIn(signedIn, 'owner');
    await first.waitForSelector('main h1');
    const session = await signedIn.storageState();
    console.log(`\n${locale}, medians of ${runs}; load average ${loadavg()[0]?.toFixed(1)}`);
    console.log('page              first paint  interactive        whole   script');
    for (const path of PAGES) {
      const opened: Opened[] = [];
      for (let run = 0; run < runs; run += 1) opened.push(await open(browser, session, locale, path));
      const { paintMs, interactiveMs, wholeMs, scriptBytes } = mediansOf(opened);
      const ms = (value: number): string => `${Math.round(value)} ms`.padStart(13);
      console.log(
        `${(path || '/').padEnd(16)}${ms(paintMs)}${ms(interactiveMs)}${ms(wholeMs)}${`${(scriptBytes / 1_000).toFixed(0)} kB`.padStart(9)}`,
      );
      if (path === '' && (interactiveMs > BARS.interactiveMs || scriptBytes > BARS.scriptBytes)) {
        console.log(`above the bar: ${BARS.interactiveMs} ms, ${BARS.scriptBytes / 1_000} kB`);
        process.exitCode = 1;
      }
    }
    await signedIn.close();
  }
} finally {
  await browser.close();
  await world.stop();
}

async function open(one: Browser, session: Session, locale: string, path: string): Promise<Opened> {
  const context = await one.newContext({ locale, storageState: session, viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      const tasks: { start: number; end: number }[] = [];
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) tasks.push({ start: startTime, end: startTime + duration });
      }).observe({ type: 'longtask', buffered: true });
      const seen: { shown?: number; whole?: number } = {};
      // Once a frame: whoever looks sees no more often.
      const look = (): void => {
        if (document.querySelector('main h1') !== null) seen.shown ??= performance.now();
        if (seen.shown !== undefined && document.querySelector('main .mantine-Skeleton-root') === null) seen.whole ??= performance.now();
        if (seen.whole === undefined) requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
      Object.assign(globalThis, { hufuSeen: () => ({ ...seen, tasks }) });
    });
    await page.goto(`${world.origin}/console${path}`);
    await page.waitForFunction(() => Object(globalThis).hufuSeen().whole !== undefined, undefined, { timeout: WITHIN_MS });
    await page.waitForLoadState('networkidle');
    return await page.evaluate(() => {
      const { shown, whole, tasks }: { shown: number; whole: number; tasks: readonly { start: number; end: number }[] } =
        Object(globalThis).hufuSeen();
      const scripts = performance
        .getEntriesByType('resource')
        .filter((entry): entry is PerformanceResourceTiming => entry.name.endsWith('.js'));
      return {
        paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
        interactiveMs: Math.max(shown, ...tasks.filter(({ start }) => start < whole).map(({ end }) => end)),
        wholeMs: whole,
        scriptBytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      };
    });
  } finally {
    await context.close();
  }
}

function mediansOf(all: readonly Opened[]): Opened {
  const median = (of: (one: Opened) => number): number => all.map(of).toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  return {
    paintMs: median(({ paintMs }) => paintMs),
    interactiveMs: median(({ interactiveMs }) => interactiveMs),
    wholeMs: median(({ wholeMs }) => wholeMs),
    scriptBytes: median(({ scriptBytes }) => scriptBytes),
  };
}
