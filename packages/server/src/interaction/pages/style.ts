import { createHash } from 'node:crypto';
import { ACCOUNT_STYLE } from './style-account.ts';
import { PARTS_STYLE } from './style-parts.ts';

/**
 * The one stylesheet of all server-rendered pages. Plain rules without nesting, layers or `:has`, because old parsers drop what they do
 * not know, and no page may depend on it. A tenant overrides the custom properties, nothing else.
 */
export const STYLESHEET: string = `:root {
  color-scheme: light dark;
  --paper: #f3eee4;
  --sheet: #fdfbf6;
  --ink: #1e1b16;
  --title: #1e1b16;
  --faded: #655d50;
  --line: #ddd4c3;
  --field: #8d8371;
  --field-ground: #fffefb;
  --wash: #f3ede0;
  --accent: #1f6a5c;
  --accent-strong: #164f45;
  --accent-fill: #1f6a5c;
  --on-accent: #fdfbf6;
  --bronze: #96703a;
  --destroy: #a32b1f;
  --on-destroy: #fdfbf6;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", "Noto Serif", Georgia, "Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", serif;
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
:lang(zh) {
  --sans: -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", system-ui, sans-serif;
  --serif: "Songti SC", "STSong", "Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "PingFang SC", "Microsoft YaHei", serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #100f0d;
    --sheet: #191714;
    --ink: #e6dccb;
    --title: #e2bf8b;
    --faded: #a89c87;
    --line: #37322a;
    --field: #80755f;
    --field-ground: #131210;
    --wash: #24211c;
    --accent: #79c2b1;
    --accent-strong: #97d6c7;
    --accent-fill: #5aa997;
    --on-accent: #0e1714;
    --bronze: #c89b5c;
    --destroy: #ec8273;
    --on-destroy: #1b0d0a;
  }
}

*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { font-size: 100%; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100svh;
  display: flex;
  flex-direction: column;
  background: var(--paper);
  color: var(--ink);
  font-family: var(--sans);
  font-size: 1rem;
  line-height: 1.55;
  font-variant-numeric: tabular-nums;
  overflow-wrap: break-word;
}
.head, .sheet, .foot { width: 100%; max-width: 27rem; margin-left: auto; margin-right: auto; }
.wide .head, .wide .sheet, .wide .foot { max-width: 34rem; }
.head {
  display: flex;
  align-items: center;
  gap: 0.625rem;
  padding: 1.25rem 1.5rem;
  color: var(--title);
  font-family: var(--serif);
  font-size: 1.1875rem;
  line-height: 1.2;
  letter-spacing: 0.01em;
}
.mark { display: block; flex: none; height: 1.75rem; width: auto; }
.mark-right { fill: var(--accent); }
.sheet { flex: 1 0 auto; padding: 1.75rem 1.5rem 2rem; background: var(--sheet); border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.foot { padding: 1rem 1.5rem 1.5rem; color: var(--faded); font-size: 0.875rem; }
@media (min-width: 30em) {
  .head { padding: 2.5rem 0.125rem 1rem; }
  .sheet { flex: none; padding: 2.25rem 2.5rem 2.5rem; border: 1px solid var(--line); border-radius: 4px; }
  .foot { padding: 1rem 0.125rem 2.5rem; }
}
@media (min-width: 30em) and (min-height: 56em) {
  .head { padding-top: 11vh; }
}

h1 { margin: 0; color: var(--title); font-family: var(--serif); font-size: 1.625rem; font-weight: 600; line-height: 1.25; letter-spacing: -0.005em; text-wrap: balance; }
@media (min-width: 30em) {
  h1 { font-size: 1.75rem; }
}
h2 { margin: 1.5rem 0 0.375rem; font-size: 0.875rem; font-weight: 600; line-height: 1.4; color: var(--faded); }
:lang(zh) h1 { letter-spacing: 0.02em; }
p { margin: 0.75rem 0 0; }
h2 + p { margin-top: 0; }
body:lang(zh) { line-height: 1.7; }
.lead { margin-top: 0.375rem; color: var(--faded); }
.faded { color: var(--faded); }
.small { font-size: 0.875rem; }
a { color: var(--accent); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 0.2em; }
.aside { white-space: nowrap; }
a:hover { color: var(--accent-strong); text-decoration-thickness: 2px; }
code { font-family: var(--mono); font-size: 0.875em; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }

.client { display: flex; align-items: center; gap: 0.875rem; margin-top: 1rem; }
.client-logo { flex: none; width: 3rem; height: 3rem; border-radius: 4px; background: #fff; box-shadow: 0 0 0 1px var(--line); object-fit: contain; }
.client-initial { display: flex; align-items: center; justify-content: center; background: var(--wash); color: var(--title); font-family: var(--serif); font-size: 1.5rem; line-height: 1; }
.client-names { min-width: 0; }
.client-name { display: block; font-weight: 600; line-height: 1.35; overflow-wrap: anywhere; }
.client-host { display: block; color: var(--faded); font-size: 0.875rem; overflow-wrap: anywhere; }

.seam { position: relative; height: 0; margin: 1.625rem 0; border: 0; border-top: 1px solid var(--line); overflow: visible; }
.seam::after { content: ""; position: absolute; left: 50%; top: -6px; width: 10px; height: 10px; margin-left: -5px; border: solid var(--line); border-width: 0 1px 1px 0; background: var(--sheet); transform: rotate(45deg); clip-path: polygon(100% 0, 100% 100%, 0 100%); }

label { display: block; margin-top: 1.125rem; font-size: 0.9375rem; font-weight: 500; }
label:first-child { margin-top: 0; }
input[type=text], input[type=email], input[type=password] {
  display: block;
  width: 100%;
  height: 3rem;
  margin-top: 0.375rem;
  padding: 0 0.875rem;
  border: 1px solid var(--field);
  border-radius: 4px;
  background: var(--field-ground);
  color: var(--ink);
  font: inherit;
  font-size: 1rem;
}
input.code { font-family: var(--mono); font-size: 1.375rem; letter-spacing: 0.12em; text-transform: uppercase; }
.device-code { margin-top: 0.25rem; font-family: var(--mono); font-size: 1.5rem; letter-spacing: 0.12em; color: var(--title); }
input:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 0; border-radius: 4px; }
.optional { color: var(--faded); font-size: 0.8125rem; font-weight: 400; }
.hint { margin: 0.125rem 0 0; color: var(--faded); font-size: 0.875rem; line-height: 1.45; }
.field-problem { margin: 0.375rem 0 0; padding-left: 0.75rem; border-left: 3px solid var(--bronze); font-size: 0.9375rem; line-height: 1.45; }
input[aria-invalid=true] { border-color: var(--bronze); }
.other { margin-top: 1.25rem; font-size: 0.9375rem; text-align: center; }
.problem { margin: 0 0 1.25rem; padding: 0.75rem 0.875rem; border-left: 3px solid var(--bronze); background: var(--wash); }

p + .problem { margin-top: 1.125rem; }
.acts { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 1.75rem; }
button, .button {
  flex: 1 1 9rem;
  display: block;
  min-height: 3rem;
  padding: 0.625rem 0.75rem;
  border: 1px solid var(--field);
  border-radius: 4px;
  background: transparent;
  color: var(--ink);
  font: inherit;
  font-weight: 600;
  line-height: 1.5;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
button:hover, .button:hover { border-color: var(--ink); color: var(--ink); background: var(--wash); }
button:focus-visible, .button:focus-visible { border-radius: 4px; }
.primary { border-color: var(--accent-fill); background: var(--accent-fill); color: var(--on-accent); }
.primary:hover { border-color: var(--accent-strong); background: var(--accent-strong); color: var(--on-accent); }
.destroy { border-color: var(--destroy); background: var(--destroy); color: var(--on-destroy); }
.destroy:hover { border-color: var(--ink); background: var(--destroy); color: var(--on-destroy); }
.stack { flex-direction: column; gap: 0.5rem; }
.stack button { flex: none; width: 100%; }
.quiet { border-color: transparent; color: var(--faded); font-weight: 400; }
.quiet:hover { border-color: transparent; color: var(--ink); }

.links { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 1.25rem 0 0; font-size: 0.875rem; }
.links + .links { margin-top: 0.25rem; }
.links .host { color: var(--faded); overflow-wrap: anywhere; }

.scopes { margin: 0; padding: 0; list-style: none; }
.scopes li { position: relative; padding: 0.5rem 0 0.5rem 1.125rem; border-top: 1px solid var(--line); }
.scopes li::before { content: ""; position: absolute; left: 0.125rem; top: 1.125rem; width: 6px; height: 6px; background: var(--accent); transform: rotate(45deg); }
.scopes code, .resource { color: var(--faded); font-size: 0.8125rem; }
.scopes code { display: block; }
.scopes .meaning { display: block; color: var(--faded); font-size: 0.875rem; }
.resource { margin: 0 0 0.375rem; }
.resource code { font-size: inherit; }
@media (min-width: 30em) {
  .scopes li { display: flex; justify-content: space-between; align-items: baseline; gap: 1.5rem; }
  .scopes code { flex: none; max-width: 50%; text-align: right; }
}
.facts { margin: 1.5rem 0 0; padding: 0.5rem 0 0; border-top: 1px solid var(--line); }
h2 + .facts { margin-top: 0.375rem; }
.facts div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0.125rem 0; }
.facts dt { flex: 0 0 7.5rem; color: var(--faded); }
.facts .each { display: block; }
.detail { margin-top: 0.375rem; }
.facts dd { flex: 1 1 9rem; min-width: 0; margin: 0; overflow-wrap: anywhere; }
.id { display: block; margin-top: 0.25rem; padding: 0.625rem 0.75rem; border: 1px solid var(--line); border-radius: 4px; background: var(--wash); font-size: 0.9375rem; -webkit-user-select: all; user-select: all; }
.phrase { margin-top: 0.625rem; color: var(--faded); font-family: var(--mono); font-size: 0.875rem; }

.apps { margin: 0; padding: 0; list-style: none; }
.apps li { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: 0.5rem 1.5rem; padding: 0.75rem 0; border-top: 1px solid var(--line); }
.apps code { display: block; overflow-wrap: anywhere; }
.apps form { margin: 0; }
.apps button { color: var(--destroy); }
.places { margin: 1.5rem 0 0; padding: 0; list-style: none; }
.places li { padding: 0.75rem 0; border-top: 1px solid var(--line); }
.places a { font-weight: 600; }
.places span { display: block; color: var(--faded); font-size: 0.9375rem; }

.languages { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
.languages [aria-current] { color: var(--ink); }
.languages a { color: var(--faded); }
.languages .aside { white-space: nowrap; }
.languages + .service, nav + .service { margin-top: 0.5rem; }
.service-note { margin-top: 1.25rem; padding-top: 0.875rem; border-top: 1px solid var(--line); color: var(--faded); }
a:hover { color: var(--ink); }

${PARTS_STYLE}
${ACCOUNT_STYLE}
@media (prefers-reduced-motion: no-preference) {
  button, .button, a, input { transition: background-color 0.12s, border-color 0.12s, color 0.12s; }
}
@media (forced-colors: active) {
  button, .button, .sheet, .id { border-color: ButtonText; }
}
@media print {
  body, .sheet { display: block; background: #fff; color: #000; }
  .sheet { border: 0; padding: 0; }
  .foot, .acts { display: none; }
}
`;

/** Where the stylesheet is served: the name carries a hash of the content, so it may be kept for ever. */
export const STYLESHEET_PATH: string = `/assets/hufu.${createHash('sha256').update(STYLESHEET).digest('hex').slice(0, 12)}.css`;
