import type { AuditOperations, AuditView, CheckpointView } from '@hufu/protocol/admin/audit';
import type { AuditCheckpoint, SealedEntry } from '@hufu/store/port';
import { readDetails } from '../../audit/export-audit.ts';
import { verifyEnd } from '../../audit/verify-audit.ts';
import type { Perform } from '../call.ts';
import { readPage } from '../cursor.ts';
import { invalid, notFound } from '../refusal.ts';

export const AUDIT: { readonly [N in keyof AuditOperations]: Perform<N> } = {
  'audit.list': async (call) => {
    const { ctx, query } = call;
    const page = readPage(call);
    const { actor_kind: actorKind, actor, action, target_kind: targetKind, target, since, until } = query;
    if ((actor === undefined) !== (actorKind === undefined)) throw invalid([{ pointer: 'query/actor', detail: 'goes with actor_kind' }]);
    if ((target === undefined) !== (targetKind === undefined))
      throw invalid([{ pointer: 'query/target', detail: 'goes with target_kind' }]);
    if (since !== undefined && until !== undefined && since > until) throw invalid([{ pointer: 'query/since', detail: 'is after until' }]);
    const filter = {
      ...(actor === undefined || actorKind === undefined ? {} : { actor: { kind: actorKind, id: actor } }),
      ...(action === undefined ? {} : { action }),
      ...(target === undefined || targetKind === undefined ? {} : { target: { kind: targetKind, id: target } }),
      ...(since === undefined ? {} : { sinceMs: since * 1000 }),
      ...(until === undefined ? {} : { untilMs: until * 1000 }),
      ...(page.after === undefined ? {} : { before: Number(page.after) }),
    };
    const found = await ctx.store.listAudit(ctx.tenant, filter, page.limit + 1);
    return { body: page.cut(found, ({ seq }) => String(seq), entryView) };
  },

  'audit.get': async ({ ctx, params, trail }) => {
    trail.at('admin_target');
    const seq = Number(params.seq);
    const [found] = await ctx.store.readAudit(ctx.tenant, seq - 1, 1);
    if (found?.seq !== seq) throw notFound('entry');
    return { body: entryView(found) };
  },

  'audit.checkpoints': async (call) => {
    const { ctx, query } = call;
    const page = readPage(call);
    const from = page.after === undefined ? (query.from ?? 1) : Number(page.after) + 1;
    const found = await ctx.store.listAuditCheckpoints(ctx.tenant, from, page.limit + 1);
    return { body: page.cut(found, ({ seq }) => String(seq), checkpointView) };
  },

  'audit.state': async ({ ctx }) => {
    const { head, verdict } = await verifyEnd(ctx);
    return {
      body: {
        seq: head.seq,
        hash: head.hash,
        checkpoint: head.checkpoint === undefined ? null : checkpointView(head.checkpoint),
        verified_from: verdict.from,
        verified_to: verdict.to,
        faults: verdict.faults,
      },
    };
  },
};

function entryView({ seq, id, atMs, actor, via, requestId, action, target, details, mac, hash }: SealedEntry): AuditView {
  return { seq, id, at_ms: atMs, actor, via, request_id: requestId, action, target, details: readDetails(details), mac, hash };
}

function checkpointView({ seq, hash, atMs, jws, jwk }: AuditCheckpoint): CheckpointView {
  return { seq, hash, at_ms: atMs, jws, jwk: readDetails(jwk) };
}
