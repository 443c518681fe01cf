import type { Form } from '@hufu/protocol/form';
import { foldUsername } from '@hufu/store/username';
import { isKeptByDirectory } from '../../accounts/first-ways.ts';
import { normalizePassword } from '../../accounts/normalize-password.ts';
import { tryPassword } from '../../accounts/password-attempt.ts';
import { judgePassword, MAX_NEW_PASSWORD, type PasswordFault } from '../../accounts/password-policy.ts';
import { tellUser } from '../../accounts/tell-user.ts';
import { asUser } from '../../audit/acting.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { wakeDelivery } from '../../logout/delivery-job.ts';
import { knownBrowser } from '../../sessions/known-browser.ts';
import { PageError } from '../page-error.ts';
import { type PasswordProblems, passwordPage } from '../pages/account/password.ts';
import { askAgain } from './recent.ts';
import { accountRefusal, accountReply, actOnAccount, goOn, outcomeOf, showAccount, type Visit } from './visit.ts';

export function passwordGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'password', async (visit) => {
    await requirePasswords(visit);
    return (await askAgain(visit)) ?? accountReply(visit, render(visit, {}));
  });
}

/**
 * A new password, for whoever signed in a moment ago and knows the old one (attacks USR-25). What was made under the old one ends in the same act, by `policies.passwords.on_change`;
 * this session goes on.
 */
export function passwordPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'password', async (visit, form) => {
    await requirePasswords(visit);
    return (await askAgain(visit)) ?? (await change(visit, form));
  });
}

async function change(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, session, trail, now } = visit;
  const { user } = session;
  const fresh = normalizePassword(form.get('password') ?? '');
  trail.at('password_policy');
  const fault = await faultOf(visit, fresh);
  if (fault !== undefined) return refused(visit, 400, { fresh: fault });
  if (user.passwordHash !== undefined) {
    const current = form.get('current') ?? '';
    const outcome = await tryPassword(ctx, attemptOf(visit, current.slice(0, MAX_NEW_PASSWORD * 4)), trail);
    if (outcome.kind === 'limited') return refused(visit, 429, { slowedDown: outcome.retryAfterSeconds }, `limit ${outcome.rule}`);
    if (outcome.kind === 'wrong' || outcome.user.id !== user.id) return refused(visit, 400, { current: 'wrong' });
    if (await ctx.passwords.verify(user.passwordHash, fresh)) return refused(visit, 400, { fresh: 'unchanged' });
  }
  trail.at('authentication');
  const hash = await ctx.passwords.hash(fresh);
  const keep = { session: session.session.id, revokes: endsOf(ctx) } as const;
  const { kind } = await asUser(ctx, user).changePassword(ctx.tenant, user.id, user.authVersion, hash, keep, now);
  if (kind !== 'done') return goOn(visit, 'password', kind === 'changed' ? 'changed' : 'gone');
  // Other sessions have ended with it.
  wakeDelivery(ctx);
  await tellUser(ctx, user, 'password_changed', {}, visit.locale);
  return goOn(visit, 'security', 'password_changed');
}

/** Counted as sign-ins are: the page is no way around their limits. */
function attemptOf({ ctx, http, session }: Visit, password: string): Parameters<typeof tryPassword>[1] {
  const { username } = session.user;
  return { username, password, address: http.address, knownBrowser: knownBrowser(ctx, http, foldUsername(username)), nowMs: http.nowMs };
}

function faultOf({ ctx, session }: Visit, fresh: string): Promise<PasswordFault | undefined> {
  const { username, claims } = session.user;
  const { email, name } = claims;
  const words = [username, ...[email, name].filter((claim) => typeof claim === 'string')];
  if (typeof email === 'string') words.push(email.split('@', 1)[0] ?? '');
  return judgePassword(fresh, words, ctx.config.policies.passwords.minLength);
}

/** Nobody has a password where nobody may sign in by one, but those who had; and whose password a directory keeps gets none that stays when they are gone from there. */
async function requirePasswords({ ctx, session }: Visit): Promise<void> {
  if (session.user.passwordHash === undefined && !ctx.config.policies.signIn.methods.includes('password'))
    throw new PageError('not_found', 'policies.sign_in.methods has no password');
  if (await isKeptByDirectory(ctx, session.user)) throw new PageError('not_found', 'a directory keeps their password');
}

function endsOf({ config }: Context): 'all' | 'others' {
  return config.policies.passwords.onChange;
}

function render(visit: Visit, problems: PasswordProblems): Parameters<typeof accountReply>[1] {
  const { ctx, session, csrf } = visit;
  return (frame) =>
    passwordPage({
      ...frame,
      csrf,
      outcome: outcomeOf(visit),
      hasPassword: session.user.passwordHash !== undefined,
      minLength: ctx.config.policies.passwords.minLength,
      ends: endsOf(ctx),
      problems,
    });
}

function refused(visit: Visit, status: number, problems: PasswordProblems, detail?: string): HttpReply {
  const [[field, fault] = ['', '']] = Object.entries(problems);
  const reply = accountRefusal(visit, status, detail ?? `${field}: ${fault}`, render(visit, problems));
  const wait = problems.slowedDown === undefined ? {} : { 'retry-after': String(problems.slowedDown) };
  return { ...reply, headers: { ...reply.headers, ...wait } };
}
