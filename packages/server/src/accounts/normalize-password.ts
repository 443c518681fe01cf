/**
 * A password as it is hashed: NFC, so that a letter with its accent is the same from every keyboard (RFC 8265 §4.2.2). Nothing else is
 * changed: spaces, case and width are part of it.
 */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}

/** What was typed, and what it is as it would be hashed today, once where that is the same: what was hashed before passwords were normalised stays right. */
export function spellingsOf(password: string): readonly string[] {
  return [...new Set([password, normalizePassword(password)])];
}
