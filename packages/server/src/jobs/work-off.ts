import { later } from '../clock.ts';
import type { Context } from '../context.ts';

/** So many are acted upon at once, by this process (attacks SSR-14). */
const MAX_AT_ONCE = 8;
/** Longer than an attempt can take: whoever dies with one gives it back after so long. */
const LEASE_SECONDS = 30;
/** How often it looks for what other processes left, and for what is due again. */
const LOOK_MS = 1_000;
/** What is under way at the end gets so long. */
const STOP_MS = 1_000;

/** Something that the store hands out, and takes back after a lease. */
export interface Work<Item> {
  /** As the log calls taking it, and acting upon it. */
  readonly names: { readonly take: string; readonly act: string };
  /** Takes at most `limit` that are due. */
  take(limit: number, leaseSeconds: number, now: number): Promise<readonly Item[]>;
  /** Acts upon one; what it throws is logged, and the lease gives the item back. Whether what became of it may still be written down is asked for afterwards. */
  act(item: Item, isStopped: () => boolean): Promise<void>;
}

export interface WorkingOff {
  /** Looks now. */
  wake(): void;
  /** No more is taken, and what is under way gets a moment. What does not end in time is somebody else's after its lease. */
  stop(): Promise<void>;
}

/** Works off what is due for as long as the process runs. */
export function workOff<Item>(ctx: Context, { names, take, act }: Work<Item>): WorkingOff {
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
        const taken = await take(room, LEASE_SECONDS, Math.floor(ctx.clock.nowMs() / 1000));
        more = taken.length === room;
        for (const item of taken) begin(item);
      }
    } catch (error) {
      ctx.log.error('job.failed', error, { job: names.take });
    } finally {
      looking = false;
    }
  }

  function begin(item: Item): void {
    const acting = act(item, () => state === 'stopped')
      .catch((error: unknown) => {
        // A store that is away, or closed: the lease gives it back.
        if (state !== 'stopped') ctx.log.error('job.failed', error, { job: names.act });
      })
      .finally(() => {
        underWay.delete(acting);
        if (more || asked) void look();
      });
    underWay.add(acting);
  }

  const stopLooking = ctx.clock.every(LOOK_MS, look);
  return {
    wake: () => void look(),
    async stop() {
      state = 'stopping';
      stopLooking();
      await Promise.race([Promise.allSettled(underWay), new Promise<void>((resolve) => later(STOP_MS, resolve))]);
      state = 'stopped';
    },
  };
}
