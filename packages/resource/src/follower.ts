import { randomBytes } from 'node:crypto';
import { Acks } from './acks.ts';
import { ALGORITHMS } from './algorithms.ts';
import { type Clock, systemClock } from './clock.ts';
import { readEventStream } from './event-stream.ts';
import { BATCH_TYPE, type FeedBatch, type FeedEntry, MAX_BATCH, readBatch } from './feed-batch.ts';
import { type FeedPlace, FeedRequests, NoStreamError, OtherLogError } from './feed-requests.ts';
import { FeedWay } from './feed-way.ts';
import { DocumentError } from './fetch-document.ts';
import { checkFollowerOptions, type FollowerOptions } from './follower-options.ts';
import { Freshness, type Moment } from './freshness.ts';
import { KeySource } from './key-source.ts';
import type { TokenMarks } from './marks.ts';
import { RevocationIndex } from './revocation-index.ts';
import { FINE, type Finding, type Revocations } from './revocations.ts';
import { type DocumentRules, readSignedDocument } from './signed-document.ts';

export type { FollowerOptions };

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
/** Between two polls that bring nothing, at least. */
const POLL_GAP_MS = 500;
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
  checkFollowerOptions(options);
  const follower = new Follower(options);
  follower.start();
  return follower;
}

/** There is room for what there was none for: the log has to be read again from its beginning. */
class RoomAgain extends Error {}

class Follower implements RevocationFollower {
  readonly issuer: string;
  readonly #node: string;
  readonly maxAgeMs: number;
  readonly #maxEntries: number;
  readonly #clock: Clock;
  readonly #requests: FeedRequests;
  readonly #rules: DocumentRules;
  readonly #index: RevocationIndex;
  readonly #freshness = new Freshness();
  readonly #way: FeedWay;
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
  /** The last batch without entries: the issuer sees by it when its log has gone back. */
  #last: string | undefined;
  #wasFresh = false;
  #isFull = false;
  /** Seconds since 1970: until then something may be revoked that we cannot look up. */
  #blindUntil = 0;

  constructor(options: FollowerOptions) {
    const { issuer, algorithms = [...ALGORITHMS.keys()], fetch = globalThis.fetch, clock = systemClock } = options;
    const nowMs = clock.nowMs;
    this.issuer = issuer;
    this.#node = `${options.node}-${randomBytes(4).toString('hex')}`;
    this.maxAgeMs = (options.maxAgeSeconds ?? 10) * 1000;
    this.#maxEntries = options.maxEntries ?? 1_000_000;
    this.#clock = clock;
    this.#way = new FeedWay(clock);
    const endpoint = options.endpoint ?? `${issuer.replace(/\/$/, '')}/oauth/revocations`;
    const { credentials } = options;
    this.#requests = new FeedRequests({ issuer, endpoint, credentials, node: this.#node, fetch, closing: this.#closing.signal });
    const keys = new KeySource({ issuer, jwksUri: options.jwksUri, fetch, nowMs, coolDownMs: KEYS_COOL_DOWN_MS });
    this.#rules = { issuer, type: BATCH_TYPE, keys, algorithms: new Set(algorithms), maxLength: MAX_BATCH };
    this.#index = new RevocationIndex(`${issuer}/oauth/status/`, this.#maxEntries);
    this.#acks = new Acks(clock, this.#closing.signal, (acks) => this.#requests.acknowledge(this.#epoch, acks));
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
    return { node: this.#node, position: this.#position, entries: this.#index.size, mode: this.#way.mode, ageMs, isWhole };
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
        if (this.#way.isPolled()) await this.#poll();
        else await this.#stream();
      } catch (cause) {
        if (this.#closing.signal.aborted) return;
        if (cause instanceof OtherLogError) this.#forget('epoch_changed');
        else if (cause instanceof RoomAgain) this.#forget('room');
        else this.#tell({ kind: 'unreachable', cause });
        this.#tellFreshness();
      }
      await this.#clock.wait(this.#way.nextPauseMs(this.maxAgeMs / 4), this.#closing.signal);
    }
  }

  /** By pages, until we are where the log ends. */
  async #catchUp(): Promise<void> {
    this.#freshness.connect();
    for (;;) {
      const asked = this.#moment();
      const batch = await this.#read(await this.#requests.batch(this.#place(), 0));
      this.#accept(batch, asked);
      if (batch.seq === batch.head) return;
      if (batch.seq === batch.after) throw new DocumentError(this.issuer, 'answers with a batch that leads nowhere');
    }
  }

  async #poll(): Promise<void> {
    this.#way.take('poll');
    const waitSeconds = Math.min(30, Math.max(1, Math.floor(this.maxAgeMs / 3_000)));
    const begunMs = this.#clock.monotonicMs();
    while (this.#way.isPolled() && !this.#closing.signal.aborted) {
      const asked = this.#moment();
      const batch = await this.#read(await this.#requests.batch(this.#place(), waitSeconds));
      this.#accept(batch, asked);
      this.#way.noteLife(begunMs);
      const tookMs = this.#clock.monotonicMs() - asked.monotonicMs;
      // Somebody who does not wait is not asked as if he did.
      if (batch.after === batch.seq && tookMs < POLL_GAP_MS) await this.#clock.wait(POLL_GAP_MS - tookMs, this.#closing.signal);
    }
  }

  async #stream(): Promise<void> {
    this.#way.take('stream');
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
      const body = await this.#requests.stream(this.#place(), signal);
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
        if (batches > 1) this.#way.noteBatches();
        this.#way.noteLife(begunMs);
        isOfTheWay = true;
      }
    } catch (error) {
      if (error instanceof NoStreamError) this.#way.noteNoStream();
      throw error;
    } finally {
      const isSuspect = silence.signal.aborted || (isOfTheWay && batches < 2);
      if (isSuspect && !this.#closing.signal.aborted) this.#way.noteSilence();
      silence.abort();
      await watched;
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
    if (!isSameLog) throw new OtherLogError();
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
    throw new RoomAgain();
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
  #forget(why: 'epoch_changed' | 'room'): void {
    this.#toldOf = why === 'room' ? Math.max(this.#toldOf, this.#position) : 0;
    this.#isAgain = true;
    this.#position = 0;
    this.#epoch = undefined;
    this.#last = undefined;
    this.#freshness.lose();
    this.#acks.forget();
    this.#tell({ kind: why });
  }

  #place(): FeedPlace {
    return { position: this.#position, epoch: this.#epoch, last: this.#last };
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
