import { until } from '../clock.ts';
import type { Desk, Renewed, Wish } from './desk.ts';
import { endHere, fail } from './failed-renewal.ts';
import { readExpiry } from './lifetime.ts';
import { isFinal, isMismatch } from './outcome.ts';
import type { SessionRecord, StoredAccess } from './record.ts';
import type { RawTokenAnswer, Renewer, Validated } from './renewer.ts';
import { SessionError } from './session-error.ts';

const MAX_ACCESS = 32;
const MAX_TOKEN = 65_536;

/** The refresh token of the answer is stored before anything else is looked at: the one that was sent may be worth nothing by now. */
export async function keepAnswer(
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
      const saved = await until(desk.slot.change(sent, edit), signal);
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

/** About what an answer may need beyond what is there. */
export function roomFor(record: SessionRecord): number {
  const tokens = [record.refresh, record.idToken, ...Object.values(record.access).map(({ token }) => token)];
  return Math.min(
    Math.max(
      2_048,
      tokens.reduce((sum, token) => sum + (token?.length ?? 0), 0),
    ),
    MAX_TOKEN,
  );
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
      const saved = await until(desk.slot.change(kept, edit), signal);
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
    return await endHere(desk, kept, { kind: 'expired', reason: 'the answer to a refresh was not for this session' }, failed?.error);
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
