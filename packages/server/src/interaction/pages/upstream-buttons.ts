import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView } from './page-view.ts';
import { orLine } from './parts/ways.ts';

/** Other services that somebody may sign in with. */
export interface UpstreamButtonsView {
  readonly form: FormView;
  /** The request is too long to be carried to any of them; then there are none. */
  readonly isTooLong?: boolean;
  /** In order; each has a path of its own that its button posts to. */
  readonly upstreams: readonly { readonly name: string; readonly title: string; readonly letter: string; readonly action: string }[];
}

/** A form with one button for each of them; nothing where there are none, but a word where the request is why. */
export function upstreamButtons(view: UpstreamButtonsView | undefined, messages: Messages): Html | undefined {
  if (view?.isTooLong === true) return html`<p class="hint" id="signin-with-none">${messages.signIn.tooLongForUpstream}</p>`;
  const [first] = view?.upstreams ?? [];
  if (view === undefined || first === undefined) return undefined;
  const buttons = view.upstreams.map(
    ({
      name,
      title,
      letter,
      action,
    }) => html`<button type="submit" id="signin-with-${name}" class="with" formaction="${requirePath(action)}"><span class="with-letter" aria-hidden="true">${letter}</span><span>${messages.signIn.withUpstream(title)}</span></button>
`,
  );
  return html`${orLine(messages.signIn.or)}
<form id="signin-with" method="post" action="${requirePath(first.action)}">
${hiddenFields(view.form)}
<div class="acts stack">
${buttons}</div>
</form>`;
}
