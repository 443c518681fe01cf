import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import { type ClientHome, homeLink } from './outside-link.ts';
import type { PageView } from './page-view.ts';

export interface SignedOutView extends PageView {
  /** The client that asked, when it is known and has a home page. */
  readonly client?: ClientHome;
  /** A path that starts a new sign-in; undefined hides the link. */
  readonly signInHref?: string;
}

/** The page after signing out, when there is no address to go on to. */
export function signedOutPage(view: SignedOutView): string {
  const words = messagesFor(view.locale).signedOut;
  const back = homeLink(view.client, words.backTo);
  const again =
    view.signInHref === undefined
      ? undefined
      : html`<p class="small"><a href="${requirePath(view.signInHref)}">${words.signInAgain}</a></p>`;
  const main = html`<h1>${words.heading}</h1>
<p>${words.ended}</p>
<p class="faded">${words.elsewhere}</p>
${back}
${again}`;
  return layout(view, { page: 'signed-out', title: words.heading, main });
}
