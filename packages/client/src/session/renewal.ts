import { deadline, until } from '../clock.ts';
import { waitMs } from './back-off.ts';
import { spend } from './caused-renewals.ts';
import type { Desk, Renewed, Wish } from './desk.ts';
import { endHere, fail } from './failed-renewal.ts';
import { keepAnswer, roomFor } from './keep-answer.ts';
import { waitForOthers } from './others-at-work.ts';
import { readFailure } from './outcome.ts';
import type { HeldLock } from './place.ts';
import { nextRefresh, type SessionRecord, stampOf } from './record.ts';
import type { RawTokenAnswer } from './renewer.ts';
import { SessionError } from './session-error.ts';

const MAX_TURNS = 8;
/** Over everything that is done with the lock: sending, reading, checking, storing. */
const WORK_MS = 20_000;

/** Whether somebody is renewing, or has not told how it went. */
export function isOpen(record: SessionRecord): boolean {
  return record.renewing !== undefined || record.unsureSince !== undefined;
}

/** One renewal, by whoever has the lock (RFC 6749 §6): look again, mark, send, store, check, store. */
export async function renew(desk: Desk, held: HeldLock, wish: Wish): Promise<Renewed> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const record = await desk.open();
    const access = record.access[wish.key];
    const now = desk.clock.nowMs();
    if (access !== undefined && desk.isUsable(access) && !(wish.settle === 'yes' && isOpen(record)))
      return { kind: 'token', access, record, from: 'storage', rotated: false };
    // An attempt after one that failed is not another 401.
    const isCaused = access !== undefined && desk.isRefused(access.token) && record.failures === undefined;
    const bucket = isCaused ? spend(record, now) : record.bucket;
    requireTurn(record, now);
    const refresh = nextRefresh(record);
    if (refresh === undefined && desk.renewer.obtain === undefined) return await endWithoutRefresh(desk, record, now);
    if ((await waitForOthers(desk, held, record)) === 'changed') continue;
    const done = await exchange(desk, wish, record, refresh, bucket);
    if (done !== 'again') return done;
  }
  throw new SessionError('storage_unavailable', 'others change it all the time');
}

/** @returns `again` where somebody else was faster, and what is stored now may do. */
async function exchange(
  desk: Desk,
  wish: Wish,
  record: SessionRecord,
  refresh: string | undefined,
  bucket: SessionRecord['bucket'],
): Promise<Renewed | 'again'> {
  const { clock, me } = desk;
  const since = clock.nowMs();
  const renewing = { since, hash: (await stampOf(record)).hash || 'none', by: me, pad: 'x'.repeat(roomFor(record)) };
  const mark = (current: SessionRecord): SessionRecord => ({ ...current, renewing, ...(bucket && { bucket }) });
  // From before the mark: whoever watches it must not wait for less than we may take.
  const limit = deadline(clock, WORK_MS);
  try {
    // Where this cannot be written, the answer could not be either.
    const marked = await until(desk.slot.change(record, mark), limit.signal);
    if (marked.kind === 'conflict') return 'again';
    const sentAt = clock.nowMs();
    let answer: RawTokenAnswer;
    try {
      answer = await until(send(desk, wish, record, refresh, limit.signal), limit.signal);
    } catch (error) {
      // A mistake of the program: nothing was sent that could be lost.
      if (refresh === undefined && error instanceof TypeError) {
        await desk.slot.change(marked.record, ({ renewing: _renewing, ...rest }) => rest).catch(() => undefined);
        throw error;
      }
      const failure = limit.expired() ? ({ kind: 'unsure' } as const) : readFailure(error);
      return await fail(desk, marked.record, refresh, failure, error);
    }
    return await keepAnswer(desk, wish, marked.record, refresh, answer, sentAt, limit.signal);
  } finally {
    limit.clear();
  }
}

function send(
  desk: Desk,
  { resource, scopes }: Wish,
  { dpopKey }: SessionRecord,
  refresh: string | undefined,
  signal: AbortSignal,
): Promise<RawTokenAnswer> {
  const context = {
    signal,
    ...(dpopKey && { dpopKey }),
    ...(resource !== undefined && { resource }),
    ...(scopes !== undefined && { scope: scopes.join(' ') }),
  };
  if (refresh !== undefined) return desk.renewer.refresh(refresh, context);
  return desk.renewer.obtain?.(context) ?? Promise.reject(new TypeError('no obtain'));
}

async function endWithoutRefresh(desk: Desk, record: SessionRecord, now: number): Promise<never> {
  const others = Object.values(record.access).some(
    (access) => (access.expiresAt ?? Number.POSITIVE_INFINITY) > now && !desk.isRefused(access.token),
  );
  if (!others) await endHere(desk, record, { kind: 'expired', reason: 'there is no refresh token' });
  throw new SessionError('refused', 'there is no refresh token to get this access token with');
}

function requireTurn({ retryAt }: SessionRecord, now: number): void {
  const wait = waitMs(retryAt, now);
  if (wait > 0) {
    const retryAfterSeconds = Math.ceil(wait / 1000);
    throw new SessionError('temporarily_unavailable', `the next attempt is in ${retryAfterSeconds} seconds`, { retryAfterSeconds });
  }
}
