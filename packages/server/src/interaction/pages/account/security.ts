import type { AcceptedPasskeys } from '../../../passkeys/accepted.ts';
import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';
import { linkButton, submitButton } from '../parts/buttons.ts';
import { card, emptyState } from '../parts/card.ts';
import { pictureOf } from '../parts/marks.ts';
import { fold, rows, tag } from '../parts/rows.ts';
import { ago, type Moment, onDay } from '../parts/when.ts';
import { acceptedPasskeysPart } from '../passkey-panel.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';

export interface SecurityView extends AccountPageView {
  readonly moment: Moment;
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
  /** Undefined where there is none. */
  readonly passwordChangedAt: number | undefined;
  /** `none`: nobody here signs in by password, or a directory keeps theirs. */
  readonly passwords: 'on' | 'none';
  readonly totp: readonly FactorView[];
  readonly passkeys: readonly FactorView[];
  /** For the browser, which then forgets those that were removed. */
  readonly accepted?: AcceptedPasskeys | undefined;
  /** Undefined where there is no factor that they could stand in for. */
  readonly recoveryCodes: number | undefined;
  readonly identities: readonly IdentityView[];
  /** Upstreams that could be linked: each a path that begins it. */
  readonly linkable: readonly { readonly name: string; readonly form: Html }[];
  /** Whether more may be added. */
  readonly mayAdd: { readonly totp: boolean; readonly passkey: boolean };
}

export interface FactorView {
  /** Names it to this session alone. */
  readonly thing: string;
  readonly name: string;
  readonly createdAt: number;
  readonly usedAt: number | undefined;
  /** A passkey that is copied to other devices of its owner. */
  readonly isSynced: boolean;
}

export interface IdentityView {
  readonly thing: string;
  /** As people call the upstream. */
  readonly upstream: string;
  readonly label: string;
  readonly linkedAt: number;
  readonly usedAt: number;
  /** It can be unlinked. */
  readonly mayGo: boolean;
}

export const MAX_THING_NAME = 64;

/** What somebody proves themselves with. It posts `act` = `rename`, `thing`, `name` with `csrf`; everything else has a page of its own. */
export function securityPage(view: SecurityView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account;
  const main = html`${outcomeNotice(view.outcome, messages)}
${(view.passwords === 'on' || view.passwordChangedAt !== undefined) && passwordCard(view, messages)}
${passkeyCard(view, messages)}
${totpCard(view, messages)}
${codesCard(view, messages)}
${(view.identities.length > 0 || view.linkable.length > 0) && linkedCard(view, messages)}${acceptedPasskeysPart(view.accepted)}`;
  const { lead } = words.security;
  return accountLayout(view, { page: 'account-security', side: 'security', title: words.sides.security, lead, main });
}

function passwordCard(view: SecurityView, messages: Messages): Html {
  const words = messages.account.security;
  const { passwordChangedAt } = view;
  const label = passwordChangedAt === undefined ? words.setPassword : words.changePassword;
  return card({
    heading: words.password,
    id: 'password',
    lead: words.passwordLead,
    body: html`<p>${passwordChangedAt === undefined ? words.noPassword : words.lastChanged(ago(passwordChangedAt, view.moment, messages))}</p>
<div class="acts">${linkButton({ label, href: view.hrefOf('/account/security/password'), id: 'change-password' })}</div>`,
  });
}

function passkeyCard(view: SecurityView, messages: Messages): Html {
  const words = messages.account.security;
  return card({
    heading: words.passkeys,
    id: 'passkeys',
    lead: words.passkeysLead,
    body: html`${view.passkeys.length === 0 ? emptyState(words.noPasskeys) : rows(view.passkeys.map((one) => factorRow(one, 'passkey', view, messages)))}
${view.mayAdd.passkey && html`<div class="acts">${linkButton({ label: words.addPasskey, href: view.hrefOf('/account/security/passkey'), id: 'add-passkey' })}</div>`}`,
  });
}

function totpCard(view: SecurityView, messages: Messages): Html {
  const words = messages.account.security;
  return card({
    heading: words.totp,
    id: 'authenticators',
    lead: words.totpLead,
    body: html`${view.totp.length === 0 ? emptyState(words.noTotp) : rows(view.totp.map((one) => factorRow(one, 'totp', view, messages)))}
${view.mayAdd.totp && html`<div class="acts">${linkButton({ label: words.addTotp, href: view.hrefOf('/account/security/authenticator'), id: 'add-totp' })}</div>`}`,
  });
}

function codesCard(view: SecurityView, messages: Messages): Html {
  const words = messages.account.security;
  const body =
    view.recoveryCodes === undefined
      ? emptyState(words.codesNeedFactor)
      : html`<p id="codes-left">${words.codesLeft(view.recoveryCodes)}</p>
<div class="acts">${linkButton({ label: words.newCodes, href: view.hrefOf('/account/security/recovery-codes'), id: 'new-codes' })}</div>`;
  return card({ heading: words.recoveryCodes, id: 'recovery-codes', lead: words.recoveryLead, body });
}

function linkedCard(view: SecurityView, messages: Messages): Html {
  const words = messages.account.security;
  const list = view.identities.map((one) => {
    const upstream = displayText(one.upstream, MAX_THING_NAME);
    return {
      name: upstream,
      mark: pictureOf('link'),
      lines: [
        html`<bdi>${displayText(one.label, MAX_THING_NAME)}</bdi>`,
        html`${words.linkedSince(onDay(one.linkedAt))} · ${words.lastUsed(ago(one.usedAt, view.moment, messages))}`,
      ],
      acts: [one.mayGo ? removeLink(view, one.thing, words.unlink, words.unlinkNamed(upstream)) : undefined],
    };
  });
  return card({
    heading: words.linked,
    id: 'linked',
    lead: words.linkedLead,
    body: html`${list.length === 0 ? emptyState(words.noneLinked) : rows(list)}
${view.linkable.length > 0 && html`<div class="acts">${view.linkable.map(({ form }) => form)}</div>`}`,
  });
}

function factorRow(one: FactorView, kind: 'totp' | 'passkey', view: SecurityView, messages: Messages): Parameters<typeof rows>[0][number] {
  const words = messages.account.security;
  const name = displayText(one.name, MAX_THING_NAME) || (kind === 'totp' ? words.totpName : words.passkeys);
  const used = one.usedAt === undefined ? words.neverUsed : words.lastUsed(ago(one.usedAt, view.moment, messages));
  return {
    name,
    mark: pictureOf(kind),
    tags: [one.isSynced ? tag(words.synced) : undefined],
    lines: [html`${words.added(onDay(one.createdAt))} · ${used}`],
    acts: [removeLink(view, one.thing, words.remove, words.removeNamed(name))],
    more: fold(words.rename, renameForm({ view, action: '/account/security', thing: one.thing, name, label: words.newName }, messages)),
  };
}

function removeLink(view: SecurityView, thing: string, label: string, spoken: string): Html {
  return linkButton({ label, spoken, kind: 'destroy', href: view.hrefOf(`/account/security/remove?thing=${encodeURIComponent(thing)}`) });
}

/** One field and its button: it posts `act` = `rename`, `thing` and `name`. */
export function renameForm(
  {
    view,
    action,
    thing,
    name,
    label,
  }: {
    readonly view: AccountPageView & { readonly csrf: string };
    readonly action: string;
    readonly thing: string;
    readonly name: string;
    readonly label: string;
  },
  messages: Messages,
): Html {
  const id = `name-${thing}`;
  return html`<form class="bare" method="post" action="${requirePath(view.hrefOf(action))}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="hidden" name="act" value="rename">
<input type="hidden" name="thing" value="${thing}">
<div class="inline"><div class="grow"><label for="${id}">${label}</label>
<input type="text" id="${id}" name="name" value="${name}" maxlength="${MAX_THING_NAME}" autocomplete="off" required></div>
${submitButton({ label: messages.account.save })}</div>
</form>`;
}
