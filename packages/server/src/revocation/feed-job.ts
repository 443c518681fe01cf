import { StoreUnavailable } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { feedOf } from './feed.ts';

/** How often it looks for what nobody has told it of. */
const LOOK_MS = 250;
const TICK_MS = 1_000;

/**
 * Publishes revocations for as long as the process runs: woken by whoever commits one here, told by other nodes where the database tells, and looking by itself.
 *
 * @returns what ends all its streams and stops it.
 */
export async function startRevocationFeed(ctx: Context): Promise<() => Promise<void>> {
  const { hub, streams, polls, own } = feedOf(ctx);
  const guarded = (job: string, act: () => Promise<void>) => async () => {
    try {
      await act();
    } catch (error) {
      // Followers notice that nothing comes, and the log that other jobs have the same trouble.
      if (!(error instanceof StoreUnavailable)) ctx.log.error('job.failed', error, { job });
    }
  };
  const look = guarded('look for revocations', () => hub.look());
  const writeOwn = guarded('acknowledge revocations', () => own.write());
  const tick = guarded('keep revocation streams', async () => streams.tick());
  await look();
  // Among the followers from the beginning; a write that waits keeps nobody from starting.
  const first = writeOwn();
  const stopWatching = await ctx.store.watchRevocations(ctx.tenant, () => void look());
  const stops = [
    ctx.clock.every(LOOK_MS, look),
    // Not one after the other: a write may wait, and whoever listens is told each second all the same.
    ctx.clock.every(TICK_MS, tick),
    ctx.clock.every(TICK_MS, writeOwn),
  ];
  return async () => {
    for (const stop of stops) stop();
    await stopWatching();
    streams.close();
    polls.close();
    own.close();
    await first;
    await writeOwn();
  };
}
