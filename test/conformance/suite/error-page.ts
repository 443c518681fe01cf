import assert from 'node:assert/strict';
import type { Place } from './browser.ts';
import { visibleText } from './html.ts';
import type { ModuleRun } from './module-run.ts';
import type { Journey } from './person.ts';

export function isBackAtClient(run: ModuleRun, place: Place): boolean {
  return place.url.startsWith(run.site.origin);
}

/** The person sees a page of the provider that says why: a screenshot of it would convince the certification team. */
export function assertErrorPage(run: ModuleRun, { place }: Journey, phrase: RegExp): void {
  assert.ok(place.url.startsWith(run.issuer), `the browser went to ${place.url}`);
  assert.equal(place.page, 'error', `a page of errors was due, not ${place.page} (${place.status})`);
  assert.ok(place.status >= 400 && place.status < 500, `status ${place.status}`);
  assert.match(visibleText(place.html), phrase, 'the reason on the page');
}

/** Nobody was sent to an address of the relying party. */
export function assertUntouched(run: ModuleRun, urls: readonly string[]): void {
  for (const url of urls) assert.equal(run.site.requestsFor(url).length, 0, `somebody was sent to ${url}`);
}
