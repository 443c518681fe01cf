import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Letter } from './letter.ts';

/** A mail as `/dev/mail` shows it. */
export interface KeptLetter extends Letter {
  /** Counted from 1 by this process. */
  readonly number: number;
  readonly atMs: number;
}

/** So many are kept, the latest. */
const MAX_KEPT = 50;

/**
 * Where mails go: to the configured server; without one, in mode development and test and where nobody else can look, into the memory of this process, which
 * `/dev/mail` shows; else nowhere, and nothing that needs mail is offered.
 */
export function mailRoute({ mail, mode, listen }: Config): 'smtp' | 'memory' | 'none' {
  if (mail !== undefined) return 'smtp';
  const isHere = listen.host === '127.0.0.1' || listen.host === '::1' || listen.host === 'localhost';
  return mode !== 'production' && isHere ? 'memory' : 'none';
}

const kept = new WeakMap<Context, KeptLetter[]>();
const counts = new WeakMap<Context, number>();

export function keepLetter(ctx: Context, letter: Letter): void {
  const number = (counts.get(ctx) ?? 0) + 1;
  counts.set(ctx, number);
  kept.set(ctx, [{ ...letter, number, atMs: ctx.clock.nowMs() }, ...keptLetters(ctx)].slice(0, MAX_KEPT));
}

/** Newest first. */
export function keptLetters(ctx: Context): readonly KeptLetter[] {
  return kept.get(ctx) ?? [];
}
