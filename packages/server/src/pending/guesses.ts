import type { Context } from '../context.ts';
import type { BuiltinName } from '../limits/builtin.ts';
import type { Taken } from '../limits/server-limits.ts';

const GUESSES: readonly BuiltinName[] = ['device-guess-user', 'device-guess-source', 'device-guesses'];

/**
 * Takes one guess at a user code (RFC 8628 §5.1), before the code is looked up: five an hour of an account, 15 of a source, a thousand in ten minutes of
 * everybody; beyond that only accounts without a wrong one are heard, so that nobody shuts the page for all. What that makes of a guesser's chance is
 * reckoned in the test (attacks DEV-07). `refund` gives it back where the code was right, or nobody could judge it.
 */
export function takeGuess(
  ctx: Pick<Context, 'limits'>,
  { userId, address }: { readonly userId: number; readonly address: string },
): Promise<Taken> {
  return ctx.limits.take(GUESSES, { user: String(userId), address });
}
