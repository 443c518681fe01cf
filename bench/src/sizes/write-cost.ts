/**
 * What the indexes of `0011-sizes` cost whoever writes: `node --conditions=source bench/src/sizes/write-cost.ts [rows] [rounds]`. Batches of decisions, and entries of the audit log that are sealed, on a
 * database that has `rows` of each (500,000), with these indexes and without them in turn; rows a second.
 */
import { loadavg } from 'node:os';
import { firstDecisionId } from '@hufu/server/decisions/decision-id';
import { openAdminWorld } from '@hufu/server/testing/admin-world';
import { canonicalEntry } from '@hufu/store/audit/chain';
import { migration } from '@hufu/store/migrations/0011-sizes';
import { openStore } from '@hufu/store/open';
import type { AuditEntry } from '@hufu/store/port';
import { ENGINES, type Engine, freshDatabase } from '../../../test/support/databases.ts';
import { nowMs } from '../clock.ts';
import { median } from '../statistics.ts';
import { auditBatches } from './audit-rows.ts';
import { type Bulk, openBulk } from './bulk.ts';
import { seed } from './seed.ts';
import { sizesOf } from './sizes.ts';
import { HUGE_CLIENT } from './skew.ts';

const [rows = 500_000, rounds = 5] = process.argv.slice(2).map(Number);
const DECISIONS = 10_000;
const DECISIONS_OF_BATCH = 200;
const ENTRIES = 10_000;
const SEALED_TOGETHER = 1_000;
const INDEXES = migration.sqlite.map((sql) => ({ sql, name: /CREATE INDEX (\w+)/.exec(sql)?.[1] ?? '' }));

for (const engine of ENGINES) await measure(engine);

async function measure(engine: Engine): Promise<void> {
  const database = await freshDatabase(engine);
  const store = await openStore(database.url);
  const world = await openAdminWorld({ store });
  const bulk = await openBulk(database.url);
  try {
    await seed(engine, bulk, world.ctx, { ...sizesOf(0), decisions: rows, audit: rows }, () => {});
    const found: Record<string, { readonly decisions: number[]; readonly audit: number[] }> = {
      with: { decisions: [], audit: [] },
      without: { decisions: [], audit: [] },
    };
    for (let round = 0; round < rounds; round += 1)
      for (const [name, taken] of Object.entries(found)) {
        for (const index of INDEXES)
          await bulk.run(name === 'with' ? index.sql.replace('INDEX', 'INDEX IF NOT EXISTS') : `DROP INDEX IF EXISTS ${index.name}`);
        taken.decisions.push(await recordDecisions(round * 2 + (name === 'with' ? 0 : 1)));
        taken.audit.push(await sealEntries(bulk, round * 2 + (name === 'with' ? 0 : 1)));
      }
    const told = Object.entries(found).map(
      ([name, { decisions, audit }]) =>
        `${name} the indexes ${Math.round(median(decisions))} decisions and ${Math.round(median(audit))} entries a second`,
    );
    process.stdout.write(`${engine}: ${told.join('; ')}; load average ${loadavg()[0]?.toFixed(2)}\n`);
  } finally {
    await bulk.close();
    await world.close();
    await store.close();
    await database.drop();
  }

  async function recordDecisions(turn: number): Promise<number> {
    const began = nowMs();
    for (let done = 0; done < DECISIONS; done += DECISIONS_OF_BATCH) {
      const batch = Array.from({ length: DECISIONS_OF_BATCH }, (_, index) => {
        const n = done + index;
        return {
          id: `${firstDecisionId(world.now() * 1000 + turn * DECISIONS + n)}${String(n).padStart(8, '0')}`,
          at: world.now(),
          endpoint: n % 3 === 0 ? 'userinfo' : 'token',
          status: 400,
          error: n % 3 === 0 ? 'invalid_token' : 'invalid_grant',
          clientId: n % 2 === 0 ? HUGE_CLIENT : `client-${String((n * 37) % 5_000).padStart(5, '0')}`,
          record: '{"description":"the refresh token is not the latest","checks":[]}',
        };
      });
      await store.recordDecisions(world.tenant, batch, 2 * rows);
    }
    return (1000 * DECISIONS) / (nowMs() - began);
  }

  async function sealEntries(to: Bulk, turn: number): Promise<number> {
    const plan = {
      count: ENTRIES,
      tenant: world.tenant,
      users: 2_000,
      nowMs: world.now() * 1000 + 1_000_000 * (turn + 1),
      mac: world.ctx.signAudit,
    };
    for (const entries of auditBatches({ seq: 3_000_000 + turn * ENTRIES, hash: '' }, plan, SEALED_TOGETHER))
      await to.insertWaiting(
        world.tenant,
        entries.map(
          ({ seq: _seq, hash: _hash, ...entry }): AuditEntry => ({
            ...entry,
            mac: world.ctx.signAudit(canonicalEntry(world.tenant, entry)),
          }),
        ),
      );
    const began = nowMs();
    let sealed = 0;
    while (sealed < ENTRIES) {
      const answer = await store.sealAudit(world.tenant, SEALED_TOGETHER);
      if (answer.kind !== 'sealed') throw new Error(answer.kind);
      sealed += answer.entries.length;
    }
    return (1000 * ENTRIES) / (nowMs() - began);
  }
}
