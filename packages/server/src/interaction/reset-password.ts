import { type Form, readQuery } from '@hufu/protocol/form';
import type { ChallengeRecord, UserRecord } from '@hufu/store/port';
import { isActive } from '../accounts/is-active.ts';
import { normalizePassword } from '../accounts/normalize-password.ts';
import { judgePassword, type PasswordFault } from '../accounts/password-policy.ts';
import { findSecondFactors, hasSecondFactor } from '../accounts/second-factors.ts';
import { tellUser } from '../accounts/tell-user.ts';
import { wordsOfUser } from '../accounts/words-of-user.ts';
import { brandOf } from '../appearance/brand.ts';
import { asUser } from '../audit/acting.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { wakeDelivery } from '../logout/delivery-job.ts';
import { findByLink, readMailLink } from '../mail/mail-code.ts';
import { MAX_CODE_TRIES } from '../mail/try-code.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { showsSecondFactor } from '../sessions/methods.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { progressPath, VERIFY_PATH } from './enter.ts';
import { formPage } from './form-page.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { messagesFor } from './pages/messages/locale.ts';
import { type ResetView, resetPage } from './pages/reset-password.ts';
import { type ToldView, toldPage } from './pages/told.ts';
import { newProgress, readProgress } from './progress.ts';
import { requireRecovery } from './recover.ts';
import { refuse } from './way.ts';

const PATH = '/recover/reset';

/** Where the link of a mail leads, and where a second factor comes back to. Looking at it uses nothing up. */
export async function resetGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    requireRecovery(ctx);
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed' });
    trail.at('mail_code');
    const found = await find(ctx, http, query);
    return found === undefined ? over(ctx, http, trail) : await page(ctx, http, found, 200, undefined);
  } catch (error) {
    return await refuse(ctx, 'recover_reset', http, error, undefined, trail);
  }
}

/**
 * Sets the new password. The mail is good for nothing from then on, and neither is any other that was sent before: they all are of another version of what the user proves themselves
 * with, which the store moves in the same act (attacks USR-17). A second factor has to be shown first, also where the device is trusted. Nobody is signed in by it.
 */
export async function resetPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
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
    if (await needsSecond(ctx, found)) return toSecond(ctx, http, found);
    trail.at('password_policy');
    const password = normalizePassword(form.get('password') ?? '');
    const { minLength } = ctx.config.policies.passwords;
    const fault = await judgePassword(password, wordsOfUser(found.user), minLength);
    if (fault !== undefined) return await refused(ctx, http, found, fault, trail);
    trail.at('mail_code');
    return (await setPassword(ctx, http, found, password)) ? done(ctx, http) : over(ctx, http, trail);
  } catch (error) {
    return await refuse(ctx, 'recover_reset', http, error, undefined, trail);
  }
}

/** Somebody who may choose a new password now, or after a second factor. */
interface Found {
  readonly user: UserRecord;
  readonly challenge: ChallengeRecord;
  readonly by: ResetView['by'];
  /** A second factor has been shown in this browser a moment ago. */
  readonly hasShown: boolean;
}

async function find(ctx: Context, http: HttpRequest, sent: Pick<Form, 'get'>): Promise<Found | undefined> {
  const now = Math.floor(http.nowMs / 1000);
  const text = sent.get('progress');
  if (text !== undefined) {
    const read = await readProgress(ctx, http, text, { purposes: ['reset'], ticketId: '' });
    if (read === undefined) return undefined;
    const challenge = await ctx.store.findChallenge(ctx.tenant, read.progress.challenge, now);
    if (challenge === undefined || challenge.userId !== read.user.id || !isCurrent(challenge, read.user, now)) return undefined;
    return { user: read.user, challenge, by: { name: 'progress', value: text }, hasShown: showsSecondFactor(read.progress.methods) };
  }
  const link = sent.get('link') ?? '';
  const challenge = await findByLink(ctx, readMailLink(link), now);
  const user = challenge?.userId === undefined ? undefined : await ctx.store.findUser(ctx.tenant, challenge.userId);
  if (challenge === undefined || user === undefined || !isCurrent(challenge, user, now)) return undefined;
  return { user, challenge, by: { name: 'link', value: link }, hasShown: false };
}

function isCurrent({ purpose, authVersion, createdAt }: ChallengeRecord, user: UserRecord, now: number): boolean {
  if (purpose !== 'reset_password' || !isActive(user, now) || user.authVersion !== authVersion) return false;
  // A node of the version before changes passwords without moving the version.
  return user.passwordHash !== undefined && (user.passwordChangedAt === user.createdAt || user.passwordChangedAt < createdAt);
}

async function needsSecond(ctx: Context, { user, hasShown }: Found): Promise<boolean> {
  return !hasShown && hasSecondFactor(await findSecondFactors(ctx, user));
}

function toSecond(ctx: Context, http: HttpRequest, { user, challenge }: Found): HttpReply {
  const proved = { method: 'email_link', at: Math.floor(http.nowMs / 1000) } as const;
  const progress = newProgress(ctx, http, user, { purpose: 'reset', methods: [proved], challenge: challenge.id });
  return seeOther(progressPath(ctx, VERIFY_PATH, progress, { text: undefined, way: undefined, next: 'account' }));
}

async function setPassword(ctx: Context, http: HttpRequest, { user, challenge }: Found, password: string): Promise<boolean> {
  const hash = await ctx.passwords.hash(password);
  const now = Math.floor(http.nowMs / 1000);
  const keep = { session: undefined, revokes: 'all' } as const;
  const changed = await asUser(ctx, user).changePassword(ctx.tenant, user.id, challenge.authVersion, hash, keep, now);
  if (changed.kind !== 'done') return false;
  wakeDelivery(ctx);
  // It is dead already; this only says that it was used.
  await ctx.store.answerChallenge(ctx.tenant, challenge.id, { kind: 'link', hash: challenge.linkHash }, MAX_CODE_TRIES, now);
  await tellUser(ctx, user, 'password_changed', {}, localeOf(http, undefined));
  return true;
}

async function refused(ctx: Context, http: HttpRequest, found: Found, fault: PasswordFault, trail: Trail): Promise<HttpReply> {
  const error = { code: 'invalid_request', description: 'the password was not taken', detail: `password: ${fault}` } as const;
  const decision = ctx.decisions.record('recover_reset', 400, error, trail, http.nowMs);
  const reply = await page(ctx, http, found, 400, fault);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

async function page(ctx: Context, http: HttpRequest, found: Found, status: number, problem: PasswordFault | undefined): Promise<HttpReply> {
  const locale = localeOf(http, undefined);
  const browser = browserOf(ctx, http);
  const { by } = found;
  const body = resetPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, [[by.name, by.value]]),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: '' },
    by,
    username: found.user.username,
    needsSecond: await needsSecond(ctx, found),
    minLength: ctx.config.policies.passwords.minLength,
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status });
}

function done(ctx: Context, http: HttpRequest): HttpReply {
  return told(ctx, http, 200, (words, href) => ({
    heading: words.doneHeading,
    lines: [words.done],
    onward: { href: href('/signin'), text: words.signIn },
  }));
}

function over(ctx: Context, http: HttpRequest, trail: Trail): HttpReply {
  const error = { code: 'invalid_request', description: 'the link of the mail is over' } as const;
  const decision = ctx.decisions.record('recover_reset', 400, error, trail, http.nowMs);
  const reply = told(ctx, http, 400, (words, href) => ({
    heading: words.overHeading,
    lines: [words.over],
    onward: { href: href('/recover'), text: words.again },
  }));
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

function told(
  ctx: Context,
  http: HttpRequest,
  status: number,
  view: (
    words: ReturnType<typeof messagesFor>['mail']['recover'],
    href: (path: string) => string,
  ) => Pick<ToldView, 'heading' | 'lines' | 'onward'>,
): HttpReply {
  const locale = localeOf(http, undefined);
  const parts = view(messagesFor(locale).mail.recover, (path) => pageLink(path, [], locale));
  return formPage(ctx, browserOf(ctx, http), toldPage({ locale, brand: brandOf(ctx), languages: [], page: 'mail-told', ...parts }), {
    status,
  });
}
