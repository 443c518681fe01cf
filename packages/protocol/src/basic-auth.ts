import { readFormPart } from './form.ts';
import { type ClientId, isClientId } from './ids.ts';

/** What a client says of itself in the Authorization header. Not yet checked against anything. */
export interface BasicCredentials {
  readonly clientId: ClientId;
  /** May be empty. A secret: never logged. */
  readonly clientSecret: string;
}

/** Whether a header uses the scheme at all, so that what `readBasicCredentials` refuses is `invalid_client` (RFC 6749 §5.2). */
export function isBasic(authorization: string): boolean {
  return SCHEME.test(authorization);
}

/**
 * Reads client credentials from an Authorization header (RFC 6749 §2.3.1, RFC 7617 §2): `Basic`, canonical base64 of the
 * form-encoded id, a colon (the first), the form-encoded secret. Form encoding leaves printable ASCII only (RFC 6749 appendix
 * B), so that other bytes are refused before they can be read in two ways. At most 4 KiB.
 *
 * @returns undefined when it is anything else: the caller answers `invalid_client`.
 */
export function readBasicCredentials(authorization: string): BasicCredentials | undefined {
  const scheme = SCHEME.exec(authorization)?.[0];
  if (scheme === undefined || authorization.length > MAX_LENGTH) return undefined;
  const plain = readBase64(authorization.slice(scheme.length));
  if (plain === undefined || /[^\x20-\x7e]/.test(plain)) return undefined;
  const colon = plain.indexOf(':');
  if (colon < 0) return undefined;
  try {
    const clientId = readFormPart(plain.slice(0, colon));
    if (!isClientId(clientId)) return undefined;
    return { clientId, clientSecret: readFormPart(plain.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

const MAX_LENGTH = 4096;
/** RFC 9110 §11.4: the scheme in any case, then spaces. */
const SCHEME = /^basic(?: +|$)/i;

/** `atob` forgives spaces, missing padding and stray bits; writing it back shows whether there was anything to forgive. */
function readBase64(text: string): string | undefined {
  try {
    const plain = atob(text);
    return btoa(plain) === text ? plain : undefined;
  } catch {
    return undefined;
  }
}
