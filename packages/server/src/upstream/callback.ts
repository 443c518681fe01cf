import { type Form, readQuery } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { hasPassword } from '../accounts/first-ways.ts';
import { isActive } from '../accounts/is-active.ts';
import { brandOf } from '../appearance/brand.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type Aim, aimParameters } from '../interaction/aim.ts';
import { enter } from '../interaction/enter.ts';
import { pathOfPage } from '../interaction/own-page.ts';
import { PageError } from '../interaction/page-error.ts';
import { localeOf } from '../interaction/page-locale.ts';
import { pageHeaders } from '../interaction/pages/headers.ts';
import { upstreamReturnPage } from '../interaction/pages/upstream-return.ts';
import { writeTicket } from '../interaction/ticket.ts';
import { readUnderWay, refuse } from '../interaction/way.ts';
import { type Attempt, clearAttempt, hasAttempt, takeAttempt, visitOf } from './attempt.ts';
import { findAccount } from './find-account.ts';
import { finishLink } from './link.ts';
import type { ForeignPerson } from './person.ts';
import { finishAt, type RedirectUpstream } from './protocols.ts';
import { anewFor, asPage, requireUpstream } from './start.ts';
import { UpstreamRefused } from './upstream-refused.ts';
import type { Answer } from './visit.ts';

/** What an answer may bring, with the most characters that are read of each. */
const FIELDS: ReadonlyMap<string, number> = new Map([
  ['code', 4_096],
  ['auth_code', 4_096],
  ['authCode', 4_096],
  ['state', 64],
  ['iss', 2_048],
  ['error', 200],
  ['error_description', 2_000],
  ['response', 8_192],
  ['SAMLResponse', 60_000],
  ['RelayState', 64],
]);

/** The answer of an upstream that sends the browser back with it. */
export async function callbackGet(ctx: Context, http: HttpRequest, name: string): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('upstream');
    const upstream = requireUpstream(ctx, name);
    trail.at('parameters');
    const answer = readAnswer(readQuery(http.query, { repetition: 'listed' }));
    // A response by POST has come by POST: nothing that somebody puts into a link is one.
    if (answer.has('SAMLResponse')) throw new PageError('request_malformed', 'a SAML response in an address');
    return await hear(ctx, http, upstream, answer, trail);
  } catch (error) {
    return await refuse(ctx, 'upstream', http, asPage(error), undefined, trail);
  }
}

/**
 * The answer of an upstream that POSTs it (SAML 2.0 Bindings §3.5, OAuth 2.0 Form Post Response Mode §2). No cookie of ours comes with a form of another site, so a page of ours sends it
 * once more: nothing is kept for whoever sends us something.
 */
export async function callbackPost(ctx: Context, http: HttpRequest, name: string): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('upstream');
    const upstream = requireUpstream(ctx, name);
    trail.at('parameters');
    const form = requireForm(http, { repetition: 'listed' });
    const answer = readAnswer(form);
    const site = http.headers['sec-fetch-site'];
    const isOurs = (site === undefined || site === 'same-origin') && hasAttempt(ctx, http, stateOf(answer));
    if (isOurs || form.get('again') === '1') return await hear(ctx, http, upstream, answer, trail);
    return sendAgain(ctx, http, answer);
  } catch (error) {
    return await refuse(ctx, 'upstream', http, asPage(error), undefined, trail);
  }
}

function sendAgain(ctx: Context, http: HttpRequest, answer: Answer): HttpReply {
  const scriptNonce = ctx.random.text(24);
  const body = upstreamReturnPage({
    locale: localeOf(http, undefined),
    brand: brandOf(ctx),
    languages: [],
    action: http.path,
    fields: [...answer, ['again', '1']],
    scriptNonce,
  });
  return { status: 200, headers: pageHeaders({ issuer: ctx.issuer, scriptNonce, opener: 'popup' }), body };
}

function readAnswer(sent: Pick<Form, 'get'>): Answer {
  const answer = new Map<string, string>();
  for (const [name, max] of FIELDS) {
    const value = sent.get(name);
    if (value === undefined) continue;
    if (value.length > max) throw new PageError('request_malformed', `${name} is too long`);
    answer.set(name, value);
  }
  return answer;
}

function stateOf(answer: Answer): string {
  return answer.get('state') ?? answer.get('RelayState') ?? '';
}

/** Takes the attempt, then hears what is said; the cookie goes with any answer. */
async function hear(ctx: Context, http: HttpRequest, upstream: RedirectUpstream, answer: Answer, trail: Trail): Promise<HttpReply> {
  trail.at('upstream_attempt');
  const attempt = await takeAttempt(ctx, http, upstream, stateOf(answer));
  const reply = await judge(ctx, http, upstream, attempt, answer, trail);
  const cookies = reply.headers['set-cookie'] ?? [];
  return {
    ...reply,
    headers: { ...reply.headers, 'set-cookie': [...(typeof cookies === 'string' ? [cookies] : cookies), clearAttempt(ctx, attempt.id)] },
  };
}

async function judge(
  ctx: Context,
  http: HttpRequest,
  upstream: RedirectUpstream,
  attempt: Attempt,
  answer: Answer,
  trail: Trail,
): Promise<HttpReply> {
  let aim: Aim = { text: undefined, way: undefined, next: attempt.next, fresh: attempt.fresh };
  const now = Math.floor(http.nowMs / 1000);
  try {
    if (attempt.ticket !== undefined) {
      const text = writeTicket(ctx, attempt.ticket);
      aim = { ...aim, text, way: await readUnderWay(ctx, http, text, trail) };
    }
    trail.at('upstream_answer');
    const person = await finishAt(ctx, upstream, visitOf(ctx, upstream, attempt, anewFor(aim), now), answer);
    trail.at('upstream_account');
    if (attempt.purpose === 'link') return await finishLink(ctx, http, upstream, attempt, person);
    const user = await findAccount(ctx, upstream, person, { address: http.address, now });
    if (user === undefined) throw new PageError('upstream_no_account', 'nobody has linked it, and no rule says who it is');
    if (!isActive(user, now)) throw new PageError('upstream_account_off', 'the user is disabled or locked');
    const at = await authenticatedAt(ctx, { attempt, aim, user, person, now });
    const proved = [
      {
        method: 'upstream',
        at,
        upstream: { name: upstream.name, multiFactor: person.multiFactor, dated: person.authenticatedAt !== undefined },
      },
    ] as const;
    const entered = await enter(ctx, 'upstream', http, { user, proved }, aim, trail);
    if (entered === undefined) throw new PageError('upstream_account_off', 'the user is not active');
    return entered;
  } catch (error) {
    if (error instanceof UpstreamRefused && error.kind === 'declined') return declined(ctx, http, attempt, aim, error, trail);
    return await refuse(ctx, 'upstream', http, asPage(error), aim.way?.request, trail);
  }
}

/** Somebody who is back from an upstream, and what for. */
interface Returned {
  readonly attempt: Attempt;
  readonly aim: Aim;
  readonly user: UserRecord;
  readonly person: ForeignPerson;
  readonly now: number;
}

/**
 * When they authenticated. Where that has to be recent, an upstream that does not say so has shown nothing (0: a request then ends in `login_required`), and on a page of ours one that
 * cannot say it counts for those alone who have no other way.
 */
async function authenticatedAt(ctx: Context, { attempt, aim, user, person, now }: Returned): Promise<number> {
  const started = Math.floor(attempt.startedMs / 1000);
  const said = person.authenticatedAt;
  if (aim.fresh === true) {
    const stale = said === undefined ? await hasPassword(ctx, user) : said < started - SKEW;
    if (stale)
      throw new PageError(
        'upstream_not_fresh',
        said === undefined ? 'it does not say when somebody authenticated' : 'they authenticated there before they were asked to',
      );
    return now;
  }
  return said ?? (anewFor(aim) === 'no' ? now : 0);
}

/** Seconds that an upstream's clock may be behind. */
const SKEW = 10;

/** Back to where they came from, to do something else. */
function declined(ctx: Context, http: HttpRequest, attempt: Attempt, aim: Aim, error: UpstreamRefused, trail: Trail): HttpReply {
  ctx.metrics.meter.signInFailed('upstream');
  const decision = ctx.decisions.record(
    'upstream',
    303,
    { code: 'access_denied', description: 'nobody signed in at the upstream', detail: error.message },
    trail,
    http.nowMs,
  );
  const parameters = new URLSearchParams(aimParameters(aim).map(([a, b]) => [a, b])).toString();
  const path = attempt.purpose === 'link' ? pathOfPage(attempt.next) : `/signin${parameters === '' ? '' : `?${parameters}`}`;
  return seeOther(path, { 'hufu-decision': decision });
}
