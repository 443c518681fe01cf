import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnswerHeaderRules } from './answer-headers.ts';
import type { ForwardTimes } from './exchange-timers.ts';
import type { Refusal } from './refusal.ts';
import type { Timers } from './timers.ts';
import type { Upstream } from './upstream.ts';

/** What is forwarded, once it is admitted. */
export interface ForwardTask {
  readonly upstream: Upstream;
  /** Normalised, with its query. */
  readonly target: string;
  /** For the upstream: names in lower case and values in turn (`requestHeaders`). */
  readonly headers: string[];
  /** Of the body, as `readFraming` says. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  readonly expectsContinue: boolean;
  /** Bytes of a body. */
  readonly bodyLimit: number;
  readonly identity?: string;
  readonly times: ForwardTimes;
  readonly answer: AnswerHeaderRules;
  readonly timers: Timers;
  readonly watcher: ForwardWatcher;
  /** Looks at the head of an answer before it goes out. */
  readonly onHead?: HeadCheck;
  /** The request asks for another protocol: joins both connections, where the answer is one that begins it. */
  readonly join?: (headers: IncomingHttpHeaders, inside: Duplex, ended: (how: 'whole' | 'idle' | 'cut') => void) => OpenStream | undefined;
}

/** Undefined: the answer passes as it is. Otherwise it waits, for as long as a head may take, and nothing of it is read on. Never rejects. */
export type HeadCheck = (status: number, headers: IncomingHttpHeaders) => Promise<HeadVerdict> | undefined;

/** What becomes of an answer: it passes with further headers (names and values in turn), or something else is answered in its place. */
export type HeadVerdict = { readonly kind: 'pass'; readonly lines: readonly string[] } | Refusal;

/** Who is told how it goes. */
export interface ForwardWatcher {
  /** There is no answer to pass on: answers in its place. The response is untouched. */
  refuse(refusal: Refusal): void;
  /** The answer stays open for longer than a moment. It can be ended from outside. */
  onStream?(stream: OpenStream): void;
  /** It is over, in whatever way. Called once, after `refuse`. */
  onEnd?(end: ForwardEnd): void;
}

/** An exchange that stays open. */
export interface OpenStream {
  /** Ends it in the middle: nobody takes what there is for a whole. */
  cut(): void;
}

/** How it ended: for decision records and metrics. */
export interface ForwardEnd {
  readonly how: 'whole' | 'refused' | 'upstream_broke' | 'client_gone' | 'client_stalled' | 'cut' | 'idle' | 'too_long';
  /** Of the upstream's answer; undefined where there was none. */
  readonly status: number | undefined;
  /** The name of the target that had it last. */
  readonly target: string | undefined;
  readonly tries: number;
  /** What the last try failed with: for logs, never for clients. */
  readonly error: unknown;
}
