import { equalText } from '@hufu/protocol/equal-text';
import type { Client } from './client.ts';
import { ClientError, mismatch } from './client-error.ts';
import { pause, systemClock } from './clock.ts';
import type { IdTokenClaims } from './id-token.ts';
import { PENDING_MS, type PendingSignIn } from './pending-sign-in.ts';
import { printable } from './printable.ts';
import { requestTokens } from './token-endpoint.ts';
import { type Tokens, takeTokens } from './tokens.ts';
import { fetchKeysFirst, verifySignIn, type Wait } from './verify-sign-in.ts';

/** Somebody who has just signed in: what a `TokenSession` is given. */
export interface SignedIn extends Tokens {
  /** Of the ID token, verified; left out where none was asked for. */
  readonly claims?: IdTokenClaims;
  /** What the tokens are bound to: kept as long as they are. */
  readonly dpopKey?: CryptoKeyPair;
  /** Where the app wanted to go on. */
  readonly returnTo?: string;
}

/**
 * Ends a sign-in: checks the answer that the browser brought (RFC 6749 §4.1.2, RFC 9207 §2.4), redeems the code (RFC 6749 §4.1.3), and validates the ID
 * token (OpenID Connect Core §3.1.3.7). Throws `ClientError`: `mismatch` before anything is sent, for an answer that is not the one to this
 * request; `refused` with the server's code, such as `access_denied`. Tokens that are not what was asked for, or whose ID token is not right, are given back (RFC 7009).
 *
 * @param answer the address that the browser came back to, or its parameters.
 * @param pending what `prepareSignIn` gave, from where it was kept; it is to be taken out of there, so that it serves once.
 * @param wait between two attempts to have the issuer's keys; by the machine's clock where it is left out.
 */
export async function finishSignIn(
  client: Client,
  answer: string | URL | URLSearchParams,
  pending: PendingSignIn,
  signal?: AbortSignal,
  wait: Wait = (ms) => pause(systemClock, ms, signal),
): Promise<SignedIn> {
  const code = await readAuthorizationAnswer(client, answer instanceof URLSearchParams ? answer : new URL(answer).searchParams, pending);
  const { dpopKey, nonce, maxAge, returnTo } = pending;
  if (nonce !== undefined) await fetchKeysFirst(client, wait);
  const raw = await requestTokens(client, 'authorization_code', {
    parameters: [
      ['code', code],
      ['redirect_uri', pending.redirectUri],
      ['code_verifier', pending.verifier],
      ...pending.resource.map((one) => ['resource', one] as const),
    ],
    dpopKey,
    signal,
  });
  const tokens = await takeTokens(client, raw, dpopKey === undefined ? 'Bearer' : 'DPoP');
  const { idToken: _, ...more } = tokens;
  // Whoever asked for no ID token reads none.
  const claims = nonce === undefined ? undefined : await verifySignIn(client, tokens, { nonce, maxAge }, wait);
  return {
    ...(claims === undefined ? more : tokens),
    ...(claims && { claims }),
    ...(dpopKey && { dpopKey }),
    ...(returnTo !== undefined && { returnTo }),
  };
}

/** The code of an authorization response. Throws `ClientError`. */
async function readAuthorizationAnswer(client: Client, parameters: URLSearchParams, pending: PendingSignIn): Promise<string> {
  const one = (name: string): string | undefined => {
    const [value, ...more] = parameters.getAll(name);
    if (more.length > 0) throw mismatch(name, `the answer says ${name} more than once`);
    return value;
  };
  if (pending.issuer !== client.issuer || pending.clientId !== client.clientId)
    throw mismatch('client', 'the sign-in was begun by another client');
  const age = client.nowMs() - pending.createdAtMs;
  if (!(age >= -PENDING_MS && age < PENDING_MS)) throw mismatch('expired', 'the sign-in took too long: begin again');
  if (!equalText(one('state') ?? '', pending.state)) throw mismatch('state', 'the answer is not the one to our request');
  const iss = one('iss');
  // RFC 9207 §2.4: another server's answer would send our code to the wrong one.
  const isNamed = (await client.metadata()).flag('authorization_response_iss_parameter_supported');
  if (iss === undefined ? isNamed : iss !== client.issuer) throw mismatch('iss', 'the answer is of another issuer');
  const error = printable(one('error'), 64);
  if (error !== undefined) {
    const description = printable(one('error_description'), 300);
    throw new ClientError('refused', error, description === undefined ? error : `${error}: ${description}`, { description });
  }
  const code = one('code');
  if (code === undefined || code === '' || code.length > 4_096) throw mismatch('code', 'the answer has no code');
  return code;
}
