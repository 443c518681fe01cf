import type { DeviceType } from '@hufu/store/port';
import type { BotProblem } from '../../bot-check/provider.ts';
import type { PasskeyProblem } from '../../passkeys/problem.ts';
import { type ClientView, clientLinks, clientPlate } from './client-view.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { attributes, type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';
import { botProblemText } from './parts/bot-panels.ts';
import { type PasskeyPanelView, passkeyPanel } from './passkey-panel.ts';
import { type UpstreamButtonsView, upstreamButtons } from './upstream-buttons.ts';

export interface SignInView extends PageView {
  readonly form: FormView;
  /** Undefined when somebody signs in to a page of ours (account, console). */
  readonly client?: ClientView;
  /** What was typed before, or `login_hint`. */
  readonly username?: string;
  /** Where somebody without an account makes one; undefined where nobody does. */
  readonly signUpHref?: string;
  /** Other services that somebody may sign in with. */
  readonly upstreams?: UpstreamButtonsView;
  /** Where somebody signs in by mail, and where they get a new password; undefined where nobody does. */
  readonly emailHref?: string;
  readonly recoverHref?: string;
  readonly problem?: SignInProblem;
  /** Undefined where nobody signs in with a passkey. */
  readonly passkey?: PasskeyPanelView;
  /** Somebody who is signed in is to show anew that it is them. */
  readonly fresh?: boolean;
  /** A check against programs, where several attempts have failed. */
  readonly botCheck?: Html;
  /** Whether anybody signs in with a password. By default they do. */
  readonly takesPassword?: boolean;
}

/** `wrong_credentials` covers the unknown user too: the page must not tell which of the two it was. */
export type SignInProblem =
  | { readonly kind: 'wrong_credentials' }
  | { readonly kind: 'slowed_down'; readonly retryAfterSeconds: number }
  | { readonly kind: 'bot'; readonly problem: BotProblem }
  | { readonly kind: 'passkey'; readonly problem: PasskeyProblem }
  /** Something that had begun is over. */
  | { readonly kind: 'over' }
  /** Another device has taken the place of this one. */
  | { readonly kind: 'replaced'; readonly at: number; readonly device: DeviceType | undefined };

/**
 * The sign-in page. It posts `username` and `password`, or `cancel` (the client then gets `access_denied`), with the hidden fields.
 * Signing in comes first in the form, so that Enter means it.
 */
export function signInPage(view: SignInView): string {
  const messages = messagesFor(view.locale);
  const words = messages.signIn;
  const problem = problemText(view.problem, messages);
  const typed = view.username ?? '';
  const shared = {
    required: true,
    'aria-invalid': view.problem?.kind === 'wrong_credentials' ? 'true' : undefined,
    ...describedBy(problem),
  };
  const main = html`<h1>${words.heading}</h1>
${
  view.fresh === true &&
  html`<p class="lead" id="signin-fresh">${messages.verify.freshLead}</p>
`
}${asker(view.client, messages)}<hr class="seam">
<form id="signin" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${problem && html`<p class="problem" id="problem" role="alert">${problem}</p>`}
${
  (view.takesPassword ?? true) &&
  html`<label for="username">${words.username}</label>
<input type="text" id="username" name="username" value="${typed}" autocomplete="${view.passkey === undefined ? 'username' : 'username webauthn'}" autocapitalize="none" spellcheck="false" ${attributes({ ...shared, autofocus: typed === '' })}>
<label for="password">${words.password}</label>
<input type="password" id="password" name="password" autocomplete="current-password" ${attributes({ ...shared, autofocus: typed !== '' })}>`
}
${view.botCheck}
<div class="acts stack">
${(view.takesPassword ?? true) && html`<button type="submit" id="signin-submit" class="primary">${words.submit}</button>`}
<button type="submit" id="signin-cancel" name="cancel" value="cancel" class="quiet" formnovalidate>${words.cancel}</button>
</div>
</form>
${view.passkey && passkeyPanel(view.passkey, view.locale)}
${byMail(view, messages)}${upstreamButtons(view.upstreams, messages)}
${signUp(view.signUpHref, messages)}
${view.client && clientLinks(view.client, messages)}${note(view)}`;
  return layout(view, { page: 'signin', title: problem ? `${words.titleProblem} · ${words.heading}` : words.heading, main });
}

/** What the service says to whoever comes: text, of which nothing becomes a link. */
function note({ brand, locale }: SignInView): Html | undefined {
  const text = brand?.note?.[locale];
  return text === undefined ? undefined : html`<p class="service-note small">${text}</p>`;
}

function asker(client: ClientView | undefined, messages: Messages): Html | undefined {
  if (client === undefined) return undefined;
  return html`<p class="lead">${messages.signIn.continueTo}</p>
${clientPlate(client, messages)}
`;
}

function byMail({ emailHref, recoverHref }: SignInView, messages: Messages): readonly Html[] {
  const links: Html[] = [];
  if (emailHref !== undefined) links.push(html`<a id="signin-email" href="${requirePath(emailHref)}">${messages.mail.signIn.offer}</a>`);
  if (recoverHref !== undefined)
    links.push(html`<a id="signin-recover" href="${requirePath(recoverHref)}">${messages.mail.recover.offer}</a>`);
  return links.map(
    (link) => html`<p class="other">${link}</p>
`,
  );
}

function signUp(href: string | undefined, messages: Messages): Html | undefined {
  if (href === undefined) return undefined;
  return html`<p class="other">${messages.signIn.noAccount}<a id="signin-signup" href="${requirePath(href)}">${messages.signIn.createAccount}</a></p>`;
}

function problemText(problem: SignInProblem | undefined, messages: Messages): string | undefined {
  switch (problem?.kind) {
    case undefined:
      return undefined;
    case 'wrong_credentials':
      return messages.signIn.wrongCredentials;
    case 'slowed_down':
      return messages.signIn.slowedDown(problem.retryAfterSeconds);
    case 'over':
      return messages.verify.over;
    case 'replaced':
      return messages.devices.replaced(`${new Date(problem.at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`, problem.device);
    case 'passkey':
      return messages.passkeys.problems[problem.problem];
    case 'bot':
      return botProblemText(problem.problem, messages);
  }
}

function describedBy(problem: string | undefined): Readonly<Record<string, string>> {
  return problem === undefined ? {} : { 'aria-describedby': 'problem' };
}
