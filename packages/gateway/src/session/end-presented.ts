import type { EdgeEnd } from '@hufu/store/port';
import { type EndedSession, endSession } from './end-session.ts';
import { lookUp } from './find-session.ts';
import { readPresented } from './session-cookie.ts';
import type { TokenHandler } from './token-handler.ts';

/** Ends the session that a request's cookies name, as `endSession` does. One that only its cookie knows is put in the store first, so that it is over for good. Throws `StoreUnavailable`. */
export async function endPresented(
  handler: TokenHandler,
  cookieHeader: string | undefined,
  reason: EdgeEnd,
): Promise<EndedSession | undefined> {
  const presented = readPresented(handler, cookieHeader);
  if (presented === undefined || presented === 'unreadable') return undefined;
  if (presented.kept !== undefined) await lookUp(handler, presented);
  return await endSession(handler, presented.id, reason);
}
