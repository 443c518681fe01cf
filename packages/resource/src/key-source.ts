import { Location } from './discover.ts';
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
/** After this much of their time, fresh keys are fetched again in the background, so that no request waits for it. */
const PREFETCH_SHARE = 0.8;

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
  /** Instead of 5 seconds. */
  readonly coolDownMs?: number;
  /** For how long keys are used while the issuer cannot be reached, at most; instead of 24 hours. What is fresh by its word stays so. */
  readonly maxStaleMs?: number;
}

/**
 * The issuer's keys, kept: as long as `Cache-Control` allows and an hour at most; fetched once for however many ask; after a failure, or
 * for a `kid` that is not there, fetched again every 5 seconds at most; and while the issuer is away, those we have for 24 hours. They are fetched anew before their time is over, by whoever asks then, without waiting.
 */
export class KeySource {
  readonly #options: KeySourceOptions;
  #keys: KeySet = new Map();
  readonly #location: Location;
  readonly #barred = new Set<string>();
  /** Of the keys we have; undefined: there are none yet. */
  #fetchedAtMs: number | undefined;
  #freshUntilMs = 0;
  #prefetchAtMs = 0;
  #triedAtMs: number | undefined;
  /** Of the last attempt; undefined: it went well. */
  #failure: unknown;
  #underWay: Promise<void> | undefined;

  constructor(options: KeySourceOptions) {
    this.#options = options;
    this.#location = new Location(options.fetch, options.issuer, 'jwks_uri', options.jwksUri, options.nowMs);
  }

  /** Whose keys they are. */
  get issuer(): string {
    return this.#options.issuer;
  }

  /** The key, without asking anybody: undefined unless it is there and fresh. */
  peek(kid: string): VerificationKey | undefined {
    const now = this.#options.nowMs();
    if (!this.#isFresh(now) || this.#barred.has(kid)) return undefined;
    // Nobody waits for it; what goes wrong is told to whoever needs the answer.
    if (now >= this.#prefetchAtMs && this.#underWay === undefined && this.#mayTry(now)) void this.#refresh(now);
    return this.#keys.get(kid);
  }

  /** A key that its issuer has given up in an emergency: never found again, whatever the issuer publishes. */
  bar(kid: string): void {
    this.#barred.add(kid);
  }

  /** The issuer has other keys: the next one that is not known is asked for at once. */
  expectNew(): void {
    this.#triedAtMs = undefined;
  }

  /** The key that a token means that names none (RFC 7515 §4.1.4): where the issuer has just one, that. Never rejects. */
  async findOnly(): Promise<FoundKey> {
    if (!this.#isFresh(this.#options.nowMs())) {
      const found = await this.find('');
      if (found.kind === 'unavailable') return found;
    }
    const [only, ...more] = this.#keys.keys();
    return only === undefined || more.length > 0 ? { kind: 'unknown' } : this.find(only);
  }

  /** Never rejects. */
  async find(kid: string): Promise<FoundKey> {
    const fresh = this.peek(kid);
    if (fresh !== undefined) return { kind: 'found', key: fresh };
    if (this.#barred.has(kid)) return { kind: 'unknown' };
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
    if (this.#fetchedAtMs === undefined) return undefined;
    const { maxStaleMs } = this.#options;
    const until = maxStaleMs === undefined ? this.#fetchedAtMs + MAX_STALE_MS : this.#freshUntilMs + maxStaleMs;
    return now < until ? this.#keys.get(kid) : undefined;
  }

  #mayTry(now: number): boolean {
    // A clock that was set back must not stop us until it has caught up.
    return this.#triedAtMs === undefined || now < this.#triedAtMs || now - this.#triedAtMs >= this.#coolDownMs;
  }

  get #coolDownMs(): number {
    return this.#options.coolDownMs ?? COOL_DOWN_MS;
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
      const uri = await this.#location.uri();
      const { body, maxAgeSeconds } = await fetchDocument(this.#options.fetch, uri);
      const keys = readKeySet(body, this.#keys);
      if (keys === undefined) throw new DocumentError(uri, 'is not a JWK Set');
      const freshMs = maxAgeSeconds === undefined ? DEFAULT_FRESH_MS : maxAgeSeconds * 1000;
      this.#keys = keys;
      this.#fetchedAtMs = now;
      const keptMs = Math.min(Math.max(freshMs, COOL_DOWN_MS), MAX_FRESH_MS);
      this.#freshUntilMs = now + keptMs;
      this.#prefetchAtMs = now + keptMs * PREFETCH_SHARE;
      this.#failure = undefined;
    } catch (error) {
      // The keys may have moved: the next attempt looks where they are.
      this.#location.forget();
      this.#failure = error;
    }
  }
}
