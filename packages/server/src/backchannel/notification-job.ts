import { type PendingAuthorization, StoreUnavailable } from '@hufu/store/port';
import { later } from '../clock.ts';
import type { Context } from '../context.ts';
import { readPendingRequest } from '../pending/pending-request.ts';
import { type Notified, notifyClient } from './notify.ts';

/** So many clients are told at once, by this process (attacks SSR-14). */
const MAX_AT_ONCE = 8;
/** Longer than an attempt can take: whoever dies with one gives it back after so long. */
const LEASE_SECONDS = 30;
/** How often it looks for what other processes' users decided, and for what is due again. */
const LOOK_MS = 1_000;
/** Seconds from a failed attempt to the next; the last one goes on. */
const DELAYS = [2, 5, 15, 60, 300] as const;
const LAST_DELAY = 600;
/** Seconds from the request: pushed tokens that nobody took by then are revoked. */
const GIVE_UP_SECONDS = 3_600;
/** What is under way at the end gets so long. */
const STOP_MS = 1_000;

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
 * @returns what stops it: no more is taken, and what is under way gets a moment. What does not end in time is somebody else's after its lease.
 */
export function startNotifications(ctx: Context): () => Promise<void> {
  const underWay = new Set<Promise<void>>();
  let state: 'running' | 'stopping' | 'stopped' = 'running';
  let looking = false;
  let asked = false;

  async function look(): Promise<void> {
    asked = true;
    if (looking) return;
    looking = true;
    try {
      while (asked && state === 'running' && underWay.size < MAX_AT_ONCE) {
        asked = false;
        const room = MAX_AT_ONCE - underWay.size;
        const taken = await ctx.store.takeNotifications(ctx.tenant, room, LEASE_SECONDS, Math.floor(ctx.clock.nowMs() / 1000));
        for (const one of taken) begin(one);
      }
    } catch (error) {
      ctx.log.error('job.failed', error, { job: 'take notifications' });
    } finally {
      looking = false;
    }
  }

  function begin(taken: Taken): void {
    const act = notifyClient(ctx, taken.pending)
      .catch((error: unknown) => ownFault(ctx, error))
      .then((outcome) => (state === 'stopped' ? undefined : settleNotified(ctx, taken, outcome)))
      .catch((error: unknown) => {
        // A store that is away, or closed: the lease gives it back.
        if (state !== 'stopped') ctx.log.error('job.failed', error, { job: 'notify' });
      })
      .finally(() => {
        underWay.delete(act);
        if (state === 'running') void look();
      });
    underWay.add(act);
  }

  const stopLooking = ctx.clock.every(LOOK_MS, look);
  wakers.set(ctx, () => void look());
  return async () => {
    state = 'stopping';
    wakers.delete(ctx);
    stopLooking();
    await Promise.race([Promise.allSettled(underWay), new Promise<void>((resolve) => later(STOP_MS, resolve))]);
    state = 'stopped';
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
