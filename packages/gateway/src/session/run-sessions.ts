import { pause } from '@hufu/client/clock';
import { sweep } from './end-session.ts';
import type { SessionOutcome } from './find-session.ts';
import type { FoundSession } from './session-contents.ts';
import { SessionEnds } from './session-ends.ts';
import { sessionFinder } from './session-finder.ts';
import { sessionTokens } from './session-tokens.ts';
import type { TokenHandler } from './token-handler.ts';

/** Sessions of an edge at work: what a pipeline asks for each request. */
export interface RunningSessions {
  /** The session that a request's cookies name. Throws `StoreUnavailable`. */
  find(cookieHeader: string | undefined): Promise<SessionOutcome>;
  /** Its access token; see `SessionTokens`. */
  accessToken(session: FoundSession, signal?: AbortSignal): Promise<string>;
  /** Renews the token of a session before its time, and has it read anew here. Rejects where that fails. */
  renew(session: FoundSession): Promise<void>;
  /** Tells of every end, wherever it was made: for streams that are open. */
  readonly ends: SessionEnds;
  /** Done when what is under way is stored. */
  close(): Promise<void>;
}

const SWEEP_MS = 60_000;

/** Begins to follow the log of ends, and to revoke what ended sessions have left. */
export function runSessions(handler: TokenHandler): RunningSessions {
  const ends = new SessionEnds(handler);
  ends.on(({ id }) => handler.over.add(id));
  const find = sessionFinder(handler, ends);
  const tokens = sessionTokens(handler);
  const closing = new AbortController();
  const { signal } = closing;
  const sweeping = (async () => {
    while (!signal.aborted) {
      // Whatever fails comes again.
      await sweep(handler).catch(() => undefined);
      // Gateways that began together do not ask together.
      await pause(handler.clock, SWEEP_MS * (0.5 + handler.clock.chance()), signal, 'nothing').catch(() => undefined);
    }
  })();
  ends.start();
  return {
    find,
    accessToken: (session, abort) => tokens.accessToken(session, abort),
    async renew(session) {
      await tokens.renew(session);
      find.forget(session.record.id);
    },
    ends,
    async close() {
      closing.abort(new Error('closed'));
      await Promise.all([sweeping, ends.close(), tokens.close()]);
    },
  };
}
