import { requirePath } from '../href.ts';
import { attributes, type Html, html } from '../html.ts';

/** `primary`: what the page is for. `destroy`: cannot be undone. `quiet`: the way out. */
export type ButtonKind = 'primary' | 'plain' | 'destroy' | 'quiet';

export interface ButtonView {
  readonly label: string;
  readonly kind?: ButtonKind;
  readonly id?: string;
  /** What it sends; without it nothing. */
  readonly name?: string;
  readonly value?: string;
  /** The same with its object, for those who hear the button alone (`Remove access of Reader`). */
  readonly spoken?: string;
  /** What is filled in does not matter: the way out. */
  readonly unchecked?: boolean;
}

/** Sends its form. */
export function submitButton(view: ButtonView): Html {
  const { kind = 'plain', unchecked = false } = view;
  const marks = {
    id: view.id,
    class: kind === 'plain' ? undefined : kind,
    name: view.name,
    value: view.value,
    'aria-label': view.spoken,
    formnovalidate: unchecked,
  };
  return html`<button type="submit" ${attributes(marks)}>${view.label}</button>`;
}

/** A link that looks like a button: it goes somewhere and does nothing. */
export function linkButton(view: {
  readonly label: string;
  readonly href: string;
  readonly kind?: ButtonKind;
  readonly id?: string;
  readonly spoken?: string;
}): Html {
  const { kind = 'plain' } = view;
  const marks = { id: view.id, class: kind === 'plain' ? 'button' : `button ${kind}`, 'aria-label': view.spoken };
  return html`<a href="${requirePath(view.href)}" ${attributes(marks)}>${view.label}</a>`;
}

/** Buttons side by side where there is room; `stack`: one below the other, as on the pages that somebody signs in on. */
export function acts(buttons: readonly (Html | undefined)[], arrangement: 'row' | 'stack' = 'row'): Html {
  return html`<div class="${arrangement === 'stack' ? 'acts stack' : 'acts'}">
${buttons.map(
  (button) =>
    button &&
    html`${button}
`,
)}</div>`;
}

export interface ActFormView {
  /** A path on our own origin. */
  readonly action: string;
  readonly csrf: string;
  /** Hidden fields: what it is about. */
  readonly fields: Readonly<Record<string, string>>;
  readonly button: ButtonView;
  readonly id?: string;
}

/** A form that is a button: one thing, done to one other. */
export function actForm(view: ActFormView): Html {
  const hidden = Object.entries(view.fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
  );
  return html`<form method="post" action="${requirePath(view.action)}" ${attributes({ id: view.id })}>
<input type="hidden" name="csrf" value="${view.csrf}">
${hidden}${submitButton(view.button)}
</form>`;
}
