/**
 * What kind of failure it is, by what is to be done about it.
 *
 * - `refused`: the server said no, by a code of OAuth; asking again changes nothing.
 * - `unavailable`: the server cannot now (429, 5xx); it may have acted nevertheless (502, 504).
 * - `unreachable`: no answer, or not a whole one; nobody knows whether the server acted.
 * - `malformed`: an answer that the specification does not know.
 * - `mismatch`: an answer that is not the one to our request, or not for us: state, issuer, nonce, audience, signature.
 * - `unsupported`: the server, or this runtime, does not have what is asked for.
 */
export type FaultKind = 'refused' | 'unavailable' | 'unreachable' | 'malformed' | 'mismatch' | 'unsupported';

/** What else is known of a failure. */
export interface FaultDetail {
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** What the server says (RFC 6749 §5.2), at most 300 characters of printable ASCII: untrusted text. */
  readonly description?: string | undefined;
  /** Seconds, at most 300 (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds?: number | undefined;
  /** Under which a Hufu keeps why (`hufu why`); other servers have none. */
  readonly decision?: string | undefined;
  readonly cause?: unknown;
}

/** A failure that a program has to expect. Misuse of this package is a `TypeError`. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly kind: FaultKind;
  /** The server's error code (RFC 6749 §5.2, §4.1.2.1), or a word of ours such as `state`. */
  readonly code: string;
  readonly status: number | undefined;
  readonly description: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** Under which a Hufu keeps why (`hufu why`): for your log. */
  readonly decision: string | undefined;

  constructor(kind: FaultKind, code: string, message: string, detail: FaultDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.kind = kind;
    this.code = code;
    this.status = detail.status;
    this.description = detail.description;
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.decision = detail.decision;
  }
}

/** An answer that is not the one to our request, or not for us: whatever it brought is thrown away. */
export function mismatch(code: string, message: string, cause?: unknown): ClientError {
  return new ClientError('mismatch', code, message, { cause });
}
