import type { Dispatcher } from 'undici';

/** Where a route's requests go: one or more targets, of which each request gets one. What is behind it decides which, and learns how it went. */
export interface Upstream {
  /**
   * A place at one of the targets; at once where one is free.
   *
   * @throws UpstreamAway (or the promise rejects with it) when nobody takes the request
   */
  acquire(request: Acquire): Lease | Waiting;
}

/** What is known of a request before it has a target. */
export interface Acquire {
  readonly method: string;
  /** Whose request it is, where that is known: head timeouts count per distinct identity. */
  readonly identity: string | undefined;
  /** The whole request can be sent once more: it has no body, or one that is kept. */
  readonly replayable: boolean;
  /** It is meant to stay open (WebSocket): counts among the streams from the beginning. */
  readonly stream: boolean;
  /** Names of the targets that have had this request already; the others come first. Empty the first time. */
  readonly tried: readonly string[];
}

/** Somebody who stands in the queue. */
export interface Waiting {
  readonly lease: Promise<Lease>;
  /** Whoever asked is gone: gives up the place in the queue. What comes nevertheless has to be ended. */
  cancel(): void;
}

/** A place at a target, for one try of one request. Ended exactly once. */
export interface Lease {
  /** The target's name: for logs and decisions, never for clients. */
  readonly target: string;
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  /** Milliseconds from the last byte of the request to the head of the answer; 0: without end. */
  readonly headTimeoutMs: number;
  /**
   * The head of an answer is here (never 1xx, but 101 for an upgrade). `again`: it is thrown away, the lease is over without `end`, and another
   * one is to be acquired; only where the request is replayable.
   */
  answered(status: number): 'pass' | 'again';
  /** The answer stays open (an event stream, or one of more than a second): it no longer counts towards connections. At most once. */
  streams(): void;
  /**
   * It is over. `again`: another lease is to be acquired. Only said of a failure before the head, and only where nothing was sent or the
   * request is replayable.
   */
  end(outcome: Outcome): 'over' | 'again';
}

/** How a try ended. */
export type Outcome =
  /** The whole answer came. */
  | { readonly kind: 'whole' }
  | Failure
  /** The client went, its body was too large, or the stream was ended by us: says nothing of the target. */
  | { readonly kind: 'aborted' };

/** The target's fault. */
export interface Failure {
  readonly kind: 'failed';
  readonly phase: 'connect' | 'head' | 'body';
  readonly cause: 'refused' | 'reset' | 'timeout' | 'protocol';
  /** Whether any byte of the request may have reached it. */
  readonly sent: boolean;
}

/** No target takes a request: none lives, the queue is full, or waiting took too long. Becomes 503. */
export class UpstreamAway extends Error {
  readonly reason: 'no_target' | 'queue_full' | 'queue_timeout' | 'overloaded';
  readonly retryAfterSeconds: number;

  constructor(reason: UpstreamAway['reason'], retryAfterSeconds: number) {
    super(`no upstream: ${reason}`);
    this.name = 'UpstreamAway';
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
