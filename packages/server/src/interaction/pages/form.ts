import { type Html, html } from './html.ts';
import type { FormView } from './page-view.ts';

/** The hidden fields that every form of ours carries. */
export function hiddenFields(form: FormView): Html {
  return html`<input type="hidden" name="csrf" value="${form.csrf}">
<input type="hidden" name="request" value="${form.request}">${
    form.next !== undefined &&
    html`
<input type="hidden" name="next" value="${form.next}">`
  }${(form.more ?? []).map(
    ([name, value]) => html`
<input type="hidden" name="${name}" value="${value}">`,
  )}`;
}
