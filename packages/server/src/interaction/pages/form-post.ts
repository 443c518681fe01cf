import { requirePostTarget } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

export interface FormPostView extends PageView {
  /** The redirect URI that was checked. */
  readonly action: string;
  /** The authorization response's parameters, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The one that `pageHeaders` got. */
  readonly scriptNonce: string;
}

/**
 * `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): the answer as a form that sends itself. The button does the same
 * where scripts don't run. The script is one statement that any browser understands.
 */
export function formPostPage(view: FormPostView): string {
  const words = messagesFor(view.locale).formPost;
  const action = requirePostTarget(view.action);
  const fields = view.fields.map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
  );
  const main = html`<h1>${words.heading}</h1>
<p>${words.explain(html`<strong><bdi>${action.host}</bdi></strong>`)}</p>
<form id="form-post" method="post" action="${action}">
${fields}<div class="acts"><button type="submit" id="form-post-submit" class="primary">${words.submit}</button></div>
</form>
<script nonce="${view.scriptNonce}">document.getElementById('form-post').submit();</script>`;
  return layout(view, { page: 'form-post', title: words.heading, main });
}
