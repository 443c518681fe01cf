import { attributes, type Html, html } from '../html.ts';

/** A thing of somebody: a device, an app, a passkey. */
export interface RowView {
  /** As pages may show it (`displayText`), never empty. */
  readonly name: string;
  /** A picture of its kind: `deviceMark`, a logo, the first letter. */
  readonly mark?: Html | undefined;
  readonly tags?: readonly (Html | undefined)[];
  /** Lines below the name. */
  readonly lines: readonly (Html | string | undefined)[];
  /** Forms and links at its end. */
  readonly acts?: readonly (Html | undefined)[];
  /** What is folded away: a form to rename it, all its permissions. */
  readonly more?: Html | undefined;
  readonly id?: string;
}

/** Things below each other, each with its name, what is known of it, and what can be done. */
export function rows(views: readonly RowView[]): Html {
  return html`<ul class="rows">${views.map(row)}</ul>`;
}

function row({ name, mark, tags = [], lines, acts = [], more, id }: RowView): Html {
  const shown = acts.filter((act) => act !== undefined);
  return html`<li ${attributes({ class: 'row', id })}>
${mark !== undefined && html`<div class="row-mark">${mark}</div>`}
<div class="row-main"><p class="row-name"><strong><bdi>${name}</bdi></strong>${tags.map((tag) => tag && html` ${tag}`)}</p>
${lines.map(
  (line) =>
    line !== undefined &&
    line !== '' &&
    html`<p class="row-line">${line}</p>
`,
)}</div>
${shown.length > 0 && html`<div class="row-acts">${shown}</div>`}
${more !== undefined && html`<div class="row-more">${more}</div>`}
</li>
`;
}

/** A word that marks a thing: `here` (this very one), `good` (verified), `warn` (not verified). */
export function tag(word: string, kind: 'plain' | 'here' | 'good' | 'warn' = 'plain'): Html {
  return html`<span class="tag tag-${kind}">${word}</span>`;
}

/** What is folded away until somebody asks for it; without scripts too. */
export function fold(summary: string, body: Html, options: { readonly id?: string; readonly isOpen?: boolean } = {}): Html {
  return html`<details ${attributes({ class: 'fold', id: options.id, open: options.isOpen === true })}><summary>${summary}</summary>
<div class="fold-body">${body}</div></details>`;
}

/** Names and values, as a list. Values that are undefined are left out. */
export function facts(entries: readonly (readonly [name: string, value: Html | string | undefined])[]): Html {
  return html`<dl class="facts">${entries.map(
    ([name, value]) =>
      value !== undefined &&
      html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
  )}</dl>`;
}
