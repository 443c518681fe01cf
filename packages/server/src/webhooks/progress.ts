import type { WebhookDelivery, WebhookEnd, WebhookFailure, WebhookProgress } from '@hufu/store/port';

/** Seconds from a failed attempt to the next, by how many have failed in a row; the last one goes on. */
const DELAYS = [5, 30, 120, 600, 3_600] as const;
const LAST_DELAY = 21_600;
/** Each delay is longer or shorter by up to this part of it: receivers that come back are not met by all at once. */
const JITTER = 0.2;
/** Seconds from the first attempt of an event: one that fails later is the last. `short` where the receiver says that it is the event's fault, or ours. */
const GIVE_UP = { long: 86_400, short: 3_600 } as const;
/** Seconds without a success. */
const DISABLE_SECONDS = 5 * 86_400;

export interface Step {
  readonly progress: WebhookProgress;
  readonly delivery: WebhookDelivery;
  /** Nothing more is sent, for this reason. */
  readonly end?: WebhookEnd;
}

/** The entry that was tried. */
export type Tried = Pick<WebhookDelivery, 'seq' | 'messageId' | 'action'>;

/** Nothing up to `seq` is wanted. */
export function passedTo(there: WebhookProgress, seq: number): WebhookProgress {
  return { ...progressOf(there), cursorSeq: seq, ...NO_HEAD };
}

export function afterDelivered(there: WebhookProgress, tried: Tried, now: number): Step {
  const attempts = attemptsOf(there, tried);
  return {
    progress: { ...progressOf(there), cursorSeq: tried.seq, failures: 0, failingSince: 0, ...NO_HEAD, dueAt: now, deliveredAt: now },
    delivery: { ...tried, state: 'delivered', attempts, reason: undefined, at: now },
  };
}

/** What no server has written is not tried at all. */
export function afterAltered(there: WebhookProgress, tried: Tried, now: number): Step {
  return { progress: passedTo(there, tried.seq), delivery: { ...tried, state: 'dead', attempts: 0, reason: 'altered', at: now } };
}

/** @param chance from 0 to 1 */
export function afterFailed(
  there: WebhookProgress,
  tried: Tried,
  { reason, patience }: { readonly reason: WebhookFailure; readonly patience: 'long' | 'short' },
  now: number,
  chance: number,
): Step {
  const failures = there.failures + 1;
  const failingSince = there.failingSince === 0 ? now : there.failingSince;
  const attempts = attemptsOf(there, tried);
  const since = there.headSeq === tried.seq ? there.headSince : now;
  const gone = reason === 'gone';
  const end = gone ? 'gone' : now - failingSince >= DISABLE_SECONDS ? 'failing' : undefined;
  const isOver = !gone && now - since >= GIVE_UP[patience];
  const failed = { ...progressOf(there), failures, failingSince };
  return {
    progress: isOver
      ? { ...failed, cursorSeq: tried.seq, ...NO_HEAD, dueAt: now }
      : { ...failed, headSeq: tried.seq, headAttempts: attempts, headSince: since, dueAt: now + delayAfter(failures, chance) },
    delivery: { ...tried, state: isOver ? 'dead' : 'waiting', attempts, reason, at: now },
    ...(end === undefined ? {} : { end }),
  };
}

/** @param chance from 0 to 1 */
export function delayAfter(failures: number, chance: number): number {
  const seconds = DELAYS[failures - 1] ?? LAST_DELAY;
  return Math.max(1, Math.round(seconds * (1 + JITTER * (2 * chance - 1))));
}

const NO_HEAD = { headSeq: 0, headAttempts: 0, headSince: 0 } as const;

function attemptsOf({ headSeq, headAttempts }: WebhookProgress, { seq }: Tried): number {
  return headSeq === seq ? headAttempts + 1 : 1;
}

/** Of a whole record that alone. */
function progressOf(there: WebhookProgress): WebhookProgress {
  const { cursorSeq, failures, failingSince, headSeq, headAttempts, headSince, dueAt, deliveredAt } = there;
  return { cursorSeq, failures, failingSince, headSeq, headAttempts, headSince, dueAt, deliveredAt };
}
