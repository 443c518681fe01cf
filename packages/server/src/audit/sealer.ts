import type { AuditHead, Store } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { faultOf, signCheckpoint } from './checkpoint.ts';

/** Entries that get their places in one transaction. */
const BATCH = 500;
/** Of each round; what is left is for the next. */
const MAX_BATCHES = 200;
/** So many entries at most are without a checkpoint, and so long. */
const CHECKPOINT_ENTRIES = 1_000;
const CHECKPOINT_MS = 60_000;

/** Gives entries of the audit log their places in the chain and signs checkpoints: one at a time for a tenant, whichever process it is. */
export interface Sealer {
  /** All that waits now, and a checkpoint where it is time, or `now`, or `never`. */
  seal(checkpoint: 'due' | 'now' | 'never'): Promise<{ readonly seq: number; readonly hash: string }>;
}

/** It knows what it has sealed: where the store says otherwise later, somebody has meddled with it, which is told and stops nothing. */
export function auditSealer(ctx: Context): Sealer {
  let known: { readonly seq: number; readonly hash: string } | undefined;
  /** The last checkpoint that a server of this master key has signed, as far as this one knows. */
  let signed = { seq: 0, atMs: 0 };
  /** The store's last one, when it was looked at. */
  let judged = '';

  async function sealBatch(): ReturnType<Store['sealAudit']> {
    const sealed = await ctx.store.sealAudit(ctx.tenant, BATCH, known);
    if (sealed.kind === 'sealed') known = { seq: sealed.seq, hash: sealed.hash };
    if (sealed.kind === 'broken') {
      const { seq = 0, hash = '' } = known ?? {};
      ctx.log.error('audit.tampered', new Error('the chain is not what it was'), { seq, hash });
      known = undefined;
    }
    return sealed;
  }

  /** What the store says is the last one must not keep back those that come after it: whoever writes to the database could put one there of a number that is never reached. */
  function lastSigned({ seq, checkpoint }: AuditHead): typeof signed {
    if (checkpoint === undefined) return { seq: 0, atMs: 0 };
    const isBeyond = checkpoint.seq > seq;
    const text = JSON.stringify([checkpoint, isBeyond]);
    if (text !== judged) {
      judged = text;
      const trust = { thumbprints: undefined, mac: ctx.signAudit, issuer: undefined, tenant: ctx.tenant };
      const fault = isBeyond ? 'it is of more than there is' : faultOf(checkpoint, trust);
      if (fault === undefined) signed = checkpoint;
      else ctx.log.error('audit.tampered', new Error(`the last checkpoint: ${fault}`), { seq: checkpoint.seq });
    }
    return signed;
  }

  return {
    async seal(when) {
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const sealed = await sealBatch();
        // Somebody else is at it, and seals all of it.
        if (sealed.kind === 'busy') break;
        if (sealed.kind === 'sealed' && sealed.entries.length < BATCH) break;
      }
      const head = await ctx.store.readAuditHead(ctx.tenant);
      if (when === 'never') return { seq: head.seq, hash: head.hash };
      const { seq, atMs } = lastSigned(head);
      const isDue = when === 'now' || head.seq - seq >= CHECKPOINT_ENTRIES || ctx.clock.nowMs() - atMs >= CHECKPOINT_MS;
      if (head.seq > seq && isDue) {
        const checkpoint = signCheckpoint(ctx, head, seq);
        await ctx.store.putAuditCheckpoint(ctx.tenant, checkpoint);
        signed = checkpoint;
        ctx.log.info('audit.checkpoint', { seq: head.seq, hash: head.hash });
      }
      return { seq: head.seq, hash: head.hash };
    },
  };
}

/** How often a server looks for what is to be sealed. */
const LOOK_MS = 500;

/**
 * Seals for as long as the process runs, and first of all what a process before it has left.
 *
 * @returns what stops it, once more sealing what there is.
 */
export function startSealing(ctx: Context): () => Promise<void> {
  const sealer = auditSealer(ctx);
  const seal = async (): Promise<void> => {
    try {
      await sealer.seal('due');
    } catch (error) {
      ctx.log.error('job.failed', error, { job: 'seal the audit log' });
    }
  };
  let under = seal();
  const stop = ctx.clock.every(LOOK_MS, () => (under = seal()));
  return async () => {
    stop();
    await under;
    await seal();
  };
}
