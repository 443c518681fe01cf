import { type BenchClient, CODE_CHALLENGE, CODE_VERIFIER, NONCE, REDIRECT_URI } from './contract.ts';
import type { GrantWish } from './scenarios.ts';

/** `Authorization: Basic` (RFC 6749 §2.3.1). */
export function basic(client: BenchClient): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')}`;
}

/** `application/x-www-form-urlencoded`. The place `{credential}` stays as it is. */
export function form(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value === '{credential}' ? value : encodeURIComponent(value)}`)
    .join('&');
}

/** The parameters of RFC 6749 §4.1.1 with RFC 7636 §4.3, in a query or pushed ahead. */
export function authorizationForm({ client, scope, resource }: GrantWish): string {
  return form({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    scope,
    state: 'bench',
    nonce: NONCE,
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
    ...(resource === undefined ? undefined : { resource }),
  });
}

/** The body of RFC 6749 §4.1.3 with RFC 7636 §4.5. */
export function exchangeForm(code: string): string {
  return form({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: CODE_VERIFIER });
}

export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** RFC 7523 §2.2. */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** RFC 8628 §3.4. */
export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** RFC 8693 §3. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
