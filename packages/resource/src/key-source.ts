import { discoverJwksUri } from './discover.ts';
import { DocumentError, type Fetch, fetchDocument } from './fetch-document.ts';
import { type KeySet, readKeySet, type VerificationKey } from './key-set.ts';

/** Between two fetches that nothing but an unknown `kid` or a failure asks for: a flood of either stays a trickle at the issuer. */
const COOL_DOWN_MS = 5_000;
/** How long keys are used without asking again, where the issuer says nothing. */
const DEFAULT_FRESH_MS = 300_000;
/** The most, whatever the issuer says: a key that was withdrawn in an emergency must not live on for a year. */
const MAX_FRESH_MS = 3_600_000;
/** How long keys that we have are used while the issuer cannot be reached. */
const MAX_STALE_MS = 24 * 3_600_000;
/** How long the address of the keys is believed before the metadata is read again. */
const MAX_LOCATED_MS = 24 * 3_600_000;

/** What asking for a key came to. */
export type FoundKey =
  | { readonly kind: 'found'; readonly key: VerificationKey }
  /** The issuer publishes no such key. */
  | { readonly kind: 'unknown' }
  /** Whether it does cannot be told now. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

export interface KeySourceOptions {
  readonly issuer: string;
  /** Undefined: what the issuer's metadata names. */
  readonly jwksUri: string | undefined;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
}

/**
 * The issuer's keys, kept: as long as `Cache-Control` allows and an hour at most; fetched once for however many ask; after a failure, or
 * for a `kid` that is not there, fetched again every 5 seconds at most; and while the issuer is away, those we have for 24 hours.
 */
export class KeySource {
  readonly #options: KeySourceOptions;
  #keys: KeySet = new Map();
  #located: { readonly uri: string; readonly atMs: number } | undefined;
  /** Of the keys we have; undefined: there are none yet. */
  #fetchedAtMs: number | undefined;
  #freshUntilMs = 0;
  #triedAtMs: number | undefined;
  /** Of the last attempt; undefined: it went well. */
  #failure: unknown;
  #underWay: Promise<void> | undefined;

  constructor(options: KeySourceOptions) {
    this.#options = options;
  }

  /** The key, without asking anybody: undefined unless it is there and fresh. */
  peek(kid: string): VerificationKey | undefined {
    return this.#isFresh(this.#options.nowMs()) ? this.#keys.get(kid) : undefined;
  }

  /** Never rejects. */
  async find(kid: string): Promise<FoundKey> {
    const fresh = this.peek(kid);
    if (fresh !== undefined) return { kind: 'found', key: fresh };
    const now = this.#options.nowMs();
    if (this.#underWay !== undefined || this.#mayTry(now)) {
      const attempt = this.#refresh(now);
      // An issuer that was away a moment ago is asked in the background, as long as we can do without the answer.
      if (this.#failure === undefined || this.#usable(kid, now) === undefined) await attempt;
    }
    const key = this.#usable(kid, this.#options.nowMs());
    if (key !== undefined) return { kind: 'found', key };
    return this.#failure === undefined ? { kind: 'unknown' } : { kind: 'unavailable', cause: this.#failure };
  }

  #isFresh(now: number): boolean {
    return this.#fetchedAtMs !== undefined && now >= this.#fetchedAtMs && now < this.#freshUntilMs;
  }

  /** A key that may be used though it may be stale. */
  #usable(kid: string, now: number): VerificationKey | undefined {
    return this.#fetchedAtMs !== undefined && now - this.#fetchedAtMs < MAX_STALE_MS ? this.#keys.get(kid) : undefined;
  }

  #mayTry(now: number): boolean {
    // A clock that was set back must not stop us until it has caught up.
    return this.#triedAtMs === undefined || now < this.#triedAtMs || now - this.#triedAtMs >= COOL_DOWN_MS;
  }

  #refresh(now: number): Promise<void> {
    this.#underWay ??= this.#fetchKeys(now).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fetchKeys(now: number): Promise<void> {
    this.#triedAtMs = now;
    try {
      const uri = await this.#locate(now);
      const { body, maxAgeSeconds } = await fetchDocument(this.#options.fetch, uri);
      const keys = readKeySet(body, this.#keys);
      if (keys === undefined) throw new DocumentError(uri, 'is not a JWK Set');
      const freshMs = maxAgeSeconds === undefined ? DEFAULT_FRESH_MS : maxAgeSeconds * 1000;
      this.#keys = keys;
      this.#fetchedAtMs = now;
      this.#freshUntilMs = now + Math.min(Math.max(freshMs, COOL_DOWN_MS), MAX_FRESH_MS);
      this.#failure = undefined;
    } catch (error) {
      // The keys may have moved: the next attempt looks where they are.
      this.#located = undefined;
      this.#failure = error;
    }
  }

  async #locate(now: number): Promise<string> {
    const { issuer, jwksUri, fetch } = this.#options;
    if (jwksUri !== undefined) return jwksUri;
    if (this.#located === undefined || Math.abs(now - this.#located.atMs) >= MAX_LOCATED_MS) {
      this.#located = { uri: await discoverJwksUri(fetch, issuer), atMs: now };
    }
    return this.#located.uri;
  }
}
