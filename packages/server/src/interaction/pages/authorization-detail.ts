import { displayText } from './display-text.ts';
import { type Html, html } from './html.ts';
import type { Messages } from './messages/messages.ts';

/** One entry of `authorization_details` (RFC 9396 §2). */
export interface DetailView {
  readonly type: string;
  /** What its type means, in the page's language. */
  readonly sentence: string;
  readonly facts: readonly DetailFact[];
  /** Identifiers of resources; empty for any. */
  readonly locations: readonly string[];
}

/** One member, with the names of the objects that it stands in before its own. */
export interface DetailFact {
  readonly label: readonly string[];
  readonly values: readonly (string | boolean)[];
}

const MAX_NAME = 80;
const MAX_SENTENCE = 500;
/** No field may hold more: nothing is ever cut off. */
const MAX_VALUE = 2_048;

/** A section of the consent page: what its type means, then every member. Each value stands on a line of its own, so that none looks like two. */
export function detailSection(detail: DetailView, { consent }: Messages): Html {
  const { detailLocations, detailFlag } = consent;
  const rows = detail.facts.map(({ label, values }) =>
    row(
      label.map((name) => displayText(name, MAX_SENTENCE)).join(' › '),
      values.map((value) => (typeof value === 'boolean' ? detailFlag(value) : value)),
    ),
  );
  if (detail.locations.length > 0) rows.push(row(detailLocations, detail.locations));
  return html`<h2>${displayText(detail.sentence, MAX_SENTENCE)}</h2>
<p class="resource"><code>${displayText(detail.type, MAX_NAME)}</code></p>
${rows.length > 0 && html`<dl class="facts detail">${rows}</dl>`}
`;
}

function row(label: string, values: readonly string[]): Html {
  const lines = values.map((value) => html`<bdi class="each">${displayText(value, MAX_VALUE)}</bdi>`);
  return html`<div><dt>${label}</dt><dd>${lines}</dd></div>
`;
}
