import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seal, unseal } from './sealed.ts';

test('what is sealed is read with its key, under its name and beside its stamp alone, and is other bytes each time', async () => {
  const make = (): Promise<CryptoKey> => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const key = await make();
  const stamp = { session: 's', rev: 1, hash: 'h' };
  const sealed = await seal(key, 'n', stamp, 'text');
  assert.equal(await unseal(key, 'n', stamp, sealed), 'text');
  assert.notDeepEqual(await seal(key, 'n', stamp, 'text'), sealed);
  await assert.rejects(unseal(await make(), 'n', stamp, sealed));
  await assert.rejects(unseal(key, 'm', stamp, sealed));
  for (const other of [{ session: 't' }, { rev: 2 }, { hash: 'i' }]) await assert.rejects(unseal(key, 'n', { ...stamp, ...other }, sealed));
});
