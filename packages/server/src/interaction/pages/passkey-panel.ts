import type { AcceptedPasskeys } from '../../passkeys/accepted.ts';
import type { PasskeyProblem } from '../../passkeys/problem.ts';
import { requirePath } from './href.ts';
import { attributes, type Html, html } from './html.ts';
import { type Locale, messagesFor } from './messages/locale.ts';
import type { PasskeyWords } from './messages/messages.ts';
import { PASSKEY_SCRIPT_PATH } from './passkey-script.ts';

/** The form that a passkey's answer comes in, and the button that asks for one: there only with scripts, and in browsers that know passkeys. */
export interface PasskeyPanelView {
  /** `get`: one that is there. `create`: a new one. */
  readonly act: 'get' | 'create';
  /** Where the answer goes: a path on our own origin. */
  readonly action: string;
  /** Where the script gets its options, by a POST of the same form. */
  readonly options: string;
  /** What is sent along: `csrf` and whatever brings the page back. The script makes fields of it, as nothing is sent without it. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** `aside`: one of several ways, and without scripts nothing is seen of it. `alone`: what the page is about. */
  readonly place: 'aside' | 'alone';
  /** Whether the browser lists passkeys at the user name (`autocomplete="username webauthn"`). */
  readonly conditional?: boolean;
  /** What a new one is called if nobody says otherwise; undefined: nobody is asked. */
  readonly name?: string;
  /** Stands before everything, and is seen only where the panel is. */
  readonly before?: Html;
  /** Above the button. */
  readonly more?: Html;
}

/** What the script itself may have to tell. */
const TOLD_BY_SCRIPT = ['cancelled', 'wrong_site', 'already_there', 'unsupported', 'expired', 'full', 'failed'] as const;

/** With its script: the page's headers have to let it run (`passkeyScripts`). */
export function passkeyPanel(view: PasskeyPanelView, locale: Locale): Html {
  const words = messagesFor(locale).passkeys;
  const flags = attributes({
    'data-act': view.act,
    'data-options': view.options,
    'data-fields': JSON.stringify(view.fields),
    'data-conditional': view.conditional === true,
    'data-required': view.place === 'alone',
    'data-place': view.place,
  });
  return html`<form id="passkey-form" class="passkey" method="post" action="${requirePath(view.action)}" hidden ${flags}>
${view.before}${TOLD_BY_SCRIPT.map(
  (problem) => html`<p class="problem" role="alert" data-problem="${problem}" hidden>${clientWords(problem, view.act, words)}</p>
`,
)}${view.name !== undefined && nameField(view.name, words)}${view.more}<div class="acts stack"><button type="submit" id="passkey-use" ${attributes({ class: view.place === 'alone' ? 'primary' : undefined })}>${labelOf(view, words)}</button></div>
</form>
${
  view.place === 'alone' &&
  html`<noscript><p class="problem">${words.needsScript}</p></noscript>
`
}<script type="module" src="${requirePath(PASSKEY_SCRIPT_PATH)}"></script>`;
}

/** What the server found wrong, for the page that comes back. */
export function passkeyProblemText(problem: PasskeyProblem, locale: Locale): string {
  return messagesFor(locale).passkeys.problems[problem];
}

/** Tells the browser which passkeys still count, on a page for whoever they belong to. */
export function acceptedPasskeysPart(accepted: AcceptedPasskeys | undefined): Html | undefined {
  if (accepted === undefined) return undefined;
  return html`<div id="passkeys-accepted" data-credentials="${JSON.stringify(accepted)}" hidden></div>
<script type="module" src="${requirePath(PASSKEY_SCRIPT_PATH)}"></script>`;
}

function labelOf({ act, place }: PasskeyPanelView, words: PasskeyWords): string {
  if (act === 'create') return words.create;
  return place === 'alone' ? words.show : words.use;
}

function clientWords(problem: (typeof TOLD_BY_SCRIPT)[number], act: PasskeyPanelView['act'], words: PasskeyWords): string {
  switch (problem) {
    case 'cancelled':
      return act === 'create' ? words.notCreated : words.cancelled;
    case 'unsupported':
      return words.unsupported;
    case 'failed':
      return words.failed;
    default:
      return words.problems[problem];
  }
}

function nameField(name: string, words: PasskeyWords): Html {
  return html`<label for="passkey-name">${words.name}</label>
<p class="hint" id="passkey-name-hint">${words.nameHint}</p>
<input type="text" id="passkey-name" name="name" value="${name}" maxlength="64" autocomplete="off" aria-describedby="passkey-name-hint">
`;
}
