import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

export interface UpstreamReturnView extends PageView {
  /** A path on our own origin. */
  readonly action: string;
  /** What the other service posted, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The one that `pageHeaders` got. */
  readonly scriptNonce: string;
}

/**
 * Sends what another service has posted to us once more, from our own page, so that our cookies come with it. The button does the same where scripts don't run.
 */
export function upstreamReturnPage(view: UpstreamReturnView): string {
  const words = messagesFor(view.locale).upstreamReturn;
  const fields = view.fields.map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
  );
  const main = html`<h1>${words.heading}</h1>
<p>${words.explain}</p>
<form id="upstream-return" method="post" action="${requirePath(view.action)}">
${fields}<div class="acts"><button type="submit" id="upstream-return-submit" class="primary">${words.submit}</button></div>
</form>
<script nonce="${view.scriptNonce}">document.getElementById('upstream-return').submit();</script>`;
  return layout(view, { page: 'upstream-return', title: words.heading, main });
}
