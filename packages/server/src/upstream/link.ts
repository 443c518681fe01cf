import { tellUser } from '../accounts/tell-user.ts';
import { asUser } from '../audit/acting.ts';
import type { Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { goOn, showAccount } from '../interaction/account/visit.ts';
import { PageError } from '../interaction/page-error.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import type { Attempt } from './attempt.ts';
import type { ForeignPerson } from './person.ts';
import { titleOf } from './title.ts';

/**
 * The end of a link: in the very session that it was begun in, which nobody has changed anything of since, and of this browser (attacks FED-04). An account elsewhere that is somebody's stays theirs.
 */
export async function finishLink(
  ctx: Context,
  http: HttpRequest,
  upstream: Upstream,
  attempt: Attempt,
  { issuer, subject, label }: ForeignPerson,
): Promise<HttpReply> {
  const found = await findBrowserSession(ctx, http);
  if (found === undefined || found.session.id !== attempt.session || found.user.authVersion !== attempt.authVersion)
    throw new PageError('session_changed', 'it was begun in another session, or before something else was changed');
  const identity = { upstream: upstream.name, issuer, subject, label };
  const now = Math.floor(http.nowMs / 1000);
  const linked = await asUser(ctx, found.user).linkIdentity(
    ctx.tenant,
    found.user.id,
    found.user.authVersion,
    identity,
    found.session.id,
    now,
  );
  if (linked.kind === 'unknown') throw new PageError('session_changed', 'the user is not there any more');
  if (linked.kind === 'done') await tellUser(ctx, found.user, 'identity_linked', { name: titleOf(upstream, 'en') });
  const outcome = linked.kind === 'done' ? 'linked' : linked.kind;
  return showAccount(ctx, http, 'security', async (visit) => goOn(visit, 'security', outcome));
}
