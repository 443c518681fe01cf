import { type Html, html } from './html.ts';

/*
 * The tally: a tiger's head cut in two. The cut runs down the forehead and steps aside below the third stripe, so that only these two
 * halves fit; cut and stripes together are the 王 that tigers wear. The stripes lie on even lines of a grid of 32: whole pixels at 16.
 */
const LEFT =
  'M14.5 5.4V10H8v2h6.5v2H10v2h4.5v2H7v2h10.5v9.45c-.49.03-.99.05-1.5.05C7.5 29.5 2 25 2 18V7c0-3 1.5-4.5 3.5-4.5 2.6 0 3.6 2.9 5.2 2.9z';
const RIGHT =
  'M17.5 5.4h3.8c1.6 0 2.6-2.9 5.2-2.9C28.5 2.5 30 4 30 7v11c0 5.67-3.61 9.7-9.5 11.03V20H25v-2h-7.5v-2H22v-2h-4.5v-2H24v-2h-6.5z';

/** The mark for the head of a page. Both halves follow `currentColor`; the stylesheet tints the right one. */
export function mark(): Html {
  return html`<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false"><path fill="currentColor" d="${LEFT}"/><path class="mark-right" fill="currentColor" d="${RIGHT}"/></svg>`;
}

/** The same as a file of its own, for the icon of a tab: there is no page around it, so it brings its colours for day and night. */
export const MARK_SVG: string = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><style>.l{fill:#221f1a}.r{fill:#1f6a5c}@media(prefers-color-scheme:dark){.l{fill:#d9b27c}.r{fill:#74bfae}}</style><path class="l" d="${LEFT}"/><path class="r" d="${RIGHT}"/></svg>
`;
