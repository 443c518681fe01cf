import { attributes, type Html, html } from '../html.ts';

export interface CardView {
  readonly heading: string;
  /** For links into the page, and for tests. */
  readonly id?: string;
  /** A sentence below the heading. */
  readonly lead?: string | Html | undefined;
  readonly body: Html;
  /** `destroy`: what cannot be undone, set apart from the rest. */
  readonly kind?: 'destroy';
}

/** A part of a page that has several: a sheet of its own with a heading. */
export function card(view: CardView): Html {
  const marks = { id: view.id, class: view.kind === undefined ? 'card' : `card card-${view.kind}` };
  return html`<section ${attributes(marks)}>
<h2>${view.heading}</h2>
${view.lead !== undefined && html`<p class="lead">${view.lead}</p>`}
${view.body}
</section>
`;
}

/** Nothing there yet: what would be, and what to do. */
export function emptyState(words: string, action?: Html): Html {
  return html`<div class="empty"><p>${words}</p>${action !== undefined && html`<p>${action}</p>`}</div>`;
}
