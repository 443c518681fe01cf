import { OAuthError } from '@hufu/protocol/errors';
import { StoreUnavailable } from '@hufu/store/port';
import { monotonicMs } from '../clock.ts';
import type { BodyStream } from '../http.ts';
import type { Follower } from './follower.ts';
import type { Batch, Hub } from './hub.ts';

/** Of a process, and of one client. */
const MAX_STREAMS = 1_000;
const MAX_OF_CLIENT = 256;
/** How long nothing of what was written may go out. */
const STUCK_MS = 10_000;
const CHECK_EVERY_MS = 60_000;
/** Then whoever follows comes back, perhaps to another node. */
const LONGEST_MS = 15 * 60_000;
/** A position that is older than this says nothing any more. */
const STALE_MS = 1_000;
const DEAD_MS = 3_000;
const SEEN_EVERY_MS = 20_000;
const RETRY_SECONDS = 2;

/** Who is told of revocations as they happen, over answers that do not end. */
export interface Streams {
  readonly size: number;
  /** Throws `temporarily_unavailable` where there are too many. Beside `attach`, and before its answer begins. */
  requireRoom(client: string, node: string): void;
  /** From `first` on, which begins the answer. Ends the stream that the same node had. */
  attach(opening: Opening, body: BodyStream): void;
  /** Once a second: looks after all of them, and tells them that nothing has happened. */
  tick(): void;
  close(): void;
}

export interface Opening {
  readonly follower: Follower;
  readonly node: string;
  readonly first: Batch;
  /** That it is there. */
  seen(): void;
}

interface Stream {
  readonly key: string;
  readonly opening: Opening;
  readonly body: BodyStream;
  readonly openedMs: number;
  position: number;
  /** Since when nothing has gone out; undefined: there is room. */
  fullSinceMs: number | undefined;
  checkedMs: number;
  seenMs: number;
  isSending: boolean;
  /** A sign of life is due. */
  isDue: boolean;
  /** Something has happened while it was sending. */
  isBehind: boolean;
}

/**
 * @param nowMs the server's clock, by which access tokens end.
 * @param passedMs the process's own, by which everything else is measured.
 */
export function feedStreams(hub: Hub, nowMs: () => number, passedMs: () => number = monotonicMs): Streams {
  const streams = new Map<string, Stream>();
  const ofClient = new Map<string, number>();
  let isClosed = false;

  function requireRoom(client: string, node: string): void {
    if (isClosed) throw full('the server is stopping');
    if (!hasRoom(client, node)) throw full('too many streams are open');
  }

  function hasRoom(client: string, node: string): boolean {
    const replaces = streams.has(keyOf(client, node)) ? 1 : 0;
    return streams.size - replaces < MAX_STREAMS && (ofClient.get(client) ?? 0) - replaces < MAX_OF_CLIENT;
  }

  function attach(opening: Opening, body: BodyStream): void {
    // Others may have come since there was room for it.
    if (!hasRoom(opening.follower.clientId, opening.node)) return body.end();
    const key = keyOf(opening.follower.clientId, opening.node);
    const before = streams.get(key);
    if (before !== undefined) end(before);
    const now = passedMs();
    const stream: Stream = {
      key,
      opening,
      body,
      openedMs: now,
      position: opening.first.after,
      fullSinceMs: undefined,
      checkedMs: now,
      seenMs: now,
      isSending: false,
      isDue: false,
      isBehind: false,
    };
    streams.set(key, stream);
    ofClient.set(opening.follower.clientId, (ofClient.get(opening.follower.clientId) ?? 0) + 1);
    body.onRoom(() => {
      stream.fullSinceMs = undefined;
      void send(stream);
    });
    body.onClose(() => forget(stream));
    if (isClosed || !isOpen(stream)) return end(stream);
    opening.seen();
    write(stream, opening.first);
    void send(stream);
  }

  function write(stream: Stream, batch: Batch): void {
    stream.position = batch.seq;
    if (!stream.body.write(`id: ${batch.epoch}.${batch.seq}\ndata: ${batch.jws}\n\n`)) stream.fullSinceMs ??= passedMs();
  }

  /** What is new to it, one batch after the other as they go out; and a sign of life where one is due. */
  async function send(stream: Stream): Promise<void> {
    stream.isBehind = true;
    if (stream.isSending) return;
    stream.isSending = true;
    try {
      while (stream.isBehind) {
        stream.isBehind = false;
        while (isOpen(stream) && stream.fullSinceMs === undefined && (stream.position < hub.head || stream.isDue)) {
          // Whatever is sent is one.
          stream.isDue = false;
          const batch = await hub.batch(stream.position);
          if (!isOpen(stream)) return;
          if (batch.epoch !== stream.opening.first.epoch) return end(stream);
          write(stream, batch);
        }
      }
    } catch {
      // Whoever follows comes back, and is told why.
      end(stream);
    } finally {
      stream.isSending = false;
    }
  }

  function isOpen(stream: Stream): boolean {
    return streams.get(stream.key) === stream;
  }

  function forget(stream: Stream): void {
    if (!isOpen(stream)) return;
    streams.delete(stream.key);
    const { clientId } = stream.opening.follower;
    const left = (ofClient.get(clientId) ?? 1) - 1;
    if (left === 0) ofClient.delete(clientId);
    else ofClient.set(clientId, left);
  }

  function end(stream: Stream): void {
    if (!isOpen(stream)) return;
    forget(stream);
    stream.body.end();
  }

  function lookAfter(stream: Stream, now: number): void {
    const { follower, seen } = stream.opening;
    if (stream.fullSinceMs !== undefined && now - stream.fullSinceMs > STUCK_MS) {
      forget(stream);
      stream.body.cut();
      return;
    }
    if (now - stream.openedMs > LONGEST_MS || (follower.endsAt !== undefined && nowMs() >= follower.endsAt * 1000)) return end(stream);
    if (now - stream.checkedMs > CHECK_EVERY_MS) {
      stream.checkedMs = now;
      follower.checkAgain().catch((error: unknown) => {
        // A store that is away says nothing of it; that the log stands still it is told, or not told, anyway.
        if (!(error instanceof StoreUnavailable)) end(stream);
      });
    }
    if (now - stream.seenMs > SEEN_EVERY_MS) {
      stream.seenMs = now;
      seen();
    }
  }

  const stopHearing = hub.onChange(() => {
    for (const stream of streams.values()) {
      // Positions of another log: it is to begin anew.
      if (stream.opening.first.epoch !== hub.epoch) end(stream);
      else void send(stream);
    }
  });

  return {
    get size() {
      return streams.size;
    },
    requireRoom,
    attach,
    tick() {
      const now = passedMs();
      const age = hub.ageMs();
      hub.tick();
      for (const stream of streams.values()) {
        if (age > DEAD_MS) {
          end(stream);
          continue;
        }
        lookAfter(stream, now);
        if (age > STALE_MS) continue;
        stream.isDue = true;
        void send(stream);
      }
    },
    close() {
      isClosed = true;
      stopHearing();
      for (const stream of streams.values()) end(stream);
    },
  };
}

function keyOf(client: string, node: string): string {
  return `${client}\n${node}`;
}

function full(description: string): OAuthError {
  return new OAuthError('temporarily_unavailable', description, { retryAfterSeconds: RETRY_SECONDS });
}
