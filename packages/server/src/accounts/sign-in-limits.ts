import type { Context } from '../context.ts';
import type { BuiltinName } from '../limits/builtin.ts';
import type { Taken } from '../limits/server-limits.ts';

/**
 * What slows guessing down without letting a stranger lock the owner out: an account's own limit does not hold for a browser that has signed in
 * to it before (OWASP "device cookies"); such a browser has a limit of its own.
 */
export interface SignInAttempt {
  /** Folded user name, whether there is such a user or not. */
  readonly account: string;
  readonly address: string;
  /** The id of a browser that has signed in to this account before; undefined for every other. */
  readonly knownBrowser: string | undefined;
}

/** Part of a burst from which on a program is likely. */
const WORN = 0.6;

/** Takes one attempt from every limit that it falls under, or from none. A right password gives it back. */
export function takeSignIn(ctx: Pick<Context, 'limits'>, attempt: SignInAttempt): Promise<Taken> {
  return ctx.limits.take(limitsOf(attempt), subjectOf(attempt));
}

/** Whether so many have failed for this account or from this source of late that a program is likely. Takes nothing, and is the same for a name that nobody has. */
export function hasFailed(ctx: Pick<Context, 'limits'>, attempt: SignInAttempt): Promise<boolean> {
  return ctx.limits.isWorn(limitsOf(attempt), subjectOf(attempt), WORN);
}

/**
 * Takes one attempt to make an account, of whoever asks from there and of everybody together: each may tell whether a user name is taken, and
 * costs a row.
 */
export function takeSignUp(ctx: Pick<Context, 'limits'>, address: string): Promise<Taken> {
  return ctx.limits.take(SIGN_UP, { address });
}

/** Characters of a client id that somebody says. */
const MAX_CLIENT_ID = 255;

/** Counts a failed client authentication. `limited`: too many of this client from this source. The right secret is never refused. */
export function countClientFailure(ctx: Pick<Context, 'limits'>, clientId: string, address: string): Promise<Taken> {
  return ctx.limits.take(CLIENT_FAILURES, { address, account: clientId.slice(0, MAX_CLIENT_ID) });
}

function limitsOf({ knownBrowser }: SignInAttempt): readonly BuiltinName[] {
  return knownBrowser === undefined ? STRANGERS : KNOWN;
}

const STRANGERS: readonly BuiltinName[] = ['sign-in-source-account', 'sign-in-account', 'sign-in-source'];
const KNOWN: readonly BuiltinName[] = ['sign-in-known-browser'];
const SIGN_UP: readonly BuiltinName[] = ['sign-up-source', 'sign-up'];
const CLIENT_FAILURES: readonly BuiltinName[] = ['client-failures'];

function subjectOf({ account, address, knownBrowser }: SignInAttempt): Parameters<Context['limits']['take']>[1] {
  return { account, address, browser: knownBrowser };
}
