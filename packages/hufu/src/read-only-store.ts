import { AUDITED_VERBS } from '@hufu/store/audit/audited-verbs';
import type { KeyRecord, Store } from '@hufu/store/port';

/** What commands on the audit log do besides looking: entries that wait get their places, as any server would give them, and an export ends with a checkpoint. */
export type Upkeep = 'sealAudit' | 'putAuditCheckpoint';

/**
 * The store for a command that only looks. What reads is answered as the store has it; keys that a server of its file would make (of an algorithm that is new in it, of a line that has run out) are made for the
 * command alone, and any other write throws `TypeError`, but for `upkeep`.
 *
 * @returns it, and the keys that were made so far
 */
export function readOnlyStore(real: Store, upkeep: readonly Upkeep[]): { readonly store: Store; readonly made: readonly KeyRecord[] } {
  const allowed: ReadonlySet<string | symbol> = new Set(upkeep);
  const made: KeyRecord[] = [];
  const own: Partial<Store> = {
    actingAs: () => reading,
    // It is there, but for a database that nothing has ever run on.
    ensureTenant: (name) => real.ensureTenant(name),
    listKeys: async (tenant) => [...(await real.listKeys(tenant)), ...made],
    async addKey(tenant, key) {
      const id = (await reading.listKeys(tenant)).reduce((last, one) => Math.max(last, one.id), 0) + 1;
      made.push({ ...key, id });
      return { kind: 'added', id };
    },
  };
  const reading: Store = new Proxy(real, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(real, name);
      if (typeof value !== 'function') return value;
      if (Reflect.get(AUDITED_VERBS, name) === 'reads' || allowed.has(name)) return value.bind(real);
      return () => {
        throw new TypeError(`a command that only looks does not ${String(name)}`);
      };
    },
  });
  return { store: reading, made };
}
