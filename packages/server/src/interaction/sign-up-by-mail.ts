import { foldAddress } from '@hufu/store/email-address';
import type { ChallengeRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { tellUser, verifiedAddress } from '../accounts/tell-user.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { askByMail } from '../mail/ask-by-mail.ts';
import { writeAsked } from '../mail/asked.ts';
import { isFirstToday, takeMail } from '../mail/mail-limits.ts';
import { hasMail } from '../mail/require-mail.ts';
import { writeAccountThere } from '../mail/templates/account-there.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { isDirectoryName } from '../upstream/directories.ts';
import { type Aim, aimParameters } from './aim.ts';
import { type CodeStep, codePath, emailCodeGet, emailCodePost } from './email-code.ts';
import { aimData } from './email-sign-in.ts';
import { enter } from './enter.ts';
import type { NewAccount } from './new-account.ts';
import { PageError } from './page-error.ts';
import { localeOf, pageLink } from './page-locale.ts';

const SUBJECT_LENGTH = 20;

/** Whether whoever signs up shows first that their address is theirs. */
export function isVerified(ctx: Pick<Context, 'config'>): boolean {
  return ctx.config.policies.signUpVerification === 'required' && hasMail(ctx);
}

/** Throws `PageError` (403) where nobody signs up, or nobody by mail. */
export function requireVerifiedSignUp(ctx: Pick<Context, 'config'>): void {
  if (ctx.config.policies.signUp === 'off') throw new PageError('sign_up_off', 'policies.sign_up is off');
  if (!isVerified(ctx)) throw new PageError('sign_up_off', 'policies.sign_up_verification is off');
}

/** Where the code is typed. */
const SIGN_UP_CODE: CodeStep = {
  path: '/signup/code',
  endpoint: 'signup',
  purpose: 'sign_up',
  againPath: '/signup',
  says: 'sent',
  require: requireVerifiedSignUp,
  finish: (ctx, http, challenge, aim, trail) => signUpByMail(ctx, http, challenge, aim, trail),
};

export function signUpCodeGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return emailCodeGet(ctx, http, SIGN_UP_CODE);
}

export function signUpCodePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return emailCodePost(ctx, http, SIGN_UP_CODE);
}

/**
 * Keeps what somebody said of themselves, sealed, until they have shown that the address is theirs; only then is there an account. Somebody who has one with that address gets a mail that says so,
 * and the page says the same to both (attacks USR-01).
 *
 * @returns where to go on, or how many seconds to wait
 */
export async function askToProve(
  ctx: Context,
  http: HttpRequest,
  account: NewAccount,
  aim: Aim,
): Promise<{ readonly kind: 'asked'; readonly reply: HttpReply } | { readonly kind: 'limited'; readonly retryAfterSeconds: number }> {
  const now = Math.floor(http.nowMs / 1000);
  const { email: address } = account.claims;
  if (typeof address !== 'string') throw new TypeError('an account without an address proves none');
  const browserId = browserOf(ctx, http).id;
  const locale = localeOf(http, aim.way?.request.uiLocales);
  const holder = await ctx.store.findUserByEmail(ctx.tenant, foldAddress(address));
  const taken = await takeMail(ctx, http, { address, browserId, isKnown: false, isReset: false, isNobody: false });
  if (taken.kind === 'limited') return taken;
  const passwordHash = await ctx.passwords.hash(account.password);
  const sealed = ctx.keys.sealSecret(JSON.stringify([account.username, passwordHash, account.claims]), contextOf(ctx));
  const isFirst = await isFirstToday(ctx, holder === undefined ? 'new' : 'account_there', address, now);
  const tellsHolder = holder !== undefined && isFirst && taken.sends ? verifiedAddress(holder) : undefined;
  const challenge = await askByMail(ctx, http, {
    purpose: 'sign_up',
    user: undefined,
    address,
    to: holder === undefined && taken.sends ? address : tellsHolder,
    instead: holder === undefined ? undefined : writeAccountThere(ctx, locale),
    isOver: taken.isOver,
    browserId,
    locale,
    data: { ...aimData(aim), address, account: sealed },
  });
  const asked = writeAsked(ctx, { challenge: challenge.id, purpose: 'sign_up', address, browserId });
  return { kind: 'asked', reply: seeOther(codePath(SIGN_UP_CODE, asked, aim)) };
}

/** Makes the account of somebody who has just shown that its address is theirs, and signs them in. Where the name is gone meanwhile they choose another one. */
export async function signUpByMail(
  ctx: Context,
  http: HttpRequest,
  challenge: ChallengeRecord,
  aim: Aim,
  trail: Trail,
): Promise<HttpReply | undefined> {
  const now = Math.floor(http.nowMs / 1000);
  const { account, address } = challenge.data;
  if (typeof account !== 'string' || typeof address !== 'string') return undefined;
  const { username, passwordHash, claims } = readSealed(ctx.keys.openSecret(account, contextOf(ctx)));
  const sub = ctx.random.text(SUBJECT_LENGTH);
  trail.at('username_free');
  const locale = localeOf(http, aim.way?.request.uiLocales);
  if (await isDirectoryName(ctx, username)) return seeOther(pageLink('/signup', [...aimParameters(aim), ['taken', 'username']], locale));
  const made = await ctx.store.createUser(
    ctx.tenant,
    { sub, username, passwordHash, claims: { ...claims, email: address, email_verified: true }, source: 'sign_up' },
    now,
  );
  if (made.kind === 'identity_taken') throw new TypeError('a sign-up links no identity');
  if (made.kind === 'taken') {
    const isName = foldUsername(made.user.username) === foldUsername(username);
    const parameters = [...aimParameters(aim), ...(isName ? ([['taken', 'username']] as const) : [])];
    return seeOther(pageLink(isName ? '/signup' : '/signin', parameters, locale));
  }
  ctx.log.info('user.signed_up', { sub });
  await tellUser(ctx, made.user, 'signed_up');
  // The password was typed when the mail was asked for.
  return await enter(ctx, 'signup', http, { user: made.user, proved: [{ method: 'password', at: challenge.createdAt }] }, aim, trail);
}

function readSealed(text: string): {
  readonly username: string;
  readonly passwordHash: string;
  readonly claims: Readonly<Record<string, unknown>>;
} {
  const [username, passwordHash, claims]: unknown[] = JSON.parse(text);
  if (typeof username !== 'string' || typeof passwordHash !== 'string') throw new TypeError('not an account that was sealed here');
  return { username, passwordHash, claims: Object(claims) };
}

function contextOf({ tenant }: Context): string {
  return `sign-up ${tenant}`;
}
