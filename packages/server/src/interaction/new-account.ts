import type { Form } from '@hufu/protocol/form';
import { readEmailAddress } from '../accounts/email-address.ts';
import { readNewUsername } from '../accounts/new-username.ts';
import { normalizePassword } from '../accounts/normalize-password.ts';
import { judgePassword } from '../accounts/password-policy.ts';
import { displayText } from './pages/display-text.ts';
import type { SignUpProblems } from './pages/sign-up.ts';

/** What somebody who signs up says of themselves: checked, and nothing besides. */
export interface NewAccount {
  readonly username: string;
  /** Normalised. */
  readonly password: string;
  /** OpenID Connect Core §5.1: `name`, and `email` with `email_verified`, which is false. */
  readonly claims: Readonly<Record<string, unknown>>;
}

const MAX_NAME = 100;

/**
 * The fields of the sign-up form, or what is wrong with each: all at once, so that nobody learns it piece by piece.
 *
 * @param needs whether there has to be an address
 */
export async function readNewAccount(
  form: Form,
  minLength: number,
  needs: 'needed' | 'optional' = 'optional',
): Promise<{ readonly kind: 'account'; readonly account: NewAccount } | { readonly kind: 'problems'; readonly problems: SignUpProblems }> {
  const typed = { username: form.get('username') ?? '', email: form.get('email')?.trim() ?? '', name: readName(form.get('name') ?? '') };
  const read = readNewUsername(typed.username);
  const email = readEmailAddress(typed.email);
  const isNameFit = displayText(typed.name, MAX_NAME) === typed.name;
  const password = normalizePassword(form.get('password') ?? '');
  const fault = await judgePassword(password, [typed.username, typed.email, typed.email.split('@', 1)[0] ?? '', typed.name], minLength);
  const problems: SignUpProblems = {
    ...(read.kind === 'fault' ? { username: read.fault } : {}),
    ...(typed.email !== '' && email === undefined ? { email: 'not_an_address' } : {}),
    ...(typed.email === '' && needs === 'needed' ? { email: 'missing' } : {}),
    ...(isNameFit ? {} : { name: 'not_fit' }),
    ...(fault === undefined ? {} : { password: fault }),
  };
  if (read.kind === 'fault' || Object.keys(problems).length > 0) return { kind: 'problems', problems };
  const claims = {
    ...(typed.name === '' ? {} : { name: typed.name }),
    ...(email === undefined ? {} : { email, email_verified: false }),
  };
  return { kind: 'account', account: { username: read.username, password, claims } };
}

/** On one line. */
function readName(text: string): string {
  return text.normalize('NFC').trim().replace(/\s+/gu, ' ');
}
