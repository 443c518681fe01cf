import type { PasskeyProblem } from '../../../passkeys/problem.ts';
import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import { actForm, acts, linkButton, submitButton } from '../parts/buttons.ts';
import { card } from '../parts/card.ts';
import { codeField, field } from '../parts/fields.ts';
import { notice } from '../parts/notice.ts';
import { codeList, type QrModules, qrPicture, secretText } from '../parts/secrets.ts';
import { steps } from '../parts/ways.ts';
import { type PasskeyPanelView, passkeyPanel, passkeyProblemText } from '../passkey-panel.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';
import { MAX_THING_NAME } from './security.ts';

export interface AuthenticatorView extends AccountPageView {
  readonly csrf: string;
  readonly totp: { readonly sealed: string; readonly secret: string; readonly modules: QrModules };
  /** What was typed before, or what it is called by itself. */
  readonly name: string;
  readonly isWrong: boolean;
}

/** Adds an authenticator app. It posts `code`, `name` and `totp` with `csrf`. */
export function authenticatorPage(view: AuthenticatorView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.security;
  const copy = { copy: messages.account.copy, copied: messages.account.copied };
  const form = html`<form id="authenticator" method="post" action="${requirePath(view.hrefOf('/account/security/authenticator'))}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="hidden" name="totp" value="${view.totp.sealed}">
${steps([
  html`<p>${words.scan}</p>
${qrPicture(view.totp.modules, words.qrLabel)}
<p class="small faded">${words.typeKey}</p>
${secretText(view.totp.secret, copy, 'totp-secret')}`,
  html`<p>${words.typeCode}</p>
${codeField({ name: 'code', label: words.code, problem: view.isWrong ? words.wrongCode : undefined, input: { autofocus: view.isWrong } }, 6)}
${field({ name: 'name', label: words.factorName, value: view.name, input: { type: 'text', maxlength: MAX_THING_NAME, autocomplete: 'off' } })}`,
])}
${acts([submitButton({ label: words.addTotp, kind: 'primary', id: 'authenticator-submit' }), cancel(view)])}
</form>`;
  const heading = words.addTotpHeading;
  const title = view.isWrong ? `${messages.account.notDoneTitle} · ${heading}` : heading;
  const main = html`<section class="card">${form}</section>`;
  return accountLayout(view, {
    page: 'account-authenticator',
    side: 'security',
    title,
    heading,
    lead: words.totpLead,
    main,
    isBelow: true,
  });
}

export interface NewPasskeyView extends AccountPageView {
  /** Undefined where there are no passkeys here. */
  readonly panel: PasskeyPanelView | undefined;
  readonly problem: PasskeyProblem | undefined;
}

/** Makes a passkey; the panel posts it. */
export function newPasskeyPage(view: NewPasskeyView): string {
  const words = messagesFor(view.locale).account.security;
  const body = html`${view.problem !== undefined && notice('problem', passkeyProblemText(view.problem, view.locale), { id: 'problem' })}
<p>${words.passkeyMeaning}</p>
${view.panel === undefined ? notice('problem', words.passkeysNotHere) : passkeyPanel(view.panel, view.locale)}`;
  const main = card({ heading: words.passkeys, lead: words.passkeysLead, body });
  return accountLayout(view, { page: 'account-passkey', side: 'security', title: words.addPasskeyHeading, main, isBelow: true });
}

export interface CodesView extends AccountPageView {
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
  readonly left: number;
  /** There is no factor that they could stand in for. */
  readonly isEarly: boolean;
}

/** Asks before old recovery codes go. It posts `csrf`. */
export function newCodesPage(view: CodesView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.security;
  const make = actForm({
    action: view.hrefOf('/account/security/recovery-codes'),
    csrf: view.csrf,
    fields: {},
    id: 'make-codes',
    button: { label: words.makeCodes, kind: 'primary', id: 'make-codes-submit' },
  });
  const body = view.isEarly
    ? html`<p>${words.codesNeedFactor}</p>`
    : html`<p>${words.codesLeft(view.left)} ${words.newCodesLead}</p><div class="acts">${make}</div>`;
  const main = html`${outcomeNotice(view.outcome, messages)}
${card({ heading: words.newCodes, lead: words.recoveryLead, body })}`;
  return accountLayout(view, { page: 'account-recovery-codes', side: 'security', title: words.recoveryCodes, main, isBelow: true });
}

/** The new ones, shown this once. */
export function shownCodesPage(view: AccountPageView & { readonly codes: readonly string[] }): string {
  const { account } = messagesFor(view.locale);
  const words = account.security;
  const body = html`<p>${words.codesOnce}</p>
${codeList(view.codes, { copy: account.copy, copied: account.copied }, 'codes')}
<div class="acts">${linkButton({ label: words.codesKept, href: view.hrefOf('/account/security'), kind: 'primary', id: 'codes-kept' })}</div>`;
  const main = html`${notice('done', account.done.codes_made, { id: 'account-done' })}
${card({ heading: words.yourCodes, lead: words.recoveryLead, body })}`;
  return accountLayout(view, { page: 'account-recovery-codes', side: 'security', title: words.yourCodes, main, isBelow: true });
}

export interface RemoveView extends AccountPageView {
  readonly csrf: string;
  readonly thing: string;
  readonly kind: 'totp' | 'passkey' | 'identity';
  readonly name: string;
  /** The recovery codes go with it. */
  readonly takesCodes: boolean;
}

/** Asks before a way to sign in goes. It posts `thing` with `csrf`. */
export function removePage(view: RemoveView): string {
  const { account } = messagesFor(view.locale);
  const words = account.security;
  const name = displayText(view.name, MAX_THING_NAME) || (view.kind === 'totp' ? words.totpName : words.passkeys);
  const form: Html = html`<form id="remove" method="post" action="${requirePath(view.hrefOf('/account/security/remove'))}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="hidden" name="thing" value="${view.thing}">
${acts([submitButton({ label: view.kind === 'identity' ? words.unlink : words.remove, kind: 'destroy', id: 'remove-submit' }), cancel(view)])}
</form>`;
  const main = html`<section class="card"><p>${words.removeMeaning[view.kind]}</p>${view.takesCodes && html`<p>${words.codesFall}</p>`}
${form}</section>`;
  return accountLayout(view, { page: 'account-remove', side: 'security', title: words.removeHeading(name), main, isBelow: true });
}

function cancel(view: AccountPageView): Html {
  return linkButton({ label: messagesFor(view.locale).account.cancel, href: view.hrefOf('/account/security'), kind: 'quiet' });
}
