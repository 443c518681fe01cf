import { type Browser as Chromium, type BrowserContext, chromium, type Page, type Response } from 'playwright-core';
import type { Browser, Place } from './browser.ts';

const TIMEOUT_MS = 15_000;
/** A page that stays this long stays. */
const QUIET_MS = 150;

/** Chromium without a window. It trusts any certificate: its own list cannot be told of ours. */
export function launchChromium(): Promise<Chromium> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/** A fresh profile of it, driven through the names and ids that scripts can rely on. */
export class ChromiumBrowser implements Browser {
  readonly scripts = true;
  place: Place = { url: 'about:blank', status: 0, page: '', html: '' };
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Of the newest answer to the main frame. */
  #status = 0;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('response', (response: Response) => {
      if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) this.#status = response.status();
    });
  }

  static async open(browser: Chromium): Promise<ChromiumBrowser> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-US' });
    context.setDefaultTimeout(TIMEOUT_MS);
    return new ChromiumBrowser(context, await context.newPage());
  }

  async visit(url: string): Promise<Place> {
    await this.page.goto(url, { waitUntil: 'load' });
    return this.#settle();
  }

  async post(url: string, fields: Readonly<Record<string, string>>): Promise<Place> {
    await this.page.goto('about:blank');
    await this.page.evaluate(
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
    await this.page.fill(`input[name="${name}"]`, value);
  }

  async click(id: string): Promise<Place> {
    await this.page.click(`#${id}`);
    return this.#settle();
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  /** Waits until scripts and redirects have come to an end. */
  async #settle(): Promise<Place> {
    const end = performance.now() + TIMEOUT_MS;
    let url = '';
    while (performance.now() < end) {
      await this.page.waitForLoadState('load');
      if (this.page.url() === url) break;
      url = this.page.url();
      await this.page.waitForTimeout(QUIET_MS);
    }
    const page = (await this.page.locator('body').getAttribute('data-page')) ?? '';
    this.place = { url, status: this.#status, page, html: await this.page.content() };
    return this.place;
  }
}
