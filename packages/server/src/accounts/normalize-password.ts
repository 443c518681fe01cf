/**
 * A password as it is hashed: NFC, so that a letter with its accent is the same from every keyboard (RFC 8265 §4.2.2). Nothing else is
 * changed: spaces, case and width are part of it.
 */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}
