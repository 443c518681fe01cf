import type { UsernameFault } from '../../accounts/new-username.ts';
import type { PasswordFault } from '../../accounts/password-policy.ts';
import type { BotProblem } from '../../bot-check/provider.ts';
import { type ClientView, clientLinks, clientPlate } from './client-view.ts';
import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { type AttributeValue, attributes, type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';
import { botProblemText } from './parts/bot-panels.ts';

export interface SignUpView extends PageView {
  readonly form: FormView;
  /** Undefined when somebody signs up for a page of ours. */
  readonly client?: ClientView;
  /** Who is signed in at this browser: the new account takes their place. */
  readonly signedInAs?: string;
  readonly signInHref: string;
  /** Fewest characters of a password. */
  readonly minLength: number;
  readonly email: 'needed' | 'optional';
  readonly typed: TypedAccount;
  readonly problems: SignUpProblems;
  /** A check against programs. */
  readonly botCheck?: Html;
}

/** What was typed before, or `login_hint`. Never the password. */
export interface TypedAccount {
  readonly username?: string;
  readonly email?: string;
  readonly name?: string;
}

/** What is wrong with each field; nothing where a page is new. */
export interface SignUpProblems {
  readonly username?: UsernameFault | 'taken';
  readonly email?: 'not_an_address' | 'missing';
  readonly name?: 'not_fit';
  readonly password?: PasswordFault;
  /** Seconds to wait. */
  readonly slowedDown?: number;
  readonly bot?: BotProblem;
}

type FieldName = 'username' | 'email' | 'name' | 'password';
const FIELDS: readonly FieldName[] = ['username', 'email', 'name', 'password'];

/**
 * The sign-up page. It posts `username`, `email`, `name` and `password`, or `cancel` (the client then gets `access_denied`), with the hidden
 * fields. What is wrong stands at its field, and the first such field has the focus (WCAG 2.2 §3.3.1).
 */
export function signUpPage(view: SignUpView): string {
  const messages = messagesFor(view.locale);
  const words = messages.signUp;
  const { slowedDown, bot, ...problems } = view.problems;
  const field = (name: FieldName, hint: string | undefined, more: Readonly<Record<string, AttributeValue>>): Html =>
    fieldOf(view, name, hint, { ...more, autofocus: focused(view) === name });
  const main = html`<h1>${words.heading}</h1>
${asker(view.client, messages)}${takesPlace(view.signedInAs, messages)}<hr class="seam">
<form id="signup" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${slowedDown !== undefined && html`<p class="problem" id="problem" role="alert">${messages.signIn.slowedDown(slowedDown)}</p>`}
${bot !== undefined && html`<p class="problem" id="problem" role="alert">${botProblemText(bot, messages)}</p>`}
${field('username', words.usernameHint, { type: 'text', required: true, autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false' })}
${field('email', undefined, { type: 'email', required: view.email === 'needed', autocomplete: 'email' })}
${field('name', undefined, { type: 'text', autocomplete: 'name' })}
${field('password', words.passwordHint(view.minLength), { type: 'password', required: true, autocomplete: 'new-password', minlength: view.minLength })}
${view.botCheck}
<div class="acts stack">
<button type="submit" id="signup-submit" class="primary">${words.submit}</button>
<button type="submit" id="signup-cancel" name="cancel" value="cancel" class="quiet" formnovalidate>${words.cancel}</button>
</div>
</form>
<p class="other">${words.haveAccount}<a id="signup-signin" href="${requirePath(view.signInHref)}">${words.signIn}</a></p>
${view.client && clientLinks(view.client, messages)}`;
  const isWrong = slowedDown !== undefined || bot !== undefined || Object.keys(problems).length > 0;
  return layout(view, { page: 'sign-up', title: isWrong ? `${words.titleProblem} · ${words.heading}` : words.heading, main });
}

function asker(client: ClientView | undefined, messages: Messages): Html | undefined {
  if (client === undefined) return undefined;
  return html`<p class="lead">${messages.signUp.continueTo}</p>
${clientPlate(client, messages)}
`;
}

function takesPlace(signedInAs: string | undefined, messages: Messages): Html | undefined {
  if (signedInAs === undefined) return undefined;
  return html`<p class="small faded" id="signup-replaces">${messages.signUp.replaces(html`<b>${displayText(signedInAs, 100)}</b>`)}</p>
`;
}

/** The first field that is wrong; else the first that is left to fill in. */
function focused({ problems, typed }: SignUpView): FieldName {
  return FIELDS.find((name) => problems[name] !== undefined) ?? ((typed.username ?? '') === '' ? 'username' : 'password');
}

function fieldOf(view: SignUpView, name: FieldName, hint: string | undefined, more: Readonly<Record<string, AttributeValue>>): Html {
  const words = messagesFor(view.locale).signUp;
  const problem = problemText(view, name);
  const about = [hint && `${name}-hint`, problem && `${name}-problem`].filter((id) => id !== undefined).join(' ');
  const typed = name === 'password' ? undefined : (view.typed[name] ?? '');
  const marks = {
    ...more,
    value: typed,
    'aria-invalid': problem === undefined ? undefined : 'true',
    'aria-describedby': about === '' ? undefined : about,
  };
  const optional = (name === 'email' && view.email === 'optional') || name === 'name';
  return html`<label for="${name}">${words[name]}${optional && html` <span class="optional">${words.optional}</span>`}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
<input id="${name}" name="${name}" ${attributes(marks)}>
${problem && html`<p class="field-problem" id="${name}-problem">${problem}</p>`}`;
}

function problemText({ problems, minLength, locale }: SignUpView, name: FieldName): string | undefined {
  const { faults } = messagesFor(locale).signUp;
  switch (name) {
    case 'username':
      return problems.username && faults.username[problems.username];
    case 'email':
      return problems.email && (problems.email === 'missing' ? faults.emailMissing : faults.email);
    case 'name':
      return problems.name && faults.name;
    case 'password':
      return problems.password && faults.password[problems.password](minLength);
  }
}
