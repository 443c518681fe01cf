import { createHmac } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';

/** Where the nonces of DPoP proofs come from (RFC 9449 §8, §9). */
export interface Nonces {
  /** @param now seconds since 1970. */
  issue(now: number): string;
  /** @param now seconds since 1970. */
  isFresh(nonce: string, now: number): boolean;
}

/** Seconds until there is a new one; the one before is good for as long again. */
const PERIOD_SECONDS = 300;

/**
 * Nonces that nobody has to remember: a keyed hash of the time. Processes with the same secret know each other's.
 *
 * @param secret at least 32 random bytes.
 * @throws {TypeError} for a shorter one.
 */
export function statelessNonces(secret: Uint8Array): Nonces {
  if (secret.length < 32) throw new TypeError('a secret has at least 32 bytes');
  const key = Buffer.from(secret);
  const nonceOf = (period: number): string => createHmac('sha256', key).update(`dpop nonce ${period}`).digest('base64url');
  const periodOf = (now: number): number => Math.floor(now / PERIOD_SECONDS);
  return {
    issue: (now) => nonceOf(periodOf(now)),
    isFresh(nonce, now) {
      const period = periodOf(now);
      return [period, period - 1, period + 1].some((candidate) => equalText(nonceOf(candidate), nonce));
    },
  };
}
