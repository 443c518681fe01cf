import type { Clock } from '../clock.ts';
import { backOffMs, retryAfterMs, unsureMs } from './back-off.ts';
import type { Desk } from './desk.ts';
import type { Failure } from './outcome.ts';
import type { Ending, SessionRecord } from './record.ts';
import { SessionError } from './session-error.ts';

/** What a failure leaves in the record, and the error for whoever waits. `again`: the next turn may do. */
export async function fail(
  desk: Desk,
  sent: SessionRecord,
  refresh: string | undefined,
  failure: Failure,
  cause: unknown,
): Promise<'again'> {
  const { clock, slot } = desk;
  if (failure.kind === 'ended' && refresh !== undefined) {
    if (desk.renewer.obtain === undefined) return await endHere(desk, sent, failure.ending);
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

/** The refresh token that was sent is worth nothing: the session is over, unless somebody has stored a newer one meanwhile. */
export async function endHere(desk: Desk, sent: SessionRecord, ending: Ending, failed?: unknown): Promise<'again'> {
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

/** A no that is about one resource must not keep the others waiting. */
function waitAfter(clock: Clock, failure: Failure, failures: number): number {
  if (failure.kind === 'busy') return retryAfterMs(clock, failure.retryAfterSeconds, failures);
  const only = failure.kind === 'refused' && (failure.code === 'invalid_scope' || failure.code === 'invalid_target');
  return only ? 0 : backOffMs(clock, failures);
}
