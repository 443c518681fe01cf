import type { Ending } from './record.ts';

/**
 * Why there is no access token.
 *
 * - `no_session`: nobody has signed in here.
 * - `signed_out`, `replaced`, `expired`: the sign-in is over: by the user or somebody in charge, by another device, by its time.
 * - `session_changed`: somebody else has signed in here; see `TokenSession.adopt`.
 * - `temporarily_unavailable`: the authorization server cannot now, or did not answer.
 * - `storage_unavailable`: what is kept cannot be read or written now.
 * - `lock_timeout`: whoever is renewing has been at it for 25 seconds.
 * - `token_refused`: an API has refused a token that is too fresh, or has refused too many: a new one would not help.
 * - `refused`: the authorization server has said no, by a code that does not end the session.
 * - `invalid_answer`: its answer was not one.
 * - `closed`: this object was closed.
 */
export type SessionErrorCode =
  | 'no_session'
  | 'signed_out'
  | 'replaced'
  | 'expired'
  | 'session_changed'
  | 'temporarily_unavailable'
  | 'storage_unavailable'
  | 'lock_timeout'
  | 'token_refused'
  | 'refused'
  | 'invalid_answer'
  | 'closed';

/** What else is known of it. */
export interface SessionErrorDetail {
  readonly retryAfterSeconds?: number | undefined;
  /** What the server said (RFC 6749 §5.2), at most 300 characters of printable ASCII: untrusted text. */
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

const RETRYABLE: ReadonlySet<SessionErrorCode> = new Set(['temporarily_unavailable', 'storage_unavailable', 'lock_timeout']);

/** A failure that a program has to expect. Misuse of this package is a `TypeError`. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  /** Whether the same call may work later, without anybody doing anything. */
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly reason: string | undefined;

  constructor(code: SessionErrorCode, message: string, detail: SessionErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.retryable = RETRYABLE.has(code);
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.reason = detail.reason;
  }
}

const ENDS: Readonly<Record<Ending['kind'], string>> = {
  expired: 'the sign-in is over: its time was',
  replaced: 'the sign-in is over: the user has signed in at another device',
  signed_out: 'the sign-in is over: it was ended',
};

/** The failure of whoever wants something of a session that is over. */
export function endOf({ kind, reason }: Ending): SessionError {
  return new SessionError(kind, ENDS[kind], { reason });
}
