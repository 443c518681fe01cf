import type { GcraRule } from '@hufu/flow/gcra';
import { sourceOf } from '../accounts/brute-force.ts';
import type { Context } from '../context.ts';
import { type Limit, type Limits, newLimits } from './limits.ts';

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

/** Takes one guess before the code is looked up. Seconds to wait, or 0: then `refundGuess` gives it back for a code that was right. */
export function takeGuess(ctx: Context, guess: { readonly userId: number; readonly address: string }, nowMs: number): number {
  if (ctx.config.policies.bruteForce === 'off') return 0;
  const [account, source, everybody] = keysOf(guess);
  const limits = limitsOf(ctx);
  const fresh = limits.isFresh(account, nowMs);
  const wait = limits.take([account, source, everybody], nowMs);
  return wait > 0 && fresh ? limits.take([account, source], nowMs) : wait;
}

export function refundGuess(ctx: Context, guess: { readonly userId: number; readonly address: string }): void {
  limitsOf(ctx).refund(keysOf(guess));
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
