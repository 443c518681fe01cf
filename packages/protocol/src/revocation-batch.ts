/**
 * The revocation log as its followers read it: batches, each a compact JWS (`typ: revocations+jwt`) by a key of the issuer's JWKS. Positions are numbers of
 * entries; times of entries are whole seconds since 1970.
 */

/** `typ` of a batch (RFC 8725 §3.11). */
export const REVOCATIONS_TYPE = 'revocations+jwt';

/** Entries of a batch at most. */
export const MAX_BATCH_ENTRIES = 1_000;
/** Characters of a batch at most. */
export const MAX_BATCH_LENGTH: number = 128 * 1024;
/** Seconds that an entry goes on after the end of what it names: the clocks of verifiers are not ours. */
export const ENTRY_MARGIN_SECONDS = 300;

/**
 * What kind of thing is dead, and what `id` is then: `grant` `<n>/<idx>` as in `status.status_list` of its tokens, `jti` a token's, `subject` base64url of the SHA-256 of a
 * `sub`, `client` a `client_id`, `key` a `kid`, `session` a `sid`, `device` a hash that only the issuer can make.
 */
export type RevocationKind = 'grant' | 'jti' | 'subject' | 'client' | 'key' | 'session' | 'device';

export interface RevocationEntry {
  readonly seq: number;
  readonly kind: RevocationKind;
  readonly id: string;
  /** When it was revoked. */
  readonly at: number;
  /** From then on nothing is left that it could matter to. Not there: never. */
  readonly exp?: number;
  /** A code of the issuer's, for logs. */
  readonly reason: string;
  /** Only tokens with `iat` up to then, or none, are dead. */
  readonly before?: number;
  /** No token is dead by it: it tells, and what dies with it has entries of its own. */
  readonly info?: true;
}

/** What a batch says. */
export interface RevocationBatch {
  readonly iss: string;
  readonly iat: number;
  /** The log that positions are of. In another one they mean nothing. */
  readonly epoch: string;
  /** The process that speaks, and whose clock `beat` and `signed` are of. */
  readonly hub: string;
  /** Milliseconds, by a clock of that process which nobody sets: before it asked where the log ends. The batch is true of that moment. */
  readonly beat: number;
  /** Milliseconds, by the same clock: when the batch was signed. */
  readonly signed: number;
  /** Everything after this position … */
  readonly after: number;
  /** … up to this one that is not over yet is in `entries`. */
  readonly seq: number;
  /** Where the log ended. Further on than `seq`: there is more to read. */
  readonly head: number;
  readonly entries: readonly RevocationEntry[];
}
