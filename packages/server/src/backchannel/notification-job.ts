import { type PendingAuthorization, StoreUnavailable } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { workOff } from '../jobs/work-off.ts';
import { readPendingRequest } from '../pending/pending-request.ts';
import { type Notified, notifyClient } from './notify.ts';

/** Seconds from a failed attempt to the next; the last one goes on. */
const DELAYS = [2, 5, 15, 60, 300] as const;
const LAST_DELAY = 600;
/** Seconds from the request: pushed tokens that nobody took by then are revoked. */
const GIVE_UP_SECONDS = 3_600;

/** What makes the job of a process look now. */
const wakers = new WeakMap<Context, () => void>();

type Taken = { readonly pending: PendingAuthorization; readonly attempt: number };

/** Says that somebody has decided here: their client is told at once. */
export function wakeNotifications(ctx: Context): void {
  wakers.get(ctx)?.();
}

/**
 * Tells clients of CIBA what their users decided (OpenID Connect CIBA §10.2, §10.3) for as long as the process runs.
 *
 * @returns what stops it, see `WorkingOff`.
 */
export function startNotifications(ctx: Context): () => Promise<void> {
  const job = workOff<Taken>(ctx, {
    names: { take: 'take notifications', act: 'notify' },
    take: (limit, leaseSeconds, now) => ctx.store.takeNotifications(ctx.tenant, limit, leaseSeconds, now),
    async act(taken, isStopped) {
      const outcome = await notifyClient(ctx, taken.pending).catch((error: unknown) => ownFault(ctx, error));
      if (!isStopped()) await settleNotified(ctx, taken, outcome);
    },
  });
  wakers.set(ctx, job.wake);
  return async () => {
    wakers.delete(ctx);
    await job.stop();
  };
}

/** Writes down what became of it: done, due again, or given up; then what was to be pushed and nobody has is revoked. */
export async function settleNotified(ctx: Context, { pending, attempt }: Taken, outcome: Notified): Promise<void> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  const about = { client_id: pending.clientId, attempt };
  if (outcome.kind === 'notified') {
    await ctx.store.settleNotification(ctx.tenant, pending.id, attempt, undefined);
    ctx.log.info('backchannel.notified', about);
    return;
  }
  const dueAt = outcome.kind === 'hopeless' ? undefined : notifyAgainAt(pending, attempt, now);
  if (dueAt !== undefined) {
    await ctx.store.settleNotification(ctx.tenant, pending.id, attempt, dueAt);
    ctx.log.info('backchannel.failed', { ...about, reason: outcome.reason, again_in: dueAt - now });
    return;
  }
  if (pending.decision.kind === 'approved' && readPendingRequest(pending).notice?.mode === 'push') {
    const { grantId } = pending.decision;
    // A refresh says that the client has them, whatever became of its answer.
    if (((await ctx.store.findGrant(ctx.tenant, grantId))?.generation ?? 0) < 2)
      await ctx.store.revokeGrant(ctx.tenant, grantId, 'code_misused', now);
  }
  await ctx.store.settleNotification(ctx.tenant, pending.id, attempt, undefined);
  ctx.log.warn('backchannel.dead', { ...about, reason: outcome.reason });
}

/** When a client is told again, in seconds since 1970; undefined once there is nothing left that it could do with it. */
export function notifyAgainAt(pending: PendingAuthorization, attempt: number, now: number): number | undefined {
  const at = now + (DELAYS[attempt - 1] ?? LAST_DELAY);
  const end = readPendingRequest(pending).notice?.mode === 'push' ? pending.createdAt + GIVE_UP_SECONDS : pending.expiresAt;
  return at >= end ? undefined : at;
}

function ownFault(ctx: Context, error: unknown): Notified {
  if (error instanceof StoreUnavailable) throw error;
  ctx.log.error('job.failed', error, { job: 'notify' });
  return { kind: 'failed', reason: 'an error on our side; the log has it' };
}
