import { signCheckpoint } from '@hufu/server/audit/checkpoint';
import type { Context } from '@hufu/server/context';
import type { AuditCheckpoint } from '@hufu/store/port';
import type { Engine } from '../../../test/support/databases.ts';
import { nowMs as clockMs } from '../clock.ts';
import { auditBatches } from './audit-rows.ts';
import type { Bulk } from './bulk.ts';
import { DIALECTS } from './dialect.ts';
import { rowsOf } from './rows.ts';
import type { Sizes } from './sizes.ts';
import { FIRST_GRANT, FIRST_SESSION, FIRST_USER } from './skew.ts';

const BATCH = 5_000;
const SEALED_TOGETHER = 1_000;

/** Fills a database that a server has begun, whose `ctx` signs the audit log. What is there stays. */
export async function seed(engine: Engine, bulk: Bulk, ctx: Context, sizes: Sizes, say: (line: string) => void): Promise<void> {
  const nowMs = ctx.clock.nowMs();
  for (const rows of rowsOf(sizes, DIALECTS[engine], ctx.tenant, Math.floor(nowMs / 1000))) {
    await timed(`${rows.table}: ${rows.count} rows`, say, async () => {
      const indexes = await bulk.dropIndexes(rows.table);
      await bulk.insert(rows);
      for (const sql of indexes) await bulk.run(sql);
    });
  }
  await timed(`audit_log: ${sizes.audit} entries`, say, () => seedAudit(bulk, ctx, sizes));
  const counters = {
    user: FIRST_USER + sizes.users,
    session: FIRST_SESSION + sizes.sessions,
    grant: FIRST_GRANT + sizes.grants,
    device: sizes.devices,
    revocation: sizes.revocations,
    audit: 2_000_000 + sizes.audit,
  };
  for (const [name, value] of Object.entries(counters))
    await bulk.run(
      `INSERT INTO counters (tenant, name, value) VALUES (${ctx.tenant}, '${name}', ${value}) ON CONFLICT (tenant, name) DO UPDATE SET value = ${value}`,
    );
  await timed('settled', say, () => bulk.settle());
}

async function seedAudit(bulk: Bulk, ctx: Context, sizes: Sizes): Promise<void> {
  const { tenant } = ctx;
  const indexes = await bulk.dropIndexes('audit_log');
  const head = await ctx.store.readAuditHead(tenant);
  let last: { readonly seq: number; readonly hash: string } = head;
  let previous = head.checkpoint?.seq ?? 0;
  const plan = { count: sizes.audit, tenant, users: sizes.users, nowMs: ctx.clock.nowMs(), mac: ctx.signAudit };
  for (const entries of auditBatches(head, plan, BATCH)) {
    await bulk.insertAudit(tenant, entries);
    const points: AuditCheckpoint[] = [];
    for (let at = SEALED_TOGETHER - 1; at < entries.length; at += SEALED_TOGETHER) {
      const entry = entries[at];
      if (entry === undefined) continue;
      points.push(signCheckpoint(ctx, { seq: entry.seq, hash: entry.hash }, previous));
      previous = entry.seq;
    }
    await bulk.insertCheckpoints(tenant, points);
    last = entries.at(-1) ?? last;
  }
  for (const sql of indexes) await bulk.run(sql);
  await bulk.run(
    `INSERT INTO audit_heads (tenant, seq, hash) VALUES (${tenant}, ${last.seq}, '${last.hash}') ON CONFLICT (tenant) DO UPDATE SET seq = ${last.seq}, hash = '${last.hash}'`,
  );
}

async function timed(what: string, say: (line: string) => void, act: () => Promise<void>): Promise<void> {
  const began = clockMs();
  await act();
  say(`  ${what} in ${((clockMs() - began) / 1000).toFixed(1)} s`);
}
