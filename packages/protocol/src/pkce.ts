import { equalText } from './equal-text.ts';
import { OAuthError } from './errors.ts';

/** The methods we know (RFC 7636 §4.2); `plain` is not one of them (RFC 9700 §2.1.1). */
export const CODE_CHALLENGE_METHODS: readonly string[] = ['S256'];

/** SHA-256 of an ASCII text, as base64url without padding (43 characters). */
export type Sha256Base64url = (ascii: string) => string;

/**
 * Reads `code_challenge` and `code_challenge_method` of an authorization request (RFC 7636 §4.3). A missing method would mean `plain`
 * (§4.3) and is refused like it. Throws `invalid_request` (§4.4.1).
 *
 * @returns the challenge: 43 base64url characters, the length of a SHA-256; undefined where it is missing and need not be there.
 */
export function readCodeChallenge(
  challenge: string | undefined,
  method: string | undefined,
  need: 'required' | 'optional',
): string | undefined {
  if (challenge === undefined) {
    if (need === 'optional' && method === undefined) return undefined;
    throw new OAuthError('invalid_request', 'code_challenge is missing: PKCE is required');
  }
  if (method === undefined || !CODE_CHALLENGE_METHODS.includes(method)) {
    throw new OAuthError('invalid_request', 'code_challenge_method is not S256');
  }
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge is not the base64url of a SHA-256');
  }
  return challenge;
}

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
export function isCodeVerifier(text: string): boolean {
  return /^[A-Za-z0-9._~-]{43,128}$/.test(text);
}

/**
 * Whether the verifier is the challenge's other half (RFC 7636 §4.6). One that §4.1 does not allow is not hashed at all.
 * The comparison takes the same time wherever the texts differ.
 */
export function checkVerifier(verifier: string, challenge: string, sha256: Sha256Base64url): boolean {
  return isCodeVerifier(verifier) && equalText(sha256(verifier), challenge);
}
