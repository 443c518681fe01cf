import { requirePath } from './href.ts';
import { attributes, type Html, html, renderHtml } from './html.ts';
import { mark } from './mark.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';
import { STYLESHEET_PATH } from './style.ts';

/** The names by which programs tell the pages apart (`<body data-page>`). They never change. */
export type PageName =
  | 'signin'
  | 'sign-up'
  | 'consent'
  | 'logout'
  | 'signed-out'
  | 'signing-out'
  | 'error'
  | 'completed'
  | 'form-post'
  | 'home'
  | 'account'
  | 'approvals'
  | 'device'
  | 'device-confirm'
  | 'device-done';

/** What a page puts into the frame. */
export interface PageParts {
  readonly page: PageName;
  /** Without the product's name. */
  readonly title: string;
  readonly main: Html;
  /** At the end of the head. */
  readonly head?: Html;
  /** `wide` for pages with a list to read; the others are as narrow as a form. */
  readonly width?: 'wide';
}

/** The frame around every page: head with the mark, one column with one thing to do, foot with the languages. */
export function layout(view: PageView, parts: PageParts): string {
  const brand = view.brand?.name ?? messagesFor(view.locale).productName;
  return renderHtml(html`<!doctype html>
<html lang="${view.locale}">
<head>
<meta charset="utf-8">
<title>${parts.title} · ${brand}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="${requirePath(view.brand?.markSrc ?? '/assets/mark.svg')}">
<link rel="stylesheet" href="${requirePath(STYLESHEET_PATH)}">${tenantStylesheet(view)}${parts.head}
</head>
<body data-page="${parts.page}" ${attributes({ class: parts.width })}>
<header class="head">${brandMark(view)}<span>${brand}</span></header>
<main class="sheet">
${parts.main}
</main>
<footer class="foot">${languageSwitch(view)}</footer>
</body>
</html>
`);
}

function tenantStylesheet(view: PageView): Html | undefined {
  if (view.brand?.stylesheet === undefined) return undefined;
  return html`
<link rel="stylesheet" href="${requirePath(view.brand.stylesheet)}">`;
}

function brandMark(view: PageView): Html {
  if (view.brand?.markSrc === undefined) return mark();
  return html`<img class="mark" src="${requirePath(view.brand.markSrc)}" alt="" height="28">`;
}

function languageSwitch(view: PageView): Html | undefined {
  if (view.languages.length === 0) return undefined;
  const items = view.languages.map(({ locale, href }) => {
    const name = messagesFor(locale).languageName;
    return locale === view.locale
      ? html`<li><span aria-current="true">${name}</span></li>`
      : html`<li><a href="${requirePath(href)}" lang="${locale}" hreflang="${locale}">${name}</a></li>`;
  });
  return html`<nav aria-label="${messagesFor(view.locale).languages}"><ul class="languages">${items}</ul></nav>`;
}
