import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { randomBytesView } from './random.ts';

const KEY = createSecretKey(randomBytes(32));
const BODY = 24;

/** An opaque token that nobody can make without the key: random bytes and an HMAC over them. */
export function sealedToken(): string {
  const bytes = Buffer.allocUnsafe(BODY + 32);
  randomBytesView(BODY).copy(bytes);
  createHmac('sha256', KEY).update(bytes.subarray(0, BODY)).digest().copy(bytes, BODY);
  return bytes.toString('base64url');
}

export function isSealedToken(token: string): boolean {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== BODY + 32) return false;
  return timingSafeEqual(createHmac('sha256', KEY).update(bytes.subarray(0, BODY)).digest(), bytes.subarray(BODY));
}
