import type { GcraRule } from '@hufu/flow/gcra';
import { sourceOf } from '../accounts/brute-force.ts';
import type { Context } from '../context.ts';
import { type Limit, type Limits, newLimits } from './limits.ts';

/**
 * Wrong user codes (RFC 8628 §5.1): of an account five in a code's ten minutes and ten in an hour, of a source 30 in an hour, of everybody a thousand in ten
 * minutes. What that makes of a guesser's chance is reckoned in the test (attacks DEV-07).
 */
export const GUESS_RULES: Readonly<Record<'account' | 'source' | 'everybody', GcraRule>> = {
  account: { intervalMs: 600_000, burst: 4 },
  source: { intervalMs: 180_000, burst: 10 },
  everybody: { intervalMs: 1_200, burst: 500 },
};

const MAX_KEYS = 50_000;

const kept = new WeakMap<Context, Limits>();

/** Takes one guess before the code is looked up. Seconds to wait, or 0: then `refundGuess` gives it back for a code that was right. */
export function takeGuess(ctx: Context, guess: { readonly userId: number; readonly address: string }, nowMs: number): number {
  return ctx.config.policies.bruteForce === 'off' ? 0 : limitsOf(ctx).take(keysOf(guess), nowMs);
}

export function refundGuess(ctx: Context, guess: { readonly userId: number; readonly address: string }): void {
  limitsOf(ctx).refund(keysOf(guess));
}

function keysOf({ userId, address }: { readonly userId: number; readonly address: string }): readonly Limit[] {
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
