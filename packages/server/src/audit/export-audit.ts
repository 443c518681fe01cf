import { AUDIT_GENESIS } from '@hufu/store/audit/chain';
import type { AuditCheckpoint, SealedEntry } from '@hufu/store/port';
import type { Context } from '../context.ts';

export const EXPORT_FORMAT = 'hufu-audit-1';

/** Rows that are read at a time. */
const PAGE = 1_000;

/**
 * The audit log as JSON lines: a header, each entry in the order of the chain, each checkpoint after the entry that it is of, and an end. What it says is enough to verify it, without the
 * store and without a secret.
 *
 * @param afterSeq what somebody has already; the header says what hash that had
 */
export async function* exportAudit(ctx: Context, afterSeq: number): AsyncGenerator<string> {
  const [before] = afterSeq === 0 ? [] : await ctx.store.readAudit(ctx.tenant, afterSeq - 1, 1);
  const after = afterSeq === 0 ? AUDIT_GENESIS : before?.seq === afterSeq ? before.hash : '';
  yield JSON.stringify({
    kind: 'header',
    format: EXPORT_FORMAT,
    issuer: ctx.issuer,
    tenant: ctx.tenant,
    after: afterSeq,
    after_hash: after,
    exported_at_ms: ctx.clock.nowMs(),
  });
  let seq = afterSeq;
  let entries = 0;
  for (;;) {
    const page = await ctx.store.readAudit(ctx.tenant, seq, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    const points = await checkpointsOf(ctx, seq + 1, last.seq);
    for (const entry of page) {
      yield JSON.stringify(entryLine(entry));
      const point = points.get(entry.seq);
      if (point !== undefined) yield JSON.stringify(checkpointLine(point));
      points.delete(entry.seq);
    }
    // Of entries that are not there: that, too, is evidence.
    for (const point of points.values()) yield JSON.stringify(checkpointLine(point));
    entries += page.length;
    seq = last.seq;
  }
  for (const point of (await checkpointsOf(ctx, seq + 1, Number.MAX_SAFE_INTEGER)).values()) yield JSON.stringify(checkpointLine(point));
  yield JSON.stringify({ kind: 'end', entries, to: seq });
}

/** An entry as it is told: in exports, in replies and by the CLI. */
export function entryLine({
  seq,
  id,
  atMs,
  actor,
  via,
  requestId,
  action,
  target,
  details,
  mac,
  hash,
}: SealedEntry): Readonly<Record<string, unknown>> {
  return {
    kind: 'entry',
    seq,
    id,
    at_ms: atMs,
    actor,
    via,
    request_id: requestId,
    action,
    target,
    details: readDetails(details),
    mac,
    hash,
  };
}

function checkpointLine({ seq, hash, atMs, jws, jwk }: AuditCheckpoint): Readonly<Record<string, unknown>> {
  return { kind: 'checkpoint', seq, hash, at_ms: atMs, jws, jwk: JSON.parse(jwk) as unknown };
}

/** As an object where that is the same text again; else, in a row that somebody has meddled with, the text. */
export function readDetails(text: string): object | string {
  try {
    const read: unknown = JSON.parse(text);
    return JSON.stringify(read) === text && typeof read === 'object' && read !== null ? read : text;
  } catch {
    return text;
  }
}

async function checkpointsOf(ctx: Context, fromSeq: number, toSeq: number): Promise<Map<number, AuditCheckpoint>> {
  const found = new Map<number, AuditCheckpoint>();
  for (let from = fromSeq; ; ) {
    const page = await ctx.store.listAuditCheckpoints(ctx.tenant, from, PAGE);
    for (const point of page) if (point.seq <= toSeq) found.set(point.seq, point);
    const last = page.at(-1);
    if (last === undefined || last.seq >= toSeq || page.length < PAGE) return found;
    from = last.seq + 1;
  }
}
