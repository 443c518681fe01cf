import type { Browser, Place } from './browser.ts';
import { USER } from './provider-config.ts';

/** What a person saw on the way. */
export interface Journey {
  readonly place: Place;
  /** Names of the provider's pages in order. */
  readonly pages: readonly string[];
  /** The first sign-in page, as it was before anything was typed. */
  readonly signInPage: Place | undefined;
}

const MAX_STEPS = 8;

/** Signs in and consents wherever a page asks for it, and stops where nothing is asked any more. */
export async function goThrough(browser: Browser, start: Place): Promise<Journey> {
  const pages: string[] = [];
  let signInPage: Place | undefined;
  let place = start;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    pages.push(place.page);
    switch (place.page) {
      case 'signin':
        signInPage ??= place;
        await browser.fill('username', USER.username);
        await browser.fill('password', USER.password);
        place = await browser.click('signin-submit');
        break;
      case 'consent':
        place = await browser.click('consent-allow');
        break;
      case 'form-post':
        // Where scripts run it has sent itself.
        if (browser.scripts) return { place, pages, signInPage };
        place = await browser.click('form-post-submit');
        break;
      default:
        return { place, pages, signInPage };
    }
  }
  return { place, pages, signInPage };
}

/** How often the person had to sign in. */
export function signIns({ pages }: Journey): number {
  return pages.filter((page) => page === 'signin').length;
}
