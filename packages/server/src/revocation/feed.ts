import type { Context } from '../context.ts';
import type { Follower } from './follower.ts';
import { type Hub, revocationHub } from './hub.ts';
import { type LongPolls, longPolls } from './long-polls.ts';
import { type OwnPoints, ownPoints } from './own-points.ts';
import { feedStreams, type Streams } from './streams.ts';

/** Everything that a process has of the revocation feed. */
export interface Feed {
  readonly hub: Hub;
  readonly streams: Streams;
  readonly polls: LongPolls;
  readonly own: OwnPoints;
  /** Takes one acknowledgement of a node. Answers the seconds to wait; 0: it may. */
  takeAcknowledgement(follower: Pick<Follower, 'clientId'>, node: string): number;
  /** That a follower is there, for who asks how far they are. Nobody waits for it, and it is written now and then. */
  seen(follower: Pick<Follower, 'clientId'>, node: string): void;
}

/** The second of each counts a client's nodes together, so that no names that somebody makes up are a write each. */
const ACKS = ['feed-acks-node', 'feed-acks'] as const;
const SEEN = ['feed-seen-node', 'feed-seen'] as const;

const feeds = new WeakMap<Context, Feed>();

/** The one of this process. It only moves by itself where `startRevocationFeed` has started it. */
export function feedOf(ctx: Context): Feed {
  let feed = feeds.get(ctx);
  if (feed === undefined) {
    feed = makeFeed(ctx);
    feeds.set(ctx, feed);
  }
  return feed;
}

export function makeFeed(ctx: Context): Feed {
  const hub = revocationHub(ctx);
  const take = (names: typeof ACKS | typeof SEEN, client: string, node: string): number => {
    const taken = ctx.limits.takeNow(names, { client, header: () => node });
    return taken.kind === 'limited' ? taken.retryAfterSeconds : 0;
  };
  return {
    hub,
    streams: feedStreams(hub, ctx.clock.nowMs),
    polls: longPolls(hub),
    own: ownPoints(ctx, hub),
    takeAcknowledgement: ({ clientId }, node) => take(ACKS, clientId, node),
    seen({ clientId }, node) {
      if (take(SEEN, clientId, node) > 0) return;
      const acknowledgement = { clientId, node, epoch: hub.epoch, points: [], nowMs: ctx.clock.nowMs() };
      ctx.store.acknowledgeRevocations(ctx.tenant, acknowledgement).catch(() => undefined);
    },
  };
}
