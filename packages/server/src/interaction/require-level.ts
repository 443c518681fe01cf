import { firstWays } from '../accounts/first-ways.ts';
import { findSecondFactors, hasSecondFactor } from '../accounts/second-factors.ts';
import { floorOfClient, reachable, requirementsOf } from '../authorize/requirements.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { HttpReply } from '../http.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { showsSecondFactor } from '../sessions/methods.ts';
import { standingOf } from '../sessions/standing.ts';
import { levelOf } from '../tokens/acr.ts';
import { VERIFY_PATH } from './enter.ts';
import { type OwnPage, signInPath } from './own-page.ts';
import { PageError } from './page-error.ts';

/**
 * For an approval: whoever says yes for a client elsewhere has shown as much as if they had signed in there. Undefined where they have; else the redirect to where they show more, which comes back
 * to `page`. Throws `PageError` (403) for somebody who has nothing more.
 */
export async function requireLevel(
  ctx: Context,
  session: BrowserSession,
  client: Client | undefined,
  page: OwnPage,
): Promise<HttpReply | undefined> {
  const { methods, amr } = standingOf(session);
  const floor = Math.max(1, client === undefined ? 0 : floorOfClient(client));
  const lacksFactor = requirementsOf(ctx, undefined).secondFactor === 'required' && !showsSecondFactor(methods);
  if (levelOf(amr) >= floor && !lacksFactor) return undefined;
  const having = await findSecondFactors(ctx, session.user);
  // Of a session that is behind nothing counts, and who has no second factor makes one in a sign-in.
  if (methods.length === 0 || (lacksFactor && !hasSecondFactor(having))) return seeOther(signInPath(page));
  if (reachable(methods, having) >= floor) return seeOther(verifyPath(page, floor));
  // Who came by mail may have more to show when they begin anew.
  if (reachable(await firstWays(ctx, session.user), having) >= floor) return seeOther(signInPath(page));
  throw new PageError('sign_in_too_weak', 'the user has nothing that would do');
}

function verifyPath(page: OwnPage, floor: number): string {
  return `${VERIFY_PATH}?next=${encodeURIComponent(page)}${floor > 1 ? `&level=${floor}` : ''}`;
}
