import type { Locale } from '@hufu/protocol/locale';
import { pageHeaders } from '@hufu/server/interaction/pages/headers';
import { requirePath } from '@hufu/server/interaction/pages/href';
import { attributes, type Html, html, renderHtml } from '@hufu/server/interaction/pages/html';
import { mark } from '@hufu/server/interaction/pages/mark';
import { messagesFor } from '@hufu/server/interaction/pages/messages/locale';
import type { LanguageLink } from '@hufu/server/interaction/pages/page-view';
import { STYLESHEET_PATH } from '@hufu/server/interaction/pages/style';
import { DEMO_API_PATH, DEMO_CLIENTS, DEMO_USER } from './demo-config.ts';
import { type DemoWords, demoWords } from './demo-words.ts';

export interface DemoView {
  readonly locale: Locale;
  readonly languages: readonly LanguageLink[];
  readonly issuer: string;
}

/** What the app asks for. No `offline_access`: it works while somebody is there, and its tokens end with the session. */
const SCOPE = 'openid profile email notes:read notes:write';

/**
 * Nothing runs, loads or is called but from our own origin, and the script may not even write markup. The form is the one that signs out.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

export function demoHeaders(issuer: string): Readonly<Record<string, string>> {
  return { ...pageHeaders({ issuer }), 'content-security-policy': POLICY };
}

/** The app's page, the same at `/demo` and `/demo/callback`: the script shows one of its three states. */
export function demoPage(view: DemoView): string {
  const words = demoWords(view.locale);
  const { issuer } = view;
  const settings = {
    'data-issuer': issuer,
    'data-client-id': DEMO_CLIENTS.web,
    'data-redirect-uri': `${issuer}/demo/callback`,
    'data-home': `${issuer}/demo`,
    'data-resource': issuer + DEMO_API_PATH,
    'data-scope': SCOPE,
    'data-words': JSON.stringify(words.script),
  };
  return renderHtml(html`<!doctype html>
<html lang="${view.locale}">
<head>
<meta charset="utf-8">
<title>${words.name} · ${words.tagline}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="${requirePath('/assets/mark.svg')}">
<link rel="stylesheet" href="${requirePath(STYLESHEET_PATH)}">
<link rel="stylesheet" href="${requirePath('/demo/style.css')}">
<script type="module" src="${requirePath('/demo/app.js')}"></script>
</head>
<body data-page="demo" class="demo" ${attributes(settings)}>
<header class="head">${mark()}<span>${words.name}</span><span class="tagline">${words.tagline}</span></header>
${signedOut(words)}
<main id="busy" class="sheet" hidden><p role="status">${words.busy}</p></main>
${signedIn(words)}
<footer class="foot">${languageSwitch(view)}</footer>
</body>
</html>
`);
}

function signedOut({ name, signedOut: words }: DemoWords): Html {
  return html`<main id="signed-out" class="sheet">
<h1>${name}</h1>
<p class="lead">${words.lead}</p>
<hr class="seam">
<p class="problem" id="problem" role="alert" hidden></p>
<p class="said" id="said" role="status" hidden></p>
<p class="how">${words.how}</p>
<div class="acts stack"><button type="button" id="sign-in" class="primary" disabled>${words.signIn}</button></div>
<noscript><p class="problem">${words.needsScript}</p></noscript>
<section class="account" aria-labelledby="account">
<h2 id="account">${words.account}</h2>
<dl class="facts">
<div><dt>${words.username}</dt><dd><code>${DEMO_USER.username}</code></dd></div>
<div><dt>${words.password}</dt><dd><code>${DEMO_USER.password}</code></dd></div>
</dl>
</section>
</main>`;
}

function signedIn({ signedIn: words }: DemoWords): Html {
  return html`<main id="signed-in" class="sheet" hidden>
<div class="top">
<div><h1 id="who" data-heading="${words.heading}"></h1>
<p class="lead">${words.lead}</p></div>
<button type="button" id="sign-out">${words.signOut}</button>
</div>
<p class="problem" id="trouble" role="alert" hidden></p>
<div class="halves">
<section class="half" aria-labelledby="theirs">
<h2 id="theirs">${words.theirs}</h2>
<p class="faded">${words.theirsMeaning}</p>
<section class="card" aria-labelledby="notes-heading">
<div class="titled"><h3 id="notes-heading">${words.notes}</h3><button type="button" id="call-api" class="primary">${words.call}</button></div>
<div id="notes" aria-live="polite"></div>
<form id="write">
<label for="text">${words.newNote}</label>
<div class="line"><input type="text" id="text" name="text" maxlength="280" autocomplete="off" required><button type="submit">${words.write}</button></div>
</form>
</section>
<section class="card" id="saw" aria-labelledby="saw-heading" hidden>
<h3 id="saw-heading">${words.saw}</h3>
<div id="seen"></div>
</section>
<section class="card" aria-labelledby="requests-heading">
<h3 id="requests-heading">${words.requests}</h3>
<ol id="requests" class="requests"></ol>
</section>
</section>
<div class="cut" aria-hidden="true"></div>
<section class="half" aria-labelledby="ours">
<div class="titled"><div><h2 id="ours">${words.ours}</h2>
<p class="faded">${words.oursMeaning}</p></div><button type="button" id="refresh">${words.refresh}</button></div>
<p class="said" id="news" role="status" hidden></p>
<div id="tokens"></div>
</section>
</div>
</main>`;
}

function languageSwitch({ locale, languages }: DemoView): Html {
  const items = languages.map((link) => {
    const name = messagesFor(link.locale).languageName;
    return link.locale === locale
      ? html`<li><span aria-current="true">${name}</span></li>`
      : html`<li><a href="${requirePath(link.href)}" lang="${link.locale}" hreflang="${link.locale}">${name}</a></li>`;
  });
  return html`<nav aria-label="${messagesFor(locale).languages}"><ul class="languages">${items}</ul></nav>`;
}
