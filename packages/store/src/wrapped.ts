import type { Acting, Store } from './port.ts';

/** Test equipment: a store as `wrap` makes it, also for whoever acts on it in somebody's name: `actingAs` would lead back to what is inside. */
export function wrapped(store: Store, wrap: (store: Store) => Store): Store {
  return new Proxy(wrap(store), {
    get: (outer, name): unknown =>
      name === 'actingAs' ? (acting: Acting) => wrapped(store.actingAs(acting), wrap) : Reflect.get(outer, name, outer),
  });
}
