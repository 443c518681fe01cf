import { MAX_RECOVERY_CODES } from './retention.ts';

/** Characters of what somebody calls a factor. */
export const MAX_FACTOR_NAME: number = 100;

/** Hashes of recovery codes: each another one, and not more than anybody has; all else is the caller's mistake. */
export function requireCodes(hashes: readonly string[]): void {
  if (hashes.length === 0 || hashes.length > MAX_RECOVERY_CODES) throw new TypeError(`there are 1 to ${MAX_RECOVERY_CODES} recovery codes`);
  if (new Set(hashes).size !== hashes.length) throw new TypeError('two recovery codes are the same');
}
