import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page, type Response } from 'playwright-core';
import { CHROMIUM } from '../../support/chromium.ts';
import type { Browser, Place } from './browser.ts';
import { SITE_HOST } from './site.ts';

const TIMEOUT_MS = 60_000;
/** A page that stays this long stays. */
const QUIET_MS = 150;

/** Chromium without a window, with a profile of its own. */
export interface Chromium {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/**
 * Starts it. It trusts any certificate (its own list cannot be told of ours), and lets frames of other sites have their cookies, as the suite's
 * browser does and as session management needs: what it does today where nobody set it is to keep them back.
 */
export async function launchChromium(): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  await mkdir(join(profile, 'Default'));
  const settings = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(settings));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM.executablePath,
    ignoreHTTPSErrors: true,
    locale: 'en-US',
    args: [...CHROMIUM.args, `--host-resolver-rules=MAP ${SITE_HOST} 127.0.0.1`],
  });
  context.setDefaultTimeout(TIMEOUT_MS);
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A tab in it, driven through the names and ids that scripts can rely on. It begins without cookies. */
export class ChromiumBrowser implements Browser {
  readonly scripts = true;
  place: Place = { url: 'about:blank', status: 0, page: '', html: '' };
  readonly #page: Page;
  /** Of the newest answer to the main frame. */
  #status = 0;

  private constructor(page: Page) {
    this.#page = page;
    page.on('response', (response: Response) => {
      if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) this.#status = response.status();
    });
  }

  static async open({ context }: Chromium): Promise<ChromiumBrowser> {
    await context.clearCookies();
    return new ChromiumBrowser(await context.newPage());
  }

  async visit(url: string): Promise<Place> {
    await this.#page.goto(url, { waitUntil: 'load' });
    return this.#settle();
  }

  async post(url: string, fields: Readonly<Record<string, string>>): Promise<Place> {
    await this.#page.goto('about:blank');
    await this.#page.evaluate(
      ([action, entries]) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.action = action;
        for (const [name, value] of entries) {
          const input = document.createElement('input');
          input.type = 'hidden';
          input.name = name;
          input.value = value;
          form.append(input);
        }
        document.body.append(form);
        form.submit();
      },
      [url, Object.entries(fields)] as const,
    );
    return this.#settle();
  }

  async fill(name: string, value: string): Promise<void> {
    await this.#page.fill(`input[name="${name}"]`, value);
  }

  async click(id: string): Promise<Place> {
    await this.#page.click(`#${id}`);
    return this.#settle();
  }

  async close(): Promise<void> {
    await this.#page.close();
  }

  /** Waits until scripts and redirects have come to an end. */
  async #settle(): Promise<Place> {
    const end = performance.now() + TIMEOUT_MS;
    let url = '';
    while (performance.now() < end) {
      await this.#page.waitForLoadState('load');
      if (this.#page.url() === url) break;
      url = this.#page.url();
      await this.#page.waitForTimeout(QUIET_MS);
    }
    const page = (await this.#page.locator('body').getAttribute('data-page')) ?? '';
    this.place = { url, status: this.#status, page, html: await this.#page.content() };
    return this.place;
  }
}
