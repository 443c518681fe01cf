import type { Context } from '../context.ts';
import { relyingParty } from '../passkeys/relying-party.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import type { PageHeaderOptions } from './pages/headers.ts';
import type { PasskeyPanelView } from './pages/passkey-panel.ts';
import { PASSKEY_SCRIPT_PATH } from './pages/passkey-script.ts';

/** Where an assertion is sent, and where the script asks what to sign. */
export const PASSKEY_PATH = '/signin/passkey';
export const PASSKEY_OPTIONS_PATH = '/signin/passkey/options';
/** Where a passkey is sent that was made in a sign-in. */
export const ENROL_PASSKEY_PATH = '/signin/enrol/passkey';

/** What the headers of a page with the panel have to allow. */
export const PASSKEY_SCRIPTS: Required<Pick<PageHeaderOptions, 'scripts' | 'connects'>> = {
  scripts: [PASSKEY_SCRIPT_PATH],
  connects: [PASSKEY_OPTIONS_PATH],
};

export interface PasskeyFormOptions extends Pick<PasskeyPanelView, 'place' | 'conditional'> {
  /** The page it stands on: its form token is that page's. */
  readonly page: string;
  readonly aim: Aim;
}

/** The panel for a passkey of anybody's; undefined where there are none (see `relyingParty`). */
export function passkeyForm(ctx: Context, browserId: string, { page, aim, ...view }: PasskeyFormOptions): PasskeyPanelView | undefined {
  if (relyingParty(ctx) === undefined) return undefined;
  const fields = [['csrf', csrfToken(ctx, browserId, page)] as const, ...aimParameters(aim)];
  return { act: 'get', action: PASSKEY_PATH, options: PASSKEY_OPTIONS_PATH, fields, ...view };
}
