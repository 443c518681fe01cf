import { type ClientView, clientLinks, clientPlate } from './client-view.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { attributes, type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';

export interface SignInView extends PageView {
  readonly form: FormView;
  /** Undefined when somebody signs in to a page of ours (account, console). */
  readonly client?: ClientView;
  /** What was typed before, or `login_hint`. */
  readonly username?: string;
  /** Where somebody without an account makes one; undefined where nobody does. */
  readonly signUpHref?: string;
  readonly problem?: SignInProblem;
}

/** `wrong_credentials` covers the unknown user too: the page must not tell which of the two it was. */
export type SignInProblem = { readonly kind: 'wrong_credentials' } | { readonly kind: 'slowed_down'; readonly retryAfterSeconds: number };

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
${asker(view.client, messages)}<hr class="seam">
<form id="signin" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${problem && html`<p class="problem" id="problem" role="alert">${problem}</p>`}
<label for="username">${words.username}</label>
<input type="text" id="username" name="username" value="${typed}" autocomplete="username" autocapitalize="none" spellcheck="false" ${attributes({ ...shared, autofocus: typed === '' })}>
<label for="password">${words.password}</label>
<input type="password" id="password" name="password" autocomplete="current-password" ${attributes({ ...shared, autofocus: typed !== '' })}>
<div class="acts stack">
<button type="submit" id="signin-submit" class="primary">${words.submit}</button>
<button type="submit" id="signin-cancel" name="cancel" value="cancel" class="quiet" formnovalidate>${words.cancel}</button>
</div>
</form>
${signUp(view.signUpHref, messages)}
${view.client && clientLinks(view.client, messages)}`;
  return layout(view, { page: 'signin', title: problem ? `${words.titleProblem} · ${words.heading}` : words.heading, main });
}

function asker(client: ClientView | undefined, messages: Messages): Html | undefined {
  if (client === undefined) return undefined;
  return html`<p class="lead">${messages.signIn.continueTo}</p>
${clientPlate(client, messages)}
`;
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
  }
}

function describedBy(problem: string | undefined): Readonly<Record<string, string>> {
  return problem === undefined ? {} : { 'aria-describedby': 'problem' };
}
