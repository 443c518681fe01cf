import type { SignInMethod } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Method, ProvedMethod } from '../sessions/methods.ts';
import { PageError } from './page-error.ts';
import type { Progress } from './progress.ts';

/** Whether a sign-in may begin with it. */
export function isMethodOn(ctx: Pick<Context, 'config'>, method: SignInMethod): boolean {
  return ctx.config.policies.signIn.methods.includes(method);
}

/** Throws `PageError` (403) where `policies.sign_in.methods` does not have what was shown: asked of every form, not of the page alone (attacks USR-22). */
export function requireMethodOn(ctx: Pick<Context, 'config'>, method: SignInMethod): void {
  if (!isMethodOn(ctx, method)) throw new PageError('sign_in_method_off', `policies.sign_in.methods has no ${method}`);
}

/** The same for a whole sign-in, at each of its steps. A second factor, and the mail that an enrolment asks for, are no beginning. */
export function requireMethods(
  ctx: Pick<Context, 'config'>,
  { purpose, methods: before }: Pick<Progress, 'purpose' | 'methods'>,
  proved: readonly ProvedMethod[],
): void {
  const [first, ...others] = [...before, ...proved];
  const begins = purpose === 'step_up' ? undefined : first && WORDS[first.method];
  if (begins !== undefined) requireMethodOn(ctx, begins);
  if (others.some(({ method }) => method === 'password')) requireMethodOn(ctx, 'password');
}

const WORDS: Readonly<Partial<Record<Method, SignInMethod>>> = {
  password: 'password',
  passkey: 'passkey',
  email_code: 'email',
  email_link: 'email',
};
