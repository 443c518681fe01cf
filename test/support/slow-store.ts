import type { Acting, Store } from '@hufu/store/port';
import { withLatency } from '@hufu/store/slow';

/** A store whose waits begin anew with each seed. */
export interface SlowStore {
  readonly store: Store;
  /** Waits of 0 to `maxMs` around each verb, as `seed` has them; 0 for none. */
  slowDown(seed: number, maxMs: number): void;
}

export function slowStore(inner: Store): SlowStore {
  let current = inner;
  // Whatever was acted on before the waits changed waits as long as all others.
  const following = (now: () => Store): Store =>
    new Proxy(inner, {
      get(_target, name) {
        if (name === 'actingAs') return (acting: Acting): Store => following(() => now().actingAs(acting));
        const member: unknown = Reflect.get(now(), name);
        return typeof member === 'function' ? (...args: unknown[]): unknown => Reflect.apply(member, now(), args) : member;
      },
    });
  return {
    store: following(() => current),
    slowDown(seed, maxMs) {
      current = maxMs === 0 ? inner : withLatency(inner, { seed, maxMs });
    },
  };
}
