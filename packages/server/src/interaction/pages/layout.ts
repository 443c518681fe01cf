import { requirePath } from './href.ts';
import { attributes, type Html, html, renderHtml } from './html.ts';
import { mark } from './mark.ts';
import { messagesFor } from './messages/locale.ts';
import { outsideLink } from './outside-link.ts';
import type { PageView } from './page-view.ts';
import { STYLESHEET_PATH } from './style.ts';

/** The names by which programs tell the pages apart (`<body data-page>`). They never change. */
export type PageName =
  | 'signin'
  | 'verify'
  | 'enrol'
  | 'enrol-mail'
  | 'recovery-codes'
  | 'sign-up'
  | 'consent'
  | 'logout'
  | 'signed-out'
  | 'signing-out'
  | 'error'
  | 'completed'
  | 'form-post'
  | 'upstream-return'
  | 'home'
  | 'account'
  | 'account-profile'
  | 'account-security'
  | 'account-password'
  | 'account-authenticator'
  | 'account-passkey'
  | 'account-recovery-codes'
  | 'account-remove'
  | 'account-email'
  | 'account-sessions'
  | 'account-apps'
  | 'account-activity'
  | 'account-not-me'
  | 'account-data'
  | 'account-delete'
  | 'account-deleted'
  | 'approvals'
  | 'devices'
  | 'device'
  | 'device-confirm'
  | 'device-done'
  | 'signin-email'
  | 'email-code'
  | 'mail-link'
  | 'mail-told'
  | 'recover'
  | 'recover-reset'
  | 'invitation'
  | 'dev-mail';

/** What a page puts into the frame. */
export interface PageParts {
  readonly page: PageName;
  /** Without the product's name. */
  readonly title: string;
  readonly main: Html;
  /** At the end of the head. */
  readonly head?: Html;
  /** What improves the page where scripts run. */
  readonly script?: PageScript | undefined;
  /** `wide` for pages with a list to read; the others are as narrow as a form. */
  readonly width?: 'wide';
}

/** A script of ours (`assets.ts`), and the nonce that `pageHeaders` got. */
export interface PageScript {
  readonly path: string;
  readonly nonce: string;
}

/** The frame around every page: head with the mark, one column with one thing to do, foot with the languages. */
export function layout(view: PageView, parts: PageParts): string {
  return pageFrame(view, {
    ...parts,
    className: parts.width,
    body: html`<header class="head">${brandMark(view)}<span>${brandName(view)}</span></header>
<main class="sheet">
${parts.main}
</main>
${foot(view)}`,
  });
}

/** What goes around whatever stands in the body. */
export function pageFrame(
  view: PageView,
  frame: Pick<PageParts, 'page' | 'title' | 'head' | 'script'> & { readonly className: string | undefined; readonly body: Html },
): string {
  return renderHtml(html`<!doctype html>
<html lang="${view.locale}">
<head>
<meta charset="utf-8">
<title>${frame.title} · ${brandName(view)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="${requirePath(view.brand?.markSrc ?? '/assets/mark.svg')}">
<link rel="stylesheet" href="${requirePath(STYLESHEET_PATH)}">${tenantStylesheet(view)}${frame.head}${frame.script && moduleScript(frame.script)}
</head>
<body data-page="${frame.page}" ${attributes({ class: frame.className })}>
${frame.body}
</body>
</html>
`);
}

/** Pages are whole without it; old browsers pass it over. */
function moduleScript({ path, nonce }: PageScript): Html {
  return html`
<script type="module" src="${requirePath(path)}" nonce="${nonce}"></script>`;
}

/** What the pages call whoever runs this. */
export function brandName(view: PageView): string {
  return view.brand?.name ?? messagesFor(view.locale).productName;
}

function tenantStylesheet(view: PageView): Html | undefined {
  if (view.brand?.stylesheet === undefined) return undefined;
  return html`
<link rel="stylesheet" href="${requirePath(view.brand.stylesheet)}">`;
}

/** The mark, or a tenant's. */
export function brandMark(view: PageView): Html {
  if (view.brand?.markSrc === undefined) return mark();
  return html`<img class="mark" src="${requirePath(view.brand.markSrc)}" alt="" height="28">`;
}

/** The languages, and where the service says more of itself. */
export function foot(view: PageView): Html {
  const { brand } = view;
  const words = messagesFor(view.locale).client;
  const links = [
    outsideLink(brand?.terms, words.termsOfService),
    outsideLink(brand?.privacy, words.privacyPolicy),
    outsideLink(brand?.support, words.support),
  ].filter((one) => one !== undefined);
  return html`<footer class="foot">${languageSwitch(view)}${
    links.length > 0 && html`<ul class="languages service">${links.map(({ link }) => html`<li>${link}</li>`)}</ul>`
  }</footer>`;
}

/** Links to the same page in the other languages; nothing where there is no way back to the page. */
export function languageSwitch(view: PageView): Html | undefined {
  if (view.languages.length === 0) return undefined;
  const items = view.languages.map(({ locale, href }) => {
    const name = messagesFor(locale).languageName;
    return locale === view.locale
      ? html`<li><span aria-current="true">${name}</span></li>`
      : html`<li><a href="${requirePath(href)}" lang="${locale}" hreflang="${locale}">${name}</a></li>`;
  });
  return html`<nav aria-label="${messagesFor(view.locale).languages}"><ul class="languages">${items}</ul></nav>`;
}
