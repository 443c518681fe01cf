import { toBase64url } from './base64url-text.ts';

const utf8: TextEncoder = new TextEncoder();

/** UTF-8 of a text. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text);
}

/** SHA-256 of a text, as base64url. */
export async function sha256(text: string): Promise<string> {
  return toBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', toBytes(text))));
}

/** 256 bits nobody can guess, as base64url (43 characters). */
export function newSecret(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(32)));
}
