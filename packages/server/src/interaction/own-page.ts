import { formatUserCode, readUserCode } from '../pending/user-code.ts';

/**
 * A page of ours that somebody goes on to after signing in, as `next` of the sign-in page names it: one of these words, and for the device page the code that
 * was in its address. Never an address: nobody is sent anywhere by a link that somebody else made.
 */
export type OwnPage = 'account' | 'approvals' | `device${string}`;

/** The account, for whatever does not read. */
export function readOwnPage(text: string | undefined): OwnPage {
  if (text === 'approvals' || text === 'device') return text;
  const code = text?.startsWith('device ') === true ? readUserCode(text.slice(7)) : undefined;
  return code === undefined ? 'account' : `device ${code}`;
}

/** The device page with its code, if it is one. */
export function devicePage(code: string | undefined): OwnPage {
  return code === undefined ? 'device' : `device ${code}`;
}

export function pathOfPage(page: OwnPage): string {
  if (page === 'account') return '/account';
  if (page === 'approvals') return '/account/approvals';
  const code = readUserCode(page.slice(7));
  return code === undefined ? '/device' : `/device?user_code=${formatUserCode(code)}`;
}

/** Where somebody signs in first. */
export function signInPath(page: OwnPage): string {
  return page === 'account' ? '/signin' : `/signin?next=${encodeURIComponent(page)}`;
}
