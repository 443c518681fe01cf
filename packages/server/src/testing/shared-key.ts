import { openMemory } from '@hufu/store/memory';
import type { KeyRecord, Store } from '@hufu/store/port';
import { jsonLog } from '../log.ts';
import { openKeyRing } from '../keys/key-ring.ts';
import { masterKey } from '../keys/master-key.ts';

/** By the master key that it is encrypted under. */
const made = new Map<string, Promise<KeyRecord>>();

/**
 * Puts the RSA key that clients encrypt to into a new store: making one takes a tenth of a second, and hundreds of tests open a store.
 *
 * @param material the 32 bytes of the master key that the store will be opened with
 * @param now when it counts as made, in seconds
 */
export async function shareEncryptionKey(store: Store, material: Uint8Array, now: number): Promise<void> {
  const name = Buffer.from(material).toString('hex');
  const making = made.get(name) ?? makeRecord(material);
  made.set(name, making);
  const { id: _, ...record } = await making;
  await store.addKey((await store.ensureTenant('default')).id, { ...record, createdAt: now, activeAt: now }, 0);
}

async function makeRecord(material: Uint8Array): Promise<KeyRecord> {
  const store = await openMemory();
  const tenant = (await store.ensureTenant('default')).id;
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  const rest = { algorithms: [], rotateEverySeconds: 1, verifySeconds: 1, log };
  await openKeyRing({ store, tenant, master: masterKey(material), ...rest }, 0);
  const record = (await store.listKeys(tenant)).find(({ use, alg }) => use === 'enc' && alg === 'RSA');
  if (record === undefined) throw new Error('no RSA key was made');
  await store.close();
  return record;
}
