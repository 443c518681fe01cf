import type { BotProblem } from '../../../bot-check/provider.ts';
import { BOT_SCRIPT_PATH } from '../bot-script.ts';
import { requirePath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { type Locale, messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';

export interface WorkView {
  /** As the server gave it out. */
  readonly task: string;
  readonly puzzle: string;
  readonly bits: number;
  readonly parts: number;
  /** What somebody without scripts waits. */
  readonly patienceSeconds: number;
}

/** Stands inside a form; its script fills in the answer while the rest is typed. */
export function workPanel({ task, puzzle, bits, parts, patienceSeconds }: WorkView, locale: Locale): Html {
  const words = messagesFor(locale).botCheck;
  return html`<div id="bot-check" class="bot-check" data-puzzle="${puzzle}" data-bits="${bits}" data-parts="${parts}">
<input type="hidden" name="bot_task" value="${task}">
<input type="hidden" name="bot_answer" value="">
<p class="small faded" id="bot-working" role="status" hidden>${words.working}</p>
<p class="small faded" id="bot-done" role="status" hidden>${words.done}</p>
<noscript><p class="small faded" id="bot-patience">${words.patience(patienceSeconds)}</p></noscript>
</div>
<script type="module" src="${requirePath(BOT_SCRIPT_PATH)}"></script>`;
}

export interface WidgetView {
  /** Its `<script>`, as a template of the provider's own: no address of somebody else comes here as a value. */
  readonly script: Html;
  readonly className: string;
  readonly siteKey: string;
  readonly action: string;
}

/** Somebody else's box, which puts its answer into the form. */
export function widgetPanel({ script, className, siteKey, action }: WidgetView, locale: Locale): Html {
  const words = messagesFor(locale).botCheck;
  return html`<div id="bot-check" class="bot-check ${className}" data-sitekey="${siteKey}" data-action="${action}" data-theme="auto"></div>
<noscript><p class="problem" id="bot-needs-script">${words.needsScript}</p></noscript>
${script}`;
}

export function botProblemText(problem: BotProblem, { botCheck: words }: Messages): string {
  if (problem.kind === 'wait') return words.wait(problem.seconds);
  return problem.kind === 'away' ? words.away : words.missing;
}
