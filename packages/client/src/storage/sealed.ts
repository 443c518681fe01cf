import { toBytes } from '../bytes.ts';
import type { Stamp } from '../session/record.ts';

/** A text encrypted with AES-GCM: the initialisation vector, then the rest. */
export async function seal(key: CryptoKey, name: string, stamp: Stamp, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const parameters = { name: 'AES-GCM', iv, additionalData: aadOf(name, stamp) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, key, toBytes(text)));
  const whole = new Uint8Array(IV_BYTES + sealed.length);
  whole.set(iv);
  whole.set(sealed, IV_BYTES);
  return whole;
}

/** Rejects where it was sealed with another key, under another name, or beside another stamp. */
export async function unseal(key: CryptoKey, name: string, stamp: Stamp, sealed: Uint8Array<ArrayBuffer>): Promise<string> {
  const parameters = { name: 'AES-GCM', iv: sealed.subarray(0, IV_BYTES), additionalData: aadOf(name, stamp) };
  return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, key, sealed.subarray(IV_BYTES)));
}

const IV_BYTES = 12;

/** What stands readable beside it belongs to it. */
function aadOf(name: string, { session, rev, hash }: Stamp): Uint8Array<ArrayBuffer> {
  return toBytes(JSON.stringify([1, name, session, rev, hash]));
}
