import type { RevocationPoint } from '@hufu/store/port';
import { monotonicMs } from '../clock.ts';
import type { Context } from '../context.ts';
import type { Hub } from './hub.ts';

/** Nothing finer is kept. */
const APART_MS = 20;
const SEEN_EVERY_MS = 20_000;
/** Points that wait to be written; while nothing can be, the oldest fall. */
const MAX_WAITING = 1_000;

/** Since when this process publishes what: it is among the followers, under no client. Not each piece of news is a write. */
export interface OwnPoints {
  /** Once a second. */
  write(): Promise<void>;
  close(): void;
}

export function ownPoints(ctx: Context, hub: Hub): OwnPoints {
  let points: RevocationPoint[] = [];
  let writtenMs = Number.NEGATIVE_INFINITY;
  let epoch: string | undefined;
  const note = (): void => {
    if (hub.epoch !== epoch) points = [];
    epoch = hub.epoch;
    const point = { seq: hub.head, atMs: ctx.clock.nowMs() };
    const last = points.at(-1);
    // The later moment is true of all of them.
    if (last !== undefined && point.atMs - last.atMs < APART_MS && points.length > 1) points[points.length - 1] = point;
    else points.push(point);
  };
  const close = hub.onChange(note);
  return {
    async write() {
      const now = monotonicMs();
      if (hub.ageMs() === Number.POSITIVE_INFINITY) return;
      // What was there when it began is published as well, and nobody tells of it.
      if (hub.epoch !== epoch) note();
      if (points.length === 0 && now - writtenMs < SEEN_EVERY_MS) return;
      const written = { clientId: '' as const, node: hub.name, epoch: hub.epoch, points, nowMs: ctx.clock.nowMs() };
      points = [];
      writtenMs = now;
      try {
        await ctx.store.acknowledgeRevocations(ctx.tenant, written);
      } catch (error) {
        // Nobody else knows them.
        if (epoch === written.epoch) points = [...written.points, ...points].slice(-MAX_WAITING);
        writtenMs = Number.NEGATIVE_INFINITY;
        throw error;
      }
    },
    close,
  };
}
