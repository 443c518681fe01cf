import { type Clock, deadline, pause, until } from '../clock.ts';
import { backOffMs, retryAfterMs, unsureMs, waitMs } from './back-off.ts';
import { readExpiry } from './lifetime.ts';
import { type Failure, isFinal, isMismatch, readFailure } from './outcome.ts';
import type { HeldLock } from './place.ts';
import { type Ending, nextRefresh, type SessionRecord, type StoredAccess, stampOf } from './record.ts';
import type { RawTokenAnswer, Renewer, Validated } from './renewer.ts';
import { SessionError } from './session-error.ts';
import type { Slot } from './slot.ts';

/** What somebody wants. */
export interface Wish {
  readonly key: string;
  readonly resource: string | undefined;
  readonly scopes: readonly string[] | undefined;
  /** Also where there is a token: until it is known again what the server has made of the refresh token. */
  readonly settle: 'yes' | 'no';
}

/** What a renewal works with: the parts of a token session that it may touch. */
export interface Desk {
  readonly slot: Slot;
  readonly renewer: Renewer;
  readonly clock: Clock;
  /** Of the lock: whose marks in the record are ours. */
  readonly me: string;
  /** Aborted when the session is closed. */
  readonly closing: AbortSignal;
  /** The record as it is stored, of a session that lives and is ours. Throws `SessionError`. */
  open(): Promise<SessionRecord>;
  isUsable(access: StoredAccess): boolean;
  /** Whether an API has refused it. */
  isRefused(token: string): boolean;
  /** Notes the end of the session, and gives the error to throw. */
  end(record: SessionRecord, ending: Ending): SessionError;
  /** Tells of a failure; and asks to be called again after `ms` where nobody knows since `since` what the server has done. */
  delay(error: SessionError, again: { readonly ms: number; readonly since: number } | undefined): SessionError;
  /** For how long a mark of somebody else's was seen to stand still, in milliseconds; 0 for one that was not seen before. */
  watched: { mark: string; ms: number };
}

/** What a renewal came to. Otherwise it throws `SessionError`, or what a storage throws. */
export type Renewed =
  | {
      readonly kind: 'token';
      readonly access: StoredAccess;
      readonly record: SessionRecord;
      readonly from: 'storage' | 'server';
      readonly rotated: boolean;
    }
  /** The answer could not be stored: whoever has the lock keeps it, and makes the change as soon as that is possible. */
  | { readonly kind: 'unsaved'; readonly unsaved: Unsaved; readonly access: StoredAccess | SessionError }
  /** The refresh token is safe, but whether the answer is for us could not be told: to be asked again, without the lock. */
  | {
      readonly kind: 'unchecked';
      readonly check: () => Promise<Renewed>;
      /** Leaves the session alone for a while. Throws the error for whoever waits. */
      readonly giveUp: (error: unknown) => Promise<Renewed | 'again'>;
      readonly error: unknown;
    };

/** A change that has to be made. */
export interface Unsaved {
  readonly base: SessionRecord;
  readonly edit: (current: SessionRecord) => SessionRecord;
  /** As it would be stored. */
  readonly record: SessionRecord;
  readonly successor: string | undefined;
  readonly error: unknown;
}

const MAX_TURNS = 8;
/** Over everything that is done with the lock: sending, reading, checking, storing. */
const WORK_MS = 20_000;
/** A holder who cannot be asked is taken for dead when its mark has stood still for as long as it may work. */
const STILL_MS = 20_000;
const STEP_MS = 1_000;
/** For a 401: so many renewals a minute. */
const MAX_CAUSED = 3;
const CAUSED_MS = 60_000;
const MAX_ACCESS = 32;
const MAX_TOKEN = 65_536;

/** Whether somebody is renewing, or has not told how it went. */
export function isOpen(record: SessionRecord): boolean {
  return record.renewing !== undefined || record.unsureSince !== undefined;
}

/** Whether a 401 may still lead to a renewal. */
export function mayRenewBecauseOf401(record: SessionRecord, now: number): boolean {
  return bucketOf(record, now).count < MAX_CAUSED;
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
    const marked = await slotChange(desk, record, mark, limit.signal);
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
    return await keep(desk, wish, marked.record, refresh, answer, sentAt, limit.signal);
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

/** The refresh token of the answer is stored before anything else is looked at: the one that was sent may be worth nothing by now. */
async function keep(
  desk: Desk,
  wish: Wish,
  sent: SessionRecord,
  refresh: string | undefined,
  answer: RawTokenAnswer,
  sentAt: number,
  signal: AbortSignal,
): Promise<Renewed | 'again'> {
  const successor = readSuccessor(answer, refresh);
  let kept = sent;
  let failed: { readonly error: unknown } | undefined;
  if (successor !== undefined) {
    const edit = (current: SessionRecord): SessionRecord => ({ ...current, pending: { refresh: successor } });
    try {
      // Whoever has the lock by now: what is stored is still what we sent, so that ours is its successor.
      const saved = await slotChange(desk, sent, edit, signal);
      if (saved.kind === 'conflict') return await giveBack(desk.renewer, sent, saved.current, successor);
      kept = saved.record;
    } catch (error) {
      failed = { error };
      kept = edit(sent);
    }
  }
  let validated: Validated;
  try {
    validated = await until(desk.renewer.validate(answer, kept), signal);
  } catch (error) {
    return await unchecked(desk, wish, { sent, kept, successor, answer, sentAt, failed }, error);
  }
  return await promote(desk, wish, { sent, kept, successor, answer, sentAt, failed }, validated, signal);
}

/** An answer on its way into the record. */
interface Arrival {
  readonly sent: SessionRecord;
  /** With the successor as `pending`: stored, unless `failed`. */
  readonly kept: SessionRecord;
  readonly successor: string | undefined;
  readonly answer: RawTokenAnswer;
  readonly sentAt: number;
  readonly failed: { readonly error: unknown } | undefined;
}

async function promote(desk: Desk, wish: Wish, arrival: Arrival, validated: Validated, signal?: AbortSignal): Promise<Renewed | 'again'> {
  const { sent, kept, successor, answer, sentAt } = arrival;
  const expiresAt = readExpiry(answer, sentAt);
  const { accessToken: token, tokenType: type, idToken, claims } = validated;
  const access: StoredAccess = {
    token,
    type,
    obtainedAt: sentAt,
    ...(expiresAt !== undefined && { expiresAt }),
  };
  const edit = (current: SessionRecord): SessionRecord => {
    const { pending, renewing: _renewing, retryAt: _retryAt, failures: _failures, unsureSince: _unsureSince, ...rest } = current;
    const refresh = successor ?? pending?.refresh ?? rest.refresh;
    return {
      ...rest,
      ...(refresh !== undefined && { refresh }),
      ...(idToken !== undefined && { idToken }),
      ...(claims && { claims }),
      access: withAccess(rest.access, wish.key, access, sentAt),
    };
  };
  let failed = arrival.failed;
  if (failed === undefined) {
    try {
      const saved = await slotChange(desk, kept, edit, signal);
      if (saved.kind === 'conflict') return await giveBack(desk.renewer, kept, saved.current, successor);
      return { kind: 'token', access, record: saved.record, from: 'server', rotated: successor !== undefined };
    } catch (error) {
      failed = { error };
    }
  }
  const base = arrival.failed === undefined ? kept : sent;
  return { kind: 'unsaved', unsaved: { base, edit, record: edit(kept), successor, error: failed.error }, access };
}

/** What could not be checked: not for us, never going to be, or not now. */
async function unchecked(desk: Desk, wish: Wish, arrival: Arrival, error: unknown): Promise<Renewed | 'again'> {
  const { kept, sent, successor, failed } = arrival;
  if (isMismatch(error)) {
    // Tokens of somebody else: no session goes on with them, nor with the refresh token that brought them.
    if (successor !== undefined) await desk.renewer.revoke(successor).catch(() => undefined);
    return await end(desk, kept, { kind: 'expired', reason: 'the answer to a refresh was not for this session' }, failed?.error);
  }
  if (failed !== undefined) {
    const edit = (current: SessionRecord): SessionRecord =>
      successor === undefined ? current : { ...current, pending: { refresh: successor } };
    return {
      kind: 'unsaved',
      unsaved: { base: sent, edit, record: kept, successor, error: failed.error },
      access: new SessionError('storage_unavailable', 'the answer could not be stored', { cause: failed.error }),
    };
  }
  if (isFinal(error)) {
    await fail(desk, kept, undefined, { kind: 'refused', code: 'invalid_answer', reason: undefined }, error).catch(() => undefined);
    throw new SessionError('invalid_answer', 'the answer of the authorization server was not one', { cause: error });
  }
  const check = async (): Promise<Renewed> => {
    const validated = await desk.renewer.validate(arrival.answer, kept);
    const done = await promote(desk, wish, arrival, validated);
    if (done === 'again') throw new SessionError('temporarily_unavailable', 'the session was changed meanwhile');
    return done;
  };
  const giveUp = (cause: unknown): Promise<Renewed | 'again'> =>
    fail(desk, kept, undefined, { kind: 'busy', retryAfterSeconds: undefined }, cause);
  return { kind: 'unchecked', check, giveUp, error };
}

/** Somebody else has changed the session before our answer was stored. */
export async function giveBack(
  renewer: Renewer,
  sent: SessionRecord,
  current: SessionRecord | undefined,
  successor: string | undefined,
): Promise<'again'> {
  const over = current === undefined || current.ended !== undefined || current.session !== sent.session;
  // A sign-out that did not know of the successor. Where the session lives on, the newer token is of the same family.
  if (over && successor !== undefined) await renewer.revoke(successor).catch(() => undefined);
  return 'again';
}

async function fail(desk: Desk, sent: SessionRecord, refresh: string | undefined, failure: Failure, cause: unknown): Promise<'again'> {
  const { clock, slot } = desk;
  if (failure.kind === 'ended' && refresh !== undefined) {
    if (desk.renewer.obtain === undefined) return await end(desk, sent, failure.ending);
    // A client that is there for itself needs no refresh token: the next turn goes without.
    await slot.change(sent, ({ refresh: _refresh, pending: _pending, renewing: _renewing, ...rest }) => rest);
    return 'again';
  }
  const now = clock.nowMs();
  const failures = Math.min((sent.failures ?? 0) + 1, 1_000);
  const unsureSince = failure.kind === 'unsure' ? (sent.unsureSince ?? now) : sent.unsureSince;
  const ms = failure.kind === 'unsure' ? unsureMs(clock, now - (unsureSince ?? now), failures) : waitAfter(clock, failure, failures);
  await slot
    .change(sent, ({ renewing: _renewing, retryAt: _retryAt, ...rest }) => ({
      ...rest,
      failures,
      ...(unsureSince !== undefined && { unsureSince }),
      ...(ms > 0 && { retryAt: now + ms }),
    }))
    // Then others try before it is time.
    .catch(() => undefined);
  const detail = { cause, retryAfterSeconds: Math.ceil(ms / 1000) };
  if (failure.kind === 'unsure' || failure.kind === 'busy') {
    const error = new SessionError('temporarily_unavailable', 'the authorization server cannot renew the session now', detail);
    // A server that is busy now may have acted before: whoever has lost an answer goes on asking for it.
    throw desk.delay(error, unsureSince === undefined ? undefined : { ms, since: unsureSince });
  }
  const [code, reason] = failure.kind === 'refused' ? [failure.code, failure.reason] : ['invalid_grant', failure.ending.reason];
  throw desk.delay(
    new SessionError('refused', `the authorization server refuses: ${code}`, { ...detail, reason: reason ?? code }),
    undefined,
  );
}

/** A no that is about one resource must not keep the others waiting. */
function waitAfter(clock: Clock, failure: Failure, failures: number): number {
  if (failure.kind === 'busy') return retryAfterMs(clock, failure.retryAfterSeconds, failures);
  const only = failure.kind === 'refused' && (failure.code === 'invalid_scope' || failure.code === 'invalid_target');
  return only ? 0 : backOffMs(clock, failures);
}

/** The refresh token that was sent is worth nothing: the session is over, unless somebody has stored a newer one meanwhile. */
async function end(desk: Desk, sent: SessionRecord, ending: Ending, failed?: unknown): Promise<'again'> {
  const tombstone = (current: SessionRecord): SessionRecord => ({
    v: 1,
    rev: current.rev,
    session: current.session,
    access: {},
    ended: ending,
  });
  const saved = failed === undefined ? await desk.slot.change(sent, tombstone).catch(() => undefined) : undefined;
  if (saved?.kind === 'conflict') return 'again';
  throw desk.end(saved?.record ?? tombstone(sent), ending);
}

async function endWithoutRefresh(desk: Desk, record: SessionRecord, now: number): Promise<never> {
  const others = Object.values(record.access).some(
    (access) => (access.expiresAt ?? Number.POSITIVE_INFINITY) > now && !desk.isRefused(access.token),
  );
  if (!others) await end(desk, record, { kind: 'expired', reason: 'there is no refresh token' });
  throw new SessionError('refused', 'there is no refresh token to get this access token with');
}

function requireTurn({ retryAt }: SessionRecord, now: number): void {
  const wait = waitMs(retryAt, now);
  if (wait > 0) {
    const retryAfterSeconds = Math.ceil(wait / 1000);
    throw new SessionError('temporarily_unavailable', `the next attempt is in ${retryAfterSeconds} seconds`, { retryAfterSeconds });
  }
}

function spend(record: SessionRecord, now: number): Bucket {
  if (!mayRenewBecauseOf401(record, now)) throw new SessionError('token_refused', 'access tokens are refused again and again');
  const { at, count } = bucketOf(record, now);
  return { at, count: count + 1 };
}

type Bucket = NonNullable<SessionRecord['bucket']>;

/** Of the minute that it is. */
function bucketOf({ bucket }: SessionRecord, now: number): Bucket {
  return bucket === undefined || Math.abs(now - bucket.at) >= CAUSED_MS ? { at: now, count: 0 } : bucket;
}

/** Until whoever sent the refresh token before us is known, or as good as known, not to be at it any more. */
async function waitForOthers(desk: Desk, held: HeldLock, record: SessionRecord): Promise<'free' | 'changed'> {
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

async function slotChange(
  desk: Desk,
  base: SessionRecord,
  edit: (current: SessionRecord) => SessionRecord,
  signal: AbortSignal | undefined,
): ReturnType<Slot['change']> {
  return await until(desk.slot.change(base, edit), signal);
}

function readSuccessor(answer: RawTokenAnswer, refresh: string | undefined): string | undefined {
  const value = answer['refresh_token'];
  return typeof value === 'string' && value !== '' && value !== refresh && value.length <= MAX_TOKEN ? value : undefined;
}

/** What is dead anyway falls, and the oldest beyond a bound. */
function withAccess(access: SessionRecord['access'], key: string, fresh: StoredAccess, now: number): SessionRecord['access'] {
  const others = Object.entries(access)
    .filter(([name, { expiresAt }]) => name !== key && (expiresAt === undefined || expiresAt > now))
    .toSorted(([, a], [, b]) => b.obtainedAt - a.obtainedAt)
    .slice(0, MAX_ACCESS - 1);
  return Object.fromEntries([...others, [key, fresh]]);
}

/** About what an answer may need beyond what is there. */
function roomFor(record: SessionRecord): number {
  const tokens = [record.refresh, record.idToken, ...Object.values(record.access).map(({ token }) => token)];
  return Math.min(
    Math.max(
      2_048,
      tokens.reduce((sum, token) => sum + (token?.length ?? 0), 0),
    ),
    MAX_TOKEN,
  );
}
