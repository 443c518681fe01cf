import { pause } from '../clock.ts';
import type { Desk } from './desk.ts';
import type { HeldLock } from './place.ts';
import { type SessionRecord, stampOf } from './record.ts';

/** A holder who cannot be asked is taken for dead when its mark has stood still for as long as it may work. */
const STILL_MS = 20_000;
const STEP_MS = 1_000;

/** Until whoever sent the refresh token before us is known, or as good as known, not to be at it any more. */
export async function waitForOthers(desk: Desk, held: HeldLock, record: SessionRecord): Promise<'free' | 'changed'> {
  const { clock, me, watched } = desk;
  const mark = markOf(record);
  if (mark === undefined || record.renewing === undefined || record.renewing.by === me) return 'free';
  if (record.renewing.hash !== ((await stampOf(record)).hash || 'none')) return 'free';
  if (await held.isGone(record.renewing.by)) return 'free';
  if (watched.mark !== mark) Object.assign(watched, { mark, ms: 0 });
  while (watched.ms < STILL_MS) {
    const before = clock.progressMs();
    await pause(clock, STEP_MS, desk.closing);
    // A machine that slept has watched nothing.
    watched.ms += Math.min(clock.progressMs() - before, 2 * STEP_MS);
    if (markOf(await desk.open()) !== mark) return 'changed';
  }
  return 'free';
}

function markOf({ renewing }: SessionRecord): string | undefined {
  return renewing === undefined ? undefined : `${renewing.by} ${renewing.since} ${renewing.hash}`;
}
