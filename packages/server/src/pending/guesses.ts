import type { GcraRule } from '@hufu/flow/gcra';
import { sourceOf } from '../accounts/brute-force.ts';
import type { Context } from '../context.ts';
import { type Limit, type Limits, newLimits } from '../limits.ts';

/**
 * Wrong user codes (RFC 8628 §5.1): five an hour of an account, 15 of a source, a thousand in ten minutes of everybody; beyond that only accounts without a
 * wrong one are heard, so that nobody shuts the page for all. What that makes of a guesser's chance is reckoned in the test (attacks DEV-07).
 */
export const GUESS_RULES: Readonly<Record<'account' | 'source' | 'everybody', GcraRule>> = {
  account: { intervalMs: 3_600_000, burst: 4 },
  source: { intervalMs: 720_000, burst: 10 },
  everybody: { intervalMs: 1_200, burst: 500 },
};

const MAX_KEYS = 50_000;

const kept = new WeakMap<Context, Limits>();

/** A guess that may be made: `refund` gives it back where the code was right, or nobody could judge it. */
export interface Guess {
  readonly kind: 'taken';
  refund(): void;
}

/** Takes one guess, before the code is looked up. */
export function takeGuess(
  ctx: Context,
  guess: { readonly userId: number; readonly address: string },
  nowMs: number,
): Guess | { readonly kind: 'limited'; readonly retryAfterSeconds: number } {
  if (ctx.config.policies.bruteForce === 'off') return { kind: 'taken', refund: () => undefined };
  const [account, source, everybody] = keysOf(guess);
  const limits = limitsOf(ctx);
  // What was not taken is not given back either: else right codes would make room for wrong ones.
  let taken: readonly Limit[] = [account, source, everybody];
  const fresh = limits.isFresh(account, nowMs);
  let wait = limits.take(taken, nowMs);
  if (wait > 0 && fresh) {
    taken = [account, source];
    wait = limits.take(taken, nowMs);
  }
  return wait > 0 ? { kind: 'limited', retryAfterSeconds: wait } : { kind: 'taken', refund: () => limits.refund(taken) };
}

function keysOf({ userId, address }: { readonly userId: number; readonly address: string }): readonly [Limit, Limit, Limit] {
  return [
    [`account ${userId}`, GUESS_RULES.account],
    [`source ${sourceOf(address)}`, GUESS_RULES.source],
    ['everybody', GUESS_RULES.everybody],
  ];
}

function limitsOf(ctx: Context): Limits {
  let limits = kept.get(ctx);
  if (limits === undefined) kept.set(ctx, (limits = newLimits(MAX_KEYS)));
  return limits;
}
