import { equalText } from '@hufu/protocol/equal-text';
import { readQuery } from '@hufu/protocol/form';
import type { ChallengeRecord } from '@hufu/store/port';
import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { hashBrowser } from '../mail/ask-by-mail.ts';
import { findByLink, hashLinkSecret, hashMailCode, type MailLink, newMailCode, readMailLink, writeMailLink } from '../mail/mail-code.ts';
import { requireMail } from '../mail/require-mail.ts';
import { useMailLink } from '../mail/try-code.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type Aim, readAim } from './aim.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { formPage } from './form-page.ts';
import { signInByMail } from './mail-proved.ts';
import { requireMethodOn } from './methods-on.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { mailLinkPage } from './pages/mail-link.ts';
import { messagesFor } from './pages/messages/locale.ts';
import { type ToldView, toldPage } from './pages/told.ts';
import { requireVerifiedSignUp, signUpByMail } from './sign-up-by-mail.ts';
import { refuse } from './way.ts';

const PATH = '/signin/link';
/** How long a code is good that was shown in another browser. */
const SHOWN_SECONDS = 120;

/** Shows where a link leads, and uses nothing up: programs that look at mails open links too (attacks USR-26). */
export async function mailLinkGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    requireMail(ctx);
    trail.at('parameters');
    const link = readMailLink(readQuery(http.query, { repetition: 'listed' }).get('link'));
    trail.at('mail_code');
    const found = await find(ctx, http, link);
    return found === undefined ? over(ctx, http, trail) : page(ctx, http, found);
  } catch (error) {
    return await refuse(ctx, 'signin_link', http, error, undefined, trail);
  }
}

/**
 * In the browser that asked: goes on. In any other nobody is ever signed in, neither here nor there: it can say that it was somebody else, which ends the mail, or show a new code to be
 * typed where it was asked for.
 */
export async function mailLinkPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let aim: Aim | undefined;
  try {
    requireMail(ctx);
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    requireOwnForm(ctx, http, form, PATH);
    trail.at('mail_code');
    const found = await find(ctx, http, readMailLink(form.get('link')));
    if (found === undefined) return over(ctx, http, trail);
    switch (form.get('act')) {
      case 'go': {
        // By now it may be another browser's: it shows what that one may do.
        if (!found.isHere) return page(ctx, http, found);
        const { data } = found.challenge;
        aim = await readAim(ctx, http, { get: (name) => (typeof data[name] === 'string' ? data[name] : undefined) }, trail);
        trail.at('mail_code');
        const used = await useMailLink(ctx, found.link, Math.floor(http.nowMs / 1000));
        const reply = used === undefined ? undefined : await finish(ctx, http, used, aim, trail);
        return reply ?? over(ctx, http, trail);
      }
      case 'not_me':
        await useMailLink(ctx, found.link, Math.floor(http.nowMs / 1000));
        return told(ctx, http, 200, (words) => ({ heading: words.headingRefused, lines: [words.refused] }));
      case 'show_code':
        return await showCode(ctx, http, found, trail);
      default:
        throw new PageError('request_malformed', 'no act');
    }
  } catch (error) {
    return await refuse(ctx, 'signin_link', http, error, aim?.way?.request, trail);
  }
}

interface Found {
  readonly link: MailLink;
  readonly challenge: ChallengeRecord;
  /** This is the browser that asked. */
  readonly isHere: boolean;
}

async function find(ctx: Context, http: HttpRequest, link: MailLink | undefined): Promise<Found | undefined> {
  const challenge = await findByLink(ctx, link, Math.floor(http.nowMs / 1000));
  if (challenge === undefined || link === undefined) return undefined;
  if (challenge.purpose === 'sign_in') requireMethodOn(ctx, 'email');
  else if (challenge.purpose === 'sign_up') requireVerifiedSignUp(ctx);
  else return undefined;
  return { link, challenge, isHere: equalText(challenge.browserHash, hashBrowser(ctx, browserOf(ctx, http).id)) };
}

function finish(ctx: Context, http: HttpRequest, challenge: ChallengeRecord, aim: Aim, trail: Trail): Promise<HttpReply | undefined> {
  return challenge.purpose === 'sign_up'
    ? signUpByMail(ctx, http, challenge, aim, trail)
    : signInByMail(ctx, http, 'email_link', challenge, aim, trail);
}

/** The link is exchanged for a code that nobody has seen yet. */
async function showCode(ctx: Context, http: HttpRequest, { link, challenge }: Found, trail: Trail): Promise<HttpReply> {
  const now = Math.floor(http.nowMs / 1000);
  const code = newMailCode(ctx.random);
  const hashes = { link: hashLinkSecret(ctx, link.secret), code: hashMailCode(ctx, challenge, code) };
  const renewed = await ctx.store.renewCode(ctx.tenant, challenge.id, hashes, now + SHOWN_SECONDS, now);
  if (renewed === 'dead') return over(ctx, http, trail);
  return told(ctx, http, 200, (words) => ({
    heading: words.headingCode,
    code: code.replace(/^(\d{4})/, '$1 '),
    lines: [words.leadCode, words.warning],
  }));
}

function over(ctx: Context, http: HttpRequest, trail: Trail): HttpReply {
  const error = { code: 'invalid_request', description: 'the link of the mail is over' } as const;
  const decision = ctx.decisions.record('signin_link', 400, error, trail, http.nowMs);
  const reply = told(ctx, http, 400, (words, locale) => ({
    heading: words.headingOver,
    lines: [words.over],
    onward: { href: pageLink('/signin', [], locale), text: words.toSignIn },
  }));
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

type LinkWords = ReturnType<typeof messagesFor>['mail']['link'];

function told(
  ctx: Context,
  http: HttpRequest,
  status: number,
  view: (words: LinkWords, locale: ReturnType<typeof localeOf>) => Pick<ToldView, 'heading' | 'lines' | 'code' | 'onward'>,
): HttpReply {
  const locale = localeOf(http, undefined);
  const body = toldPage({ locale, brand: brandOf(ctx), languages: [], page: 'mail-told', ...view(messagesFor(locale).mail.link, locale) });
  return formPage(ctx, browserOf(ctx, http), body, { status });
}

function page(ctx: Context, http: HttpRequest, { link, challenge, isHere }: Found): HttpReply {
  const locale = localeOf(http, undefined);
  const browser = browserOf(ctx, http);
  const text = writeMailLink(link);
  const body = mailLinkPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, [['link', text]]),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: '' },
    link: text,
    state: !isHere ? 'elsewhere' : challenge.purpose === 'sign_up' ? 'sign_up' : 'sign_in',
  });
  return formPage(ctx, browser, body);
}
