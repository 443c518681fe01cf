import { type Delivery, StoreUnavailable } from '@hufu/store/port';
import { later } from '../clock.ts';
import type { Context } from '../context.ts';
import { type Attempt, attemptDelivery, settle } from './deliver.ts';

/** So many clients are told at once, by this process (attacks SSR-14). */
const MAX_AT_ONCE = 8;
/** Longer than an attempt can take: whoever dies with a delivery gives it back after so long. */
const LEASE_SECONDS = 30;
/** How often it looks for what other processes ended, and for what is due again. */
const LOOK_MS = 1_000;
/** A client that did not answer is not asked again for so long, so that its backlog keeps nobody else's waiting; less than the first retry. */
const REST_MS = 4_000;
const MAX_RESTING = 1_000;
/** What is under way at the end gets so long. */
const STOP_MS = 1_000;

/** What makes the job of a process look now. */
const wakers = new WeakMap<Context, () => void>();

/** Says that a session has ended here: what is due is delivered at once, and nobody waits for it (attacks LOG-10). */
export function wakeDelivery(ctx: Context): void {
  wakers.get(ctx)?.();
}

/**
 * Tells clients of ended sessions (OpenID Connect Back-Channel Logout §2.5) for as long as the process runs.
 *
 * @returns what stops it: no more is taken, and what is under way gets a moment. What does not end in time is somebody else's after its lease.
 */
export function startDelivery(ctx: Context): () => Promise<void> {
  const resting = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let state: 'running' | 'stopping' | 'stopped' = 'running';
  let looking = false;
  let asked = false;
  let more = false;

  async function look(): Promise<void> {
    asked = true;
    if (looking) return;
    looking = true;
    try {
      while (asked && state === 'running' && underWay.size < MAX_AT_ONCE) {
        asked = false;
        const room = MAX_AT_ONCE - underWay.size;
        const taken = await ctx.store.takeDeliveries(ctx.tenant, room, LEASE_SECONDS, Math.floor(ctx.clock.nowMs() / 1000));
        more = taken.length === room;
        for (const delivery of taken) begin(delivery);
      }
    } catch (error) {
      ctx.log.error('job.failed', error, { job: 'take logout deliveries' });
    } finally {
      looking = false;
    }
  }

  function begin(delivery: Delivery): void {
    const act = deliver(delivery)
      .catch((error: unknown) => {
        // A store that is away, or closed: the lease gives it back.
        if (state !== 'stopped') ctx.log.error('job.failed', error, { job: 'deliver logout' });
      })
      .finally(() => {
        underWay.delete(act);
        if (more || asked) void look();
      });
    underWay.add(act);
  }

  async function deliver(delivery: Delivery): Promise<void> {
    const attempt = isResting(delivery) ? RESTING : await attemptDelivery(ctx, delivery).catch(ownFault);
    if (attempt.kind === 'failed' && attempt.hope === 'unanswered') rest(delivery);
    if (state !== 'stopped') await settle(ctx, delivery, attempt);
  }

  function ownFault(error: unknown): Attempt {
    if (error instanceof StoreUnavailable) throw error;
    ctx.log.error('job.failed', error, { job: 'deliver logout' });
    return { kind: 'failed', reason: 'an error on our side; the log has it', hope: 'answered' };
  }

  function isResting({ clientId }: Delivery): boolean {
    const until = resting.get(clientId) ?? 0;
    if (until > ctx.clock.nowMs()) return true;
    resting.delete(clientId);
    return false;
  }

  function rest({ clientId }: Delivery): void {
    const [oldest] = resting.keys();
    if (resting.size >= MAX_RESTING && oldest !== undefined) resting.delete(oldest);
    resting.set(clientId, ctx.clock.nowMs() + REST_MS);
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

const RESTING: Attempt = { kind: 'failed', reason: 'the client did not answer others a moment ago', hope: 'answered' };
