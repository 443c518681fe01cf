import { readGrantName } from './marks.ts';

/** A part of an issuer's revocation log, as one signed batch says it. */
export interface FeedBatch {
  /** Seconds since 1970, by the issuer's clock. */
  readonly issuedAt: number;
  /** Of the log: numbers of another one mean nothing in this. */
  readonly epoch: string;
  /** The process that signed it, on whose clock the next two are. */
  readonly hub: string;
  /** Milliseconds that only grow: the moment before the log's head was read. */
  readonly beat: number;
  /** The same, when it was signed. */
  readonly signed: number;
  /** It has all entries with `after` < number ≤ `seq` whose time is not over. */
  readonly after: number;
  readonly seq: number;
  /** Where the log ended. */
  readonly head: number;
  readonly entries: readonly FeedEntry[];
}

/** One revocation. */
export interface FeedEntry {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly at: number;
  /** Seconds since 1970: from then on everything that it names is dead anyway. Infinite for keys. */
  readonly exp: number;
  /** A word of the issuer's. */
  readonly reason: string;
  /** Only tokens that were issued then or earlier are dead. Infinite: all. */
  readonly before: number;
  /** Kills no token by itself: told for those who act on it. */
  readonly isInfo: boolean;
}

export const BATCH_TYPE = 'revocations+jwt';
/** Characters: 128 KiB of payload in base64url, with header and signature (an ML-DSA signature is 4.6 KiB). */
export const MAX_BATCH: number = 192 * 1024;
const MAX_ENTRIES = 1_000;
const MAX_TEXT = 512;

/** Reads the payload of a batch; undefined where it is none. What one cannot read in full is not a batch: half of it would be a hole that nobody sees. */
export function readBatch(payload: Readonly<Record<string, unknown>>): FeedBatch | undefined {
  const { iat, epoch, hub, beat, signed, after, seq, head, entries } = payload;
  if (!isTime(iat) || !isText(epoch) || !isText(hub) || !isTime(beat) || !isTime(signed) || signed < beat) return undefined;
  if (!isNumber(after) || !isNumber(seq) || !isNumber(head) || after > seq || seq > head) return undefined;
  if (!Array.isArray(entries) || entries.length > MAX_ENTRIES) return undefined;
  const read: FeedEntry[] = [];
  let last = after;
  for (const entry of entries) {
    const one = readEntry(entry);
    if (one === undefined || one.seq <= last || one.seq > seq) return undefined;
    last = one.seq;
    read.push(one);
  }
  return { issuedAt: iat, epoch, hub, beat, signed, after, seq, head, entries: read };
}

function readEntry(entry: unknown): FeedEntry | undefined {
  const { seq, kind, id, at, exp, reason, before, info }: Readonly<Record<string, unknown>> = Object(entry);
  if (!isNumber(seq) || !isText(kind) || !isText(id) || !isTime(at)) return undefined;
  if (exp === undefined ? kind !== 'key' : !isTime(exp)) return undefined;
  if (before !== undefined && !isTime(before)) return undefined;
  if (kind === 'grant' && readGrantName(id) === undefined) return undefined;
  return {
    seq,
    kind,
    id,
    at,
    exp: typeof exp === 'number' ? exp : Number.POSITIVE_INFINITY,
    reason: isText(reason) ? reason : '',
    before: before ?? Number.POSITIVE_INFINITY,
    isInfo: info === true,
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
