import { ADDRESS_PARTS, type AddressPart, type ClaimFault, type FieldClaim } from '../../../accounts/editable-claims.ts';
import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { type AttributeValue, type Html, html } from '../html.ts';
import { LOCALES, messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';
import { acts, linkButton, submitButton } from '../parts/buttons.ts';
import { card } from '../parts/card.ts';
import { field, type SelectView, selectField } from '../parts/fields.ts';
import { notice } from '../parts/notice.ts';
import { facts, tag } from '../parts/rows.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';

export interface ProfileView extends AccountPageView {
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
  /** The configuration says what stands here, and nobody changes it. */
  readonly isManaged: boolean;
  /** Claims with a field, in the order of the page. */
  readonly editable: readonly FieldClaim[];
  readonly hasAddress: boolean;
  /** What is, or was typed before. */
  readonly typed: Readonly<Partial<Record<FieldClaim | AddressPart, string>>>;
  readonly problems: Readonly<Partial<Record<FieldClaim | AddressPart, ClaimFault>>>;
  /** Claims that are there and have no field. */
  readonly shown: readonly { readonly claim: FieldClaim; readonly value: string }[];
  readonly zones: readonly string[];
  readonly email: EmailView;
}

export interface EmailView {
  readonly address: string | undefined;
  readonly isVerified: boolean;
  /** The page that changes and verifies it; undefined where that is not possible. */
  readonly changeHref: string | undefined;
}

const MAX_SHOWN = 200;

/** What somebody says of themselves, and how they are reached. It posts the claims by their names with `csrf`. */
export function profilePage(view: ProfileView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account;
  const main = html`${outcomeNotice(view.outcome, messages)}${view.isManaged && notice('told', words.profile.managed, { id: 'managed' })}
${(view.editable.length > 0 || view.shown.length > 0 || view.hasAddress) && aboutYou(view, messages)}
${emailCard(view.email, view, messages)}`;
  const heading = words.sides.profile;
  const title = Object.keys(view.problems).length > 0 ? `${words.notDoneTitle} · ${heading}` : heading;
  return accountLayout(view, { page: 'account-profile', side: 'profile', title, heading, lead: words.profile.lead, main });
}

function aboutYou(view: ProfileView, messages: Messages): Html {
  const words = messages.account.profile;
  const shown =
    view.shown.length > 0 &&
    html`${view.editable.length > 0 && html`<p class="small faded">${words.onlyShown}</p>`}
${facts(view.shown.map(({ claim, value }) => [words.claims[claim], html`<bdi>${displayText(value, MAX_SHOWN)}</bdi>`] as const))}`;
  const form =
    (view.editable.length > 0 || view.hasAddress) &&
    html`<form id="profile-form" method="post" action="${requirePath(view.hrefOf('/account/profile'))}">
<input type="hidden" name="csrf" value="${view.csrf}">
${view.editable.map((claim) => claimField(claim, view, messages))}
${view.hasAddress && addressFields(view, messages)}
${acts([submitButton({ label: messages.account.save, kind: 'primary', id: 'profile-save' })])}
</form>`;
  return card({ heading: words.aboutYou, body: html`${form}${shown}` });
}

/** What browsers fill in by themselves, and how the keyboard of a phone looks. */
const INPUTS: Readonly<Record<Exclude<FieldClaim, 'zoneinfo' | 'locale'> | AddressPart, Readonly<Record<string, AttributeValue>>>> = {
  name: { type: 'text', autocomplete: 'name', maxlength: 100 },
  given_name: { type: 'text', autocomplete: 'given-name', maxlength: 100 },
  family_name: { type: 'text', autocomplete: 'family-name', maxlength: 100 },
  middle_name: { type: 'text', autocomplete: 'additional-name', maxlength: 100 },
  nickname: { type: 'text', autocomplete: 'nickname', maxlength: 100 },
  preferred_username: { type: 'text', autocomplete: 'off', maxlength: 100 },
  phone_number: { type: 'tel', autocomplete: 'tel', maxlength: 40 },
  birthdate: { type: 'text', autocomplete: 'bday', maxlength: 10, placeholder: '1990-12-31', inputmode: 'numeric' },
  gender: { type: 'text', autocomplete: 'sex', maxlength: 100 },
  website: { type: 'url', autocomplete: 'url', maxlength: 2048 },
  profile: { type: 'url', autocomplete: 'off', maxlength: 2048 },
  picture: { type: 'url', autocomplete: 'photo', maxlength: 2048 },
  street_address: { type: 'text', autocomplete: 'street-address', maxlength: 100 },
  postal_code: { type: 'text', autocomplete: 'postal-code', maxlength: 100 },
  locality: { type: 'text', autocomplete: 'address-level2', maxlength: 100 },
  region: { type: 'text', autocomplete: 'address-level1', maxlength: 100 },
  country: { type: 'text', autocomplete: 'country-name', maxlength: 100 },
};

function claimField(claim: FieldClaim, view: ProfileView, messages: Messages): Html {
  const words = messages.account.profile;
  const shared = {
    name: claim,
    label: words.claims[claim],
    hint: words.hints[claim],
    value: view.typed[claim],
    problem: problemOf(claim, view, messages),
  };
  if (claim === 'zoneinfo') return selectField({ ...shared, options: withPresent(zoneOptions(view, messages), view.typed.zoneinfo) });
  if (claim === 'locale') return selectField({ ...shared, options: withPresent(languageOptions(messages), view.typed.locale) });
  return field({ ...shared, input: { ...INPUTS[claim], autofocus: claim === firstWrong(view) } });
}

function addressFields(view: ProfileView, messages: Messages): Html {
  const words = messages.account.profile.address;
  const parts = ADDRESS_PARTS.map((part) =>
    field({
      name: part,
      label: words[part],
      value: view.typed[part],
      problem: problemOf(part, view, messages),
      input: { ...INPUTS[part], autofocus: part === firstWrong(view) },
    }),
  );
  return html`<fieldset><legend>${words.heading}</legend>
${parts}</fieldset>`;
}

function zoneOptions({ zones }: ProfileView, messages: Messages): SelectView['options'] {
  const none = { value: '', label: messages.account.profile.noZone };
  return [none, ...zones.map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }))];
}

function languageOptions(messages: Messages): SelectView['options'] {
  const own = LOCALES.map((locale) => ({ value: locale, label: messagesFor(locale).languageName }));
  return [{ value: '', label: messages.account.profile.browserLanguage }, ...own];
}

/** What is there already is one to choose, even where we would not offer it. */
function withPresent(options: SelectView['options'], present: string | undefined): SelectView['options'] {
  if (present === undefined || options.some(({ value }) => value === present)) return options;
  return [...options, { value: present, label: displayText(present, MAX_SHOWN) || '?' }];
}

function problemOf(name: FieldClaim | AddressPart, { problems }: ProfileView, messages: Messages): string | undefined {
  const fault = problems[name];
  return fault && messages.account.profile.faults[fault];
}

function firstWrong({ problems }: ProfileView): string | undefined {
  return Object.keys(problems)[0];
}

function emailCard(email: EmailView, view: ProfileView, messages: Messages): Html {
  const words = messages.account.profile;
  const shown =
    email.address === undefined
      ? html`<p>${words.noEmail}</p>`
      : html`<p><bdi id="email-address">${displayText(email.address, 254)}</bdi> ${email.isVerified ? tag(words.verified, 'good') : tag(words.unverified, 'warn')}</p>`;
  const label = email.address === undefined ? words.addEmail : email.isVerified ? words.changeEmail : words.verify;
  const change =
    email.changeHref !== undefined &&
    html`<div class="acts">${linkButton({ label, href: view.hrefOf(email.changeHref), id: 'change-email' })}</div>`;
  return card({ heading: words.email, id: 'email', lead: words.emailLead, body: html`${shown}${change}` });
}
