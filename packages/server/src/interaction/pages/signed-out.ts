import { requireFrame, requirePath, requireReturnAddress } from './href.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import { type ClientHome, homeLink } from './outside-link.ts';
import type { PageView } from './page-view.ts';

export interface SignedOutView extends PageView {
  /** The client that asked, when it is known and has a home page. */
  readonly client?: ClientHome;
  /** A path that starts a new sign-in; undefined hides the link. */
  readonly signInHref?: string;
  /** What clients are told with, in hidden frames (OpenID Connect Front-Channel Logout §3). Each is a registered URI with what we add. */
  readonly frames?: readonly string[];
  readonly onward?: Onward;
}

/** Where the page goes by itself, once the frames have loaded and after three seconds at most. */
export interface Onward {
  /** The post-logout redirect URI that was checked, with its `state`. */
  readonly to: string;
  /** The one that `pageHeaders` got. */
  readonly scriptNonce: string;
}

/**
 * The page after signing out. It stays (`signed-out`), or goes on (`signing-out`): by a script that any browser understands, without scripts
 * by itself all the same, and by a link in any case.
 */
export function signedOutPage(view: SignedOutView): string {
  const words = messagesFor(view.locale).signedOut;
  const frames = (view.frames ?? []).map(frame);
  if (view.onward !== undefined) return onwardPage(view, view.onward, frames);
  const back = homeLink(view.client, words.backTo);
  const again =
    view.signInHref === undefined
      ? undefined
      : html`<p class="small"><a href="${requirePath(view.signInHref)}">${words.signInAgain}</a></p>`;
  const main = html`<h1>${words.heading}</h1>
<p>${words.ended}</p>
<p class="faded">${words.elsewhere}</p>
${back}
${again}${frames}`;
  return layout(view, { page: 'signed-out', title: words.heading, main });
}

function onwardPage(view: SignedOutView, { to, scriptNonce }: Onward, frames: readonly Html[]): string {
  const words = messagesFor(view.locale).signedOut;
  const href = requireReturnAddress(to);
  // The load event waits for the frames; a client that hangs does not hold anybody up for longer than the timer.
  const main = html`<h1>${words.heading}</h1>
<p>${words.ended}</p>
<p>${words.onward(html`<strong><bdi>${href.host}</bdi></strong>`)}</p>
<div class="acts"><a id="signed-out-continue" class="button primary" href="${href}" rel="noreferrer">${words.continue}</a></div>
<script nonce="${scriptNonce}">(function () {
  var gone = false;
  function go() {
    if (gone) return;
    gone = true;
    window.location.replace(document.getElementById('signed-out-continue').href);
  }
  window.onload = go;
  window.setTimeout(go, 3000);
})();</script>
${frames}`;
  const head = html`
<noscript><meta http-equiv="refresh" content="3; url=${to}"></noscript>`;
  return layout(view, { page: 'signing-out', title: words.heading, main, head });
}

/** May run what it needs to forget the user, but not take the window elsewhere. */
function frame(address: string): Html {
  const href = requireFrame(address);
  return html`
<iframe src="${href}" hidden title="${href.host}" sandbox="allow-scripts allow-same-origin allow-forms"></iframe>`;
}
