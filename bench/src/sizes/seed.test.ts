import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grantId } from '@hufu/protocol/ids';
import { verifyStore } from '@hufu/server/audit/verify-audit';
import { openAdminWorld, programToken } from '@hufu/server/testing/admin-world';
import { openStore } from '@hufu/store/open';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { ENGINES, freshDatabase } from '../../../test/support/databases.ts';
import { askOnce } from './ask-list.ts';
import { openBulk } from './bulk.ts';
import { knownOf } from './known.ts';
import { listings } from './lists.ts';
import { seed } from './seed.ts';
import { sizesOf } from './sizes.ts';
import { PARENT_GRANT } from './skew.ts';

for (const engine of ENGINES) {
  test(`what is seeded on ${engine} is what a server could have written: its lists answer, and its audit log verifies`, async () => {
    const database = await freshDatabase(engine);
    const store = await openStore(database.url);
    const world = await openAdminWorld({ store });
    try {
      const bulk = await openBulk(database.url);
      const sizes = sizesOf(0);
      await seed(engine, bulk, world.ctx, sizes, () => {});
      await bulk.close();
      const verdict = await verifyStore(world.ctx);
      assert.deepEqual(
        [verdict.faults, verdict.to >= sizes.audit, verdict.checkpoints >= 2, verdict.withMasterKey],
        [[], true, true, true],
      );
      const token = await programToken(world, 'ops-owner', 'hufu:admin:owner');
      for (const listing of listings(knownOf(world, sizes)))
        for (const page of ['first', 'middle'] as const) {
          const { status, json } = await askOnce(world, token, listing, page);
          assert.equal(status, 200, JSON.stringify([listing, page, json]));
          if (listing.isEmpty === true && 'items' in json) assert.deepEqual(json['items'], [], JSON.stringify(listing));
        }
      assert.equal((await store.findGrant(world.tenant, grantId(PARENT_GRANT)))?.dead, undefined);
    } finally {
      await world.close();
      await store.close();
      await database.drop();
    }
  });
}
