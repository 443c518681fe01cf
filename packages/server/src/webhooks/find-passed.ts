import type { WebhookRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { findNext } from './find-next.ts';

/** Times that it looks; what stands beyond is as what waits. */
const MAX_LOOKS = 10;

/**
 * Up to where a webhook wants nothing of the log. A job has passed that by, mostly in memory alone: what a changed filter wants of it is not sent. What waits behind an event that was wanted is judged by
 * the filter of then.
 */
export async function findPassed(ctx: Pick<Context, 'store' | 'tenant'>, { actions, cursorSeq }: WebhookRecord): Promise<number> {
  let passed = cursorSeq;
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const next = await findNext(ctx, { actions, cursorSeq: passed }, passed);
    if (next.kind === 'entry') return next.entry.seq - 1;
    if (next.kind === 'cut' || next.to === passed) break;
    passed = next.to;
  }
  return passed;
}
