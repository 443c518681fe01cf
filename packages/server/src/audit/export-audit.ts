import { AUDIT_GENESIS } from '@hufu/store/audit/chain';
import type { AuditCheckpoint, SealedEntry } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { readAuditItems } from './read-audit.ts';

export const EXPORT_FORMAT = 'hufu-audit-1';

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
  for await (const item of readAuditItems(ctx, afterSeq)) {
    yield JSON.stringify(item.kind === 'entry' ? entryLine(item.entry) : checkpointLine(item.checkpoint));
    if (item.kind === 'checkpoint') continue;
    entries += 1;
    seq = item.entry.seq;
  }
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
