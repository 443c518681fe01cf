import type { Browser, Place } from './browser.ts';

/** Visits the end-session endpoint and says yes where it asks. */
export async function logOut(browser: Browser, url: string): Promise<Place> {
  const place = await browser.visit(url);
  return place.page === 'logout' ? browser.click('logout-confirm') : place;
}
