import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { MasterKeyError } from './keys/master-key.ts';
import { BASIC_YAML, openWorld, START } from './testing/world.ts';

test('without its master key, or with another, a store is not served and its keys stay as they are (attacks CRY-06)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-open-'));
  const store = await openMemory();
  try {
    const first = await openWorld({ store, dataDirectory: folder });
    const before = await store.listKeys(first.tenant);
    const version = await store.keysVersion(first.tenant);
    await assert.rejects(
      openWorld({ store, dataDirectory: folder, masterKey: undefined }),
      /neither HUFU_MASTER_KEY nor .*master\.key is there/,
    );
    assert.deepEqual(readdirSync(folder), [], 'no key of its own making');
    await assert.rejects(openWorld({ store, dataDirectory: folder, masterKey: `${'A'.repeat(42)}E` }), MasterKeyError);
    for (const text of ['short', 'A'.repeat(44), `${'A'.repeat(42)}B`, ` ${'A'.repeat(43)}`]) {
      await assert.rejects(openWorld({ store, dataDirectory: folder, masterKey: text }), /HUFU_MASTER_KEY must be 32 bytes/, text);
    }
    writeFileSync(join(folder, 'master.key'), `${'B'.repeat(42)}A\n`);
    await assert.rejects(openWorld({ store, dataDirectory: folder, masterKey: undefined }), MasterKeyError);
    assert.deepEqual(await store.listKeys(first.tenant), before);
    assert.equal(await store.keysVersion(first.tenant), version);
    await first.close();
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a key verifies as long as the longest access token of the configuration lives, a client's own lifetime too", async () => {
  const yaml = BASIC_YAML.replace('scope: read write unlock', 'scope: read write unlock\n    hufu: { access_token_ttl: 30d }');
  const world = await openWorld({ yaml });
  const before = world.ctx.keys.signerFor('ES256', START);
  assert.ok(before);
  await world.ctx.keys.rotateNow(START);
  assert.ok(world.ctx.keys.verifierFor(before.kid, START + 600 + 30 * 86_400));
  assert.equal(world.ctx.keys.verifierFor(before.kid, START + 600 + 31 * 86_400), undefined);
  await world.close();
});

test("the server's clock begins where the store's time is, so that a clock set back revives nothing", async () => {
  const store = await openMemory();
  const ahead = Date.now() + 86_400_000;
  await store.keepTime(ahead);
  const world = await openWorld({ store });
  world.clock.resume();
  assert.ok(world.clock.nowMs() >= ahead);
  await world.close();
  await store.close();
});
