/**
 * Test equipment: stores that are slow or that fail. At zero latency races hide, so race tests run over `withLatency`. The only place
 * in this package with timers.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Acting, type Store, StoreUnavailable } from './port.ts';

/** The same store with a pseudo-random wait of 0 to `maxMs` before and after each verb; the same `seed` waits the same. */
export function withLatency(store: Store, { seed, maxMs }: { readonly seed: number; readonly maxMs: number }): Store {
  const random = randomFrom(seed);
  return aroundVerbs(store, async (_, act) => {
    await delay(random() * maxMs);
    const answer = await act();
    await delay(random() * maxMs);
    return answer;
  });
}

/** `before`: the act does not happen. `after`: it happens, and its answer is lost. The caller cannot tell one from the other. */
export type Outage = 'none' | 'before' | 'after';

/** The same store, which rejects with `StoreUnavailable` where `decide` says so. */
export function withOutages(store: Store, decide: (verb: keyof Store) => Outage): Store {
  return aroundVerbs(store, async (verb, act) => {
    const outage = decide(verb);
    const answer = outage === 'before' ? undefined : await act();
    if (outage !== 'none') throw new StoreUnavailable(`${verb}: an outage ${outage} the act`);
    return answer;
  });
}

function aroundVerbs(store: Store, around: (verb: keyof Store, act: () => Promise<unknown>) => Promise<unknown>): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const verb: unknown = target[name];
      if (name === 'actingAs') return (acting: Acting): Store => aroundVerbs(target.actingAs(acting), around);
      if (typeof verb !== 'function' || name === 'close') return verb;
      return async (...args: unknown[]): Promise<unknown> => await around(name, async () => await Reflect.apply(verb, target, args));
    },
  });
}

/** Numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
