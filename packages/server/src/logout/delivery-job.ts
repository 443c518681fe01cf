import { type Delivery, StoreUnavailable } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { workOff } from '../jobs/work-off.ts';
import { type Attempt, attemptDelivery, settle } from './deliver.ts';

/** A client that did not answer is not asked again for so long, so that its backlog keeps nobody else's waiting; less than the first retry. */
const REST_MS = 4_000;
const MAX_RESTING = 1_000;

/** What makes the job of a process look now. */
const wakers = new WeakMap<Context, () => void>();

/** Says that a session has ended here: what is due is delivered at once, and nobody waits for it (attacks LOG-10). */
export function wakeDelivery(ctx: Context): void {
  wakers.get(ctx)?.();
}

/**
 * Tells clients of ended sessions (OpenID Connect Back-Channel Logout §2.5) for as long as the process runs.
 *
 * @returns what stops it, see `WorkingOff`.
 */
export function startDelivery(ctx: Context): () => Promise<void> {
  const resting = new Map<string, number>();

  async function deliver(delivery: Delivery, isStopped: () => boolean): Promise<void> {
    const attempt = isResting(delivery) ? RESTING : await attemptDelivery(ctx, delivery).catch(ownFault);
    if (attempt.kind === 'failed' && attempt.hope === 'unanswered') rest(delivery);
    if (!isStopped()) await settle(ctx, delivery, attempt);
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

  const job = workOff<Delivery>(ctx, {
    names: { take: 'take logout deliveries', act: 'deliver logout' },
    take: (limit, leaseSeconds, now) => ctx.store.takeDeliveries(ctx.tenant, limit, leaseSeconds, now),
    act: deliver,
  });
  wakers.set(ctx, job.wake);
  return async () => {
    wakers.delete(ctx);
    await job.stop();
  };
}

const RESTING: Attempt = { kind: 'failed', reason: 'the client did not answer others a moment ago', hope: 'answered' };
