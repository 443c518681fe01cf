import type { Store } from '@hufu/store/port';
import { withLatency } from '@hufu/store/slow';

/** A store whose waits begin anew with each seed. */
export interface SlowStore {
  readonly store: Store;
  /** Waits of 0 to `maxMs` around each verb, as `seed` has them; 0 for none. */
  slowDown(seed: number, maxMs: number): void;
}

export function slowStore(inner: Store): SlowStore {
  let current = inner;
  const store = new Proxy(inner, {
    get(_target, name) {
      const member: unknown = Reflect.get(current, name);
      return typeof member === 'function' ? (...args: unknown[]): unknown => Reflect.apply(member, current, args) : member;
    },
  });
  return {
    store,
    slowDown(seed, maxMs) {
      current = maxMs === 0 ? inner : withLatency(inner, { seed, maxMs });
    },
  };
}
