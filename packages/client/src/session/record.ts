import { sha256 } from '../bytes.ts';

/** An access token that is kept. */
export interface StoredAccess {
  readonly token: string;
  readonly type: 'Bearer' | 'DPoP';
  /** Milliseconds since 1970, before the request for it was sent. */
  readonly obtainedAt: number;
  /** Milliseconds since 1970; undefined: the server did not say, or not to be believed. */
  readonly expiresAt?: number;
}

/** How a session ended, and what the server said of it. */
export interface Ending {
  readonly kind: 'expired' | 'replaced' | 'signed_out';
  /** At most 300 characters of printable ASCII: untrusted text. */
  readonly reason?: string;
}

/** What is kept of one sign-in. Times are milliseconds since 1970. */
export interface SessionRecord {
  readonly v: 1;
  /** One more with each change. */
  readonly rev: number;
  /** A random id, made at the sign-in. */
  readonly session: string;
  /** Begun by the client for itself: nobody has signed in. */
  readonly own?: true;
  readonly refresh?: string;
  /** By `accessKey`. */
  readonly access: Readonly<Record<string, StoredAccess>>;
  readonly idToken?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly dpopKey?: CryptoKeyPair;
  /** A successor that has come and was not checked yet: the one before it may be worth nothing by now. */
  readonly pending?: { readonly refresh: string };
  /** Somebody sent the refresh token with this hash. `pad` keeps the room that the answer will need. */
  readonly renewing?: { readonly since: number; readonly hash: string; readonly by: string; readonly pad?: string };
  /** Since when nobody knows whether the server has acted on the refresh token. */
  readonly unsureSince?: number;
  /** Not before this. */
  readonly retryAt?: number;
  readonly failures?: number;
  /** Renewals because of a 401, in the minute that began at `at`. */
  readonly bucket?: { readonly at: number; readonly count: number };
  /** The sign-in is over: nothing else is kept of it. */
  readonly ended?: Ending;
}

/** What a change is compared by; readable beside whatever is encrypted. */
export interface Stamp {
  readonly session: string;
  readonly rev: number;
  /** SHA-256 of the refresh token that is to be used next, base64url; '' where there is none. */
  readonly hash: string;
}

/** The refresh token that is to be used next. */
export function nextRefresh(record: SessionRecord): string | undefined {
  return record.pending?.refresh ?? record.refresh;
}

export async function stampOf(record: SessionRecord): Promise<Stamp> {
  const refresh = nextRefresh(record);
  return { session: record.session, rev: record.rev, hash: refresh === undefined ? '' : await sha256(refresh) };
}

/** Whether a change that was made for `a` may be made to `b`. */
export function sameStamp(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a?.session === b?.session && a?.rev === b?.rev && a?.hash === b?.hash;
}

/** Under which name the access tokens for a resource and scopes are kept. Throws a `TypeError` where that is too long. */
export function accessKey(resource: string | undefined, scopes: readonly string[] | undefined): string {
  const key = JSON.stringify([resource ?? '', scopes === undefined ? '' : [...new Set(scopes)].toSorted().join(' ')]);
  if (key.length > MAX_KEY) throw new TypeError(`a resource and scopes of more than ${MAX_KEY} characters`);
  return key;
}

/** The record of what a storage gave back; undefined where it is none of ours. */
export function readRecord(value: unknown): SessionRecord | undefined {
  if (!isObject(value) || value['v'] !== 1 || !isCount(value['rev']) || !isText(value['session']) || !isObject(value['access']))
    return undefined;
  const { pending, renewing, bucket, ended } = value;
  const well =
    TEXTS.every((name) => value[name] === undefined || isText(value[name])) &&
    TIMES.every((name) => value[name] === undefined || isCount(value[name])) &&
    (value['own'] === undefined || value['own'] === true) &&
    (value['claims'] === undefined || isObject(value['claims'])) &&
    (pending === undefined || (isObject(pending) && isText(pending['refresh']))) &&
    (renewing === undefined || (isObject(renewing) && isCount(renewing['since']) && isText(renewing['hash']) && isText(renewing['by']))) &&
    (bucket === undefined || (isObject(bucket) && isCount(bucket['at']) && isCount(bucket['count']))) &&
    (ended === undefined || (isObject(ended) && isText(ended['kind']) && ENDINGS.has(ended['kind']))) &&
    Object.values(value['access']).every(isAccess);
  // Every member was looked at.
  return well ? (value as unknown as SessionRecord) : undefined;
}

const MAX_KEY = 2_048;
const TEXTS = ['refresh', 'idToken'];
const TIMES = ['unsureSince', 'retryAt', 'failures'];
const ENDINGS: ReadonlySet<string> = new Set(['expired', 'replaced', 'signed_out']);

function isAccess(value: unknown): boolean {
  return (
    isObject(value) &&
    isText(value['token']) &&
    (value['type'] === 'Bearer' || value['type'] === 'DPoP') &&
    isCount(value['obtainedAt']) &&
    (value['expiresAt'] === undefined || isCount(value['expiresAt']))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
