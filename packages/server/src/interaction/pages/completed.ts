import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import { type ClientHome, homeLink } from './outside-link.ts';
import type { PageView } from './page-view.ts';

export interface CompletedView extends PageView {
  readonly client?: ClientHome;
}

/** For whoever comes back to a request that was answered: by the back button, a bookmark, a second tab. */
export function completedPage(view: CompletedView): string {
  const words = messagesFor(view.locale).completed;
  const main = html`<h1>${words.heading}</h1>
<p>${words.answered}</p>
<p>${words.now}</p>
${homeLink(view.client, words.backTo)}`;
  return layout(view, { page: 'completed', title: words.heading, main });
}
