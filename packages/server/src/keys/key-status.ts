import { findCurrent, isAlive, type KeyState } from './key-state.ts';

/** A key pair as an administrator sees it. Times are seconds since 1970, 0 where nothing is planned. */
export interface KeyStatus {
  readonly kid: string;
  /** `sig`: signs. `enc`: clients encrypt to it. */
  readonly use: 'sig' | 'enc';
  /** JOSE `alg` of one that signs, `kty` of the others. */
  readonly alg: string;
  /** `next`: not in use yet. `retired`: only verifies, or decrypts, what there is already. */
  readonly state: 'next' | 'current' | 'retired';
  readonly createdAt: number;
  readonly activeAt: number;
  readonly retiredAt: number;
  readonly expiresAt: number;
}

/** Those that are worth anything at `now`, in the order in which they were made. */
export function listStatus(state: KeyState, now: number): readonly KeyStatus[] {
  const pairs = [
    ...state.signers.map((key) => ({ key, use: 'sig', line: state.signers }) as const),
    ...state.decryptionKeys.map((key) => ({ key, use: 'enc', line: state.decryptionKeys }) as const),
  ];
  return pairs
    .filter(({ key }) => isAlive(key.record, now))
    .toSorted((a, b) => a.key.record.id - b.key.record.id)
    .map(({ key, use, line }) => {
      const { alg, createdAt, activeAt, retiredAt, expiresAt } = key.record;
      const isCurrent = findCurrent<(typeof line)[number]>(line, alg, now) === key;
      const standing = isCurrent ? 'current' : activeAt > now ? 'next' : 'retired';
      return { kid: key.kid, use, alg, state: standing, createdAt, activeAt, retiredAt, expiresAt };
    });
}
