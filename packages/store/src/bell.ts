import type { TenantId } from '@hufu/protocol/ids';

/** Tells those who follow the revocation log of a tenant that something was written. Ringing for nothing costs them a look. */
export interface Bell {
  ring(tenant: TenantId): void;
  /** Answers what takes `wake` away again. */
  on(tenant: TenantId, wake: () => void): () => void;
}

/** Of one process. */
export function bell(): Bell {
  const wakes = new Map<TenantId, Set<() => void>>();
  return {
    ring(tenant) {
      for (const wake of wakes.get(tenant) ?? []) wake();
    },
    on(tenant, wake) {
      // One of its own each time: the same function may be there twice.
      const own = (): void => wake();
      const there = wakes.get(tenant) ?? new Set();
      wakes.set(tenant, there.add(own));
      return () => {
        there.delete(own);
        if (there.size === 0 && wakes.get(tenant) === there) wakes.delete(tenant);
      };
    },
  };
}
