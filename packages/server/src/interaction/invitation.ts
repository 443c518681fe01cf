import { type Form, readQuery } from '@hufu/protocol/form';
import { foldAddress } from '@hufu/store/email-address';
import type { ChallengeRecord, UserRecord } from '@hufu/store/port';
import { isActive } from '../accounts/is-active.ts';
import { normalizePassword } from '../accounts/normalize-password.ts';
import { judgePassword, type PasswordFault } from '../accounts/password-policy.ts';
import { tellUser } from '../accounts/tell-user.ts';
import { wordsOfUser } from '../accounts/words-of-user.ts';
import { brandOf } from '../appearance/brand.ts';
import { asUser } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { wakeDelivery } from '../logout/delivery-job.ts';
import { findByLink, type MailLink, readMailLink, writeMailLink } from '../mail/mail-code.ts';
import { useMailLink } from '../mail/try-code.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { formPage } from './form-page.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { invitationPage } from './pages/invitation.ts';
import { messagesFor } from './pages/messages/locale.ts';
import { toldPage } from './pages/told.ts';
import { requireRecovery } from './recover.ts';
import { refuse } from './way.ts';

const PATH = '/invitation';

/** Where the link of an invitation leads, in any browser. Looking at it uses nothing up (attacks USR-26). */
export async function invitationGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    requireRecovery(ctx);
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed' });
    trail.at('mail_code');
    const found = await find(ctx, http, query);
    return found === undefined ? over(ctx, http, trail) : page(ctx, http, found, 200, undefined);
  } catch (error) {
    return await refuse(ctx, 'invitation', http, error, undefined, trail);
  }
}

/**
 * Sets the first password, and takes the address for shown. The link is taken in one statement, for one caller, while nothing about the account has changed since it was sent; what follows
 * is judged under the version that it was taken under. Whoever stops in between has an account without a password as before, to which they can be invited again. Nobody is signed in by it:
 * second factors that policies ask for come with the sign-in.
 */
export async function invitationPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    requireRecovery(ctx);
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    requireOwnForm(ctx, http, form, PATH);
    trail.at('mail_code');
    const found = await find(ctx, http, form);
    if (found === undefined) return over(ctx, http, trail);
    trail.at('password_policy');
    const password = normalizePassword(form.get('password') ?? '');
    const fault = await judgePassword(password, wordsOfUser(found.user), ctx.config.policies.passwords.minLength);
    if (fault !== undefined) return refused(ctx, http, found, fault, trail);
    trail.at('mail_code');
    return (await accept(ctx, http, found, password)) ? done(ctx, http) : over(ctx, http, trail);
  } catch (error) {
    return await refuse(ctx, 'invitation', http, error, undefined, trail);
  }
}

interface Found {
  readonly link: MailLink;
  readonly user: UserRecord;
  /** As it stands in the claims. */
  readonly address: string;
}

async function find(ctx: Context, http: HttpRequest, sent: Pick<Form, 'get'>): Promise<Found | undefined> {
  const now = Math.floor(http.nowMs / 1000);
  const link = readMailLink(sent.get('link'));
  const challenge = await findByLink(ctx, link, now);
  const user = challenge?.userId === undefined ? undefined : await ctx.store.findUser(ctx.tenant, challenge.userId);
  const address = user?.claims['email'];
  if (link === undefined || challenge === undefined || user === undefined || typeof address !== 'string') return undefined;
  return isCurrent(challenge, user, now) && foldAddress(address) === challenge.address ? { link, user, address } : undefined;
}

function isCurrent({ purpose, authVersion }: ChallengeRecord, user: UserRecord, now: number): boolean {
  return purpose === 'invite' && isActive(user, now) && user.authVersion === authVersion && user.passwordHash === undefined;
}

async function accept(ctx: Context, http: HttpRequest, { link, user, address }: Found, password: string): Promise<boolean> {
  const hash = await ctx.passwords.hash(password);
  const now = Math.floor(http.nowMs / 1000);
  const taken = await useMailLink(ctx, link, now);
  if (taken === undefined || taken.userId !== user.id) return false;
  const store = asUser(ctx, user);
  const email = { address, folded: taken.address };
  // Nobody has shown anything for this account before: there is nothing that another one could have left there.
  const options = { forgetsCredentials: false, session: undefined } as const;
  const proved = await store.verifyEmail(ctx.tenant, user.id, taken.authVersion, email, options, now);
  if (proved.kind !== 'done') return false;
  const keep = { session: undefined, revokes: 'all' } as const;
  const changed = await store.changePassword(ctx.tenant, user.id, proved.authVersion, hash, keep, now);
  if (changed.kind !== 'done') return false;
  wakeDelivery(ctx);
  await tellUser(ctx, user, 'address_verified', {}, localeOf(http, undefined));
  return true;
}

function refused(ctx: Context, http: HttpRequest, found: Found, fault: PasswordFault, trail: Trail): HttpReply {
  const error = { code: 'invalid_request', description: 'the password was not taken', detail: `password: ${fault}` } as const;
  const decision = ctx.decisions.record('invitation', 400, error, trail, http.nowMs);
  const reply = page(ctx, http, found, 400, fault);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

function page(ctx: Context, http: HttpRequest, found: Found, status: number, problem: PasswordFault | undefined): HttpReply {
  const locale = localeOf(http, undefined);
  const browser = browserOf(ctx, http);
  const link = writeMailLink(found.link);
  const body = invitationPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, [['link', link]]),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: '' },
    link,
    username: found.user.username,
    address: found.address,
    minLength: ctx.config.policies.passwords.minLength,
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status });
}

function done(ctx: Context, http: HttpRequest): HttpReply {
  const { doneHeading, done: text } = messagesFor(localeOf(http, undefined)).mail.invitation;
  return told(ctx, http, 200, doneHeading, text);
}

/** The same for a link of nobody, of somebody else, and one that was good once. */
function over(ctx: Context, http: HttpRequest, trail: Trail): HttpReply {
  const error = { code: 'invalid_request', description: 'the invitation is over' } as const;
  const decision = ctx.decisions.record('invitation', 400, error, trail, http.nowMs);
  const { overHeading, over: text } = messagesFor(localeOf(http, undefined)).mail.invitation;
  const reply = told(ctx, http, 400, overHeading, text);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

function told(ctx: Context, http: HttpRequest, status: number, heading: string, line: string): HttpReply {
  const locale = localeOf(http, undefined);
  const onward = { href: pageLink('/signin', [], locale), text: messagesFor(locale).mail.recover.signIn };
  const body = toldPage({ locale, brand: brandOf(ctx), languages: [], page: 'mail-told', heading, lines: [line], onward });
  return formPage(ctx, browserOf(ctx, http), body, { status });
}
