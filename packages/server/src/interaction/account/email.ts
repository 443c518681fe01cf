import type { Form } from '@hufu/protocol/form';
import { foldAddress } from '@hufu/store/email-address';
import type { ChallengeRecord } from '@hufu/store/port';
import { withFloor } from '../../accounts/answer-floor.ts';
import { readEmailAddress } from '../../accounts/email-address.ts';
import { directoryNames } from '../../accounts/first-ways.ts';
import { tellUser, verifiedAddress } from '../../accounts/tell-user.ts';
import { brandOf } from '../../appearance/brand.ts';
import { asUser } from '../../audit/acting.ts';
import { seeOther } from '../../authorize/respond.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { wakeDelivery } from '../../logout/delivery-job.ts';
import { askByMail } from '../../mail/ask-by-mail.ts';
import { type Asked, readAsked, writeAsked } from '../../mail/asked.ts';
import { findByLink, readMailLink, writeMailLink } from '../../mail/mail-code.ts';
import { takeMail } from '../../mail/mail-limits.ts';
import { requireMail } from '../../mail/require-mail.ts';
import { tryMailCode, useMailLink } from '../../mail/try-code.ts';
import { findBrowserSession } from '../../sessions/browser-session.ts';
import { browserOf } from '../../sessions/known-browser.ts';
import { formPage } from '../form-page.ts';
import { PageError } from '../page-error.ts';
import { localeOf, pageLink } from '../page-locale.ts';
import { type EmailStep, emailPage } from '../pages/account/email.ts';
import { displayText } from '../pages/display-text.ts';
import { html } from '../pages/html.ts';
import { messagesFor } from '../pages/messages/locale.ts';
import { toldPage } from '../pages/told.ts';
import { hasShownAll } from './forgets-credentials.ts';
import { askAgain } from './recent.ts';
import { accountRefusal, accountReply, actOnAccount, goOn, hrefOf, showAccount, type Visit } from './visit.ts';

const MAX_TYPED = 300;

/**
 * The address of an account: a new one is typed, a code or a link goes there, and it counts once that came back in a session of this very account (attacks USR-14). Opening a link does
 * nothing.
 */
export async function accountEmailGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const link = new URLSearchParams(http.query).get('link');
  // Somebody else's account, or nobody's: a sign-in would not come back with the link.
  if (link !== null && (await findBrowserSession(ctx, http)) === undefined) return elsewhere(ctx, http, 200);
  return await showAccount(ctx, http, 'email', async (visit) => {
    requireChangeable(visit);
    if (link !== null) return await showLink(visit, link);
    const asked = readAsked(ctx, visit.query.get('asked'), expectedOf(visit));
    if (asked !== undefined) return show(visit, codeStep(visit, asked, undefined));
    return (await askAgain(visit)) ?? show(visit, { kind: 'address', typed: unverifiedOf(visit) });
  });
}

/** A taken address is found out at the end alone, by somebody who reads its mail (attacks USR-01). */
export async function accountEmailPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await withFloor(ctx, () =>
    actOnAccount(ctx, http, 'email', async (visit, form) => {
      requireChangeable(visit);
      switch (form.get('act')) {
        case 'code':
          return await takeCode(visit, form);
        case 'link':
          return await takeLink(visit, form);
        default:
          return (await askAgain(visit)) ?? (await ask(visit, form));
      }
    }),
  );
}

async function ask(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, http, session, trail, locale } = visit;
  trail.at('mail_address');
  const typed = (form.get('address') ?? '').slice(0, MAX_TYPED);
  const address = readEmailAddress(typed);
  if (address === undefined) return refused(visit, 400, { kind: 'address', typed: typed.toWellFormed(), problem: 'not_an_address' });
  trail.at('mail_throttle');
  const browserId = browserOf(ctx, http).id;
  const taken = await takeMail(ctx, http, { address, browserId, isKnown: false, isReset: false, isNobody: false });
  if (taken.kind === 'limited') {
    const { retryAfterSeconds } = taken;
    const reply = refused(visit, 429, { kind: 'address', typed, problem: { retryAfterSeconds } });
    return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfterSeconds) } };
  }
  const challenge = await askByMail(ctx, http, {
    purpose: 'verify_email',
    user: session.user,
    address,
    to: taken.sends ? address : undefined,
    isOver: taken.isOver,
    browserId,
    locale,
    data: { address },
  });
  const asked = writeAsked(ctx, { challenge: challenge.id, address, ...expectedOf(visit) });
  return seeOther(hrefOf(visit, visit.path, { asked }));
}

async function takeCode(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, trail, now } = visit;
  trail.at('mail_code');
  const asked = readAsked(ctx, form.get('asked'), expectedOf(visit));
  if (asked === undefined) throw new PageError('request_unknown', 'this browser has asked for no such mail');
  const outcome = await tryMailCode(ctx, asked, form.get('code') ?? '', now);
  if (outcome.kind === 'right') return await prove(visit, outcome.challenge);
  const problem = outcome.kind === 'no_code' ? 'no_code' : { triesLeft: outcome.triesLeft };
  return refused(visit, outcome.kind === 'no_code' ? 400 : 401, codeStep(visit, asked, problem));
}

async function takeLink(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, trail, now, session } = visit;
  trail.at('mail_code');
  const link = readMailLink(form.get('link'));
  const found = await findByLink(ctx, link, now);
  if (link === undefined || !isOf(visit, found)) return elsewhere(ctx, visit.http, 400);
  const used = await useMailLink(ctx, link, now);
  return used === undefined || used.userId !== session.user.id ? elsewhere(ctx, visit.http, 400) : await prove(visit, used);
}

/** Somebody in a session of this account reads mail at this address. The first to show that also shows whose the account is (see `forgets-credentials.ts`). */
async function prove(visit: Visit, { userId, authVersion, data }: ChallengeRecord): Promise<HttpReply> {
  const { ctx, session, now, locale, trail } = visit;
  const { user } = session;
  const { address } = data;
  if (userId !== user.id || typeof address !== 'string') return elsewhere(ctx, visit.http, 400);
  const before = verifiedAddress(user);
  const forgetsCredentials = before === undefined && !(await hasShownAll(ctx, session));
  trail.at('authentication');
  const email = { address, folded: foldAddress(address) };
  // A directory goes on keeping those who came from there.
  const options = { forgetsCredentials, spares: directoryNames(ctx), session: session.session.id };
  const proved = await asUser(ctx, user).verifyEmail(ctx.tenant, user.id, authVersion, email, options, now);
  switch (proved.kind) {
    case 'taken':
      return goOn(visit, 'profile', 'taken');
    case 'changed':
    case 'unknown':
      return goOn(visit, 'profile', 'changed');
    case 'done': {
      if (forgetsCredentials) wakeDelivery(ctx);
      const isChange = before !== undefined && foldAddress(before) !== email.folded;
      // To the address that counted before: whoever took the account over does not read that one.
      await tellUser(ctx, user, isChange ? 'address_changed' : 'address_verified', {}, locale);
      if (forgetsCredentials) return forgotten(visit, address);
      return goOn(visit, 'profile', 'email_verified');
    }
  }
}

/** The configuration names the address of its users at each start. */
function requireChangeable({ ctx, session }: Visit): void {
  requireMail(ctx);
  if (session.user.source === 'config') throw new PageError('not_found', 'the configuration keeps this address');
}

function expectedOf({ ctx, http }: Visit): Pick<Asked, 'purpose' | 'browserId'> {
  return { purpose: 'verify_email', browserId: browserOf(ctx, http).id };
}

function isOf({ session }: Visit, challenge: ChallengeRecord | undefined): challenge is ChallengeRecord {
  return challenge?.purpose === 'verify_email' && challenge.userId === session.user.id;
}

async function showLink(visit: Visit, text: string): Promise<HttpReply> {
  const link = readMailLink(text);
  const challenge = await findByLink(visit.ctx, link, visit.now);
  if (link === undefined || !isOf(visit, challenge)) return elsewhere(visit.ctx, visit.http, 400);
  const { address } = challenge.data;
  return show(visit, { kind: 'link', link: writeMailLink(link), address: typeof address === 'string' ? address : challenge.address });
}

function codeStep({ ctx }: Visit, asked: Asked, problem: Extract<EmailStep, { kind: 'code' }>['problem']): EmailStep {
  return { kind: 'code', asked: writeAsked(ctx, asked), address: asked.address, ...(problem === undefined ? {} : { problem }) };
}

/** What stands there and counts for nothing yet: most probably that is what is to be shown. */
function unverifiedOf({ session: { user } }: Visit): string {
  const { email } = user.claims;
  return typeof email === 'string' && verifiedAddress(user) === undefined ? email : '';
}

function show(visit: Visit, step: EmailStep): HttpReply {
  return accountReply(visit, render(visit, step));
}

function refused(visit: Visit, status: number, step: EmailStep): HttpReply {
  return accountRefusal(visit, status, `${step.kind} not accepted`, render(visit, step));
}

function render(visit: Visit, step: EmailStep): Parameters<typeof accountReply>[1] {
  const { email } = visit.session.user.claims;
  const isVerified = verifiedAddress(visit.session.user) !== undefined;
  const current = typeof email === 'string' ? { address: email, isVerified } : undefined;
  return (frame) => emailPage({ ...frame, csrf: visit.csrf, action: visit.path, current, step });
}

/** A link that is not for the account of this browser, or is over: nothing is told of whose it is. */
function elsewhere(ctx: Context, http: HttpRequest, status: number): HttpReply {
  const locale = localeOf(http, undefined);
  const words = messagesFor(locale).mail.email;
  const onward = { href: pageLink('/signin', [['next', 'email']], locale), text: messagesFor(locale).mail.link.toSignIn };
  const body = toldPage({
    locale,
    brand: brandOf(ctx),
    languages: [],
    page: 'mail-told',
    heading: words.elsewhereHeading,
    lines: [words.elsewhere],
    onward,
  });
  return formPage(ctx, browserOf(ctx, http), body, { status });
}

function forgotten({ ctx, http, locale }: Visit, address: string): HttpReply {
  const words = messagesFor(locale).mail.email;
  const onward = { href: pageLink('/account/security', [], locale), text: words.account };
  const lines = [words.done(html`<b>${displayText(address, MAX_TYPED)}</b>`), words.forgotten];
  const body = toldPage({ locale, brand: brandOf(ctx), languages: [], page: 'mail-told', heading: words.doneHeading, lines, onward });
  return formPage(ctx, browserOf(ctx, http), body);
}
