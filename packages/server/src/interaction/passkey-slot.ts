import type { Context } from '../context.ts';
import { relyingParty } from '../passkeys/relying-party.ts';
import type { Html } from './pages/html.ts';
import { type Locale, messagesFor } from './pages/messages/locale.ts';
import { checkField } from './pages/parts/fields.ts';
import { orLine } from './pages/parts/ways.ts';
import { passkeyPanel } from './pages/passkey-panel.ts';
import { ENROL_PASSKEY_PATH, PASSKEY_OPTIONS_PATH, PASSKEY_PATH } from './passkey-form.ts';
import type { Verifying } from './second-way.ts';

/** A form for a passkey on one of the pages of a sign-in. What it sends goes to its own room, which goes on with the sign-in. The page's headers need `PASSKEY_SCRIPTS`. */
export interface PasskeySlot {
  readonly panel: Html;
}

/** What the page knows of it. */
export interface PasskeyPlace {
  /** `csrf` of the page, and whatever brings it back: `progress` and its aim. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly locale: Locale;
}

/** The form on `/signin/verify`, for somebody who has a passkey. */
export function passkeyToShow(
  ctx: Context,
  { having }: Pick<Verifying, 'having'>,
  { fields, locale, trustDays }: PasskeyPlace & { readonly trustDays?: number },
): PasskeySlot | undefined {
  if (having.passkeys.length === 0 || relyingParty(ctx) === undefined) return undefined;
  const words = messagesFor(locale).verify;
  const trust =
    trustDays === undefined ? {} : { more: checkField({ name: 'trust', label: words.trust(trustDays), hint: words.trustHint }) };
  const view = { act: 'get', action: PASSKEY_PATH, options: PASSKEY_OPTIONS_PATH, fields, place: 'alone', ...trust } as const;
  return { panel: passkeyPanel(view, locale) };
}

/** The form on `/signin/enrol`, for somebody who is to make a second factor. */
export function passkeyToMake(ctx: Context, { fields, locale }: PasskeyPlace): PasskeySlot | undefined {
  if (relyingParty(ctx) === undefined) return undefined;
  const view = {
    act: 'create',
    action: ENROL_PASSKEY_PATH,
    options: PASSKEY_OPTIONS_PATH,
    fields,
    place: 'aside',
    before: orLine(messagesFor(locale).verify.enrol.or),
  } as const;
  return { panel: passkeyPanel(view, locale) };
}
