/**
 * An email address as somebody typed it, if it has the form of one (RFC 5321 §4.1.2, RFC 6531 §3.3): without quotes, comments and address
 * literals, and with a domain that has a dot. Whether anybody reads it, a message alone can tell.
 */
export function readEmailAddress(text: string): string | undefined {
  const address = text.trim().normalize('NFC');
  if (address.length > MAX_ADDRESS) return undefined;
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(0, at));
  if (local.length > MAX_LOCAL || !LOCAL.test(local)) return undefined;
  const labels = address.slice(at + 1).split('.');
  return labels.length >= 2 && labels.every((label) => LABEL.test(label)) ? address : undefined;
}

/** RFC 5321 §4.5.3.1, less the angle brackets. */
const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;

/** Dots stand between something (RFC 5321 §4.1.2); letters of every script count (RFC 6531 §3.3). */
const LOCAL = /^[\w!#$%&'*+/=?^`{|}~\p{L}\p{M}\p{N}-]+(?:\.[\w!#$%&'*+/=?^`{|}~\p{L}\p{M}\p{N}-]+)*$/u;
const LABEL = /^(?!-)[A-Za-z0-9\p{L}\p{M}\p{N}-]{1,63}(?<!-)$/u;
