/**
 * Reading the compact form of a JWS (RFC 7515 §7.1) that carries a JWT (RFC 7519). Form only: nothing is verified here.
 * Strict, because each tolerance is a difference between two verifiers: canonical base64url, valid UTF-8 without a mark, objects only.
 */
import { decodeBase64url } from './base64url.ts';

/** Longest JWT that is looked at, in characters. */
export const MAX_JWT = 16_384;

export interface ReadJwt {
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: string };
  readonly payload: Readonly<Record<string, unknown>>;
  /** The ASCII text that the signature covers. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The parts of a compact JWS, or undefined if it is not one. A `crit` header is refused: we understand no extension (RFC 7515 §4.1.11). `maxLength` is in characters. */
export function readJwt(text: string, maxLength: number = MAX_JWT): ReadJwt | undefined {
  if (text.length > maxLength) return undefined;
  const first = text.indexOf('.');
  const last = text.lastIndexOf('.');
  if (first < 1 || last === first || text.indexOf('.', first + 1) !== last) return undefined;
  const header = readJwtPart(text.slice(0, first));
  const payload = readJwtPart(text.slice(first + 1, last));
  const signature = decodeBase64url(text.slice(last + 1));
  if (header === undefined || payload === undefined || signature === undefined || signature.length === 0) return undefined;
  if (!hasAlg(header) || header.alg === 'none' || 'crit' in header || 'b64' in header) return undefined;
  return { header, payload, signingInput: text.slice(0, last), signature };
}

/** An unsecured JWT (RFC 7519 §6): `alg` is `none`, and there is no signature. For the one place where a client may be allowed it. */
export function readUnsecuredJwt(text: string): Omit<ReadJwt, 'signingInput' | 'signature'> | undefined {
  if (text.length > MAX_JWT || !text.endsWith('.')) return undefined;
  const parts = text.split('.', 4);
  const header = readJwtPart(parts[0] ?? '');
  const payload = readJwtPart(parts[1] ?? '');
  if (parts.length !== 3 || header === undefined || payload === undefined) return undefined;
  return hasAlg(header) && header.alg === 'none' && !('crit' in header) ? { header, payload } : undefined;
}

/** Whether a text has the five parts of a compact JWE (RFC 7516 §7.1). */
export function isEncryptedJwt(text: string): boolean {
  return text.split('.', 6).length === 5;
}

function hasAlg(header: Readonly<Record<string, unknown>>): header is Readonly<Record<string, unknown>> & { readonly alg: string } {
  return typeof header['alg'] === 'string';
}

/** The object that one part is: base64url of JSON of an object, or undefined. */
export function readJwtPart(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64url(part);
  if (bytes === undefined || bytes[0] !== 0x7b) return undefined;
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
