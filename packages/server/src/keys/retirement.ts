import type { KeyStatus } from './key-status.ts';

/** A key that is to go, as it is before. */
export interface Removal {
  readonly key: KeyStatus;
  /** A key pair is made first, to be used from then on; undefined where another is there already, or none is wanted any more. */
  readonly successorAt: number | undefined;
}

/** What comes of retiring a key before its time. */
export type Retirement =
  | { readonly kind: 'unknown' }
  /** It is in use: rotation retires it. */
  | { readonly kind: 'current' }
  /** A next key would be in use before it is to go. */
  | { readonly kind: 'in_use_by_then'; readonly activeAt: number }
  | (Removal & {
      readonly kind: 'planned';
      /** Verifies, or opens, nothing from then on. */
      readonly endsAt: number;
      /** Whether what it signed, or what was encrypted to it, is worth nothing earlier than it would have been. */
      readonly loses: boolean;
    });

export function planRetirement(removal: Removal | undefined, at: number): Retirement {
  if (removal === undefined) return { kind: 'unknown' };
  const { state, activeAt, expiresAt } = removal.key;
  if (state === 'current') return { kind: 'current' };
  if (state === 'next' && at > activeAt) return { kind: 'in_use_by_then', activeAt };
  const endsAt = expiresAt === 0 ? at : Math.min(at, expiresAt);
  return { kind: 'planned', ...removal, endsAt, loses: state === 'retired' && endsAt !== expiresAt };
}
