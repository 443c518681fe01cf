import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { type IdTokenClaims, type IdTokenExpectation, validateIdToken } from './id-token.ts';
import { keysOf } from './issuer-keys.ts';
import { giveBackTokens } from './revoke-token.ts';
import type { Tokens } from './tokens.ts';

/** Waits for some milliseconds; rejects where whoever waits has given up. */
export type Wait = (ms: number) => Promise<void>;

/** A code serves once, and its user has done their part: it is worth some seconds. */
const PAUSES_MS = [1_000, 2_000, 4_000];

/**
 * To be called before a code is redeemed whose answer is to be verified: fetches the issuer's keys where they are not known. Throws
 * `ClientError` where they cannot be had.
 */
export function fetchKeysFirst(client: Client, wait: Wait): Promise<void> {
  return persist(() => keysOf(client).ready(), wait);
}

/**
 * Validates the ID token of a sign-in (OpenID Connect Core §3.1.3.7), some times where the keys cannot be fetched at once: a code cannot be
 * redeemed again. Where it fails for good, the tokens are given back (RFC 7009 §2.1), as nobody will have them. Throws `ClientError`.
 */
export async function verifySignIn(client: Client, tokens: Tokens, expected: IdTokenExpectation, wait: Wait): Promise<IdTokenClaims> {
  const { idToken, accessToken } = tokens;
  try {
    return await persist(() => validateIdToken(client, idToken, { ...expected, accessToken }), wait);
  } catch (error) {
    await giveBackTokens(client, tokens);
    throw error;
  }
}

async function persist<Value>(act: () => Promise<Value>, wait: Wait): Promise<Value> {
  for (const ms of PAUSES_MS) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ClientError && (error.kind === 'unavailable' || error.kind === 'unreachable'))) throw error;
    }
    await wait(ms);
  }
  return act();
}
