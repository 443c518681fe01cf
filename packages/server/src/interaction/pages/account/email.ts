import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import { acts, linkButton, submitButton } from '../parts/buttons.ts';
import { card } from '../parts/card.ts';
import { codeField, field } from '../parts/fields.ts';
import { notice } from '../parts/notice.ts';

/** What the page is about by now: an address that is typed, the code that came there, or the link that came with it. */
export type EmailStep =
  | { readonly kind: 'address'; readonly typed: string; readonly problem?: 'not_an_address' | { readonly retryAfterSeconds: number } }
  | {
      readonly kind: 'code';
      readonly asked: string;
      readonly address: string;
      readonly problem?: 'no_code' | { readonly triesLeft: number };
    }
  | { readonly kind: 'link'; readonly link: string; readonly address: string };

export interface EmailPageView extends AccountPageView {
  readonly csrf: string;
  /** A path on our own origin. */
  readonly action: string;
  readonly current: { readonly address: string; readonly isVerified: boolean } | undefined;
  readonly step: EmailStep;
}

const MAX_ADDRESS = 254;

/** Where somebody shows that an address is theirs. It posts `act` (`ask`, `code`, `link`) with `address`, `code` and `asked`, or `link`, and `csrf`. */
export function emailPage(view: EmailPageView): string {
  const messages = messagesFor(view.locale);
  const { step } = view;
  const hasProblem = step.kind !== 'link' && step.problem !== undefined;
  const heading = step.kind === 'code' ? messages.mail.code.heading : messages.account.profile.changeEmail;
  const form = html`<form id="email-form" method="post" action="${requirePath(view.action)}">
<input type="hidden" name="csrf" value="${view.csrf}">
${step.kind === 'address' ? addressStep(view, step) : step.kind === 'code' ? codeStep(view, step) : linkStep(view, step)}
</form>`;
  const main = card({ heading: messages.account.profile.email, lead: leadOf(view), body: form });
  const title = hasProblem ? `${messages.mail.titleProblem} · ${heading}` : heading;
  return accountLayout(view, { page: 'account-email', side: 'profile', title, heading, main, isBelow: true });
}

function shown(address: string): Html {
  return html`<bdi><b>${displayText(address, MAX_ADDRESS)}</b></bdi>`;
}

function leadOf({ locale, step, current }: EmailPageView): Html | string {
  const { email, code } = messagesFor(locale).mail;
  if (step.kind === 'code') return code.sent(shown(step.address));
  if (step.kind === 'link') return email.linkLead(shown(step.address));
  if (current === undefined) return email.none;
  return current.isVerified ? email.now(shown(current.address)) : email.unverified(shown(current.address));
}

function addressStep(view: EmailPageView, step: Extract<EmailStep, { kind: 'address' }>): Html {
  const { account, mail } = messagesFor(view.locale);
  const slowed = typeof step.problem === 'object' ? mail.tooMany(step.problem.retryAfterSeconds) : undefined;
  return html`${slowed !== undefined && notice('problem', slowed, { id: 'problem' })}
${field({
  name: 'address',
  label: account.profile.newEmail,
  hint: account.profile.emailHint,
  problem: step.problem === 'not_an_address' ? mail.notAnAddress : undefined,
  value: step.typed,
  input: { type: 'email', required: true, autocomplete: 'email', autocapitalize: 'none', spellcheck: 'false', autofocus: true },
})}
${acts([submitButton({ label: account.profile.sendCode, kind: 'primary', id: 'email-submit', name: 'act', value: 'ask' }), back(view)])}`;
}

function codeStep(view: EmailPageView, step: Extract<EmailStep, { kind: 'code' }>): Html {
  const { code } = messagesFor(view.locale).mail;
  const { problem } = step;
  const left = typeof problem === 'object' ? problem.triesLeft : undefined;
  const text = problem === 'no_code' ? code.noCode : left === undefined ? undefined : left === 0 ? code.over : code.wrong(left);
  return html`<input type="hidden" name="asked" value="${step.asked}">
${codeField({ name: 'code', label: code.code, hint: code.patience, problem: text, input: { autofocus: true } }, 8)}
${acts([submitButton({ label: code.submit, kind: 'primary', id: 'code-submit', name: 'act', value: 'code' }), linkButton({ label: code.again, href: view.hrefOf(view.action), kind: 'quiet', id: 'code-again' })])}`;
}

function back(view: EmailPageView): Html {
  return linkButton({ label: messagesFor(view.locale).account.cancel, href: view.hrefOf('/account/profile'), kind: 'quiet' });
}

function linkStep(view: EmailPageView, step: Extract<EmailStep, { kind: 'link' }>): Html {
  const { email } = messagesFor(view.locale).mail;
  return html`<input type="hidden" name="link" value="${step.link}">
${acts([submitButton({ label: email.linkSubmit, kind: 'primary', id: 'link-submit', name: 'act', value: 'link' }), back(view)])}`;
}
