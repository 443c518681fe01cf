import type { Form } from '@hufu/protocol/form';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { defaultPasskeyName, readPasskeyName } from '../passkeys/passkey-name.ts';
import { type PasskeyHolder, type RegisteredPasskey, registerPasskey, registrationOptions } from '../passkeys/register.ts';
import { relyingParty } from '../passkeys/relying-party.ts';
import { json, refusal } from '../reply.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { requireOwnSite } from './csrf.ts';
import { localeOf } from './page-locale.ts';
import type { PageHeaderOptions } from './pages/headers.ts';
import type { PasskeyPanelView } from './pages/passkey-panel.ts';
import { PASSKEY_SCRIPT_PATH } from './pages/passkey-script.ts';
import { PASSKEY_OPTIONS_PATH } from './passkey-form.ts';

/** Where the account centre's page asks for the options of a new passkey. */
export const NEW_PASSKEY_OPTIONS_PATH = '/account/security/passkey/options';

/** What the headers of that page have to allow. */
export const NEW_PASSKEY_SCRIPTS: Required<Pick<PageHeaderOptions, 'scripts' | 'connects'>> = {
  scripts: [PASSKEY_SCRIPT_PATH],
  connects: [NEW_PASSKEY_OPTIONS_PATH],
};

export interface NewPasskeyForm {
  /** Where the answer goes, and the token of that page's forms. */
  readonly action: string;
  readonly csrf: string;
  /** Within a sign-in: what has been proved so far, and whatever else brings the page back. Without it somebody is signed in. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/**
 * The panel that makes a passkey. It posts `challenge`, `credential` and `name` with its hidden fields (`csrf` first) to `action`. Undefined where there are
 * none: see `relyingParty`.
 */
export function newPasskeyPanel(ctx: Context, http: HttpRequest, { action, csrf, fields }: NewPasskeyForm): PasskeyPanelView | undefined {
  if (relyingParty(ctx) === undefined) return undefined;
  return {
    act: 'create',
    action,
    options: fields === undefined ? NEW_PASSKEY_OPTIONS_PATH : PASSKEY_OPTIONS_PATH,
    fields: [['csrf', csrf], ...(fields ?? [])],
    place: 'alone',
    name: defaultPasskeyName(http.headers['user-agent']),
  };
}

/** The options of a new passkey for whoever is signed in, as JSON. Changes nothing, and no page of others can read it. */
export async function newPasskeyOptionsPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('same_site');
    requireOwnSite(http);
    trail.at('authentication');
    const session = await findBrowserSession(ctx, http);
    const options =
      session === undefined ? undefined : await registrationOptions(ctx, browserOf(ctx, http).id, holderOf(session), http.nowMs);
    return options === undefined ? json(403, { problem: 'expired' }) : json(200, options);
  } catch (error) {
    return refusal(ctx, 'passkey', http, trail, error);
  }
}

/** Takes what the panel posted. That whoever is signed in did so a moment ago is the caller's to see to. */
export function addPasskey(ctx: Context, http: HttpRequest, session: BrowserSession, form: Form, trail: Trail): Promise<RegisteredPasskey> {
  return takeNewPasskey(ctx, http, holderOf(session), form, trail);
}

/** The same within a sign-in: `root` is the id of its progress, and there is no session yet. */
export function takeNewPasskey(
  ctx: Context,
  http: HttpRequest,
  holder: PasskeyHolder,
  form: Form,
  trail: Trail,
): Promise<RegisteredPasskey> {
  const name = readPasskeyName(form.get('name'), defaultPasskeyName(http.headers['user-agent']));
  const answer = {
    challenge: form.get('challenge') ?? '',
    credential: form.get('credential') ?? '',
    name,
    locale: localeOf(http, undefined),
  };
  return registerPasskey(ctx, browserOf(ctx, http).id, holder, answer, trail, http.nowMs);
}

function holderOf({ session, user }: BrowserSession): PasskeyHolder {
  return { user, root: `session ${session.id}`, session: session.id };
}
