import type { AuditCheckpoint, SealedEntry } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** What stands in an audit log. */
export type AuditItem =
  | { readonly kind: 'entry'; readonly entry: SealedEntry }
  | { readonly kind: 'checkpoint'; readonly checkpoint: AuditCheckpoint };

/** Rows that are read at a time. */
const PAGE = 1_000;

/**
 * The entries after `afterSeq` in the order of the chain, each with its checkpoint behind it; one of an entry that is not there stands where that would: that, too, is evidence.
 * It ends where the log ends now, so that no checkpoint is told without the entry that came with it.
 */
export async function* readAuditItems(ctx: Context, afterSeq: number): AsyncGenerator<AuditItem> {
  const head = await ctx.store.readAuditHead(ctx.tenant);
  const to = Math.max(head.seq, head.checkpoint?.seq ?? 0);
  const points = readPages(afterSeq, to, (after) => ctx.store.listAuditCheckpoints(ctx.tenant, after + 1, PAGE));
  const entries = readPages(afterSeq, to, (after) => ctx.store.readAudit(ctx.tenant, after, PAGE));
  let { value: point } = await points.next();
  for await (const entry of entries) {
    for (; point !== undefined && point.seq < entry.seq; { value: point } = await points.next())
      yield { kind: 'checkpoint', checkpoint: point };
    yield { kind: 'entry', entry };
  }
  for (; point !== undefined; { value: point } = await points.next()) yield { kind: 'checkpoint', checkpoint: point };
}

async function* readPages<T extends { readonly seq: number }>(
  afterSeq: number,
  to: number,
  read: (after: number) => Promise<readonly T[]>,
): AsyncGenerator<T, undefined> {
  for (let after = afterSeq; ; ) {
    const page = await read(after);
    for (const row of page) {
      if (row.seq > to) return;
      yield row;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}
