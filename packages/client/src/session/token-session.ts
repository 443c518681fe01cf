import { newSecret, sha256 } from '../bytes.ts';
import { type Clock, deadline, pause, systemClock, until } from '../clock.ts';
import { backOffMs, waitMs } from './back-off.ts';
import { mayRenewBecauseOf401 } from './caused-renewals.ts';
import type { Desk, Renewed, Unsaved, Wish } from './desk.ts';
import { isLive, isUsable } from './lifetime.ts';
import { Listeners, type SessionEvents } from './listeners.ts';
import type { HeldLock, Reach, SessionPlace } from './place.ts';
import { accessKey, type Ending, nextRefresh, type SessionRecord, type StoredAccess } from './record.ts';
import { isOpen, renew } from './renewal.ts';
import type { Renewer } from './renewer.ts';
import { revokeSession } from './revoke-session.ts';
import { save } from './saver.ts';
import { endOf, SessionError } from './session-error.ts';
import { type AccessToken, type CurrentSession, present, recordOf, type SignedIn, type TokenWish } from './session-tokens.ts';
import { Slot } from './slot.ts';
import { storing } from './storing.ts';

export interface TokenSessionOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Where one client keeps several sign-ins apart. */
  readonly slot?: string;
  readonly place: SessionPlace;
  readonly renewer: Renewer;
  /** What `accessToken` asks for where its caller says nothing (RFC 8707 §2.2, RFC 6749 §6). */
  readonly resource?: string;
  readonly scopes?: readonly string[];
  /** How long a token has to live on to be handed out, a quarter of its life at most; 30. */
  readonly minSeconds?: number;
  readonly clock?: Clock;
}

/** Waiting for the lock. */
const WAIT_MS = 25_000;
/** A 401 for a younger token is not about its age. */
const YOUNG_MS = 30_000;
const MAX_JITTER_MS = 10_000;
const MAX_REFUSED = 16;
const CHECKS = 3;
/** Nobody goes on in the background for longer about what the server has made of a refresh token. */
const SETTLE_MS = 300_000;
const REACHES: readonly Reach[] = ['process', 'machine', 'network'];

/**
 * One sign-in, and an access token of it for any number of callers: renewed ahead of its end, once for all of them, whichever tab or
 * process they are in, and never at the price of the session.
 */
export class TokenSession {
  readonly #options: TokenSessionOptions;
  readonly #clock: Clock;
  readonly #leadMs: number;
  readonly #listeners = new Listeners();
  readonly #queue: (() => void)[] = [];
  readonly #closing = new AbortController();
  readonly #flights = new Map<string, Promise<AccessToken>>();
  readonly #refused = new Set<string>();
  readonly #watched = { mark: '', ms: 0 };
  readonly #saving = new Set<Promise<void>>();
  #opened: Promise<{ readonly name: string; readonly slot: Slot }> | undefined;
  #unwatch: (() => void) | undefined;
  /** Believed until the storage says that it has changed. */
  #cached: SessionRecord | undefined;
  /** Seen last: for a sign-out when nothing can be read. */
  #known: SessionRecord | undefined;
  /** The id of a session that was left here. */
  #left: string | undefined;
  #changes = 0;
  /** What could not be stored; its lock is kept. */
  #unsaved: Unsaved | undefined;
  /** The id of the session that callers mean. */
  #bound: string | undefined;
  /** Whether that is one of those that the client begins for itself. */
  #own: true | undefined;
  #looked = false;
  /** The sign-in that is being stored, or could not be. */
  #attempt: { readonly token: string; readonly session: string } | undefined;
  /** The id of a session whose end, or whose coming, was told. */
  #told: string | undefined;
  #cancelSettling: (() => void) | undefined;

  /** Throws a `TypeError` where the lock reaches less far than the storage, or where there is no WebCrypto. */
  constructor(options: TokenSessionOptions) {
    const { storage, lock } = options.place;
    if (REACHES.indexOf(lock.reach) < REACHES.indexOf(storage.reach))
      throw new TypeError(`a storage that is shared by a ${storage.reach} needs a lock that is`);
    if (typeof globalThis.crypto?.subtle?.digest !== 'function') throw new TypeError('no WebCrypto here: it takes https, or localhost');
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#leadMs = (options.minSeconds ?? 30) * 1000 + this.#clock.chance() * MAX_JITTER_MS;
  }

  /**
   * An access token that lives for a while yet. Rejects with `SessionError`, or with the reason of the caller's signal.
   */
  async accessToken(wish: TokenWish = {}): Promise<AccessToken> {
    const { signal, renewAfter } = wish;
    const resource = wish.resource ?? this.#options.resource;
    const scopes = wish.scopes ?? this.#options.scopes;
    const key = accessKey(resource, scopes);
    signal?.throwIfAborted();
    const record = await until(this.#find(), signal);
    const access = record?.access[key];
    if (record !== undefined && renewAfter !== undefined) this.#refuse(renewAfter, record, access);
    if (record !== undefined && access !== undefined && this.#isUsable(access)) {
      if (isOpen(record) && this.#flights.size === 0) this.#settle(waitMs(record.retryAt, this.#clock.nowMs()), record.unsureSince);
      return present(access, record);
    }
    const wanted: Wish = { key, resource, scopes, settle: 'no' };
    let fresh = await until(this.#join(wanted), signal);
    // What was under way may have looked before the token was refused.
    if (fresh.token === renewAfter) fresh = await until(this.#join(wanted), signal);
    if (fresh.token === renewAfter) throw new SessionError('token_refused', 'the server gives the token that was refused');
    // Each caller has one of its own.
    return { ...fresh };
  }

  /** Who is signed in. Rejects as `accessToken` does. */
  async current(): Promise<CurrentSession> {
    const { session, idToken, claims } = await this.#look();
    return { id: session, idToken, claims };
  }

  /**
   * Keeps what a sign-in has brought, in the place of whatever was there; a session that was is revoked. Rejects with `SessionError` where
   * it cannot be kept.
   */
  async signedIn(tokens: SignedIn): Promise<void> {
    const { storage } = this.#options.place;
    const { dpopKey } = tokens;
    if (dpopKey !== undefined && storage.canKeep?.(dpopKey) === false) throw new TypeError('this storage cannot keep this key');
    const key = accessKey(tokens.resource ?? this.#options.resource, tokens.scopes ?? this.#options.scopes);
    // Nobody knows whether an attempt that failed has stored them nevertheless: the next is about the same session.
    const session = this.#attempt?.token === tokens.accessToken ? this.#attempt.session : newSecret();
    this.#attempt = { token: tokens.accessToken, session };
    const next = recordOf(tokens, session, key, this.#clock.nowMs());
    const { slot } = await this.#open();
    const held = await this.#acquireOrGo();
    let over: SessionRecord | undefined;
    try {
      const put = await storing(slot.put(next));
      over = put.over;
      this.#attempt = undefined;
      this.#bind(put.record);
    } finally {
      await held?.release();
      this.#flush();
    }
    // Another page may have stored the very tokens before.
    const isSame = over?.access[key]?.token === tokens.accessToken || (over?.refresh ?? '') === tokens.refreshToken;
    if (!isSame) await revokeSession(this.#options.renewer, over, this.#clock);
  }

  /**
   * Ends the session here, in the other tabs and processes, and at the server (RFC 7009); the last may fail without a word.
   *
   * @returns the ID token of the session, for a sign-out at the server (OpenID Connect RP-Initiated Logout §2).
   */
  async signOut(): Promise<{ readonly idToken: string | undefined }> {
    const { slot } = await this.#open();
    const held = await this.#acquireOrGo();
    let over: SessionRecord | undefined;
    try {
      const ended: Ending = { kind: 'signed_out' };
      const known = this.#unsaved?.record ?? this.#known;
      over = await storing(slot.bury(this.#bound, ended)).catch(async (error: unknown) => {
        // What cannot be written may be read, or was once; it is over at the server, and for whoever asks here.
        const left = await slot.read().catch(() => known);
        if (left !== undefined && left.ended === undefined && (this.#bound ?? left.session) === left.session) {
          this.#leave(left.session, ended);
          await revokeSession(this.#options.renewer, this.#unsaved?.record ?? left, this.#clock);
        }
        throw error;
      });
      if (over !== undefined) {
        this.#leave(over.session, ended);
        // What nobody can read may be remembered.
        if (known?.session === over.session && nextRefresh(over) === undefined) over = known;
      }
    } finally {
      await held?.release();
      this.#flush();
    }
    await revokeSession(this.#options.renewer, over, this.#clock);
    return { idToken: over?.idToken };
  }

  /** From now on callers mean the session that has taken the place of the one before (event `changed`). */
  async adopt(): Promise<void> {
    const record = await this.#read();
    if (record === undefined || record.ended !== undefined) throw new SessionError('no_session', 'nobody has signed in');
    this.#bind(record);
    this.#flush();
  }

  /** @returns what ends it */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Tells the listeners of `step_up`: for what shows tokens to APIs. */
  askForStepUp(event: SessionEvents['step_up']): void {
    this.#listeners.tell('step_up', event);
  }

  /** Lets go of timers and listeners, after whatever is under way has been stored. What is stored stays. */
  async close(): Promise<void> {
    this.#closing.abort(new SessionError('closed', 'the session object was closed'));
    this.#cancelSettling?.();
    await Promise.allSettled(this.#flights.values());
    await Promise.allSettled(this.#saving);
    this.#unwatch?.();
  }

  #open(): Promise<{ readonly name: string; readonly slot: Slot }> {
    this.#opened ??= this.#start();
    return this.#opened;
  }

  async #start(): Promise<{ readonly name: string; readonly slot: Slot }> {
    const { issuer, clientId, slot = 'default', place } = this.#options;
    const name = await sha256(JSON.stringify([issuer, clientId, slot]));
    this.#unwatch = place.storage.watch?.(name, () => {
      this.#forget();
      // Tells of an end at once, and not at the next call.
      this.#look().catch(() => undefined);
    });
    return { name, slot: new Slot(place.storage, name, this.#clock) };
  }

  /** The record of the session that callers mean. */
  async #look(): Promise<SessionRecord> {
    this.#closing.signal.throwIfAborted();
    try {
      return this.#check(this.#unsaved?.record ?? this.#cached ?? (await this.#read()));
    } finally {
      this.#flush();
    }
  }

  /** As `#look`; undefined where there is none but one could be had. */
  async #find(): Promise<SessionRecord | undefined> {
    try {
      return await this.#look();
    } catch (error) {
      if (error instanceof SessionError && !error.retryable && this.#begins(this.#known)) return undefined;
      throw error;
    }
  }

  /**
   * Where the client needs nobody to sign in, a session of its own that is gone begins again; one that was ended, for whoever comes after
   * that; one that somebody signed in to, never.
   */
  #begins(record: SessionRecord | undefined): boolean {
    const isFree = this.#bound === undefined;
    const isGone = record === undefined ? isFree || this.#own === true : isFree && record.ended !== undefined;
    return isGone && this.#options.renewer.obtain !== undefined;
  }

  /** Whatever is stored of it: nobody here gets a token of it any more. */
  #leave(session: string, ended: Ending): void {
    this.#bound = session;
    this.#own = undefined;
    this.#left = session;
    this.#finish(session, ended);
  }

  async #read(): Promise<SessionRecord | undefined> {
    const { slot } = await this.#open();
    const changes = this.#changes;
    const record = await storing(slot.read());
    this.#known = record;
    if (this.#unwatch !== undefined && changes === this.#changes) this.#cached = record;
    return record;
  }

  /** Throws unless it is a session that lives, and the one that callers mean. */
  #check(record: SessionRecord | undefined): SessionRecord {
    const first = !this.#looked;
    this.#looked = true;
    if (record === undefined) {
      if (this.#bound === undefined || this.#begins(record)) throw new SessionError('no_session', 'nobody has signed in');
      throw this.#finish(this.#bound, { kind: 'signed_out', reason: 'what was kept of the session is gone' });
    }
    const { session } = record;
    const ended = record.ended ?? (session === this.#left ? { kind: 'signed_out' as const } : undefined);
    if (ended !== undefined) {
      if (this.#bound === undefined) throw endOf(ended);
      throw this.#finish(this.#bound, ended);
    }
    if (session === this.#bound) return record;
    // Of those that the client begins for itself one is as good as another.
    const isOwn = this.#own && record.own;
    if (this.#told !== session) {
      const from = this.#bound;
      if (!first && !isOwn) this.#queue.push(() => this.#listeners.tell('changed', { from, to: session }));
      this.#told = session;
    }
    if (this.#bound !== undefined && !isOwn) throw new SessionError('session_changed', 'somebody else has signed in');
    this.#mean(record);
    return record;
  }

  #mean({ session, own }: SessionRecord): void {
    this.#bound = session;
    this.#own = own;
    this.#told = session;
  }

  #bind(record: SessionRecord): void {
    this.#queue.push(() => this.#listeners.tell('signed_in', { session: record.session }));
    this.#mean(record);
    this.#looked = true;
    this.#unsaved = undefined;
    this.#remember(record);
  }

  /** Notes the end of a session, to be told once. */
  #finish(session: string, ending: Ending): SessionError {
    const end = `end of ${session}`;
    if (this.#told !== end) this.#queue.push(() => this.#listeners.tell(ending.kind, ending));
    this.#told = end;
    this.#forget();
    return endOf(ending);
  }

  #forget(): void {
    this.#changes += 1;
    this.#cached = undefined;
  }

  #remember(record: SessionRecord): void {
    this.#known = record;
    this.#forget();
    if (this.#unwatch !== undefined) this.#cached = record;
  }

  #isUsable(access: StoredAccess): boolean {
    return !this.#refused.has(access.token) && isUsable(access, this.#clock.nowMs(), this.#leadMs);
  }

  /** A token that an API does not take. Throws where a new one would be no better. */
  #refuse(token: string, record: SessionRecord, access: StoredAccess | undefined): void {
    if (access?.token === token && !this.#refused.has(token)) {
      const now = this.#clock.nowMs();
      if (Math.abs(now - access.obtainedAt) < YOUNG_MS) throw new SessionError('token_refused', 'an API refuses a token that is new');
      if (!mayRenewBecauseOf401(record, now)) throw new SessionError('token_refused', 'access tokens are refused again and again');
    }
    this.#refused.add(token);
    const [oldest] = this.#refused;
    if (this.#refused.size > MAX_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
  }

  /** One renewal at a time for each kind of token, however many wait for it. */
  #join(wish: Wish): Promise<AccessToken> {
    const name = `${wish.settle} ${wish.key}`;
    const underWay = this.#flights.get(name);
    if (underWay !== undefined) return underWay;
    const flight = this.#fly(wish).finally(() => this.#flights.delete(name));
    this.#flights.set(name, flight);
    return flight;
  }

  async #fly(wish: Wish): Promise<AccessToken> {
    try {
      const renewed = await this.#renew(wish);
      return renewed.kind === 'unchecked' ? await this.#checkAgain(renewed) : this.#settled(renewed);
    } catch (error) {
      const live = wish.settle === 'yes' ? undefined : await this.#findLive(wish, error);
      if (live !== undefined) return live;
      throw error;
    } finally {
      this.#flush();
    }
  }

  async #renew(wish: Wish): Promise<Renewed> {
    this.#closing.signal.throwIfAborted();
    const { slot } = await this.#open();
    if (this.#unsaved !== undefined)
      throw new SessionError('storage_unavailable', 'what is kept cannot be read or written now', { cause: this.#unsaved.error });
    const desk = this.#desk(slot);
    const held = await this.#acquire();
    let keep = false;
    try {
      const renewed = await storing(renew(desk, held, wish));
      if (renewed.kind === 'unsaved') {
        keep = true;
        this.#keepTrying(held, desk, renewed.unsaved);
      } else if (renewed.kind === 'token') this.#remember(renewed.record);
      else this.#changes += 1;
      return renewed;
    } catch (error) {
      this.#forget();
      throw error;
    } finally {
      if (!keep) await held.release();
    }
  }

  #desk(slot: Slot): Desk {
    const { renewer, place } = this.#options;
    return {
      slot,
      renewer,
      clock: this.#clock,
      me: place.lock.me,
      closing: this.#closing.signal,
      watched: this.#watched,
      open: async () => {
        const record = await slot.read();
        if (this.#begins(record)) return await this.#begin(slot);
        const mine = this.#check(record);
        // Tokens that are to be bound to a key cannot go on from what the client began without one.
        return mine.own && mine.dpopKey === undefined && renewer.newKey !== undefined ? await this.#begin(slot) : mine;
      },
      isUsable: (access) => this.#isUsable(access),
      isRefused: (token) => this.#refused.has(token),
      end: (record, ending) => this.#finish(record.session, ending),
      delay: (error, again) => {
        this.#queue.push(() => this.#listeners.tell('delayed', { error }));
        if (again !== undefined) this.#settle(again.ms, again.since);
        return error;
      },
    };
  }

  /** A session of the client itself begins by itself (RFC 6749 §4.4). */
  async #begin(slot: Slot): Promise<SessionRecord> {
    const dpopKey = await this.#options.renewer.newKey?.();
    const { record } = await slot.put({ v: 1, rev: 1, session: newSecret(), own: true, access: {}, ...(dpopKey && { dpopKey }) });
    this.#bind(record);
    return record;
  }

  #settled(renewed: Exclude<Renewed, { kind: 'unchecked' }>): AccessToken {
    if (renewed.kind === 'unsaved') {
      if (renewed.access instanceof SessionError) throw renewed.access;
      return present(renewed.access, renewed.unsaved.record);
    }
    const { access, record, from, rotated } = renewed;
    if (from === 'server') this.#queue.push(() => this.#listeners.tell('renewed', { session: record.session, rotated }));
    return present(access, record);
  }

  /** The refresh token is safe; only the check of the ID token is missing, and whoever waits for that has no lock. */
  async #checkAgain(unchecked: Extract<Renewed, { kind: 'unchecked' }>): Promise<AccessToken> {
    let { error } = unchecked;
    for (let turn = 1; turn <= CHECKS; turn++) {
      await pause(this.#clock, backOffMs(this.#clock, turn), this.#closing.signal);
      try {
        const renewed = await unchecked.check();
        this.#forget();
        if (renewed.kind !== 'token') break;
        return this.#settled(renewed);
      } catch (cause) {
        error = cause;
      }
    }
    await unchecked.giveUp(error);
    throw new SessionError('temporarily_unavailable', 'the session was changed meanwhile', { cause: error });
  }

  /** A token that lives yet, for whoever would have liked a longer life. */
  async #findLive(wish: Wish, error: unknown): Promise<AccessToken | undefined> {
    if (!(error instanceof SessionError) || !(error.retryable || error.code === 'refused' || error.code === 'invalid_answer'))
      return undefined;
    const record = await this.#look().catch(() => undefined);
    const access = record?.access[wish.key];
    if (record === undefined || access === undefined || this.#refused.has(access.token)) return undefined;
    return isLive(access, this.#clock.nowMs()) ? present(access, record) : undefined;
  }

  async #acquire(): Promise<HeldLock> {
    const { lock } = this.#options.place;
    const { name } = await this.#open();
    const limit = deadline(this.#clock, WAIT_MS, this.#closing.signal);
    try {
      return await lock.acquire(name, limit.signal);
    } catch (cause) {
      this.#closing.signal.throwIfAborted();
      if (limit.expired()) throw new SessionError('lock_timeout', 'somebody else renews the session for too long', { cause });
      throw new SessionError('storage_unavailable', 'the lock of the session cannot be had now', { cause });
    } finally {
      limit.clear();
    }
  }

  /** Whoever renews for long must not keep a user from coming or leaving: its answer finds another session, or none, and is given back. */
  async #acquireOrGo(): Promise<HeldLock | undefined> {
    return await this.#acquire().catch((error: unknown) => {
      if (error instanceof SessionError && error.retryable) return undefined;
      throw error;
    });
  }

  /** Until it is stored, the lock is ours: nobody else may use the refresh token whose successor only we have. */
  #keepTrying(held: HeldLock, desk: Desk, unsaved: Unsaved): void {
    this.#unsaved = unsaved;
    this.#queue.push(() => this.#listeners.tell('storage_failed', { error: unsaved.error }));
    const saving = save(desk, unsaved).finally(async () => {
      this.#unsaved = undefined;
      this.#forget();
      await held.release();
      this.#saving.delete(saving);
    });
    this.#saving.add(saving);
  }

  /** Asks the server in the background, where nobody knows what it has made of the refresh token. */
  #settle(ms: number, since: number | undefined): void {
    if (this.#cancelSettling !== undefined || this.#closing.signal.aborted) return;
    const from = since ?? this.#clock.nowMs();
    if (Math.abs(this.#clock.nowMs() - from) > SETTLE_MS) return;
    const { resource, scopes } = this.#options;
    const wish: Wish = { key: accessKey(resource, scopes), resource, scopes, settle: 'yes' };
    this.#cancelSettling = this.#clock.after(ms, 'nothing', () => {
      this.#cancelSettling = undefined;
      this.#join(wish).catch((error: unknown) => {
        if (error instanceof SessionError && error.retryable) this.#settle((error.retryAfterSeconds ?? 5) * 1000, from);
      });
    });
  }

  #flush(): void {
    for (let told = this.#queue.shift(); told !== undefined; told = this.#queue.shift()) told();
  }
}
