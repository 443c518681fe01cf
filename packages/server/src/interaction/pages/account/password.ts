import type { PasswordFault } from '../../../accounts/password-policy.ts';
import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { requirePath } from '../href.ts';
import { html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import { acts, linkButton, submitButton } from '../parts/buttons.ts';
import { card } from '../parts/card.ts';
import { passwordField } from '../parts/fields.ts';
import { notice } from '../parts/notice.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';

export interface PasswordView extends AccountPageView {
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
  /** Whether there is one by now, which has to be given. */
  readonly hasPassword: boolean;
  readonly minLength: number;
  /** `policies.passwords.on_change`. */
  readonly ends: 'all' | 'others';
  readonly problems: PasswordProblems;
}

export interface PasswordProblems {
  readonly current?: 'wrong';
  readonly fresh?: PasswordFault | 'unchanged';
  /** Seconds to wait. */
  readonly slowedDown?: number;
}

/** A new password in place of the old one. It posts `current` and `password` with `csrf`, and for password managers `username`. */
export function passwordPage(view: PasswordView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.security;
  const { current, fresh, slowedDown } = view.problems;
  const reveal = { show: messages.account.show, hide: messages.account.hide };
  const heading = view.hasPassword ? words.changePassword : words.setPassword;
  const form = html`<form id="password-form" method="post" action="${requirePath(view.hrefOf('/account/security/password'))}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="text" name="username" value="${view.user.username}" autocomplete="username" readonly hidden>
${slowedDown !== undefined && notice('problem', words.slowedDown(slowedDown), { id: 'problem' })}
${
  view.hasPassword &&
  passwordField(
    {
      name: 'current',
      label: words.currentPassword,
      problem: current && words.wrongPassword,
      input: { autocomplete: 'current-password', autofocus: fresh === undefined },
    },
    reveal,
  )
}
${passwordField(
  {
    name: 'password',
    label: words.newPassword,
    hint: messages.signUp.passwordHint(view.minLength),
    problem: fresh && words.faults[fresh](view.minLength),
    input: { autocomplete: 'new-password', minlength: view.minLength, autofocus: !view.hasPassword || fresh !== undefined },
  },
  reveal,
)}
${acts([submitButton({ label: heading, kind: 'primary', id: 'password-submit' }), linkButton({ label: messages.account.cancel, href: view.hrefOf('/account/security'), kind: 'quiet' })])}
</form>`;
  const main = html`${outcomeNotice(view.outcome, messages)}
${card({ heading: words.password, lead: view.ends === 'all' ? words.passwordEndsAll : words.passwordEndsOthers, body: form })}`;
  const isWrong = Object.keys(view.problems).length > 0;
  const title = isWrong ? `${messages.account.notDoneTitle} · ${heading}` : heading;
  return accountLayout(view, { page: 'account-password', side: 'security', title, heading, main, isBelow: true });
}
