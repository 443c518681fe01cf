import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { decodeBase64url } from '@hufu/protocol/base64url';
import { ALGORITHMS, type Algorithm } from './algorithms.ts';
import { monotonicMs, systemNowMs } from './clock.ts';
import { findEndpointFault } from './discover.ts';
import { type Fetch, fetchText, readMaxAge } from './fetch-document.ts';
import { KeySource } from './key-source.ts';
import type { StatusPlace, TokenMarks } from './marks.ts';
import { FINE, type Finding, type Revocations } from './revocations.ts';
import { type DocumentRules, readSignedDocument, SignedDocumentError } from './signed-document.ts';

export interface StatusListsOptions {
  /** The authorization server, as for the verifier. */
  readonly issuer: string;
  /** What the addresses of its lists begin with: by default `<issuer>/oauth/status/`. Others are not fetched, whoever signed the token. */
  readonly prefix?: string;
  /** Seconds that a list is used for, however long it allows itself: 1 to 86,400, by default 300. */
  readonly maxAgeSeconds?: number;
  /** Seconds by which the two clocks may differ: 0 to 300, by default 10. */
  readonly clockToleranceSeconds?: number;
  /** Keys that were given up: lists that one of them signed are refused. `(kid) => follower.isBarred(kid)`, where there is a follower too. */
  readonly isBarred?: (kid: string) => boolean;
  readonly jwksUri?: string;
  readonly algorithms?: readonly Algorithm[];
  readonly fetch?: Fetch;
  /** Milliseconds since 1970, instead of the machine's clock. */
  readonly nowMs?: () => number;
  /** Milliseconds that only grow; by default the machine's. */
  readonly monotonicMs?: () => number;
}

const MAX_LISTS = 16;
const MAX_INFLATED = 1_048_576;
/** Characters: a list of that size that does not compress, in base64url twice. */
const MAX_TEXT = 2_097_152;
/** Of its time; then it is fetched anew in the background. */
const PREFETCH_SHARE = 0.8;
const COOL_DOWN_MS = 1_000;
/** Seconds that a list is used for though what brought it says that it is not to be kept. */
const LEAST_SECONDS = 1;
/** Seconds that a list is used for that says nothing. */
const DEFAULT_TTL = 60;

/**
 * Knows revocations by an issuer's status lists (Token Status List §8.3): a list of a million tokens in a few kilobytes, public, fetched every few seconds. For those that cannot follow
 * the feed. A revoked token may live on until the `iat` of a list and its `ttl`, and what is revoked otherwise than by its grant is not in it.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function statusLists(options: StatusListsOptions): Revocations {
  const { issuer, algorithms = [...ALGORITHMS.keys()], nowMs = systemNowMs, fetch = globalThis.fetch } = options;
  const { prefix = `${issuer}/oauth/status/`, maxAgeSeconds = 300, clockToleranceSeconds = 10, jwksUri } = options;
  const { monotonicMs: progress = monotonicMs, isBarred = () => false } = options;
  if (typeof issuer !== 'string' || findEndpointFault(issuer, issuer) !== undefined) throw new TypeError('issuer is not an https URI');
  const fault = typeof prefix === 'string' ? findEndpointFault(prefix, issuer) : 'is not a text';
  if (fault !== undefined || !prefix.endsWith('/')) throw new TypeError(`prefix ${fault ?? 'does not end with a slash'}`);
  if (!(typeof maxAgeSeconds === 'number' && maxAgeSeconds >= 1 && maxAgeSeconds <= 86_400))
    throw new TypeError('maxAgeSeconds is not a number from 1 to 86400');
  if (!(typeof clockToleranceSeconds === 'number' && clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300))
    throw new TypeError('clockToleranceSeconds is not a number from 0 to 300');
  const keys = new KeySource({ issuer, jwksUri, fetch, nowMs, coolDownMs: COOL_DOWN_MS });
  const rules: DocumentRules = { issuer, type: 'statuslist+jwt', keys, algorithms: new Set(algorithms), maxLength: MAX_TEXT, isBarred };
  const lists = new Lists({ rules, fetch, nowMs, progress, maxAgeSeconds, clockToleranceSeconds });

  return {
    issuer,
    look({ status, lineage }: TokenMarks): Finding | Promise<Finding> {
      if (status === undefined || !isBelow(status.uri, prefix)) return { kind: 'unmarked' };
      const places = [status, ...lineage.map(({ list, index }) => ({ uri: `${prefix}${list}`, index }))];
      for (const [at, place] of places.entries()) {
        const finding = lists.peek(place);
        // The rest has to be waited for.
        if (finding === undefined) return findAll(lists, places.slice(at));
        if (finding.kind !== 'fine') return finding;
      }
      return FINE;
    },
  };
}

async function findAll(lists: Lists, places: readonly StatusPlace[]): Promise<Finding> {
  for (const place of places) {
    const finding = await lists.find(place);
    if (finding.kind !== 'fine') return finding;
  }
  return FINE;
}

/** One segment below: nothing that climbs, and no query. */
function isBelow(uri: string, prefix: string): boolean {
  return uri.startsWith(prefix) && /^[\w-]{1,64}$/.test(uri.slice(prefix.length));
}

interface StatusList {
  readonly bits: number;
  readonly bytes: Uint8Array;
  /** Seconds since 1970, by the issuer's clock. */
  readonly issuedAt: number;
  readonly askedMs: number;
  readonly untilMs: number;
}

interface ListsOptions {
  readonly rules: DocumentRules;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  readonly progress: () => number;
  readonly maxAgeSeconds: number;
  readonly clockToleranceSeconds: number;
}

/** What is known of one list. */
interface Slot {
  list: StatusList | undefined;
  underWay: Promise<void> | undefined;
  triedMs: number;
  failure: unknown;
}

/** The lists that were used last, each fetched once for however many ask. */
class Lists {
  readonly #options: ListsOptions;
  readonly #slots = new Map<string, Slot>();
  /** The one that was used last. */
  #last: string | undefined;

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /** Without waiting; undefined where the list is not there or too old. */
  peek({ uri, index }: StatusPlace): Finding | undefined {
    const slot = this.#slots.get(uri);
    if (slot === undefined) return undefined;
    this.#use(uri, slot);
    const list = this.#listOf(slot);
    if (list === undefined) return undefined;
    const { askedMs, untilMs } = list;
    if (this.#options.progress() >= askedMs + (untilMs - askedMs) * PREFETCH_SHARE) void this.#fetchOnce(uri, slot);
    return read(list, index);
  }

  /** Never rejects. */
  async find(place: StatusPlace): Promise<Finding> {
    const known = this.peek(place);
    if (known !== undefined) return known;
    const slot = this.#slotOf(place.uri);
    await this.#fetchOnce(place.uri, slot);
    // Others may have taken its place among those that are kept: what was fetched is there all the same.
    const list = this.#listOf(slot);
    if (list !== undefined) return read(list, place.index);
    const cause = slot.failure instanceof Error ? slot.failure.message : 'the status list is too old';
    return { kind: 'unknown', cause: cause.slice(0, 200) };
  }

  #slotOf(uri: string): Slot {
    const slot = this.#slots.get(uri) ?? { list: undefined, underWay: undefined, triedMs: Number.NEGATIVE_INFINITY, failure: undefined };
    this.#use(uri, slot);
    const [oldest] = this.#slots.keys();
    if (this.#slots.size > MAX_LISTS && oldest !== undefined) this.#slots.delete(oldest);
    return slot;
  }

  /** The one that was not used for the longest time falls first. */
  #use(uri: string, slot: Slot): void {
    if (this.#last === uri && this.#slots.has(uri)) return;
    this.#slots.delete(uri);
    this.#slots.set(uri, slot);
    this.#last = uri;
  }

  #listOf({ list }: Slot): StatusList | undefined {
    return list !== undefined && this.#options.progress() < list.untilMs ? list : undefined;
  }

  #fetchOnce(uri: string, slot: Slot): Promise<void> {
    // One that came well and is over is asked for at once, however young: a cache gives what it has until it has another.
    const isOver = slot.failure === undefined && slot.list !== undefined && this.#listOf(slot) === undefined;
    if (!isOver && slot.underWay === undefined && this.#options.progress() - slot.triedMs < COOL_DOWN_MS) return Promise.resolve();
    slot.underWay ??= this.#fetch(uri, slot).finally(() => {
      slot.underWay = undefined;
    });
    return slot.underWay;
  }

  async #fetch(uri: string, slot: Slot): Promise<void> {
    slot.triedMs = this.#options.progress();
    try {
      const list = await this.#read(uri, slot.triedMs);
      // Something in between may still have an older one.
      if (slot.list === undefined || list.issuedAt >= slot.list.issuedAt) slot.list = list;
      slot.failure = undefined;
    } catch (error) {
      slot.failure = error;
    }
  }

  async #read(uri: string, askedMs: number): Promise<StatusList> {
    const { rules, fetch, nowMs, maxAgeSeconds, clockToleranceSeconds } = this.#options;
    const { text, response } = await fetchText(fetch, uri, { headers: { accept: 'application/statuslist+jwt' }, maxBytes: MAX_TEXT });
    const { sub, iat, exp, ttl, status_list: list } = await readSignedDocument(text.trim(), rules);
    if (sub !== uri) throw new SignedDocumentError('is another status list');
    if (!isTime(iat) || (exp !== undefined && !isTime(exp)) || (ttl !== undefined && !isTime(ttl)))
      throw new SignedDocumentError('has times that are none');
    const { bits, lst }: Readonly<Record<string, unknown>> = Object(list);
    const packed = typeof lst === 'string' ? decodeBase64url(lst) : undefined;
    if (packed === undefined || (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8)) throw new SignedDocumentError('has no list');
    const bytes = await unpack(packed, { maxOutputLength: MAX_INFLATED });
    const ownTtl = typeof ttl === 'number' ? ttl : DEFAULT_TTL;
    const now = nowMs() / 1000;
    // By the wall clock it has its own time and no more, wherever it was kept on the way: a cache's word on that is not signed, and may only shorten it.
    const ageSeconds = Math.max(0, now - iat);
    if (now < iat - clockToleranceSeconds || (typeof exp === 'number' && now >= exp + clockToleranceSeconds))
      throw new SignedDocumentError('is over, or from the future');
    if (ageSeconds >= ownTtl)
      throw new SignedDocumentError(
        `is ${Math.round(ageSeconds)} seconds old, and good for ${ownTtl}: it was kept on the way, or the clocks differ`,
      );
    const told = Math.max(readMaxAge(response.headers) ?? ownTtl, LEAST_SECONDS);
    const seconds = Math.min(ownTtl - ageSeconds, told, maxAgeSeconds);
    return { bits, bytes, issuedAt: iat, askedMs, untilMs: askedMs + seconds * 1000 };
  }
}

const unpack = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);

/** The status of one place (Token Status List §4.1, §7.1): 0 holds, 1 is revoked, 2 suspended; what else there may be is not ours to take for good. */
function read({ bits, bytes }: StatusList, index: number): Finding {
  const perByte = 8 / bits;
  const byte = bytes[Math.floor(index / perByte)];
  // Nothing is said about what is outside of the list.
  if (byte === undefined) return { kind: 'unmarked' };
  const status = (byte >> ((index % perByte) * bits)) & (2 ** bits - 1);
  if (status === 0) return FINE;
  return { kind: 'revoked', reason: status === 1 ? 'invalid' : status === 2 ? 'suspended' : `status ${status}` };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
