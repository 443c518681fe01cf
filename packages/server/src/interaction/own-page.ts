import { formatUserCode, readUserCode } from '../pending/user-code.ts';

/**
 * Pages of ours that somebody goes on to after signing in, by the word that `next` of the sign-in pages calls them. A word and never an address: nobody is
 * sent anywhere by a link that somebody else made.
 */
const PATHS = {
  account: '/account',
  approvals: '/account/approvals',
  profile: '/account/profile',
  email: '/account/profile/email',
  security: '/account/security',
  password: '/account/security/password',
  authenticator: '/account/security/authenticator',
  passkey: '/account/security/passkey',
  remove: '/account/security/remove',
  recovery_codes: '/account/security/recovery-codes',
  sessions: '/account/sessions',
  apps: '/account/apps',
  activity: '/account/activity',
  not_me: '/account/activity/not-me',
  data: '/account/data',
  delete: '/account/data/delete',
} as const;

/** One of those words, or for the device page the code that was in its address. */
export type OwnPage = keyof typeof PATHS | `device${string}`;

/** The account, for whatever does not read. */
export function readOwnPage(text: string | undefined): OwnPage {
  if (text === 'device') return text;
  if (text !== undefined && isPage(text)) return text;
  const code = text?.startsWith('device ') === true ? readUserCode(text.slice(7)) : undefined;
  return code === undefined ? 'account' : `device ${code}`;
}

/** The device page with its code, if it is one. */
export function devicePage(code: string | undefined): OwnPage {
  return code === undefined ? 'device' : `device ${code}`;
}

export function pathOfPage(page: OwnPage): string {
  if (isPage(page)) return PATHS[page];
  const code = readUserCode(page.slice(7));
  return code === undefined ? '/device' : `/device?user_code=${formatUserCode(code)}`;
}

/** Where somebody signs in first. */
export function signInPath(page: OwnPage): string {
  return page === 'account' ? '/signin' : `/signin?next=${encodeURIComponent(page)}`;
}

function isPage(text: string): text is keyof typeof PATHS {
  return Object.hasOwn(PATHS, text);
}
