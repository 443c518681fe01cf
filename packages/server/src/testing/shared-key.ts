import { openMemory } from '@hufu/store/memory';
import type { KeyRecord, Store } from '@hufu/store/port';
import { openKeyRing } from '../keys/key-ring.ts';
import { masterKey } from '../keys/master-key.ts';
import { jsonLog } from '../log.ts';

/** By the master key that it is encrypted under. */
const made = new Map<string, Promise<readonly KeyRecord[]>>();

/**
 * Puts RSA keys into a new store, the one that clients encrypt to and, where that algorithm is wanted, the one that signs with RS256: making one takes a
 * tenth of a second and more, and hundreds of tests open a store.
 *
 * @param material the 32 bytes of the master key that the store will be opened with
 * @param now when it counts as made, in seconds
 */
export async function shareRsaKeys(store: Store, material: Uint8Array, algorithms: readonly string[], now: number): Promise<void> {
  const name = Buffer.from(material).toString('hex');
  const making = made.get(name) ?? makeRecords(material);
  made.set(name, making);
  const tenant = (await store.ensureTenant('default')).id;
  for (const { id: _, ...record } of await making) {
    if (record.use === 'enc' || algorithms.includes(record.alg))
      await store.addKey(tenant, { ...record, createdAt: now, activeAt: now }, 0);
  }
}

async function makeRecords(material: Uint8Array): Promise<readonly KeyRecord[]> {
  const store = await openMemory();
  const tenant = (await store.ensureTenant('default')).id;
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  const rest = { algorithms: ['RS256'], rotateEverySeconds: 1, verifySeconds: 1, log };
  await openKeyRing({ store, tenant, master: masterKey(material), ...rest }, 0);
  const records = (await store.listKeys(tenant)).filter(
    ({ use, alg }) => (use === 'enc' && alg === 'RSA') || (use === 'sig' && alg === 'RS256'),
  );
  await store.close();
  return records;
}
