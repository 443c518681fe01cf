import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bench, makeUser, NOW } from '../contract/bench.ts';
import { storeOn } from '../memory.ts';

test('an address whose claims the version before has changed is nobody’s, and whoever proves it then has it', async () => {
  const handle = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  const store = await storeOn(handle);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
  const email = { address: 'a@example.com', folded: 'a@example.com' };
  const options = { forgetsCredentials: false, session: undefined };
  assert.equal((await store.verifyEmail(b.tenant, ada.id, 0, email, options, NOW)).kind, 'done');
  // It knows nothing of `verified_emails`.
  handle.prepare(`UPDATE users SET claims = '{"email":"new@example.com","email_verified":true}' WHERE id = ?`).run(ada.id);
  assert.equal(await store.findUserByEmail(b.tenant, 'a@example.com'), undefined);
  assert.equal(await store.findUserByEmail(b.tenant, 'new@example.com'), undefined, 'nobody has shown that one here');
  assert.equal((await store.verifyEmail(b.tenant, bob.id, 0, email, options, NOW)).kind, 'done');
  assert.equal((await store.findUserByEmail(b.tenant, 'a@example.com'))?.id, bob.id);
  assert.equal(await store.setClaims(b.tenant, ada.id, { email: 'a@example.com', email_verified: true }, NOW), 'email_taken');
  await store.close();
});
