import { randomBytes } from 'node:crypto';
import type { Ack } from './acks.ts';
import { abortAfter } from './clock.ts';
import { MAX_BATCH } from './feed-batch.ts';
import { DocumentError, type Fetch, fetchText } from './fetch-document.ts';
import { authorizationOf, type Credentials } from './introspection.ts';

/** How far a reader has come. */
export interface FeedPlace {
  /** The number in the log up to which everything is known. */
  readonly position: number;
  /** Of the log that it is a number in; undefined where nothing was read yet. */
  readonly epoch: string | undefined;
  /** The last batch without entries: the issuer sees by it when its log has gone back. */
  readonly last: string | undefined;
}

export interface FeedRequestsOptions {
  readonly issuer: string;
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** How this process is called at the issuer. */
  readonly node: string;
  readonly fetch: Fetch;
  /** Ends everything that is under way. */
  readonly closing: AbortSignal;
}

/** The issuer's log is another one than that of the place (409). */
export class OtherLogError extends Error {
  override readonly name = 'OtherLogError';
}

/** An answer, but no stream: whoever is in between knows none. */
export class NoStreamError extends DocumentError {}

/** Milliseconds that an answer may take where nothing is waited for. */
const TIMEOUT_MS = 3_000;

/** What a follower asks an issuer's revocation feed, and tells it. */
export class FeedRequests {
  readonly #options: FeedRequestsOptions;

  constructor(options: FeedRequestsOptions) {
    this.#options = options;
  }

  /**
   * The bytes of an event stream from a place on.
   * @throws {OtherLogError} and `DocumentError`, of which `NoStreamError` is one.
   */
  async stream(place: FeedPlace, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { fetch } = this.#options;
    const url = this.#url(place, {});
    const headers = { accept: 'text/event-stream', 'last-event-id': String(place.position), ...(await this.#authorization()) };
    const response = await fetch(url, { headers, redirect: 'error', cache: 'no-store', signal });
    const type = response.headers.get('content-type') ?? '';
    if (response.status === 200 && response.body !== null && /^text\/event-stream\b/i.test(type)) return response.body;
    await response.body?.cancel();
    if (response.status === 409) throw new OtherLogError();
    const Fault = response.status === 200 || response.status === 406 ? NoStreamError : DocumentError;
    throw new Fault(url, `answered ${response.status} ${type.slice(0, 50)}`, response.status);
  }

  /**
   * The next batch, as it is signed.
   * @param waitSeconds how long the issuer may wait for something to tell; 0: not at all.
   * @throws {OtherLogError} and `DocumentError`.
   */
  async batch(place: FeedPlace, waitSeconds: number): Promise<string> {
    const { fetch, closing } = this.#options;
    const url = this.#url(place, waitSeconds === 0 ? {} : { wait: String(waitSeconds) });
    const headers = { accept: 'application/jose', ...(await this.#authorization()) };
    const timeoutMs = TIMEOUT_MS + waitSeconds * 1000;
    try {
      const { text } = await fetchText(fetch, url, { headers, timeoutMs, maxBytes: MAX_BATCH, isUnkept: true, signal: closing });
      return text.trim();
    } catch (error) {
      if (error instanceof DocumentError && error.status === 409) throw new OtherLogError();
      throw error;
    }
  }

  /** Tells since when what is enforced here. Throws where it is to be told again. */
  async acknowledge(epoch: string | undefined, acks: readonly Ack[]): Promise<void> {
    const { issuer, endpoint, node, fetch, closing } = this.#options;
    const body = JSON.stringify({ node, epoch, acks });
    const headers = { 'content-type': 'application/json', ...(await this.#authorization()) };
    const signal = AbortSignal.any([closing, abortAfter(TIMEOUT_MS)]);
    const response = await fetch(endpoint, { method: 'POST', headers, body, redirect: 'error', signal });
    await response.body?.cancel();
    // A refusal of these very numbers will not be another one later.
    if (response.status === 429 || response.status >= 500) throw new DocumentError(issuer, 'does not take acknowledgements');
  }

  #url({ position, epoch, last }: FeedPlace, more: Readonly<Record<string, string>>): string {
    const { endpoint, node } = this.#options;
    const url = new URL(endpoint);
    url.searchParams.set('after', String(position));
    if (epoch !== undefined) url.searchParams.set('epoch', epoch);
    url.searchParams.set('node', node);
    if (last !== undefined) url.searchParams.set('last', last);
    // No two requests are the same: an answer that something in between has kept is to none of them.
    url.searchParams.set('once', randomBytes(6).toString('hex'));
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return url.href;
  }

  async #authorization(): Promise<{ readonly authorization: string }> {
    return { authorization: await authorizationOf(this.#options.credentials) };
  }
}
