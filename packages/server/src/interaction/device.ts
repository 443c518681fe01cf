import { readQuery } from '@hufu/protocol/form';
import { brandOf } from '../appearance/brand.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { findClientOf } from '../pending/client-of-pending.ts';
import { takeGuess } from '../pending/guesses.ts';
import { formatUserCode, hashUserCode, readUserCode } from '../pending/user-code.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { confirmPath } from './device-confirm.ts';
import { formPage } from './form-page.ts';
import { devicePage as ownPageOf, signInPath } from './own-page.ts';
import { pageRefusal } from './page-error.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { type DeviceView, devicePage } from './pages/device.ts';
import { requireLevel } from './require-level.ts';

const PATH = '/device';

/**
 * Where the code of a device is typed (RFC 8628 §3.3). Whoever is not signed in does that first: no code is ever looked up for a stranger. A code in the address
 * (§3.3.1) is only written into the field.
 */
export async function deviceGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const code = readUserCode(readQuery(http.query, { repetition: 'listed' }).get('user_code') ?? '');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath(ownPageOf(code)));
    return page(ctx, http, session, code === undefined ? '' : formatUserCode(code), 200);
  } catch (error) {
    return pageRefusal(ctx, 'device', http, trail, error);
  }
}

/** Takes the code. A guess is taken from every limit before it is looked up, and given back where it was right (attacks DEV-07). */
export async function devicePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    const typed = form.get('user_code') ?? '';
    const code = readUserCode(typed);
    trail.at('authentication');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath(ownPageOf(code)));
    trail.at('same_site');
    requireOwnForm(ctx, http, form, formName(session));
    trail.at('user_code');
    if (code === undefined) return refused(ctx, http, session, typed, { kind: 'wrong_code' }, trail);
    const guess = await takeGuess(ctx, { userId: session.user.id, address: http.address });
    if (guess.kind === 'limited') {
      const { retryAfterSeconds, rule } = guess;
      return refused(ctx, http, session, typed, { kind: 'slowed_down', retryAfterSeconds }, trail, rule);
    }
    const now = Math.floor(http.nowMs / 1000);
    const pending = await ctx.store.findPendingByUserCode(ctx.tenant, hashUserCode(ctx, code), now).catch((error: unknown) => {
      // Nobody has judged it.
      guess.refund();
      throw error;
    });
    const client = pending?.decision.kind === 'pending' ? await findClientOf(ctx, pending) : undefined;
    if (pending === undefined || client === undefined) return refused(ctx, http, session, typed, { kind: 'wrong_code' }, trail);
    guess.refund();
    // Before the question is put: the code is typed again by the session that comes of it.
    const more = await requireLevel(ctx, session, client, ownPageOf(code));
    if (more !== undefined) return more;
    return seeOther(confirmPath(ctx, session, pending, code));
  } catch (error) {
    return pageRefusal(ctx, 'device', http, trail, error);
  }
}

function refused(
  ctx: Context,
  http: HttpRequest,
  session: BrowserSession,
  typed: string,
  problem: NonNullable<DeviceView['problem']>,
  trail: Trail,
  rule?: string,
): HttpReply {
  const slowed = problem.kind === 'slowed_down';
  const status = slowed ? 429 : 400;
  const detail = rule === undefined ? {} : { detail: `limit ${rule}` };
  const error = { code: 'invalid_request', description: slowed ? 'too many wrong user codes' : 'no such user code', ...detail } as const;
  const decision = ctx.decisions.record('device', status, error, trail, http.nowMs);
  const reply = page(ctx, http, session, typed, status, problem);
  const wait = slowed ? { 'retry-after': String(problem.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

function page(
  ctx: Context,
  http: HttpRequest,
  session: BrowserSession,
  userCode: string,
  status: number,
  problem?: DeviceView['problem'],
): HttpReply {
  const browser = browserOf(ctx, http);
  const body = devicePage({
    locale: localeOf(http, undefined),
    brand: brandOf(ctx),
    languages: languageLinks(PATH, userCode === '' || status !== 200 ? [] : [['user_code', userCode]]),
    action: PATH,
    csrf: csrfToken(ctx, browser.id, formName(session)),
    userCode,
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status });
}

function formName({ session }: BrowserSession): string {
  return `${PATH} ${session.id}`;
}
