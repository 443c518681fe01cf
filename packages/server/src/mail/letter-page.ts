import type { Locale } from '@hufu/protocol/locale';
import { accentOf, readColour } from '../appearance/accent.ts';
import { safeHref } from '../interaction/pages/href.ts';
import { type Html, html, renderHtml } from '../interaction/pages/html.ts';
import type { Written } from './letter.ts';
import type { MailWords } from './words/mail-words.ts';
import { type MailGround, mailWordsOf } from './words/words-for.ts';

/** What a mail says, in the order in which it says it. */
export interface LetterParts {
  readonly locale: Locale;
  readonly subject: string;
  readonly heading: string;
  readonly lead: string;
  readonly code?: { readonly before: string; readonly code: string };
  /** Names and values. */
  readonly facts?: readonly (readonly [string, string])[];
  /** An address of ours. */
  readonly link?: { readonly href: string; readonly act: string };
  readonly closing: readonly string[];
  /** The host of the issuer. */
  readonly host: string;
}

/** A mail in both forms: plain text, and a document with nothing in it that is loaded from anywhere. */
export function writeLetter(ctx: MailGround, parts: LetterParts): Written {
  const { locale, subject } = parts;
  const words = mailWordsOf(ctx, locale);
  return { locale, subject, text: textOf(parts, words), html: inAccent(ctx, documentOf(parts, words)) };
}

/** Codes are read in two halves. */
function halves(code: string): string {
  return code.replace(/^(\d{4})(\d{4})$/, '$1 $2');
}

function textOf({ heading, lead, code, facts = [], link, closing, host }: LetterParts, words: MailWords): string {
  const blocks = [heading, lead];
  if (code !== undefined) blocks.push(`${code.before}\n\n    ${halves(code.code)}`);
  if (facts.length > 0) blocks.push(facts.map(([name, value]) => `${name}: ${value}`).join('\n'));
  if (link !== undefined) blocks.push(`${code === undefined ? `${link.act}:` : words.orOpen}\n${link.href}`);
  blocks.push(...closing, `-- \n${words.productName} · ${words.sentBy(host)}`);
  return `${blocks.join('\n\n')}\n`;
}

/** Templates take nothing inside of a style: the two rules of the button are exchanged where the configuration has an accent. */
function inAccent({ config }: MailGround, document: string): string {
  const colour = readColour(config.policies.appearance.accent ?? '');
  if (colour === undefined) return document;
  const { day, night } = accentOf(colour);
  return document
    .replace('background: #1f6a5c; color: #fdfbf6;', `background: ${day.colour}; color: ${day.on};`)
    .replace('background: #5aa997; color: #0e1714;', `background: ${night.colour}; color: ${night.on};`);
}

/** Colours by day and by night as on our pages. The rules stand in the head: what a mail program does not know of them it leaves out, and the mail stays readable. */
function documentOf(parts: LetterParts, words: MailWords): string {
  return renderHtml(html`<!doctype html>
<html lang="${parts.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${parts.subject}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 0; background: #f3eee4; color: #1e1b16; font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
.head { max-width: 480px; margin: 0 auto; padding: 28px 24px 14px; font: 19px/1.2 "Iowan Old Style", Palatino, Georgia, "Songti SC", "Noto Serif CJK SC", serif; }
.sheet { max-width: 432px; margin: 0 auto; padding: 28px 24px; background: #fdfbf6; border: 1px solid #ddd4c3; border-radius: 4px; }
h1 { margin: 0; font: 600 24px/1.3 "Iowan Old Style", Palatino, Georgia, "Songti SC", "Noto Serif CJK SC", serif; }
p { margin: 14px 0 0; }
.code { margin: 10px 0 0; padding: 12px 14px; background: #f3ede0; border: 1px solid #ddd4c3; border-radius: 4px; font: 28px/1.3 ui-monospace, Menlo, Consolas, monospace; letter-spacing: 3px; }
.act { margin: 24px 0 0; }
.act a { display: inline-block; padding: 12px 22px; background: #1f6a5c; color: #fdfbf6; border-radius: 4px; font-weight: 600; text-decoration: none; }
.facts { margin: 18px 0 0; padding: 10px 0 0; border-top: 1px solid #ddd4c3; border-collapse: collapse; }
.facts th { padding: 3px 18px 3px 0; font-weight: 400; text-align: left; vertical-align: top; white-space: nowrap; color: #655d50; }
.facts td { padding: 3px 0; vertical-align: top; word-break: break-word; }
.seam { margin: 24px 0 0; border: 0; border-top: 1px solid #ddd4c3; }
.small { color: #655d50; font-size: 14px; }
.foot { max-width: 480px; margin: 0 auto; padding: 14px 24px 32px; color: #655d50; font-size: 13px; }
@media (prefers-color-scheme: dark) {
body { background: #100f0d; color: #e6dccb; }
.head, h1 { color: #e2bf8b; }
.sheet { background: #191714; border-color: #37322a; }
.code { background: #24211c; border-color: #37322a; color: #e6dccb; }
.act a { background: #5aa997; color: #0e1714; }
.facts, .seam { border-color: #37322a; }
.facts th, .small, .foot { color: #a89c87; }
}
</style>
</head>
<body>
<div class="head">${words.productName}</div>
<div class="sheet">
<h1>${parts.heading}</h1>
<p>${parts.lead}</p>
${
  parts.code &&
  html`<p>${parts.code.before}</p>
<p class="code">${halves(parts.code.code)}</p>`
}
${factsOf(parts)}
${linkOf(parts)}
<hr class="seam">
${parts.closing.map(
  (line) => html`<p class="small">${line}</p>
`,
)}
</div>
<div class="foot">${words.sentBy(parts.host)}</div>
</body>
</html>
`);
}

function factsOf({ facts = [] }: LetterParts): Html | undefined {
  if (facts.length === 0) return undefined;
  return html`<table class="facts">${facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>`;
}

function linkOf({ link }: LetterParts): Html | undefined {
  if (link === undefined) return undefined;
  const href = safeHref(link.href);
  // Always an address below the issuer, which the configuration has judged.
  if (href === undefined) throw new TypeError('a mail leads to an address that is none of ours');
  return html`<p class="act"><a href="${href}">${link.act}</a></p>`;
}
