import { type BenchClient, CODE_VERIFIER, REDIRECT_URI } from './contract.ts';

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

/** The body of RFC 6749 §4.1.3 with RFC 7636 §4.5. */
export function exchangeForm(code: string): string {
  return form({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: CODE_VERIFIER });
}

export const FORM_TYPE = 'application/x-www-form-urlencoded';
