import { printable } from '../printable.ts';
import type { Ending } from './record.ts';
import type { TokenFailure } from './renewer.ts';

/** What a failed request for tokens means for the session. */
export type Failure =
  /** The refresh token is worth nothing. */
  | { readonly kind: 'ended'; readonly ending: Ending }
  /** The server did nothing, and says so. */
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number | undefined }
  /** Nobody knows whether the server has acted. */
  | { readonly kind: 'unsure' }
  /** A no that is not about the refresh token. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string | undefined };

const MAX_REASON = 300;
const MAX_CODE = 64;
const KINDS: Readonly<Record<TokenFailure['kind'], true>> = {
  refused: true,
  unavailable: true,
  unreachable: true,
  malformed: true,
  mismatch: true,
  unsupported: true,
};
/** Claims of an ID token whose signature is right (OpenID Connect Core §12.2). */
const NOT_OURS: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'azp']);
/** How an `error_description` of Hufu begins where it tells the end of a sign-in, other than by its time. */
const WORDS: ReadonlyMap<string, Ending['kind']> = new Map([
  ['session_replaced', 'replaced'],
  ['session_terminated', 'signed_out'],
]);

/**
 * Reads what a `Renewer` rejected with. Only `invalid_grant` in JSON with status 400 or 401 ends a session (RFC 6749 §5.2); whatever may
 * have reached the server without an answer that is one is `unsure`.
 */
export function readFailure(error: unknown): Failure {
  const failure = readTokenFailure(error);
  if (failure === undefined) return { kind: 'unsure' };
  const { kind, code, status, description, retryAfterSeconds } = failure;
  const reason = printable(description, MAX_REASON);
  if (status === 429 || status === 503) return { kind: 'busy', retryAfterSeconds };
  switch (kind) {
    case 'refused':
      if (code === 'invalid_grant' && (status === 400 || status === 401)) return { kind: 'ended', ending: readEnding(reason) };
      return code === 'temporarily_unavailable'
        ? { kind: 'busy', retryAfterSeconds }
        : { kind: 'refused', code: code.slice(0, MAX_CODE), reason };
    case 'unsupported':
    case 'mismatch':
      return { kind: 'refused', code: code.slice(0, MAX_CODE), reason };
    case 'unavailable':
    case 'unreachable':
      return { kind: 'unsure' };
    case 'malformed':
      // A proxy's page with a status of its own did not come from the token endpoint; a page with 200 may stand for tokens.
      return status !== undefined && status >= 400 && status < 500 ? { kind: 'busy', retryAfterSeconds } : { kind: 'unsure' };
  }
}

/**
 * Whether an answer is definitely not for this session: of another issuer, about somebody else, for another client. No clock, no key and no
 * cache that is behind says that.
 */
export function isMismatch(error: unknown): boolean {
  const failure = readTokenFailure(error);
  return failure?.kind === 'mismatch' && NOT_OURS.has(failure.code);
}

/** Whether checking an answer again would find the same. */
export function isFinal(error: unknown): boolean {
  const { kind, code } = readTokenFailure(error) ?? {};
  return kind === 'malformed' || kind === 'refused' || kind === 'unsupported' || (kind === 'mismatch' && code === 'at_hash');
}

function readEnding(reason: string | undefined): Ending {
  const kind = WORDS.get(/^[a-z_]{1,32}/.exec(reason ?? '')?.[0] ?? '') ?? 'expired';
  return reason === undefined ? { kind } : { kind, reason };
}

function readTokenFailure(error: unknown): (TokenFailure & { readonly code: string }) | undefined {
  const { kind, code, status, description, retryAfterSeconds }: Readonly<Record<keyof TokenFailure, unknown>> = Object(error);
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) return undefined;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const count = (value: unknown): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined);
  return {
    // One of the words above.
    kind: kind as TokenFailure['kind'],
    code: text(code) ?? '',
    status: count(status),
    description: text(description),
    retryAfterSeconds: count(retryAfterSeconds),
  };
}
