import { requireText } from './encoding.ts';
import type { ChallengeRecord } from './port.ts';

/** A challenge as it can be kept; another one is the caller's mistake. */
export function requireChallenge({ address, codeHash, linkHash, browserHash }: Omit<ChallengeRecord, 'id' | 'createdAt'>): void {
  requireText('an address', address, 320);
  for (const hash of [codeHash, linkHash, browserHash]) requireText('a hash', hash, 64);
}

/** How often one is tried at most; none at all is the caller's mistake. */
export function requireTries(maxTries: number): number {
  if (!(maxTries >= 1)) throw new TypeError('at least one try');
  return maxTries;
}
