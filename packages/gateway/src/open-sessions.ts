import type { OpenStream } from './proxy/forward-task.ts';
import { RecentIds } from './session/recent-ids.ts';

/** Until when a session lives that nobody uses, in seconds since 1970, as its store has it now; undefined: it is over. Rejects where that cannot be told. */
export type AskLife = (id: string) => Promise<number | undefined>;

/** A session of a browser in which something is open. */
export interface OpenSession {
  readonly id: string;
  /** When it ends if nobody uses it, as far as is known here: seconds since 1970. */
  livesUntil: number;
  /** Since when that is over and nobody has said otherwise. */
  dueSince: number | undefined;
  isAsked: boolean;
  readonly streams: Set<OpenStream>;
}

const MAX_ENDED = 10_000;
/** Sessions that are asked for at a time. */
const MAX_ASKED = 16;
/** Whoever is not told for so many seconds whether a session lives takes it for over. */
const PATIENCE_SECONDS = 10;

/**
 * Sessions of browsers in which something is open. A stream is no use of its session, and ends with it: with one that somebody ends, of which an entry of the log tells, and with one that
 * nobody has used for as long as it may lie, of which no entry is made. That is seen here by the time; as another gateway may have seen a request of it, its store is asked before
 * anything ends, once for each time that it seems to be over.
 */
export class OpenSessions {
  readonly #ask: AskLife;
  readonly #open = new Map<string, OpenSession>();
  /** Those that have ended lately. */
  readonly #ended = new RecentIds(MAX_ENDED);
  readonly #waiting = new Set<OpenSession>();
  #asked = 0;

  constructor(ask: AskLife) {
    this.#ask = ask;
  }

  /** Something is opened in a session. */
  enter({ id, livesUntil }: Pick<OpenSession, 'id' | 'livesUntil'>, stream: OpenStream): OpenSession {
    let session = this.#open.get(id);
    if (session === undefined) {
      session = { id, livesUntil, dueSince: undefined, isAsked: false, streams: new Set() };
      this.#open.set(id, session);
    }
    session.livesUntil = Math.max(session.livesUntil, livesUntil);
    session.streams.add(stream);
    return session;
  }

  leave(session: OpenSession, stream: OpenStream): void {
    session.streams.delete(stream);
    if (session.streams.size > 0) return;
    this.#open.delete(session.id);
    this.#waiting.delete(session);
  }

  /** It has ended: so does all that was opened in it, or is being opened. */
  end(id: string): void {
    this.#ended.add(id);
    for (const stream of this.#open.get(id)?.streams ?? []) stream.cut();
  }

  hasEnded(id: string): boolean {
    return this.#ended.has(id);
  }

  /** Whether one in which something is open is over by its time. Where it seems so, it is asked for, and what is open ends where it is. */
  isOver(session: OpenSession, nowSeconds: number): boolean {
    if (nowSeconds < session.livesUntil) {
      // Used here again: whoever could not be asked then is asked anew the next time.
      session.dueSince = undefined;
      return false;
    }
    session.dueSince ??= nowSeconds;
    if (nowSeconds - session.dueSince >= PATIENCE_SECONDS) return true;
    if (session.isAsked) return false;
    this.#waiting.add(session);
    this.#askMore();
    return false;
  }

  #askMore(): void {
    for (const session of this.#waiting) {
      if (this.#asked >= MAX_ASKED) return;
      this.#waiting.delete(session);
      session.isAsked = true;
      this.#asked += 1;
      void this.#askFor(session);
    }
  }

  async #askFor(session: OpenSession): Promise<void> {
    try {
      const livesUntil = await this.#ask(session.id);
      if (livesUntil === undefined) {
        for (const stream of session.streams) stream.cut();
        return;
      }
      session.livesUntil = livesUntil;
      session.dueSince = undefined;
    } catch {
      // It is asked for again when it is looked at next.
    } finally {
      session.isAsked = false;
      this.#asked -= 1;
      this.#askMore();
    }
  }
}
