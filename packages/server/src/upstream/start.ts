import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type Aim, readAim } from '../interaction/aim.ts';
import { requireOwnForm } from '../interaction/csrf.ts';
import type { OwnPage } from '../interaction/own-page.ts';
import { PageError } from '../interaction/page-error.ts';
import { refuse, type UnderWay } from '../interaction/way.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type Attempt, attemptCookies, visitOf } from './attempt.ts';
import { beginAt, isRedirect, type RedirectUpstream } from './protocols.ts';
import { UpstreamRefused } from './upstream-refused.ts';
import type { Visit } from './visit.ts';

/** What the paths of upstreams begin with, and the page whose form their buttons are. */
export const UPSTREAM_PATH = '/signin/with';
export const BUTTONS_PAGE = '/signin';

/** Sends somebody to an upstream, for the request or the page that they sign in for. */
export async function startSignIn(ctx: Context, http: HttpRequest, name: string): Promise<HttpReply> {
  const trail = new Trail();
  let way: UnderWay | undefined;
  try {
    trail.at('upstream');
    const upstream = requireUpstream(ctx, name);
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    requireOwnForm(ctx, http, form, BUTTONS_PAGE);
    const aim = await readAim(ctx, http, form, trail);
    way = aim.way;
    trail.at('upstream');
    return await send(ctx, http, upstream, { purpose: 'sign_in', aim, session: undefined });
  } catch (error) {
    return await refuse(ctx, 'upstream', http, asPage(error), way?.request, trail);
  }
}

/**
 * Sends somebody who is signed in to an upstream whose account they want to link: 303 there. Whoever calls it has seen that the form is our own and that the sign-in is recent
 * (`requireRecent`). Throws `PageError`.
 */
export async function startLink(ctx: Context, http: HttpRequest, session: BrowserSession, name: string): Promise<HttpReply> {
  try {
    return await send(ctx, http, requireUpstream(ctx, name), {
      purpose: 'link',
      aim: { text: undefined, way: undefined, next: 'security' },
      session,
    });
  } catch (error) {
    throw asPage(error);
  }
}

/** The one of that name, while it may be used (attacks FED-06). Throws `PageError`. */
export function requireUpstream(ctx: Pick<Context, 'config'>, name: string): RedirectUpstream {
  const upstream = ctx.config.upstreams.find((one) => one.name === name);
  if (upstream === undefined || !isRedirect(upstream))
    throw new PageError('not_found', 'no upstream of that name that a browser is sent to');
  if (!upstream.enabled) throw new PageError('upstream_off', `upstreams: ${upstream.name} is not enabled`);
  return upstream;
}

/** What an upstream's failure is shown as. Its own words stay in the decision record. */
export function asPage(error: unknown): unknown {
  if (!(error instanceof UpstreamRefused)) return error;
  return new PageError(error.kind === 'unavailable' ? 'upstream_unavailable' : 'upstream_failed', error.message);
}

/** What the request or the page that is aimed at wants of an upstream. */
export function anewFor({ way, fresh }: Pick<Aim, 'way' | 'fresh'>): Visit['anew'] {
  if (fresh === true || way?.request.prompt.some((one) => one === 'login' || one === 'select_account') === true) return 'yes';
  const maxAge = way?.request.maxAge;
  return maxAge === undefined ? 'no' : { maxAgeSeconds: maxAge };
}

interface Errand {
  readonly purpose: Attempt['purpose'];
  readonly aim: Aim & { readonly next: OwnPage };
  /** Of a link. */
  readonly session: BrowserSession | undefined;
}

async function send(ctx: Context, http: HttpRequest, upstream: RedirectUpstream, { purpose, aim, session }: Errand): Promise<HttpReply> {
  const browser = browserOf(ctx, http);
  const attempt: Attempt = {
    id: ctx.random.text(24),
    upstream: upstream.name,
    startedMs: http.nowMs,
    browserId: browser.id,
    purpose,
    session: session?.session.id,
    authVersion: session?.user.authVersion ?? 0,
    ticket: aim.way?.ticket,
    next: aim.next,
    fresh: aim.fresh === true,
  };
  const cookies = attemptCookies(ctx, http, attempt);
  const url = await beginAt(ctx, upstream, visitOf(ctx, upstream, attempt, anewFor(aim), Math.floor(http.nowMs / 1000)));
  const all = browser.cookie === undefined ? cookies : [browser.cookie, ...cookies];
  return seeOther(url.href, { 'set-cookie': all, 'referrer-policy': 'no-referrer' });
}
