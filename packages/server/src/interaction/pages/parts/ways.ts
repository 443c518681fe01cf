import { requirePath } from '../href.ts';
import { attributes, type Html, html } from '../html.ts';

/** Between the way that most take and the others. */
export function orLine(word: string): Html {
  return html`<p class="or"><span>${word}</span></p>`;
}

/** Other ways to the same end, as links below a heading that says so. */
export function otherWays(
  heading: string,
  ways: readonly { readonly label: string; readonly href: string; readonly id?: string }[],
): Html | undefined {
  if (ways.length === 0) return undefined;
  return html`<nav class="ways" aria-label="${heading}"><p class="ways-heading">${heading}</p>
<ul>${ways.map(
    ({ label, href, id }) => html`<li><a href="${requirePath(href)}" ${attributes({ id })}>${label}</a></li>
`,
  )}</ul></nav>`;
}

/** Pages that are sides of one thing; `current` is the one that is shown. */
export function tabs(
  label: string,
  items: readonly { readonly label: string; readonly href: string; readonly isCurrent: boolean }[],
): Html {
  const links = items.map(
    ({
      label: name,
      href,
      isCurrent,
    }) => html`<li><a href="${requirePath(href)}" ${attributes({ 'aria-current': isCurrent ? 'page' : undefined })}>${name}</a></li>
`,
  );
  return html`<nav class="tabs" aria-label="${label}"><ul>${links}</ul></nav>`;
}

/** What to do, one after the other. */
export function steps(items: readonly (Html | string)[]): Html {
  return html`<ol class="steps">${items.map(
    (item) => html`<li><div>${item}</div></li>
`,
  )}</ol>`;
}
