import { equalText } from '@hufu/protocol/equal-text';
import type { Context } from '../context.ts';

/** Who gave a nonce: the authorization server or a resource of it. One is worth nothing at the other (RFC 9449 §9). */
export type NonceKind = 'as' | 'rs';

/** Seconds until there is a new nonce; the one before is good for as long again. */
export const NONCE_SECONDS = 300;

/**
 * The nonce of now (RFC 9449 §8): a keyed hash of the time, the same on every node, and written down nowhere. It shows that a proof was not made
 * long before it is used.
 */
export function dpopNonce(ctx: Context, kind: NonceKind, now: number): string {
  return nonceOf(ctx, kind, periodOf(now));
}

/** Whether a nonce is one of ours, and of now or the period before. Another node's clock may already be in the next one. */
export function isFreshNonce(ctx: Context, kind: NonceKind, nonce: string, now: number): boolean {
  const period = periodOf(now);
  return [period, period - 1, period + 1].some((candidate) => equalText(nonceOf(ctx, kind, candidate), nonce));
}

function periodOf(now: number): number {
  return Math.floor(now / NONCE_SECONDS);
}

function nonceOf(ctx: Context, kind: NonceKind, period: number): string {
  return ctx.keys.keyedHash('dpop_nonce', `${kind} ${period}`);
}
