import { countedAddress } from '@hufu/flow/address';
import type { RevocationFollower } from '@hufu/resource/follower';
import { marksOf, type TokenMarks } from '@hufu/resource/marks';
import type { Identity } from './identify/identify.ts';
import { mayStayOpen } from './identify/lenient-revocations.ts';
import { type AskLife, type OpenSession, OpenSessions } from './open-sessions.ts';
import type { OpenStream } from './proxy/forward-task.ts';
import type { Timers } from './proxy/timers.ts';
import type { Route } from './routes/route.ts';

/** What somebody was let in by, and until when that holds. */
interface Life {
  /** Undefined on routes that take nobody's token. */
  readonly identity: Identity | undefined;
  readonly route: Route;
  readonly marks: TokenMarks | undefined;
  readonly follower: RevocationFollower | undefined;
  /** Seconds since 1970. */
  readonly endsAt: number;
  /** Of the browser that has opened it; undefined for a token of its own. */
  session: OpenSession | undefined;
}

/** An exchange that stays open, and whose it is. */
interface Watched extends Life {
  readonly stream: OpenStream;
}

export interface StreamParts {
  readonly followers: readonly RevocationFollower[];
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** Left out: there are no sessions. */
  readonly askLife: AskLife | undefined;
  /** By how many seconds the clocks may differ. */
  readonly toleranceSeconds: number;
  readonly bounds: StreamBounds;
}

/** Streams that may be open at a time. */
export interface StreamBounds {
  /** Of one subject, at one client. */
  readonly perIdentity: number;
  /** From one address; of IPv6 from one /64. */
  readonly perAddress: number;
  /** On one route. */
  readonly perRoute: number;
}

/** Whose a stream is. */
export interface StreamOwner {
  readonly identity: Identity | undefined;
  /** Of the client, as it is believed. */
  readonly address: string;
  readonly route: Route;
  /** Of the issuer of its token. */
  readonly follower: RevocationFollower | undefined;
}

/** How often everything that is open is looked at for its time. */
const LOOK_MS = 500;
/** Streams that are looked at in one turn of the event loop. */
const SLICE = 500;

/**
 * What stays open, and ends when the token does that it was opened with: when that is revoked, when its time or the session's is over, also for lying unused, and where
 * nobody can say any more whether it is revoked. One subscription for all; a revocation is looked for once per batch of the feed.
 */
export class Streams {
  readonly #parts: StreamParts;
  readonly #open = new Set<Watched>();
  readonly #sessions: OpenSessions;
  /** How many there are of whom: identities, addresses and routes. */
  readonly #counts = new Map<string, number>();
  readonly #unsubscribe: readonly (() => void)[];
  #stopLooking: (() => void) | undefined;
  #look: 'idle' | 'under way' | 'again' = 'idle';
  #isClosed = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#sessions = new OpenSessions(parts.askLife ?? (() => Promise.resolve(undefined)));
    this.#unsubscribe = parts.followers.map((follower) =>
      follower.subscribe(({ kind }) => {
        if (kind === 'revoked') this.#lookSoon();
      }),
    );
  }

  get size(): number {
    return this.#open.size;
  }

  /** How many are open on the route of that name. */
  onRoute(name: string): number {
    return this.#counts.get(`route ${name}`) ?? 0;
  }

  /** Watches a stream until what this returns is called. One that may not stay open is ended at once. */
  open(stream: OpenStream, { identity, address, route, follower }: StreamOwner): () => void {
    const { bounds } = this.#parts;
    const token = identity?.token;
    const watched: Watched = { stream, ...this.#lifeOf({ identity, route, follower }) };
    const counted = new Map([
      [`address ${countedAddress(address)}`, bounds.perAddress],
      [`route ${route.name}`, bounds.perRoute],
    ]);
    if (token !== undefined) counted.set(`identity ${JSON.stringify([token.issuer, token.subject, token.clientId])}`, bounds.perIdentity);
    const isTooMany = [...counted].some(([name, most]) => (this.#counts.get(name) ?? 0) >= most);
    if (this.#isClosed || isTooMany || this.#isOver(watched)) {
      // It may be gone before this returns: nothing is noted of it.
      stream.cut();
      return () => undefined;
    }
    for (const name of counted.keys()) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#open.add(watched);
    if (identity?.session !== undefined) watched.session = this.#sessions.enter(identity.session, stream);
    this.#stopLooking ??= this.#lookLater();
    let isGone = false;
    return () => {
      if (isGone) return;
      isGone = true;
      this.#open.delete(watched);
      if (watched.session !== undefined) this.#sessions.leave(watched.session, stream);
      for (const name of counted.keys()) {
        const left = (this.#counts.get(name) ?? 1) - 1;
        if (left === 0) this.#counts.delete(name);
        else this.#counts.set(name, left);
      }
    };
  }

  /** Whether somebody who was known a while ago is so no more: what lets nothing stay open lets nothing begin. */
  hasEnded(owner: Omit<StreamOwner, 'address'>): boolean {
    return this.#isOver(this.#lifeOf(owner));
  }

  /** A session has ended: so does all that was opened in it. */
  endSession(id: string): void {
    this.#sessions.end(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#unsubscribe) stop();
    this.#stopLooking?.();
    for (const { stream } of this.#open) stream.cut();
  }

  #lookLater(): () => void {
    return this.#parts.timers.later(LOOK_MS, () => {
      this.#stopLooking = this.#open.size === 0 || this.#isClosed ? undefined : this.#lookLater();
      this.#lookSoon();
    });
  }

  /** Once for however many entries come in one turn. */
  #lookSoon(): void {
    if (this.#look !== 'idle') this.#look = 'again';
    if (this.#look !== 'idle' || this.#open.size === 0) return;
    this.#look = 'under way';
    const all = this.#open.values();
    const look = (): void => {
      // Walks the set itself: what is opened or gone meanwhile is seen as it is.
      for (let i = 0; i < SLICE; i++) {
        const next = all.next();
        if (next.done === true || this.#isClosed) {
          // What was told meanwhile is news for those that were looked at before it.
          const isAgain = this.#look === 'again';
          this.#look = 'idle';
          if (isAgain && !this.#isClosed) this.#lookSoon();
          return;
        }
        if (this.#isOver(next.value)) next.value.stream.cut();
      }
      this.#parts.timers.later(0, look);
    };
    this.#parts.timers.later(0, look);
  }

  #lifeOf({ identity, route, follower }: Omit<StreamOwner, 'address'>): Life {
    const marks = identity === undefined ? undefined : marksOf(identity.token);
    const isHeard = follower !== undefined && marks !== undefined;
    const endsAt = identity === undefined ? Number.POSITIVE_INFINITY : endOf(identity, isHeard, this.#parts.toleranceSeconds);
    return { identity, route, follower, marks, endsAt, session: undefined };
  }

  #isOver({ identity, session, endsAt, marks, follower, route }: Life): boolean {
    const now = this.#parts.nowMs() / 1_000;
    if (now >= endsAt) return true;
    // It may have ended while the request was on its way.
    if (identity?.session !== undefined && this.#sessions.hasEnded(identity.session.id)) return true;
    if (session !== undefined && this.#sessions.isOver(session, now)) return true;
    if (follower === undefined || marks === undefined) return false;
    if (follower.look(marks).kind === 'revoked') return true;
    return !mayStayOpen(route.revocations, follower.state().ageMs);
  }
}

/**
 * When what somebody has opened is over, in seconds since 1970. The token of a session is renewed behind it, and what was opened in the session goes on with that, where somebody hears of what
 * is revoked (`isHeard`): the grant, with all of its tokens. Where nobody does, nobody knows after the token's time whether there is another one; nor of a session that its browser keeps.
 */
function endOf({ token, session, cookies }: Identity, isHeard: boolean, toleranceSeconds: number): number {
  const ownEnd = token.expiresAt + toleranceSeconds;
  if (session === undefined) return ownEnd;
  if (session.lenientUntil !== undefined) return Math.min(session.lenientUntil, session.expiresAt);
  return isHeard && cookies === undefined ? session.expiresAt : Math.min(ownEnd, session.expiresAt);
}
