import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import { layout, type PageName } from './layout.ts';
import type { PageView } from './page-view.ts';

export interface ToldView extends PageView {
  readonly page: PageName;
  readonly heading: string;
  readonly lines: readonly (string | Html)[];
  /** To be read and typed elsewhere. */
  readonly code?: string;
  readonly onward?: { readonly href: string; readonly text: string };
}

/** A page that tells something, with at most one way on. */
export function toldPage(view: ToldView): string {
  const main = html`<h1>${view.heading}</h1>
${view.code !== undefined && html`<p class="device-code told-code" id="told-code">${view.code}</p>`}
${view.lines.map(
  (line) => html`<p class="told-line">${line}</p>
`,
)}
${
  view.onward !== undefined &&
  html`<div class="acts"><a class="button primary" id="told-onward" href="${requirePath(view.onward.href)}">${view.onward.text}</a></div>`
}`;
  return layout(view, { page: view.page, title: view.heading, main });
}
