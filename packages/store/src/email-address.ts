/**
 * An email address as it is compared: with the letters of ASCII small. Nothing else is folded: what looks alike, or is alike by some rule of Unicode (NFC makes a K
 * of the Kelvin sign), is another address, so that nobody comes to somebody's account by a letter that was taken for theirs.
 */
export function foldAddress(address: string): string {
  return address.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The folded address that claims say is verified (`email`, `email_verified`; OpenID Connect Core §5.1). Undefined: they name none. */
export function verifiedAddress(claims: Readonly<Record<string, unknown>>): string | undefined {
  const { email, email_verified: isVerified } = claims;
  if (isVerified !== true || typeof email !== 'string' || email === '') return undefined;
  const folded = foldAddress(email);
  return folded.length > MAX_ADDRESS || folded.includes('\0') ? undefined : folded;
}

/**
 * Whether an account that somebody may have been invited to has another address from now on: one that an administrator made, without a password. Nobody has shown
 * either address, and still what was mailed to the one before is worth something.
 */
export function leavesInvited(
  user: { readonly source: string; readonly passwordHash: string | undefined; readonly claims: Readonly<Record<string, unknown>> },
  claims: Readonly<Record<string, unknown>>,
): boolean {
  return user.source === 'admin' && user.passwordHash === undefined && saidAddress(user.claims) !== saidAddress(claims);
}

/** The folded address that claims name, shown or not. */
function saidAddress({ email }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof email === 'string' ? foldAddress(email) : undefined;
}

/** More than any address has (RFC 5321 §4.5.3.1). */
const MAX_ADDRESS = 320;

/** What is told of an address as it is written and as it is compared is of one address; all else is the caller's mistake. */
export function requireFolded(address: string, folded: string): void {
  if (foldAddress(address) !== folded || verifiedAddress({ email: address, email_verified: true }) !== folded)
    throw new TypeError('an address is told as it is written and as it is compared');
}
