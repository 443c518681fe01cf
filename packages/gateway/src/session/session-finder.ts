import { isUsable } from '@hufu/client/session/lifetime';
import { accessKey } from '@hufu/client/session/record';
import { lookUp, type SessionOutcome } from './find-session.ts';
import { findReplacement } from './replaced.ts';
import { findRevocation } from './revoked-access.ts';
import { type FoundSession, livesUntil } from './session-contents.ts';
import { readPresented } from './session-cookie.ts';
import type { SessionEnds } from './session-ends.ts';
import { AHEAD_SECONDS } from './session-tokens.ts';
import type { TokenHandler } from './token-handler.ts';

const MAX_SESSIONS = 10_000;

/** Finds sessions by cookies. `forget`: the next one who asks for it reads it anew. */
export type SessionFinder = ((cookieHeader: string | undefined) => Promise<SessionOutcome>) & { forget(id: string): void };

/**
 * Finds sessions as `findSession` does, and remembers those that it has read while the log of ends is fresh: then a request costs no look into the store, and a session that was ended
 * anywhere is over here within a second. Throws `StoreUnavailable`.
 */
export function sessionFinder(handler: TokenHandler, ends: SessionEnds): SessionFinder {
  const { settings, clock } = handler;
  const key = accessKey(settings.resource, undefined);
  /** By the hash of the cookie; the longest unused first. */
  const remembered = new Map<string, FoundSession>();
  ends.on(({ id }) => void remembered.delete(id));

  function recall(id: string): FoundSession | undefined {
    if (!ends.isFresh) {
      remembered.clear();
      return undefined;
    }
    const session = remembered.get(id);
    if (session === undefined) return undefined;
    // Others may have seen it or renewed its token since.
    const access = session.contents.tokens.access[key];
    const isCurrent = access !== undefined && isUsable(access, clock.nowMs(), AHEAD_SECONDS * 1_000);
    remembered.delete(id);
    if (!isCurrent || livesUntil(handler, session.record) === undefined) return undefined;
    remembered.set(id, session);
    return session;
  }

  const find = async (cookieHeader: string | undefined): Promise<SessionOutcome> => {
    const presented = readPresented(handler, cookieHeader);
    if (presented === undefined) return { kind: 'none' };
    if (presented === 'unreadable') return { kind: 'over', reason: 'expired' };
    const { kept } = presented;
    const session = recall(presented.id);
    const replacement = session === undefined ? undefined : findReplacement(handler, session);
    if (replacement !== undefined) return { kind: 'over', reason: 'replaced', replacement };
    // Revoked for another reason: somebody may have got it another token since.
    if (session !== undefined && findRevocation(handler, session.contents.tokens.access[key]) === undefined)
      return { kind: 'found', session, kept };
    const before = ends.last;
    const outcome = await lookUp(handler, presented);
    // An end that was told while this was read may have been its own.
    if (outcome.kind === 'found' && ends.isFresh && ends.last === before) {
      const [oldest] = remembered.keys();
      if (remembered.size >= MAX_SESSIONS && oldest !== undefined) remembered.delete(oldest);
      remembered.set(outcome.session.record.id, outcome.session);
    }
    return outcome;
  };
  return Object.assign(find, { forget: (id: string) => void remembered.delete(id) });
}
