import { type KeyObject, verify } from 'node:crypto';
import { isMembers, type Members } from '../json.ts';

/** A JWT in its three parts, nothing of it verified. */
export interface SignedJwt {
  /** As it came: the same key under the same header has the same text. */
  readonly head: string;
  readonly payload: string;
  readonly signature: string;
}

export function splitJwt(text: unknown): SignedJwt | undefined {
  if (typeof text !== 'string') return undefined;
  const [head, payload, signature, ...rest] = text.split('.');
  return head === undefined || payload === undefined || signature === undefined || rest.length > 0
    ? undefined
    : { head, payload, signature };
}

export function readPart(part: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** One ES256 verification (RFC 7518 §3.4): the claims, or undefined where the signature is another key's. */
export function verifiedClaims(jwt: SignedJwt, key: KeyObject): Members | undefined {
  const bytes = Buffer.from(jwt.signature, 'base64url');
  const isRight = verify('sha256', Buffer.from(`${jwt.head}.${jwt.payload}`), { key, dsaEncoding: 'ieee-p1363' }, bytes);
  return isRight ? readPart(jwt.payload) : undefined;
}
