import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bench, DAY, makeGrant, makeScene, NOW } from '../contract/bench.ts';
import { storeOn } from '../memory.ts';

test('an entry about a key that the version before has given an end stays all the same', async () => {
  const handle = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  const store = await storeOn(handle);
  const b = await bench({ store, countRows: () => Promise.resolve(0), close: () => Promise.resolve() });
  const scene = await makeScene(b);
  const write = handle.prepare(`INSERT INTO revocations VALUES (?, ?, ?, '7', 'key_compromised', ?, ?)`);
  write.run(b.tenant, -2, 'key', NOW, NOW + 1);
  write.run(b.tenant, -1, 'token', NOW, NOW + 1);
  const later = NOW + 10 * DAY;
  await store.revokeGrant(b.tenant, await makeGrant(b, scene, {}, { expiresAt: later + DAY }), 'revoked_by_user', later);
  const kinds = (await store.readRevocations(b.tenant, -3, 9)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['key', 'grant']);
  await store.close();
});
