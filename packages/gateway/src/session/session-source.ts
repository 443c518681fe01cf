import { deadline } from '@hufu/client/clock';
import { SessionError } from '@hufu/client/session/session-error';
import type { SessionAnswer, SessionSource } from '../identify/session-source.ts';
import { clearTransactions } from './cookie-jar.ts';
import { noteUse } from './find-session.ts';
import { findGrace } from './grace.ts';
import { describeReplacement, type Replacement, readReplacement } from './replacement.ts';
import type { RunningSessions } from './run-sessions.ts';
import { type FoundSession, isOtherSession, livesUntil } from './session-contents.ts';
import { renewedCookies } from './session-cookie.ts';
import type { TokenHandler } from './token-handler.ts';

/** Nobody waits longer for a token to be renewed. */
const WAIT_MS = 5_000;
/** What a page is told of a session that another device has taken the place of. */
const REPLACED = 'session_replaced';

/** Sessions of an edge, as its pipeline asks for them: each answer has an access token that is good now. A use of a session is noted. */
export function sessionSource(handler: TokenHandler, running: RunningSessions): SessionSource {
  const { store, tenant, settings, cookies } = handler;
  return {
    cookieName: cookies.session,
    origins: new Set([settings.origin, ...settings.origins]),
    async find(cookieHeader, handle): Promise<SessionAnswer> {
      const outcome = await running.find(cookieHeader);
      if (outcome.kind === 'none') return outcome;
      if (outcome.kind === 'over') return overOf(outcome.reason, outcome.replacement);
      const { session, kept } = outcome;
      if (isOtherSession(handler, session, handle)) return { kind: 'changed' };
      const limit = deadline(handler.clock, WAIT_MS);
      try {
        const token = await running.accessToken(session, limit.signal);
        // Nobody waits for a note.
        void noteUse(handler, session);
        const answer = { kind: 'found', token, ...timesOf(handler, session) } as const;
        if (kept === undefined) return answer;
        // Its token may have been renewed just now.
        const latest = await running.find(cookieHeader);
        const { contents } = latest.kind === 'found' ? latest.session : session;
        return { ...answer, cookies: () => renewedCookies(handler, answer.id, contents, kept) };
      } catch (error) {
        const reason = error instanceof SessionError ? ENDS.get(error.code) : undefined;
        if (reason !== undefined) return overOf(reason, error instanceof SessionError ? readReplacement(error.reason) : undefined);
        const isAway = limit.expired() || (error instanceof SessionError && error.code === 'temporarily_unavailable');
        const grace = isAway ? findGrace(handler, session) : undefined;
        if (grace === undefined) throw error;
        void noteUse(handler, session);
        return { kind: 'found', token: grace.token, ...timesOf(handler, session), lenientUntil: grace.until };
      } finally {
        limit.clear();
      }
    },
    async livesUntil(id) {
      const record = await store.findEdgeRecord(tenant, settings.edge, id);
      return record === undefined ? undefined : livesUntil(handler, record);
    },
    learn: (token, live) => handler.learnt.learn(token, live),
    clearing: (cookieHeader) => clearTransactions(cookieHeader, cookies),
    onEnd: (ended) => running.ends.on(({ id }) => ended(id)),
  };
}

/** Failures after which there is no session any more. With the others nobody is signed out. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ['no_session', 'expired'],
  ['expired', 'expired'],
  ['signed_out', 'signed_out'],
  ['replaced', 'replaced'],
]);

function timesOf(
  handler: TokenHandler,
  { record }: FoundSession,
): { readonly id: string; readonly expiresAt: number; readonly livesUntil: number } {
  const { id, expiresAt } = record;
  return { id, expiresAt, livesUntil: livesUntil(handler, record) ?? 0 };
}

function overOf(reason: string, replacement: Replacement | undefined): SessionAnswer {
  if (reason !== 'replaced') return { kind: 'over', reason };
  return { kind: 'over', reason: REPLACED, ...(replacement !== undefined && { detail: describeReplacement(replacement) }) };
}
