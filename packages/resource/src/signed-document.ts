import { decodeBase64url } from '@hufu/protocol/base64url';
import { readJwtPart } from '@hufu/protocol/jwt';
import { ALGORITHMS } from './algorithms.ts';
import type { KeySource } from './key-source.ts';

/** What a signed document of the issuer has to be. */
export interface DocumentRules {
  readonly issuer: string;
  /** `typ` without `application/`, in lower case. */
  readonly type: string;
  readonly keys: KeySource;
  readonly algorithms: ReadonlySet<string>;
  readonly maxLength: number;
  /** Keys that were given up, beyond those that `keys` bars. */
  readonly isBarred?: (kid: string) => boolean;
}

/** Why a signed document is not believed. */
export class SignedDocumentError extends Error {
  override readonly name = 'SignedDocumentError';
}

const MAX_KID = 255;

/**
 * Reads a compact JWS (RFC 7515 §7.1) that the issuer has signed, of the one type, with one of its published keys that is not barred: the payload.
 * Rejects with `SignedDocumentError`.
 */
export async function readSignedDocument(text: string, rules: DocumentRules): Promise<Readonly<Record<string, unknown>>> {
  if (text.length > rules.maxLength) throw new SignedDocumentError(`is longer than ${rules.maxLength} characters`);
  const [head = '', body = '', tail = '', ...more] = text.split('.', 4);
  const header = readJwtPart(head);
  const payload = readJwtPart(body);
  const signature = decodeBase64url(tail);
  if (more.length > 0 || header === undefined || payload === undefined || signature === undefined || signature.length === 0)
    throw new SignedDocumentError('is no compact JWS of an object');
  const { alg, typ, kid } = header;
  if ('crit' in header || 'b64' in header) throw new SignedDocumentError('needs an extension');
  if (typeof typ !== 'string' || typ.toLowerCase().replace(/^application\//, '') !== rules.type)
    throw new SignedDocumentError(`is no ${rules.type}`);
  if (typeof alg !== 'string' || !rules.algorithms.has(alg))
    throw new SignedDocumentError('is signed with an algorithm that is not accepted');
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID) throw new SignedDocumentError('names no key');
  if ((rules.isBarred?.(kid) ?? false) !== false) throw new SignedDocumentError('is signed with a key that was given up');
  // Not trusted yet: only so that strangers' documents do not make us ask for their keys.
  if (payload['iss'] !== rules.issuer) throw new SignedDocumentError('is from another issuer');
  const found = await rules.keys.find(kid);
  if (found.kind === 'unavailable') throw new SignedDocumentError('is signed with a key that cannot be had', { cause: found.cause });
  if (found.kind === 'unknown') throw new SignedDocumentError('is signed with an unknown key');
  const { key } = found;
  const scheme = ALGORITHMS.get(alg);
  const fits = scheme !== undefined && (key.alg === undefined || key.alg === alg) && scheme.fits(key.key);
  if (!fits || !scheme.verify(`${head}.${body}`, signature, key.key)) throw new SignedDocumentError('has a wrong signature');
  return payload;
}
