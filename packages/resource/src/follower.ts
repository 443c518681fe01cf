import { randomBytes } from 'node:crypto';
import { type Ack, Acks } from './acks.ts';
import { ALGORITHMS, type Algorithm } from './algorithms.ts';
import { abortAfter, type Clock, systemClock } from './clock.ts';
import { findEndpointFault } from './discover.ts';
import { readEventStream } from './event-stream.ts';
import { BATCH_TYPE, type FeedBatch, type FeedEntry, MAX_BATCH, readBatch } from './feed-batch.ts';
import { DocumentError, type Fetch, fetchText } from './fetch-document.ts';
import { Freshness, type Moment } from './freshness.ts';
import { authorizationOf, type Credentials, checkCredentials } from './introspection.ts';
import { KeySource } from './key-source.ts';
import type { TokenMarks } from './marks.ts';
import { RevocationIndex } from './revocation-index.ts';
import { FINE, type Finding, type Revocations } from './revocations.ts';
import { type DocumentRules, readSignedDocument } from './signed-document.ts';

export interface FollowerOptions {
  /** The authorization server, as for the verifier. */
  readonly issuer: string;
  /** Of a client that may read the feed (`hufu.follows_revocations`). */
  readonly credentials: Credentials;
  /** How this process is called in the issuer's table of who has enforced what; each gets a few random characters more. */
  readonly node: string;
  /** How old what is known may be before tokens are refused: 2 to 3,600 seconds, by default 10. */
  readonly maxAgeSeconds?: number;
  /** Entries that are kept: 1,000,000 by default. What does not fit makes the follower stop to vouch for anything. */
  readonly maxEntries?: number;
  /** By default `/oauth/revocations` below the issuer, where Hufu has it: metadata has no registered member for it. */
  readonly endpoint?: string;
  /** Where the issuer's keys are. Left out, its metadata says (RFC 8414 §3). */
  readonly jwksUri?: string;
  /** The algorithms that are accepted; by default all that we know and the runtime has. */
  readonly algorithms?: readonly Algorithm[];
  /** Instead of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Time and chance, instead of the machine's. */
  readonly clock?: Clock;
}

/** What a follower tells. */
export type FollowerEvent =
  /**
   * New verifies refuse what it names; open streams of such tokens are yours to cut. Told once of each, also where the log is read again; twice only of what
   * there was no room for at first, or whose kind is not known here.
   */
  | { readonly kind: 'revoked'; readonly entry: FeedEntry }
  /** Kills no token by itself: a session that has ended, a device that was signed out. */
  | { readonly kind: 'info'; readonly entry: FeedEntry }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'stale'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly cause: unknown }
  /** The issuer's log has begun anew: everything is read again. */
  | { readonly kind: 'epoch_changed' }
  | { readonly kind: 'overflow' }
  /** There is room again after an overflow: everything is read again. */
  | { readonly kind: 'room' };

/** Follows an issuer's revocation feed. Holds a connection: close it. */
export interface RevocationFollower extends Revocations {
  /** How old what is known may be, in milliseconds, so that a token is told fine. */
  readonly maxAgeMs: number;
  look(token: TokenMarks): Finding;
  /** Resolves when what is known is fresh for the first time; rejects when the follower is closed before. */
  ready(): Promise<void>;
  /** Whether a token may be told fine now. */
  isFresh(): boolean;
  /** Whether the issuer has given up a key. */
  isBarred(kid: string): boolean;
  /** Called for each event until what this returns is called. */
  subscribe(listener: (event: FollowerEvent) => void): () => void;
  /** Its number in the log, how many entries it keeps, its name at the issuer, and how it hears. */
  state(): FollowerState;
  close(): Promise<void>;
}

export interface FollowerState {
  readonly node: string;
  readonly position: number;
  readonly entries: number;
  readonly mode: 'stream' | 'poll';
  /** Milliseconds; infinite where nothing is known. */
  readonly ageMs: number;
  /** Whether everything that was heard is kept and understood: then only its age may leave a doubt. */
  readonly isWhole: boolean;
}

/** Without a batch for so long, a connection is given up: there is one each second. */
const SILENCE_MS = 3_000;
/** Milliseconds by which the two clocks of this machine may drift apart on one connection: more is a sleep, or a clock that was set. */
const SLEPT_MS = 1_000;
/** What went well for so long is whole. */
const SETTLED_MS = 10_000;
/** Between two polls that bring nothing, at least. */
const POLL_GAP_MS = 500;
/** So many connections in a row that fall silent or end early: something on the way keeps streams back. */
const SILENT_STREAMS = 2;
/** After so long of polling, a stream is tried again. */
const POLLING_MS = 300_000;
const FIRST_PAUSE_MS = 100;
/** Entries that fall with each batch. */
const SWEPT = 5_000;
const KEYS_COOL_DOWN_MS = 1_000;
/** Characters of a batch that is shown to the issuer. */
const MAX_SHOWN = 4_096;

/**
 * Keeps up with everything that an issuer revokes, as its feed says it: signed batches, each connecting to the one before. A token that is revoked is refused as soon as the
 * entry is here; and where nobody can say that nothing is missing (`maxAgeSeconds`), none is told fine.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function revocationFollower(options: FollowerOptions): RevocationFollower {
  checkOptions(options);
  const follower = new Follower(options);
  follower.start();
  return follower;
}

/** The log has begun anew, or has to be read again from its beginning. */
class Restart extends Error {
  readonly why: 'epoch_changed' | 'room';

  constructor(why: Restart['why']) {
    super(why);
    this.why = why;
  }
}

class Follower implements RevocationFollower {
  readonly issuer: string;
  readonly #credentials: Credentials;
  readonly #node: string;
  readonly maxAgeMs: number;
  readonly #maxEntries: number;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  readonly #endpoint: string;
  readonly #rules: DocumentRules;
  readonly #index: RevocationIndex;
  readonly #freshness = new Freshness();
  readonly #acks: Acks;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(event: FollowerEvent) => void>();
  readonly #readyTo = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();
  #position = 0;
  /** The log is read again, and is not at its end yet. */
  #isAgain = false;
  /** Up to there what is for information was told already. */
  #toldOf = 0;
  #epoch: string | undefined;
  /** In a row, since something went well for a while. */
  #failures = 0;
  /** The last batch without entries: the issuer sees by it when its log has gone back. */
  #last: string | undefined;
  #silentStreams = 0;
  /** Until then the issuer is polled. */
  #streamAtMs = 0;
  #mode: 'stream' | 'poll' = 'stream';
  #wasFresh = false;
  #isFull = false;
  /** Seconds since 1970: until then something may be revoked that we cannot look up. */
  #blindUntil = 0;

  constructor(options: FollowerOptions) {
    const { issuer, algorithms = [...ALGORITHMS.keys()], fetch = globalThis.fetch, clock = systemClock } = options;
    const nowMs = clock.nowMs;
    this.issuer = issuer;
    this.#credentials = options.credentials;
    this.#node = `${options.node}-${randomBytes(4).toString('hex')}`;
    this.maxAgeMs = (options.maxAgeSeconds ?? 10) * 1000;
    this.#maxEntries = options.maxEntries ?? 1_000_000;
    this.#fetch = fetch;
    this.#clock = clock;
    this.#endpoint = options.endpoint ?? `${issuer.replace(/\/$/, '')}/oauth/revocations`;
    const keys = new KeySource({ issuer, jwksUri: options.jwksUri, fetch, nowMs, coolDownMs: KEYS_COOL_DOWN_MS });
    this.#rules = { issuer, type: BATCH_TYPE, keys, algorithms: new Set(algorithms), maxLength: MAX_BATCH };
    this.#index = new RevocationIndex(`${issuer}/oauth/status/`, this.#maxEntries);
    this.#acks = new Acks(clock, this.#closing.signal, (acks) => this.#acknowledge(acks));
    // Nobody has to wait for it.
    this.#readyTo.promise.catch(() => {});
  }

  start(): void {
    this.#running = this.#run();
  }

  look(token: TokenMarks): Finding {
    const found = this.#index.find(token);
    if (found.kind === 'revoked') return found;
    if (!this.#index.isMarked(token)) return UNMARKED;
    const doubt = this.#findDoubt();
    return doubt === undefined ? FINE : { kind: 'unknown', cause: doubt };
  }

  ready(): Promise<void> {
    return this.#readyTo.promise;
  }

  isFresh(): boolean {
    return this.#findDoubt() === undefined;
  }

  isBarred(kid: string): boolean {
    return this.#index.isBarred(kid);
  }

  onKeyGivenUp(act: () => void): void {
    this.subscribe((event) => {
      if (event.kind === 'revoked' && event.entry.kind === 'key') act();
    });
  }

  subscribe(listener: (event: FollowerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  state(): FollowerState {
    const moment = this.#moment();
    const ageMs = this.#freshness.ageMs(moment);
    const isWhole = !this.#isFull && !this.#isBlind(moment);
    return { node: this.#node, position: this.#position, entries: this.#index.size, mode: this.#mode, ageMs, isWhole };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#readyTo.reject(new Error('the follower was closed'));
    await this.#running;
  }

  /** Why nothing may be told fine now. */
  #findDoubt(): string | undefined {
    const moment = this.#moment();
    const ageMs = this.#freshness.ageMs(moment);
    if (ageMs === Number.POSITIVE_INFINITY) return 'the feed was not heard yet, or has begun anew';
    if (ageMs > this.maxAgeMs) return `the feed was heard ${Math.round(ageMs)} ms ago`;
    if (this.#isFull) return `there are more than ${this.#maxEntries} revocations`;
    return this.#isBlind(moment) ? 'the feed has a kind of revocation that is not known here' : undefined;
  }

  #isBlind({ wallMs }: Moment): boolean {
    return wallMs < this.#blindUntil * 1000;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#catchUp();
        if (this.#clock.monotonicMs() >= this.#streamAtMs) await this.#stream();
        else await this.#poll();
      } catch (cause) {
        if (this.#closing.signal.aborted) return;
        if (cause instanceof Restart) this.#forget(cause.why);
        else {
          this.#tell({ kind: 'unreachable', cause });
        }
        this.#tellFreshness();
      }
      // However it ended: what does not last is not worth being asked for over and over.
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10), this.maxAgeMs / 4);
      this.#failures += 1;
      await this.#clock.wait(pauseMs * (0.5 + this.#clock.chance() / 2), this.#closing.signal);
    }
  }

  /** What goes well for so long may end without being held against it. */
  #noteLife(sinceMs: number): void {
    if (this.#clock.monotonicMs() - sinceMs < SETTLED_MS) return;
    this.#failures = 0;
    if (this.#mode === 'stream') this.#silentStreams = 0;
  }

  /** By pages, until we are where the log ends. */
  async #catchUp(): Promise<void> {
    this.#freshness.connect();
    for (;;) {
      const asked = this.#moment();
      const batch = await this.#ask(0);
      this.#accept(batch, asked);
      if (batch.seq === batch.head) return;
      if (batch.seq === batch.after) throw new DocumentError(this.issuer, 'answers with a batch that leads nowhere');
    }
  }

  async #poll(): Promise<void> {
    this.#mode = 'poll';
    const waitSeconds = Math.min(30, Math.max(1, Math.floor(this.maxAgeMs / 3_000)));
    const begunMs = this.#clock.monotonicMs();
    while (this.#clock.monotonicMs() < this.#streamAtMs && !this.#closing.signal.aborted) {
      const asked = this.#moment();
      const batch = await this.#ask(waitSeconds);
      this.#accept(batch, asked);
      this.#noteLife(begunMs);
      const tookMs = this.#clock.monotonicMs() - asked.monotonicMs;
      // Somebody who does not wait is not asked as if he did.
      if (batch.after === batch.seq && tookMs < POLL_GAP_MS) await this.#clock.wait(POLL_GAP_MS - tookMs, this.#closing.signal);
    }
  }

  async #stream(): Promise<void> {
    this.#mode = 'stream';
    this.#freshness.connect();
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, silence.signal]);
    let heardMs = this.#clock.monotonicMs();
    const watch = async (): Promise<void> => {
      while (!signal.aborted) {
        const leftMs = heardMs + SILENCE_MS - this.#clock.monotonicMs();
        if (leftMs <= 0) silence.abort(new DocumentError(this.issuer, 'keeps silent'));
        else await this.#clock.wait(leftMs, signal);
      }
    };
    const watched = watch();
    const begunMs = heardMs;
    let batches = 0;
    /** Whether it is the way that the stream ends by, and not by what it says. */
    let isOfTheWay = false;
    try {
      let asked: Moment | undefined = this.#moment();
      const body = await this.#open(signal);
      isOfTheWay = true;
      for await (const { data } of readEventStream(body, MAX_BATCH)) {
        isOfTheWay = false;
        const batch = await this.#read(data);
        if (this.#freshness.isOther(batch)) throw new DocumentError(this.issuer, 'goes on in another process');
        this.#accept(batch, asked);
        if (this.#freshness.hasBegun()) asked = undefined;
        heardMs = this.#clock.monotonicMs();
        // How the clocks are apart was found out before that, and holds no longer.
        if (this.#freshness.sleptMs(this.#moment()) > SLEPT_MS)
          throw new DocumentError(this.issuer, 'was heard again after this machine slept');
        batches += 1;
        // Whatever comes of it, more than the answer to the request got through.
        if (batches > 1) this.#failures = 0;
        this.#noteLife(begunMs);
        isOfTheWay = true;
      }
    } finally {
      // Silent, or over after its first batch: something in between may know no streams, whatever it lets through at first.
      const isSuspect = silence.signal.aborted || (isOfTheWay && batches < 2);
      if (isSuspect && !this.#closing.signal.aborted) this.#noteSilence(1);
      silence.abort();
      await watched;
    }
  }

  #noteSilence(streams: number): void {
    this.#silentStreams += streams;
    if (this.#silentStreams < SILENT_STREAMS) return;
    this.#silentStreams = SILENT_STREAMS - 1;
    this.#streamAtMs = this.#clock.monotonicMs() + POLLING_MS;
  }

  async #open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const url = this.#url({});
    const headers = { accept: 'text/event-stream', 'last-event-id': String(this.#position), ...(await this.#authorization()) };
    const response = await this.#fetch(url, { headers, redirect: 'error', cache: 'no-store', signal });
    const type = response.headers.get('content-type') ?? '';
    if (response.status === 200 && response.body !== null && /^text\/event-stream\b/i.test(type)) return response.body;
    await response.body?.cancel();
    if (response.status === 409) throw new Restart('epoch_changed');
    // Not a stream, but an answer: whoever is in between knows no streams.
    if (response.status === 200 || response.status === 406) this.#noteSilence(SILENT_STREAMS);
    throw new DocumentError(url, `answered ${response.status} ${type.slice(0, 50)}`, response.status);
  }

  /** @param waitSeconds how long the issuer may wait for something to tell; 0: not at all. */
  async #ask(waitSeconds: number): Promise<FeedBatch> {
    const url = this.#url(waitSeconds === 0 ? {} : { wait: String(waitSeconds) });
    const headers = { accept: 'application/jose', ...(await this.#authorization()) };
    const timeoutMs = SILENCE_MS + waitSeconds * 1000;
    try {
      const request = { headers, timeoutMs, maxBytes: MAX_BATCH, isUnkept: true, signal: this.#closing.signal };
      const { text } = await fetchText(this.#fetch, url, request);
      return await this.#read(text.trim());
    } catch (error) {
      if (error instanceof DocumentError && error.status === 409) throw new Restart('epoch_changed');
      throw error;
    }
  }

  async #read(text: string): Promise<FeedBatch> {
    const batch = readBatch(await readSignedDocument(text, this.#rules));
    if (batch === undefined) throw new DocumentError(this.issuer, 'answered with something that is no batch');
    if (batch.entries.length === 0 && text.length <= MAX_SHOWN) this.#last = text;
    return batch;
  }

  /** Everything that a batch says is enforced when this returns. */
  #accept(batch: FeedBatch, asked: Moment | undefined): void {
    const isSameLog = (this.#epoch === undefined || this.#epoch === batch.epoch) && batch.head >= this.#position;
    if (!isSameLog) throw new Restart('epoch_changed');
    if (batch.after !== this.#position) throw new DocumentError(this.issuer, `answered from ${batch.after}, not from ${this.#position}`);
    if (asked !== undefined && this.#freshness.isKept(batch)) throw new DocumentError(this.issuer, 'answered with a batch from before');
    this.#epoch = batch.epoch;
    const heard = this.#moment();
    // By the later of the two clocks nothing falls: one of them may be wrong, and may be set right.
    const over = Math.min(heard.wallMs / 1000, batch.issuedAt);
    this.#index.sweep(over, SWEPT);
    const news: FollowerEvent[] = [];
    for (const entry of batch.entries) {
      const kind = entry.exp > over ? this.#take(entry) : 'known';
      if (kind !== 'known') news.push({ kind, entry });
    }
    if (batch.seq === batch.head) this.#isAgain = false;
    const isNews = batch.seq > this.#position;
    this.#position = batch.seq;
    if (batch.seq === batch.head) this.#freshness.renew(batch, asked, heard);
    else if (asked !== undefined) this.#freshness.begin(batch, asked);
    this.#freshness.remember(batch);
    if (isNews) this.#acks.note(batch.seq);
    this.#tellFreshness();
    for (const event of news) this.#tell(event);
    if (!this.#isFull || this.#index.size >= this.#maxEntries * 0.9) return;
    // There is room again for what there was none for.
    this.#isFull = false;
    throw new Restart('room');
  }

  /** What is to be told of an entry. */
  #take(entry: FeedEntry): 'revoked' | 'info' | 'known' {
    if (entry.kind === 'key') this.#rules.keys.bar(entry.id);
    const taken = this.#index.take(entry);
    // What was told before is not told again because the log is read again.
    if (taken === 'info') return entry.seq > this.#toldOf ? 'info' : 'known';
    if (taken === 'known') return this.#isAgain ? 'known' : 'revoked';
    if (taken === 'unknown') this.#blindUntil = Math.max(this.#blindUntil, entry.exp);
    if (taken === 'full' && !this.#isFull) {
      this.#isFull = true;
      this.#tell({ kind: 'overflow' });
    }
    return 'revoked';
  }

  /** What is in the index stays: it was revoked, whatever the log says now. */
  #forget(why: Restart['why']): void {
    this.#toldOf = why === 'room' ? Math.max(this.#toldOf, this.#position) : 0;
    this.#isAgain = true;
    this.#position = 0;
    this.#epoch = undefined;
    this.#last = undefined;
    this.#freshness.lose();
    this.#acks.forget();
    this.#tell({ kind: why });
  }

  async #acknowledge(acks: readonly Ack[]): Promise<void> {
    const body = JSON.stringify({ node: this.#node, epoch: this.#epoch, acks });
    const headers = { 'content-type': 'application/json', ...(await this.#authorization()) };
    const signal = AbortSignal.any([this.#closing.signal, abortAfter(SILENCE_MS)]);
    const response = await this.#fetch(this.#endpoint, { method: 'POST', headers, body, redirect: 'error', signal });
    await response.body?.cancel();
    // A refusal of these very numbers will not be another one later.
    if (response.status === 429 || response.status >= 500) throw new DocumentError(this.issuer, 'does not take acknowledgements');
  }

  #url(more: Readonly<Record<string, string>>): string {
    const url = new URL(this.#endpoint);
    url.searchParams.set('after', String(this.#position));
    if (this.#epoch !== undefined) url.searchParams.set('epoch', this.#epoch);
    url.searchParams.set('node', this.#node);
    if (this.#last !== undefined) url.searchParams.set('last', this.#last);
    // No two requests are the same: an answer that something in between has kept is to none of them.
    url.searchParams.set('once', randomBytes(6).toString('hex'));
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return url.href;
  }

  async #authorization(): Promise<{ readonly authorization: string }> {
    return { authorization: await authorizationOf(this.#credentials) };
  }

  #moment(): Moment {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() };
  }

  #tellFreshness(): void {
    const doubt = this.#findDoubt();
    if ((doubt === undefined) === this.#wasFresh) return;
    this.#wasFresh = doubt === undefined;
    if (doubt === undefined) this.#readyTo.resolve();
    this.#tell(doubt === undefined ? { kind: 'fresh' } : { kind: 'stale', why: doubt });
  }

  #tell(event: FollowerEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // Theirs to see, and not ours to stumble over.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

const UNMARKED: Finding = Object.freeze({ kind: 'unmarked' });

function checkOptions(options: FollowerOptions): void {
  const { issuer, node, maxAgeSeconds = 10, maxEntries = 1_000_000, endpoint, jwksUri, algorithms = ['ES256'] } = options;
  if (typeof issuer !== 'string' || findEndpointFault(issuer, issuer) !== undefined) throw new TypeError('issuer is not an https URI');
  checkCredentials(options.credentials);
  if (typeof node !== 'string' || !/^[\w.-]{1,40}$/.test(node)) throw new TypeError('node is not a name of 1 to 40 letters, digits, _ . -');
  if (!(typeof maxAgeSeconds === 'number' && maxAgeSeconds >= 2 && maxAgeSeconds <= 3_600))
    throw new TypeError('maxAgeSeconds is not a number from 2 to 3600');
  if (!(Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= 10_000_000))
    throw new TypeError('maxEntries is not a whole number up to 10,000,000');
  for (const [name, uri] of [
    ['endpoint', endpoint],
    ['jwksUri', jwksUri],
  ] as const) {
    const fault = uri === undefined ? undefined : typeof uri === 'string' ? findEndpointFault(uri, issuer) : 'is not a text';
    if (fault !== undefined) throw new TypeError(`${name} ${fault}`);
  }
  if (!Array.isArray(algorithms) || algorithms.length === 0 || !algorithms.every((alg) => ALGORITHMS.has(alg)))
    throw new TypeError('algorithms is not a list of algorithms that are known here');
}
